// SPDX-License-Identifier: Apache-2.0
//
// What is wanted beside a snapshot adds up until somebody takes one, and is then no more wanted.

#include "interposer/snapshot/wanted.h"

#include <catch2/catch.hpp>

namespace silt::snapshot {

TEST_CASE("wishes of several requests are handed over together, once") {
  CHECK(take_wanted().owners == OwnersSearch::kNo);
  want({OwnersSearch::kYes, false, 0});
  want({OwnersSearch::kNo, true, 0});  // the main thread's heap
  want({OwnersSearch::kNo, false, 7});
  const Wanted wanted = take_wanted();
  CHECK(wanted.owners == OwnersSearch::kYes);
  CHECK(wanted.heap);
  CHECK(wanted.heap_thread == 0);
  const Wanted again = take_wanted();
  CHECK(again.owners == OwnersSearch::kNo);
  CHECK_FALSE(again.heap);
}

TEST_CASE("who asks for owners gets them, whoever else is content with less") {
  want({OwnersSearch::kIfSmall, false, 0});
  want({OwnersSearch::kNo, false, 0});
  CHECK(take_wanted().owners == OwnersSearch::kIfSmall);
  want({OwnersSearch::kYes, false, 0});
  want({OwnersSearch::kIfSmall, false, 0});
  CHECK(take_wanted().owners == OwnersSearch::kYes);
}

TEST_CASE("of two heaps the one asked for last is wanted, whatever its thread") {
  want({OwnersSearch::kNo, true, 3});
  want({OwnersSearch::kNo, true, UINT32_MAX});
  const Wanted wanted = take_wanted();
  CHECK(wanted.heap);
  CHECK(wanted.heap_thread == UINT32_MAX);
}

}  // namespace silt::snapshot
