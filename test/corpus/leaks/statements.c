// SPDX-License-Identifier: Apache-2.0
//
// Prepared statements of a database library that are not finalized on one of two paths. The
// library makes four blocks for a statement at as many lines: they meet at the caller's line.
//
// truth: leak statement

#include "test/corpus/leaks/statements.database.h"
#include "test/corpus/rounds.h"

SILT_NOINLINE static int find_user(struct Database* database, int id) {
  struct Statement* statement =
      database_prepare(database, "SELECT name FROM users WHERE id = ?", 1);  // LEAK: statement
  statement_bind(statement, 0, id);
  return statement_step(statement);
}

SILT_NOINLINE static int count_users(struct Database* database) {
  struct Statement* statement = database_prepare(database, "SELECT COUNT(*) FROM users", 0);
  const int rows = statement_step(statement);
  statement_finalize(statement);
  return rows;
}

int main(void) {
  struct Database* database = database_open("users.db");
  int rows = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 192; i++) {
      rows += find_user(database, i);
      rows += count_users(database);
      pace(i, 192);
    }
    take_snapshot();
  }
  database_close(database);
  return rows == 0;
}
