// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/path_tree.h"

#include <catch2/catch.hpp>

namespace silt::heap {
namespace {

TEST_CASE("entries of one container are one path") {
  PathTree paths;
  const PathId map = paths.child(PathTree::kRootPath, 1, 2);
  const PathId first = paths.child(map, 3, 4);
  paths.child(map, 3, 5);
  CHECK(paths.child(map, 3, 4) == first);
  CHECK(paths.size() == 4);
}

TEST_CASE("a linked list is one step, however long") {
  PathTree paths;
  PathId at = paths.child(PathTree::kRootPath, 1, 2);
  for (int i = 0; i < 1000; ++i) at = paths.child(at, 3, 4);
  CHECK(paths.size() == 3);
}

TEST_CASE("a tree of left and right sides is one step for each") {
  PathTree paths;
  PathId at = paths.child(PathTree::kRootPath, 1, 2);
  for (int i = 0; i < 1000; ++i) at = paths.child(at, i % 3 == 0 ? 3 : 4, 5);
  CHECK(paths.size() == 4);
}

TEST_CASE("what differs by its label or its class is another path") {
  PathTree paths;
  const PathId a = paths.child(PathTree::kRootPath, 1, 2);
  CHECK(paths.child(PathTree::kRootPath, 2, 2) != a);
  CHECK(paths.child(PathTree::kRootPath, 1, 1) != a);
}

}  // namespace
}  // namespace silt::heap
