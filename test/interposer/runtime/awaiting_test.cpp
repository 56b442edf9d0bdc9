// SPDX-License-Identifier: Apache-2.0
//
// Several runtimes wait at once; the recorder calls all, and nothing when none does.

#include "interposer/runtime/awaiting.h"

#include <catch2/catch.hpp>
#include <vector>

#include "interposer/track/recorder.h"

namespace silt::runtime {
namespace {

int g_first = 0;
int g_second = 0;
void first() { ++g_first; }
// Its moment has come.
void second() {
  ++g_second;
  stop_awaiting(second);
}

TEST_CASE("all that wait are called until they are taken back") {
  track::look_for_runtime();  // nobody waits
  start_awaiting(first);
  start_awaiting(second);
  start_awaiting(first);
  track::look_for_runtime();
  CHECK(g_first == 1);
  CHECK(g_second == 1);
  track::look_for_runtime();
  CHECK(g_first == 2);
  CHECK(g_second == 1);
  stop_awaiting(first);
  CHECK(track::recorder.await_runtime.load() == nullptr);
  start_awaiting(second);
  track::look_for_runtime();
  CHECK(g_first == 2);
  CHECK(g_second == 2);
  CHECK(track::recorder.await_runtime.load() == nullptr);
}

TEST_CASE("all that look at code that came are told of it") {
  g_first = g_second = 0;
  when_code_comes(first);
  when_code_comes(second);
  track::recorder.code_came();
  track::recorder.code_came();
  CHECK(g_first == 2);
  CHECK(g_second == 2);
  track::recorder.code_came = nullptr;
}

TEST_CASE("of many occasions the first, second, fourth, … are due") {
  Occasions occasions;
  std::vector<uint32_t> due;
  for (int i = 0; i < 20; ++i) {
    if (const uint32_t number = occasions.count()) due.push_back(number);
  }
  CHECK(due == std::vector<uint32_t>{1, 2, 4, 8, 16});
  occasions.begin_again();
  CHECK(occasions.count() == 1);
}

}  // namespace
}  // namespace silt::runtime
