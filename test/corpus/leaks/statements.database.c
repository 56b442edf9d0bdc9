// SPDX-License-Identifier: Apache-2.0
//
// A make-believe database library: correct in itself. A statement owns its text, its program and
// its parameters, and lives until it is finalized.

#include "test/corpus/leaks/statements.database.h"

#include <stdlib.h>
#include <string.h>

struct Database {
  char* name;
  int prepared;
};

struct Statement {
  struct Database* database;
  char* text;
  int* parameters;
  unsigned char* program;
};

struct Database* database_open(const char* name) {
  struct Database* database = calloc(1, sizeof *database);
  database->name = strdup(name);
  return database;
}

void database_close(struct Database* database) {
  free(database->name);
  free(database);
}

static unsigned char* compile(const char* text) {
  unsigned char* program = malloc(strlen(text) * 4);
  for (size_t i = 0; text[i] != '\0'; i++) program[i * 4] = (unsigned char)text[i];
  return program;
}

struct Statement* database_prepare(struct Database* database, const char* text, int parameters) {
  struct Statement* statement = malloc(sizeof *statement);
  statement->database = database;
  statement->text = strdup(text);
  statement->parameters = calloc((size_t)parameters + 1, sizeof(int));
  statement->program = compile(text);
  database->prepared++;
  return statement;
}

void statement_bind(struct Statement* statement, int index, int value) {
  statement->parameters[index] = value;
}

int statement_step(struct Statement* statement) {
  return statement->program[0] + (statement->parameters[0] & 1);
}

void statement_finalize(struct Statement* statement) {
  statement->database->prepared--;
  free(statement->program);
  free(statement->parameters);
  free(statement->text);
  free(statement);
}
