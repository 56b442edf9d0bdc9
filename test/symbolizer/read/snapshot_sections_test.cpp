// SPDX-License-Identifier: Apache-2.0
//
// Sections whose contents cannot be: each is refused for its own reason.

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <memory>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/read/damaged_snapshot.h"

namespace silt::read {
namespace {

RawSection children_section(const std::vector<format::ChildEntry>& entries) {
  return {static_cast<uint32_t>(format::SectionType::kChildren),
          static_cast<uint32_t>(entries.size()),
          std::string(reinterpret_cast<const char*>(entries.data()),
                      entries.size() * sizeof(format::ChildEntry))};
}

TEST_CASE("children that are recorded too are read, and hostile ones are not") {
  auto sections = test::sections_of(some_values());
  format::ChildEntry child{};
  child.pid = 12;
  child.age_ns = 2500000000;
  std::memset(child.name, 'w', sizeof(child.name));  // without an end
  sections.push_back(children_section({child}));
  const std::string bytes = test::assemble(sections);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file);
  const auto children = file->children();
  REQUIRE(children);
  REQUIRE(children->size() == 1);
  CHECK((*children)[0].pid == 12);
  CHECK((*children)[0].age_seconds == 2.5);
  CHECK((*children)[0].name == std::string(16, 'w'));

  sections.back() = children_section(std::vector<format::ChildEntry>(kMostChildren + 1, child));
  CHECK(refusal(test::assemble(sections)) == "is corrupt: it has more children than any program");
  child.age_ns = UINT64_MAX;
  sections.back() = children_section({child});
  CHECK(refusal(test::assemble(sections)) == "is corrupt: the ages of its children are impossible");
}

TEST_CASE("a node whose parent is itself, younger or nowhere is refused") {
  for (const uint32_t parent : {4u, 5u, UINT32_MAX}) {
    INFO(parent);
    CHECK_FALSE(refusal([&](auto& values) { values.nodes[3].parent = parent; }).empty());
  }
}

TEST_CASE("a stack deeper than any is refused, one at the limit is not") {
  const auto chain = [](uint32_t depth) {
    return refusal([depth](auto& values) {
      values.nodes.clear();
      for (uint32_t i = 0; i < depth; ++i) values.nodes.push_back({i, 0x5000});
    });
  };
  CHECK(chain(kDeepestStack).empty());
  CHECK_THAT(chain(kDeepestStack + 1), Catch::Contains("deeper than"));
}

TEST_CASE("rows out of order, twice or of unknown nodes are refused") {
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 2; }), Catch::Contains("in order"));
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 1; }), Catch::Contains("in order"));
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 5; }), Catch::Contains("no node"));
  CHECK_THAT(refusal([](auto& values) { values.rows[0].node = 0; }), Catch::Contains("no node"));
}

TEST_CASE("generations out of order are refused") {
  CHECK_THAT(refusal([](auto& values) { values.rows[0].generations[1].code = 0; }),
             Catch::Contains("figures of stack 2"));
}

TEST_CASE("a code that is no generation is refused") {
  CHECK_THAT(refusal_of_sections([](auto& sections) {
               std::string& bytes = sections[3].bytes;
               bytes.clear();
               for (const uint64_t value : {1, 1, 1, 1, 256, 1, 1})
                 test::append_varint(bytes, value);
               sections[3].count = 1;
             }),
             Catch::Contains("figures of stack 1"));
}

TEST_CASE("sums that would overflow are refused") {
  constexpr uint64_t kHalf = uint64_t{1} << 62;
  CHECK_THAT(refusal([](auto& values) {
               values.rows[0].generations[0].bytes = values.rows[0].generations[1].bytes = kHalf;
             }),
             Catch::Contains("figures of stack 2"));
  CHECK_THAT(refusal([](auto& values) {
               values.rows[0].allocated_bytes = values.rows[1].allocated_bytes = kHalf;
             }),
             Catch::Contains("sum over its stacks"));
  CHECK_THAT(refusal([](auto& values) { values.meta.elapsed_ns = UINT64_MAX; }),
             Catch::Contains("meta section"));
  CHECK_THAT(refusal([](auto& values) { values.meta.native.live_bytes = UINT64_MAX; }),
             Catch::Contains("meta section"));
  CHECK_THAT(refusal([](auto& values) { values.costs[0].second = UINT64_MAX; }),
             Catch::Contains("costs"));
}

TEST_CASE("texts without an end, outside their section or endless are refused") {
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes.back() = 'x'; }),
             Catch::Contains("no end"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes[0] = 'x'; }),
             Catch::Contains("first text"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes.resize(1); }),
             Catch::Contains("outside"));
  CHECK_THAT(refusal([](auto& values) { values.command.assign(kLongestText + 1, 'x'); }),
             Catch::Contains("too long"));
}

TEST_CASE("a module that cannot be is left out, and costs no other") {
  const std::function<void(Module&)> changes[] = {
      [](Module& module) { module.end = module.start; },
      [](Module& module) { module.build_id.resize(21); },
      [](Module& module) {
        module.first_node = 2;
        module.end_node = 1;
      },
  };
  for (const auto& change : changes) {
    SnapshotValues values = some_values();
    Module good = values.modules[0];
    good.path = "/good";
    values.modules.push_back(good);
    change(values.modules[0]);
    const std::string bytes = test::write_snapshot(values);
    auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
    REQUIRE(file);
    for (int round = 0; round < 2; ++round) {
      const auto modules = file->modules();
      REQUIRE(modules);
      CHECK(modules->size() == values.modules.size() - 1);
      CHECK(modules->back().path == "/good");
      CHECK(file->impossible_modules() == 1);
    }
  }
}

TEST_CASE("mappings that cannot be are refused") {
  CHECK_THAT(refusal([](auto& values) { values.mappings[0].end = 0x555555550001; }),
             Catch::Contains("overlap"));
}

}  // namespace
}  // namespace silt::read
