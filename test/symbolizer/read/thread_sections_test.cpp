// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocated: read, joined over snapshots, and refused where it cannot be.

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/read/damaged_snapshot.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::read {
namespace {

using format::SectionType;
using test::SnapshotValues;
using test::TemporaryFolder;

// Small numbers are their own varints.
using Items = std::vector<std::vector<uint8_t>>;

std::string with_threads(const SnapshotValues& values,
                         const std::vector<format::ThreadEntry>& threads, const Items& items) {
  auto sections = test::sections_of(values);
  sections.push_back({static_cast<uint32_t>(SectionType::kThreads),
                      static_cast<uint32_t>(threads.size()),
                      std::string(reinterpret_cast<const char*>(threads.data()),
                                  threads.size() * sizeof(format::ThreadEntry))});
  std::string bytes;
  for (const auto& item : items) bytes.append(item.begin(), item.end());
  sections.push_back({static_cast<uint32_t>(SectionType::kThreadStacks),
                      static_cast<uint32_t>(items.size()), bytes});
  return test::assemble(sections);
}

// main calls f, g and h, and each allocates 1,000 bytes.
SnapshotValues three_stacks() {
  SnapshotValues values;
  values.nodes = {{0, 0x5000}, {1, 0x6000}, {1, 0x7000}, {1, 0x8000}};
  for (const uint32_t node : {2u, 3u, 4u}) values.rows.push_back({node, 10, 1000, {{0, 10, 1000}}});
  return values;
}

const std::vector<format::ThreadEntry> kTwo = {{7, 0, 0, 0}, {8, format::kThreadSeveral, 0, 0}};

TEST_CASE("threads are read for each stack, and what nobody said stays unknown") {
  const TemporaryFolder folder;
  const auto recording = read_recording(folder.write(
      "000.silt", with_threads(three_stacks(), kTwo, {{0, 1, 1, 0}, {0, 0, 2, 1, 75, 0, 25}})));
  REQUIRE(recording);
  REQUIRE(recording->threads.size() == 2);
  CHECK(recording->threads[1].id == 8);
  CHECK(recording->threads[1].flags == format::kThreadSeveral);
  REQUIRE(recording->stacks.size() == 3);
  const auto& alone = recording->stacks[0].threads;
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].thread == 0);
  CHECK(alone[0].bytes == 1000);
  const auto& shared = recording->stacks[1].threads;
  REQUIRE(shared.size() == 2);
  CHECK(shared[0].thread == 1);
  CHECK(shared[0].bytes == 750);
  CHECK(shared[1].bytes == 250);
  CHECK(recording->stacks[2].threads.empty());
}

TEST_CASE("what a newer snapshot says of a stack replaces what an older one said") {
  const TemporaryFolder folder;
  SnapshotValues values = three_stacks();
  folder.write("000.silt", with_threads(values, {{7, 0, 0, 0}}, {{1, 2, 1, 0}}));
  values.meta.sequence = 1;
  values.meta.elapsed_ns += 1;
  folder.write("001.silt", with_threads(values, {{9, 0, 0, 0}}, {{1, 0, 1, 0}}));
  const auto recording = read_recording(folder.path());
  REQUIRE(recording);
  REQUIRE(recording->snapshots.size() == 2);
  const auto thread_of = [&](size_t stack) {
    const auto& threads = recording->stacks.at(stack).threads;
    return threads.size() == 1 ? recording->threads.at(threads[0].thread).id : 0;
  };
  CHECK(thread_of(0) == 9);
  CHECK(thread_of(1) == 7);
  CHECK(thread_of(2) == 7);
}

TEST_CASE("threads of hostile files are refused") {
  const auto refused = [](const std::vector<format::ThreadEntry>& threads, const Items& items) {
    const std::string bytes = with_threads(three_stacks(), threads, items);
    auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
    REQUIRE(file);
    const auto read = file->threads();
    return read ? "" : read.error().message;
  };
  CHECK(refused(kTwo, {{0, 3, 1, 0}}).empty());
  const std::string order = "is corrupt: its stacks of threads are not in order";
  CHECK(refused(kTwo, {{0, 4, 1, 0}}) == order);             // behind the last node
  CHECK(refused(kTwo, {{4, 0, 1, 0}}) == order);             // likewise
  CHECK(refused(kTwo, {{0, 0, 0, 0}}) == order);             // nobody
  CHECK(refused(kTwo, {{0, 1, 2, 0, 50, 1, 50}}) == order);  // shares of several nodes
  const std::string shares = "is corrupt: the shares of its threads are impossible";
  CHECK(refused(kTwo, {{0, 0, 1, 2}}) == shares);
  CHECK(refused(kTwo, {{0, 0, 2, 0, 90, 1, 90}}) == shares);
  CHECK(refused(std::vector<format::ThreadEntry>(kMostThreads + 1), {}) ==
        "is corrupt: it has more threads than are told apart");
}

}  // namespace
}  // namespace silt::read
