// SPDX-License-Identifier: Apache-2.0

#include "interposer/owners/path_tree.h"

#include <catch2/catch.hpp>

namespace silt::owners {

using track::StackId;
namespace {

format::OwnersRoot some_root() {
  format::OwnersRoot root{};
  root.kind = static_cast<uint32_t>(format::RootKind::kData);
  root.address = 0x1000;
  return root;
}

TEST_CASE("blocks of one stack behind one another are one step") {
  PathTree tree;
  REQUIRE(tree.start());
  const PathId root = tree.add_root(some_root());
  const PathId first = tree.step(root, StackId{7});
  CHECK(tree.at(first).run == 0);
  CHECK(tree.step(first, StackId{7}) == first);
  CHECK(tree.at(first).run == 1);
}

TEST_CASE("a circle through several stacks comes back to where it was") {
  PathTree tree;
  REQUIRE(tree.start());
  const PathId a = tree.step(tree.add_root(some_root()), StackId{1});
  const PathId b = tree.step(a, StackId{2});
  CHECK(tree.step(b, StackId{1}) == a);
  CHECK(tree.step(a, StackId{2}) == b);
}

TEST_CASE("equal ways are one path, others are not") {
  PathTree tree;
  REQUIRE(tree.start());
  const PathId root = tree.add_root(some_root());
  const PathId other = tree.add_root(some_root());
  CHECK(tree.step(root, StackId{1}) == tree.step(root, StackId{1}));
  CHECK(tree.step(root, StackId{1}) != tree.step(other, StackId{1}));
  CHECK(tree.at(tree.step(root, StackId{3})).parent == root);
}

TEST_CASE("one stack's objects of several types, or under several names, are paths of their own") {
  PathTree tree;
  REQUIRE(tree.start());
  const PathId root = tree.add_root(some_root(), LabelId{9});
  CHECK(tree.at(root).label.name == 9);
  const PathId list = tree.step(root, StackId{1}, {LabelId{1}, 0});
  CHECK(tree.step(root, StackId{1}, {LabelId{2}, 0}) != list);
  CHECK(tree.step(root, StackId{1}, {LabelId{1}, LabelId{3}}) != list);
  CHECK(tree.step(root, StackId{1}, {LabelId{1}, 0}) == list);
  // The same type again is a chain, whatever its name; another type is a further step.
  CHECK(tree.step(list, StackId{1}, {LabelId{1}, LabelId{3}}) == list);
  CHECK(tree.at(tree.step(list, StackId{1}, {LabelId{2}, 0})).parent == list);
}

TEST_CASE("a way that never ends is cut") {
  PathTree tree;
  REQUIRE(tree.start());
  PathId at = tree.add_root(some_root());
  for (uint32_t stack = 1; stack < 1000; ++stack) at = tree.step(at, StackId{stack});
  CHECK(tree.at(at).depth <= 32);
  CHECK(tree.at(at).what == 999);
}

TEST_CASE("where there is no room for ways, stacks are still counted") {
  PathTree tree;
  REQUIRE(tree.start());
  const PathId root = tree.add_root(some_root());
  for (uint32_t stack = 1; stack <= 300'000; ++stack) tree.step(root, StackId{stack});
  CHECK(tree.full());
  const PathId late = tree.step(root, StackId{300'001});
  CHECK(late != 0);
  tree.count(late, 5);
  CHECK(tree.at(late).blocks == 1);
}

}  // namespace
}  // namespace silt::owners
