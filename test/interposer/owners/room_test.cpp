// SPDX-License-Identifier: Apache-2.0

#include "interposer/owners/room.h"

#include <catch2/catch.hpp>

namespace silt::owners {
namespace {

TEST_CASE("figures are found by the whole of their name") {
  const char* const text = "MemTotal:  16 kB\nMemAvailable:    8 kB\nMem: 1 kB\n";
  CHECK(kilobytes_of(text, "MemAvailable") == 8192);
  CHECK(kilobytes_of(text, "Mem") == 1024);
  CHECK(kilobytes_of(text, "Swap") == UINT64_MAX);
  CHECK(kilobytes_of("", "Mem") == UINT64_MAX);
  CHECK(bytes_of("anon 5\ninactive_file 77\nfile 9\n", "inactive_file") == 77);
  CHECK(bytes_of("total_inactive_file 5\n", "inactive_file") == UINT64_MAX);
  CHECK(bytes_of("limit max\n", "limit") == UINT64_MAX);
}

TEST_CASE("this machine has some memory") { CHECK(available_memory() > 0); }

}  // namespace
}  // namespace silt::owners
