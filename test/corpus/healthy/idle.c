// SPDX-License-Identifier: Apache-2.0
//
// A program that does nothing.
//
// truth: healthy

#include "test/corpus/rounds.h"

int main(void) {
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 16; i++) pace(i, 16);
    take_snapshot();
  }
  return 0;
}
