// SPDX-License-Identifier: Apache-2.0
//
// One block of 300 kB in each round, which glibc maps on its own.
//
// truth: leak image

#include "test/corpus/rounds.h"

SILT_NOINLINE static int load_image(int id) {
  unsigned char* image = malloc(300000);  // LEAK: image
  memset(image, id, 4096);
  keep(image);
  return image[100];
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 16; i++) {
      if (i == 7) sum += load_image(round + 1);
      pace(i, 16);
    }
    take_snapshot();
  }
  return sum == 0;
}
