// SPDX-License-Identifier: Apache-2.0
//
// A parent and a child that hold one another by shared_ptr: neither is ever destroyed.
//
// truth: leak family

#include <memory>

#include "test/corpus/rounds.h"

struct Widget {
  std::shared_ptr<Widget> parent;
  std::shared_ptr<Widget> child;
  int state[10] = {};
};

SILT_NOINLINE static int open_dialog(int id) {
  auto dialog = std::make_shared<Widget>();    // LEAK: family
  dialog->child = std::make_shared<Widget>();  // LEAK: family
  dialog->child->parent = dialog;
  dialog->state[0] = id;
  return dialog->child->parent->state[0];
}

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      sum += open_dialog(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  return sum == 0;
}
