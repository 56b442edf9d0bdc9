// SPDX-License-Identifier: Apache-2.0
//
// Two buffers that swap roles; the one in the back is resized to a frame of varying size.
//
// truth: healthy

#include <memory>
#include <utility>

#include "test/corpus/rounds.h"

struct Frame {
  std::unique_ptr<char[]> pixels;
  size_t size = 0;
};

SILT_NOINLINE static void draw(Frame& frame, size_t size) {
  frame.pixels = std::make_unique<char[]>(size);
  frame.size = size;
  frame.pixels[size - 1] = 1;
}

int main() {
  Frame front;
  Frame back;
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 96; i++) {
      draw(back, 20000 + chance(9000));
      std::swap(front, back);
      pace(i, 96);
    }
    take_snapshot();
  }
  return front.size == 0;
}
