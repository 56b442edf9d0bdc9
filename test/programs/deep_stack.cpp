// SPDX-License-Identifier: Apache-2.0
//
// Deep stacks: 200 frames are recorded whole down to main, 5,000 are cut at the limit, counted, and
// their blocks are counted all the same.

#include "test/programs/truth.h"

namespace {

VICTIM_FRAME void leaf_of_200() {
  void* block = malloc(3001);
  VICTIM_KEEP(block);
}

VICTIM_FRAME void descend_200(int depth) {
  if (depth > 1) {
    descend_200(depth - 1);
  } else {
    leaf_of_200();
  }
  VICTIM_STAY();
}

VICTIM_FRAME void leaf_of_5000() {
  void* block = malloc(3011);
  VICTIM_KEEP(block);
}

VICTIM_FRAME void descend_5000(int depth) {
  if (depth > 1) {
    descend_5000(depth - 1);
  } else {
    leaf_of_5000();
  }
  VICTIM_STAY();
}

}  // namespace

int main() {
  for (int i = 0; i < 10; ++i) descend_200(200);
  for (int i = 0; i < 10; ++i) descend_5000(5000);
  expect_blocks("leaf_of_200", 10, 3001, 0);
  expect_blocks("leaf_of_5000", 10, 3011, 0);
  ready("done");
  return 0;
}
