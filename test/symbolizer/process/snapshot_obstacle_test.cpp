// SPDX-License-Identifier: Apache-2.0
//
// What is seen from outside of a process that cannot write a snapshot; the process is this one.

#include "symbolizer/process/snapshot_obstacle.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

namespace silt::process {
namespace {

TEST_CASE("a process with nearly as many mappings as there may be is at the limit") {
  CHECK(is_at_mapping_limit(65530, "65530\n"));
  CHECK(is_at_mapping_limit(65520, "65530\n"));
  CHECK(is_at_mapping_limit(65531, "65530"));
  CHECK_FALSE(is_at_mapping_limit(65000, "65530\n"));
  CHECK_FALSE(is_at_mapping_limit(65530, "1000000\n"));
  CHECK_FALSE(is_at_mapping_limit(65530, ""));
  CHECK_FALSE(is_at_mapping_limit(0, "0\n"));
}

TEST_CASE("of a recording that cannot be opened it is said what to do") {
  CHECK(with_advice("cannot open the recording '/a/silt.b.1': not a directory") ==
        "cannot open the recording '/a/silt.b.1': not a directory: put its folder back, or start "
        "the process again");
  CHECK(with_advice("cannot make a recording in '/a': permission denied") ==
        "cannot make a recording in '/a': permission denied");
}

TEST_CASE("of a process without an obstacle its own reason is all that is said") {
  CHECK(with_obstacle(getpid(), "no space left on device") == "no space left on device");
  CHECK(why_so_slow(getpid()) == "it may be busy writing");
}

}  // namespace
}  // namespace silt::process
