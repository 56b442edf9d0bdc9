// SPDX-License-Identifier: Apache-2.0
//
// The interface of the make-believe database library that statements.c uses.

#ifndef SILT_TEST_CORPUS_LEAKS_STATEMENTS_DATABASE_H_
#define SILT_TEST_CORPUS_LEAKS_STATEMENTS_DATABASE_H_

struct Database;
struct Statement;

struct Database* database_open(const char* name);
void database_close(struct Database* database);
struct Statement* database_prepare(struct Database* database, const char* text, int parameters);
void statement_bind(struct Statement* statement, int index, int value);
int statement_step(struct Statement* statement);
void statement_finalize(struct Statement* statement);

#endif  // SILT_TEST_CORPUS_LEAKS_STATEMENTS_DATABASE_H_
