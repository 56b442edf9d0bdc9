// SPDX-License-Identifier: Apache-2.0
//
// What is wanted beside a snapshot adds up until somebody takes one, and is then no more wanted.

#include "interposer/snapshot/wanted.h"

#include <catch2/catch.hpp>

namespace silt::snapshot {

TEST_CASE("wishes of several requests are handed over together, once") {
  CHECK_FALSE(take_wanted().owners);
  want({true, false, 0});
  want({false, true, 0});  // the main thread's heap
  want({false, false, 7});
  const Wanted wanted = take_wanted();
  CHECK(wanted.owners);
  CHECK(wanted.heap);
  CHECK(wanted.heap_thread == 0);
  const Wanted again = take_wanted();
  CHECK_FALSE(again.owners);
  CHECK_FALSE(again.heap);
}

TEST_CASE("of two heaps the one asked for last is wanted, whatever its thread") {
  want({false, true, 3});
  want({false, true, UINT32_MAX});
  const Wanted wanted = take_wanted();
  CHECK(wanted.heap);
  CHECK(wanted.heap_thread == UINT32_MAX);
}

}  // namespace silt::snapshot
