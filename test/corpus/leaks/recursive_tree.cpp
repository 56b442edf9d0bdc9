// SPDX-License-Identifier: Apache-2.0
//
// A tree built by recursion and dropped at its root: as many stacks as there are depths, all from
// one line, one leak.
//
// truth: leak node

#include <memory>

#include "test/corpus/rounds.h"

struct Node {
  Node* left;
  Node* right;
  int value;
};

SILT_NOINLINE static Node* build(int depth) {
  if (depth == 0) return nullptr;
  Node* node = new Node{nullptr, nullptr, depth};  // LEAK: node
  node->left = build(depth - 1);
  if (chance(3) != 0) node->right = build(depth - 1);
  return node;
}

SILT_NOINLINE static int evaluate(int depth) {
  const Node* tree = build(depth);
  keep(tree);
  return tree->value;
}

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 32; i++) {
      sum += evaluate(4);
      pace(i, 32);
    }
    take_snapshot();
  }
  return sum == 0;
}
