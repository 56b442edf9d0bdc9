// SPDX-License-Identifier: Apache-2.0
//
// What silt wants to take: 16 MB or a tenth of what the program has alive; half as much again is
// some pressure, more is much, and four times as much is too much. Threads count, up to 8 MB.

#include "interposer/track/own_size.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "interposer/base/process_identity.h"
#include "interposer/track/thread_state.h"

namespace silt::track {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;

}  // namespace

TEST_CASE("a small program's share is 16 MB") {
  for (const uint64_t live : {uint64_t{0}, kMegabyte, 160 * kMegabyte}) {
    CHECK(pressure_of(16 * kMegabyte, live) == Pressure::kNone);
    CHECK(pressure_of(16 * kMegabyte + 1, live) == Pressure::kSome);
    CHECK(pressure_of(24 * kMegabyte, live) == Pressure::kSome);
    CHECK(pressure_of(24 * kMegabyte + 1, live) == Pressure::kMuch);
    CHECK_FALSE(is_too_much(64 * kMegabyte, live));
    CHECK(is_too_much(64 * kMegabyte + 1, live));
  }
}

TEST_CASE("a large program's share is a tenth of what is alive") {
  const uint64_t live = 10'000 * kMegabyte;
  CHECK(pressure_of(1'000 * kMegabyte, live) == Pressure::kNone);
  CHECK(pressure_of(1'001 * kMegabyte, live) == Pressure::kSome);
  CHECK(pressure_of(1'501 * kMegabyte, live) == Pressure::kMuch);
  CHECK_FALSE(is_too_much(4'000 * kMegabyte, live));
  CHECK(is_too_much(4'001 * kMegabyte, live));
}

TEST_CASE("what threads need counts, up to half of a small program's share") {
  base::remember_process();
  const auto counted = [] { return std::min(thread_state_bytes(), 8 * kMegabyte); };
  const uint64_t without = own_bytes() - counted();
  // Their owner lives on: nobody takes them over. (There may be many from other tests.)
  for (int i = 0; i < 3; ++i) {
    REQUIRE(acquire_thread_state(nullptr) != nullptr);
    CHECK(own_bytes() == without + counted());
  }
  while (thread_state_bytes() < 20 * kMegabyte) REQUIRE(acquire_thread_state(nullptr) != nullptr);
  CHECK(own_bytes() == without + 8 * kMegabyte);
}

}  // namespace silt::track
