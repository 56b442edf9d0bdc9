// SPDX-License-Identifier: Apache-2.0
//
// The table of sampled Java objects, without a machine: references are numbers here.

#include "interposer/runtime/jvm/samples.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace silt::jvm {
namespace {

using runtime::Profile;

Object reference(uint64_t number) { return reinterpret_cast<Object>(number); }

CallFrame frame(uint64_t method, int64_t location) {
  return {reinterpret_cast<Method>(method), location};
}

std::vector<std::string> texts_of(const Profile& profile) {
  std::vector<std::string> texts;
  const char* text = profile.texts.data;
  for (uint32_t i = 0; i < profile.text_count; ++i) {
    texts.emplace_back(text);
    text += texts.back().size() + 1;
  }
  return texts;
}

void forget(const Object*, size_t) {}

struct Table {
  std::unique_ptr<Samples> samples = std::make_unique<Samples>();
  uint32_t put = samples->add_place(frame(1, 7), "Shop.put", "Shop.java", 12);
  uint32_t main = samples->add_place(frame(2, 3), "Shop.main", "Shop.java", 40);

  bool add(uint64_t number, const char* name, uint32_t generation = 0, double bytes = 100) {
    const uint32_t stack[] = {put, main};
    return samples->add(reference(number), name, {2, bytes}, generation, stack, 2);
  }
  Profile* profile(uint32_t before = UINT32_MAX) const {
    return samples->make_profile(runtime::ProfileTotals{1024, 5000, 9000, 0, 0, 0}, before);
  }
};

TEST_CASE("an object stands for one over the probability that it is sampled") {
  CHECK(weight_of(100, 0).objects == 1);
  CHECK(weight_of(100, 0).bytes == 100);
  for (const uint64_t size : {16, 5000, 65536, 1 << 20}) {
    const double p = -std::expm1(-static_cast<double>(size) / 65536);
    CHECK(weight_of(size, 65536).objects == Approx(1 / p).epsilon(1e-6));
    CHECK(weight_of(size, 65536).bytes == Approx(static_cast<double>(size) / p).epsilon(1e-6));
  }
}

TEST_CASE("a place keeps its number") {
  const Table table;
  const CallFrame frames[] = {frame(1, 7), frame(1, 8), frame(2, 3)};
  uint32_t numbers[3];
  table.samples->find_places(frames, 3, numbers);
  CHECK(numbers[0] == table.put);
  CHECK(numbers[1] == Samples::kUnknown);
  CHECK(numbers[2] == table.main);
  CHECK(table.samples->add_place(frame(1, 7), "Other.name", "", 0) == table.put);
}

TEST_CASE("what lives becomes a profile of its stacks, births and classes") {
  Table table;
  REQUIRE(table.add(1, "byte[]", 0));
  REQUIRE(table.add(2, "byte[]", 3));
  REQUIRE(table.add(3, "Shop$Cart", 3, 50));
  Profile* const profile = table.profile();
  REQUIRE(profile != nullptr);
  const std::vector<std::string> texts = texts_of(*profile);
  REQUIRE(profile->nodes.count == 2);
  const runtime::ProfileFrame& outer = profile->frames.data[profile->nodes.data[0].frame];
  const runtime::ProfileFrame& inner = profile->frames.data[profile->nodes.data[1].frame];
  CHECK(profile->nodes.data[1].parent == 1);
  CHECK(texts[outer.function] == "Shop.main");
  CHECK(texts[inner.function] == "Shop.put");
  CHECK(texts[inner.file] == "Shop.java");
  CHECK(inner.line == 12);
  REQUIRE(profile->rows.count == 2);
  CHECK(profile->rows.data[0].generation == 0);
  CHECK(profile->rows.data[1].generation == 3);
  CHECK(profile->rows.data[1].samples == 2);
  CHECK(profile->rows.data[1].blocks == 4);
  CHECK(profile->rows.data[1].bytes == 150);
  REQUIRE(profile->types.count == 2);
  CHECK(texts[profile->types.data[0].name] == "byte[]");
  CHECK(profile->types.data[0].bytes == 200);
  CHECK(texts[profile->types.data[1].name] == "Shop$Cart");
  CHECK(profile->types.data[1].blocks == 2);
  drop_profile(profile);
}

TEST_CASE("what came after the collection began is not told") {
  Table table;
  table.add(1, "byte[]");
  const uint32_t before = table.samples->next_serial();
  table.add(2, "byte[]");
  Profile* const profile = table.profile(before);
  REQUIRE(profile != nullptr);
  REQUIRE(profile->rows.count == 1);
  CHECK(profile->rows.data[0].samples == 1);
  drop_profile(profile);
}

TEST_CASE("the dead go, and only they") {
  Table table;
  for (uint64_t i = 1; i <= 1000; ++i) REQUIRE(table.add(i, "byte[]"));
  std::vector<uint64_t> gone;
  table.samples->for_batches(
      [](const Object* weak, size_t count, bool* drop) {
        for (size_t i = 0; i < count; ++i) drop[i] = reinterpret_cast<uint64_t>(weak[i]) % 3 == 0;
      },
      [&gone](const Object* weak, size_t count) {
        for (size_t i = 0; i < count; ++i) gone.push_back(reinterpret_cast<uint64_t>(weak[i]));
      });
  CHECK(gone.size() == 333);
  for (const uint64_t number : gone) CHECK(number % 3 == 0);
  CHECK(table.samples->size() == 667);
}

TEST_CASE("a full table takes no more; half of it then stands for all") {
  Table table;
  for (uint64_t i = 1; i <= Samples::kMost; ++i) REQUIRE(table.add(i, "byte[]"));
  CHECK_FALSE(table.add(1, "byte[]"));
  table.samples->halve(12345, forget);
  const auto left = static_cast<double>(table.samples->size());
  CHECK(left == Approx(Samples::kMost / 2.0).epsilon(0.05));
  Profile* const profile = table.profile();
  REQUIRE(profile != nullptr);
  CHECK(profile->rows.data[0].samples == left);
  CHECK(profile->rows.data[0].bytes == left * 200);
  drop_profile(profile);
}

TEST_CASE("an object without a place that is known is not kept") {
  Table table;
  const uint32_t unknown[] = {Samples::kUnknown};
  CHECK_FALSE(table.samples->add(reference(1), "byte[]", {1, 1}, 0, unknown, 1));
  CHECK(table.samples->size() == 0);
}

}  // namespace
}  // namespace silt::jvm
