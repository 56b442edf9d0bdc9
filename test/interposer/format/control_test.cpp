// SPDX-License-Identifier: Apache-2.0
//
// What `silt arm` wants fits 32 bits, and comes out as it went in.

#include "interposer/format/control.h"

#include <catch2/catch.hpp>

namespace silt::format {
namespace {

ArmOrder through(uint64_t sample_bytes, uint32_t seconds) {
  return unpacked_order(packed({sample_bytes, false, seconds}));
}

}  // namespace

TEST_CASE("an order without an interval leaves it to the process") {
  CHECK(unpacked_order(packed(ArmOrder{})).own_interval);
  CHECK(unpacked_order(packed(ArmOrder{})).seconds == 0);
}

TEST_CASE("exact is an order of its own") {
  CHECK_FALSE(through(0, 600).own_interval);
  CHECK(through(0, 600).sample_bytes == 0);
  CHECK(through(0, 600).seconds == 600);
}

TEST_CASE("an interval of seven binary digits stays what it is, others come close from below") {
  for (const uint64_t bytes : {uint64_t{128}, uint64_t{4096}, uint64_t{512} << 10,
                               uint64_t{1} << 30, uint64_t{255} << 29}) {
    CHECK(through(bytes, 0).sample_bytes == bytes);
  }
  for (uint64_t bytes = 130; bytes < uint64_t{1} << 36; bytes += bytes / 7 + 1) {
    const uint64_t out = through(bytes, 1).sample_bytes;
    CAPTURE(bytes);
    CHECK(out <= bytes);
    CHECK(out + out / 128 >= bytes);
  }
}

TEST_CASE("intervals that do not fit become the nearest that does, never exact") {
  CHECK(through(1, 0).sample_bytes == 128);
  CHECK(through(UINT64_MAX, 0).sample_bytes == uint64_t{255} << 29);
}

TEST_CASE("the longest time fits beside any interval") {
  CHECK(through(UINT64_MAX, ArmOrder::kLongestSeconds).seconds == ArmOrder::kLongestSeconds);
  CHECK(through(4096, ArmOrder::kLongestSeconds).sample_bytes == 4096);
}

}  // namespace silt::format
