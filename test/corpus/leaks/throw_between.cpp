// SPDX-License-Identifier: Apache-2.0
//
// An exception between new and delete: the raw buffer is lost whenever the check throws.
//
// truth: leak frame

#include <stdexcept>

#include "test/corpus/rounds.h"

SILT_NOINLINE static void check(const char* frame) {
  if (frame[0] == 'X') throw std::runtime_error("bad frame");
}

SILT_NOINLINE static int receive(char first) {
  char* frame = new char[256];  // LEAK: frame
  memset(frame, first, 256);
  keep(frame);
  check(frame);
  const int size = frame[255];
  delete[] frame;
  return size;
}

int main() {
  int failures = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 320; i++) {
      try {
        receive(chance(9) == 0 ? 'X' : 'A');
      } catch (const std::runtime_error&) {
        failures++;
      }
      pace(i, 320);
    }
    take_snapshot();
  }
  return failures == 0;
}
