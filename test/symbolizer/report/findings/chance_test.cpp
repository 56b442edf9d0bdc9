// SPDX-License-Identifier: Apache-2.0
//
// Which leaks are too few and too small to be told from a list that is not full yet, alone and
// beside a larger one.

#include "symbolizer/report/findings/chance.h"

#include <catch2/catch.hpp>
#include <vector>

namespace silt::report {
namespace {

constexpr double kInUse = 10e6;

Group leak_of(double blocks, double bytes) {
  Group group;
  group.judgement.reason.because = analyze::Because::kKeepsGrowing;
  group.judgement.growth_blocks = blocks;
  group.judgement.growth_bytes = bytes;
  return group;
}

std::vector<Group> doubted(std::vector<Group> groups) {
  doubt_few(kInUse, groups);
  return groups;
}

}  // namespace

TEST_CASE("few blocks of little alone are growth, more of either are a leak") {
  CHECK(doubted({leak_of(150, 9'000)})[0].verdict() == analyze::Verdict::kGrowing);
  CHECK(doubted({leak_of(250, 9'000)})[0].verdict() == analyze::Verdict::kLeak);
  CHECK(doubted({leak_of(150, 11'000)})[0].verdict() == analyze::Verdict::kLeak);
}

TEST_CASE("fewer blocks than the limit that is promised take a larger share") {
  const auto in_windows = [](size_t grew, double blocks, double bytes) {
    Group group = leak_of(blocks, bytes);
    group.judgement.windows = 9;
    group.judgement.growing_windows = grew;
    return doubted({group})[0].verdict();
  };
  CHECK(in_windows(5, 10, 190'000) == analyze::Verdict::kGrowing);
  CHECK(in_windows(5, 10, 210'000) == analyze::Verdict::kLeak);
  CHECK(in_windows(5, 16, 190'000) == analyze::Verdict::kLeak);
  CHECK(in_windows(9, 10, 190'000) == analyze::Verdict::kLeak);
}

TEST_CASE("beside a leak ten times as large more blocks of more are growth") {
  const auto beside = [](const Group& small, double larger) {
    return doubted({small, leak_of(50'000, larger)})[0].verdict();
  };
  CHECK(beside(leak_of(900, 90'000), 900'000) == analyze::Verdict::kGrowing);
  CHECK(beside(leak_of(900, 90'000), 800'000) == analyze::Verdict::kLeak);
  CHECK(beside(leak_of(1'100, 90'000), 2e6) == analyze::Verdict::kLeak);
  CHECK(beside(leak_of(900, 110'000), 2e6) == analyze::Verdict::kLeak);
}

TEST_CASE("what nothing points to is a leak, however few") {
  Group lost = leak_of(20, 900);
  lost.remarks.push_back({.kind = Remark::Kind::kLost, .ground = Ground::kLost});
  CHECK(doubted({lost})[0].verdict() == analyze::Verdict::kLeak);
  CHECK(doubted({lost, leak_of(50'000, 1e6)})[0].verdict() == analyze::Verdict::kLeak);
}

}  // namespace silt::report
