// SPDX-License-Identifier: Apache-2.0
//
// Linked with a library whose operator new hands out blocks sixteen bytes apart (pool.cpp): each
// must be told from its neighbour.

#include "test/programs/truth.h"

extern "C" long pool_served();

namespace {

struct Small {
  long words[2];
};
Small* objects[3000];

VICTIM_FRAME void make_small_objects() {
  for (auto& object : objects) {
    object = new Small;
    VICTIM_KEEP(object);
  }
}

VICTIM_FRAME void make_large_objects() {
  for (int i = 0; i < 10; ++i) {
    void* block = new char[5801];
    VICTIM_KEEP(block);
  }
}

}  // namespace

int main() {
  make_small_objects();
  for (int i = 0; i < 3000; i += 3) delete objects[i];
  make_large_objects();
  VICTIM_CHECK(pool_served() >= 3000);
  expect_blocks("make_small_objects", 3000, 16, 1000);
  expect_blocks("make_large_objects", 10, 5801, 0);
  ready("done");
  return 0;
}
