// SPDX-License-Identifier: Apache-2.0
//
// What a recording is known by, read from its snapshots.

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/read/damaged_snapshot.h"

namespace silt::read {
namespace {

TEST_CASE("labels are read, a key twice once, and hostile ones are refused") {
  auto values = some_values();
  values.labels = {{"version", "1.2"}, {"host", "n3"}, {"version", "1.3"}, {"", "nameless"}};
  const std::string bytes = test::write_snapshot(values);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file);
  const auto labels = file->labels();
  REQUIRE(labels);
  CHECK(*labels == std::vector<Label>{{"version", "1.2"}, {"host", "n3"}});
  CHECK(*find_label(*labels, "host") == "n3");
  CHECK(find_label(*labels, "pod") == nullptr);

  for (size_t i = 0; i <= kMostLabels; ++i) values.labels.push_back({"k" + std::to_string(i), "v"});
  CHECK(refusal(test::write_snapshot(values)) ==
        "is corrupt: it has more labels than can be given");
  auto sections = test::sections_of(some_values());
  const format::LabelEntry outside{1u << 30, 0};
  sections.push_back({static_cast<uint32_t>(format::SectionType::kLabels), 1,
                      std::string(reinterpret_cast<const char*>(&outside), sizeof(outside))});
  CHECK_FALSE(refusal(test::assemble(sections)).empty());
  sections.back().bytes.pop_back();
  CHECK_FALSE(refusal(test::assemble(sections)).empty());
}

TEST_CASE("a snapshot without labels is read as before") {
  auto file =
      SnapshotFile::open(std::make_unique<MemorySource>(test::write_snapshot(some_values())));
  REQUIRE(file);
  CHECK(file->labels()->empty());
}

}  // namespace
}  // namespace silt::read
