// SPDX-License-Identifier: Apache-2.0
//
// At which snapshots births are kept: few of many, spread over all of them, where they can be told.

#include "symbolizer/read/births.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

namespace silt::read {
namespace {

std::vector<bool> with_births(const std::vector<format::Meta>& metas) {
  std::vector<const format::Meta*> pointers;
  for (const format::Meta& meta : metas) pointers.push_back(&meta);
  return snapshots_with_births(pointers);
}

std::vector<format::Meta> numbered(const std::vector<uint32_t>& numbers) {
  std::vector<format::Meta> metas(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    metas[i].sequence = numbers[i];
    metas[i].trigger = static_cast<uint32_t>(format::Trigger::kPeriod);
  }
  return metas;
}

}  // namespace

TEST_CASE("a short recording keeps births at all of its snapshots") {
  std::vector<uint32_t> numbers(kMostWithBirths);
  for (uint32_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  const std::vector<bool> with = with_births(numbered(numbers));
  CHECK(std::count(with.begin(), with.end(), true) == kMostWithBirths);
}

TEST_CASE("a long one keeps them at some, the first, the last and the last before the exit too") {
  std::vector<uint32_t> numbers(1000);
  for (uint32_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  std::vector<format::Meta> metas = numbered(numbers);
  metas.back().trigger = static_cast<uint32_t>(format::Trigger::kExit);
  const std::vector<bool> with = with_births(metas);
  CHECK(with[0]);
  CHECK(with[998]);
  CHECK(with[999]);
  const auto count = std::count(with.begin(), with.end(), true);
  CHECK(count <= static_cast<long>(kMostWithBirths) + 1);
  CHECK(count > 30);
  size_t widest = 0;
  size_t last = 0;
  for (size_t i = 1; i < with.size(); ++i) {
    if (!with[i]) continue;
    widest = std::max(widest, i - last);
    last = i;
  }
  CHECK(widest <= 40);  // of a thousand in some 64 parts, at ends of codes of up to 16 snapshots
  for (size_t i = 1; i + 2 < with.size(); ++i) {
    if (!with[i]) continue;
    CHECK(format::generation_code(metas[i].sequence) !=
          format::generation_code(metas[i + 1].sequence));
  }
}

TEST_CASE("where all share one code nothing in between can be told") {
  std::vector<uint32_t> numbers(200);
  for (uint32_t i = 0; i < numbers.size(); ++i) numbers[i] = 1'000'000 + i;
  const std::vector<bool> with = with_births(numbered(numbers));
  CHECK(std::count(with.begin(), with.end(), true) == 2);
}

}  // namespace silt::read
