// SPDX-License-Identifier: Apache-2.0
//
// A matrix of rows made with new[]: the array of rows is deleted, the rows are not.
//
// truth: leak rows

#include "test/corpus/rounds.h"

SILT_NOINLINE static double solve(int size) {
  double** rows = new double*[static_cast<size_t>(size)];
  for (int i = 0; i < size; i++) {
    rows[i] = new double[16]();  // LEAK: rows
    rows[i][i % 16] = i;
  }
  keep(rows);
  const double result = rows[size - 1][(size - 1) % 16];
  delete[] rows;
  return result;
}

int main() {
  double sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 48; i++) {
      sum += solve(3 + static_cast<int>(chance(6)));
      pace(i, 48);
    }
    take_snapshot();
  }
  return sum < 0;
}
