// SPDX-License-Identifier: Apache-2.0
//
// Who keeps the blocks, and what a runtime says of its objects: what is read, and what is refused.

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/read/damaged_snapshot.h"

namespace silt::read {
namespace {

using format::SectionType;

template <typename T>
RawSection one(SectionType type, const T& item) {
  return {static_cast<uint32_t>(type), 1,
          std::string(reinterpret_cast<const char*>(&item), sizeof(item))};
}

RawSection numbers(SectionType type, uint32_t count, const std::vector<uint64_t>& values) {
  std::string bytes;
  for (const uint64_t value : values) test::append_varint(bytes, value);
  return {static_cast<uint32_t>(type), count, bytes};
}

struct Values {
  std::string labels = std::string("app.Session\0cache\0", 18);
  std::vector<uint64_t> path_labels = {0, 2, 1, 0};
  std::vector<uint64_t> types = {1, 2, 2 * 1, 3, 144, 2 * 1 + 1, 3, 90};
  uint32_t type_rows = 1;
  std::vector<uint64_t> stacks = {1, 6, 234, 0, 0, 1, 2, 6, 234};
  std::vector<uint64_t> lost = {};
  uint32_t lost_rows = 1;
};

std::string file_with(const Values& values) {
  auto sections = test::sections_of(some_values());
  format::OwnersAsked asked{};
  asked.state = static_cast<uint32_t>(format::OwnersState::kBegun);
  sections.push_back(one(SectionType::kOwnersAsked, asked));
  format::OwnersFacts facts{};
  facts.blocks = 6;
  sections.push_back(one(SectionType::kOwnersFacts, facts));
  format::OwnersRoot root{};
  root.kind = static_cast<uint32_t>(format::RootKind::kObject);
  sections.push_back(one(SectionType::kOwnersRoots, root));
  sections.push_back(numbers(SectionType::kOwnersPaths, 2, {0, 0, 1, 2}));
  sections.push_back(numbers(SectionType::kOwnersStacks, 1, values.stacks));
  if (!values.lost.empty()) {
    sections.push_back(numbers(SectionType::kOwnersLost, values.lost_rows, values.lost));
  }
  sections.push_back({static_cast<uint32_t>(SectionType::kOwnersLabels), 2, values.labels});
  sections.push_back(numbers(SectionType::kOwnersPathLabels, 2, values.path_labels));
  sections.push_back(numbers(SectionType::kOwnersTypes, values.type_rows, values.types));
  return test::assemble(sections);
}

std::string why_refused(const Values& values) {
  const std::string bytes = file_with(values);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file);
  const auto owners = file->owners();
  return owners ? "" : owners.error().message;
}

TEST_CASE("types and names of a runtime's objects are read") {
  const std::string bytes = file_with({});
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file);
  const auto read = file->owners();
  REQUIRE(read);
  REQUIRE(read->has_value());
  const Owners& owners = **read;
  REQUIRE(owners.found);
  CHECK(owners.labels == std::vector<std::string>{"", "app.Session", "cache"});
  REQUIRE(owners.paths.size() == 3);
  CHECK(owners.labels[owners.paths[1].name] == "cache");
  CHECK(owners.paths[1].type == 0);
  CHECK(owners.labels[owners.paths[2].type] == "app.Session");
  REQUIRE(owners.types.size() == 2);
  CHECK(owners.types[0].stack == 1);
  CHECK(owners.labels[owners.types[0].type] == "app.Session");
  CHECK_FALSE(owners.types[0].is_data);
  CHECK(owners.types[0].blocks == 3);
  CHECK(owners.types[1].is_data);
  CHECK(owners.types[1].bytes == 90);
}

TEST_CASE("labels that are not there, and more or fewer of them than paths, are refused") {
  Values values;
  values.path_labels = {0, 3, 1, 0};
  CHECK_THAT(why_refused(values), Catch::Contains("names of its paths cannot be"));
  values.path_labels = {0, 2, 1};
  CHECK_THAT(why_refused(values), Catch::Contains("names of its paths cannot be"));
  values.path_labels = {0, 2, 1, 0, 0};
  CHECK_THAT(why_refused(values), Catch::Contains("more names of paths"));
  values = {};
  values.labels = "without an end";
  CHECK_THAT(why_refused(values), Catch::Contains("a name of its owners"));
  values.labels = std::string(kLongestText + 1, 'x') + '\0';
  CHECK_THAT(why_refused(values), Catch::Contains("a name of its owners"));
}

TEST_CASE("types of stacks and in numbers that cannot be are refused") {
  Values values;
  values.types = {1, 1, 2 * 3, 1, 1};  // no such label
  CHECK_THAT(why_refused(values), Catch::Contains("types of a stack"));
  values.types = {1000, 1, 2, 1, 1};  // no such node
  CHECK_THAT(why_refused(values), Catch::Contains("types of a stack"));
  values.types = {1, 50, 2, 1, 1};  // more than there are
  CHECK_THAT(why_refused(values), Catch::Contains("types of a stack"));
  values.types = {1, 2, 2, 1, kLargestFigure, 3, 1, 1};  // sums
  CHECK_THAT(why_refused(values), Catch::Contains("types of a stack"));
  values = {};
  values.type_rows = 100;
  CHECK_THAT(why_refused(values), Catch::Contains("fewer rows of types"));
  values = {};
  values.types.push_back(7);
  CHECK_THAT(why_refused(values), Catch::Contains("more rows of types"));
}

TEST_CASE("what hangs on lost blocks is read, and no more of it than is lost") {
  Values values;
  values.stacks = {1, 0, 0, 6, 234, 0};
  values.lost = {1, 1, 2, 5, 200};
  {
    const std::string bytes = file_with(values);
    auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
    REQUIRE(file);
    const auto owners = file->owners();
    REQUIRE(owners);
    REQUIRE((*owners)->rows.size() == 1);
    const OwnersRow& row = (*owners)->rows[0];
    REQUIRE(row.lost_shares.size() == 1);
    CHECK(row.lost_shares[0].path == 2);
    CHECK(row.lost_shares[0].blocks == 5);
    CHECK(row.lost_shares[0].bytes == 200);
    CHECK(row.shares.empty());
  }
  const auto refused = [&](const std::vector<uint64_t>& lost) {
    values.lost = lost;
    return why_refused(values);
  };
  CHECK_THAT(refused({1, 1, 2, 7, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1, 1, 2, 5, 235}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1, 1, 3, 5, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1, 1, 0, 5, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({2, 1, 2, 5, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1000, 1, 2, 5, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1, 9, 2, 5, 200}), Catch::Contains("lost blocks of a stack"));
  CHECK_THAT(refused({1, 1, 2, 5, 200, 1}), Catch::Contains("more lost stacks"));
  values.lost_rows = 40;
  CHECK_THAT(refused({1, 1, 2, 5, 200}), Catch::Contains("fewer lost stacks"));
}

}  // namespace
}  // namespace silt::read
