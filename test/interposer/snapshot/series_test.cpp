// SPDX-License-Identifier: Apache-2.0
//
// Snapshots that tell how they differ from others, written beside whole ones of the same tables:
// what is read is the same. And columns of any numbers come back.

#include "interposer/snapshot/series.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "interposer/snapshot/column_writer.h"
#include "interposer/snapshot/writer.h"
#include "symbolizer/read/column_reader.h"
#include "symbolizer/read/recording.h"
#include "test/interposer/snapshot/started_tables.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::snapshot {
namespace {

namespace fs = std::filesystem;
using track::Block;
using track::recorder;

constexpr uint64_t kCode = 0x5556'0000'0000;
constexpr uint64_t kHeap = 0x7100'0000'0000;

// A program whose stacks allocate, keep, free, come, and are folded away.
class Program {
 public:
  void step(bool adds) {
    for (int i = 0; i < (adds ? 100 : 1); ++i) add_stack();
    for (size_t i = 0; i < stacks_.size(); ++i) {
      if (random_() % 3 == 0) allocate(i, 1 + random_() % 200);
    }
    if (adds) fold(random_() % stacks_.size());
  }
  void clear() {
    for (Stack& stack : stacks_) free_all(stack);
    REQUIRE(recorder.counters.begin_anew(recorder.stacks.id_limit()));
  }

 private:
  struct Stack {
    track::NodeId node;
    uint64_t size;
    std::vector<uint64_t> live;
  };

  void add_stack() {
    track::NodeId node = recorder.stacks.child(track::kRoot, kCode + random_() % 3);
    for (uint64_t depth = 0; depth < 3 + random_() % 4; ++depth) {
      node = recorder.stacks.child(node, kCode + 16 + random_() % 50);
    }
    if (random_() % 20 == 0) node = recorder.stacks.child(node, track::kMarkerMapping);
    stacks_.push_back({recorder.stacks.child(node, kCode + 1000 + 8 * ++made_),
                       random_() % 2 == 0 ? 0 : 8 + random_() % 5000,
                       {}});
  }

  void allocate(size_t at, uint64_t blocks) {
    Stack& stack = stacks_[at];
    const auto generation = static_cast<uint8_t>(recorder.generation.load());
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < blocks; ++i) {
      const uint64_t size = stack.size != 0 ? stack.size : random_() % 100'000;
      bytes += size;
      if (i > 4) continue;
      const uint64_t address = kHeap + 32 * ++blocks_;
      REQUIRE(recorder.live.insert(address, Block{track::stack_at(stack.node), generation, size}));
      stack.live.push_back(address);
    }
    recorder.counters.shard(0).add_owned(track::stack_at(stack.node), blocks, bytes);
    while (stack.live.size() > at % 9) {
      recorder.live.take(stack.live.front());
      stack.live.erase(stack.live.begin());
    }
  }

  void free_all(Stack& stack) {
    for (const uint64_t address : stack.live) recorder.live.take(address);
    stack.live.clear();
  }

  // Its caller counts for it, and its number may be another's next.
  void fold(size_t at) {
    Stack& stack = stacks_[at];
    free_all(stack);
    track::NodeId parent;
    uint64_t pc;
    REQUIRE(recorder.stacks.read_node(stack.node, &parent, &pc));
    REQUIRE(recorder.counters.move(track::stack_at(stack.node), track::stack_at(parent)));
    recorder.stacks.set_aside(stack.node);
    REQUIRE(recorder.stacks.give_back(stack.node));
    stacks_.erase(stacks_.begin() + static_cast<ptrdiff_t>(at));
  }

  std::mt19937_64 random_{77};
  std::vector<Stack> stacks_;
  uint64_t made_ = 0;
  uint64_t blocks_ = 0;
};

void write(const fs::path& folder, uint32_t sequence, Series* series, bool kept = true) {
  char name[32];
  std::snprintf(name, sizeof(name), "%03u.silt", sequence);
  const int fd = open((folder / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0);
  SnapshotFacts facts{sequence, static_cast<uint32_t>(format::Trigger::kPeriod), 0, 0, 0, series,
                      nullptr};
  REQUIRE(write_snapshot(fd, facts) == 0);
  close(fd);
  if (series != nullptr) series->settle(kept);
}

// Everything that a report is made of, stack by stack.
std::vector<std::string> told(const read::Recording& recording) {
  std::vector<std::string> lines;
  for (const read::Stack& stack : recording.stacks) {
    std::string line = std::to_string(static_cast<int>(stack.heap));
    for (const uint64_t pc : recording.frames(stack)) line += " " + std::to_string(pc);
    for (const read::Sample& sample : stack.samples) {
      line += " | " + std::to_string(sample.snapshot) + " " +
              std::to_string(sample.allocated_blocks) + " " +
              std::to_string(sample.allocated_bytes) + " " + std::to_string(sample.live_bytes);
      for (const read::GenerationCount& each : sample.generations) {
        line += " " + std::to_string(each.code) + ":" + std::to_string(each.blocks) + ":" +
                std::to_string(each.bytes);
      }
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

read::Recording read_folder(const fs::path& folder) {
  auto recording = read::read_recording(folder);
  if (!recording) FAIL(recording.error().message);
  return std::move(*recording);
}

}  // namespace

TEST_CASE("a series of snapshots says what whole ones of the same tables say") {
  test::start_tables_once();
  test::TemporaryFolder whole, compact, lost;
  static Series series;
  series.set_longest_chain(3);
  Program program;
  size_t whole_bytes = 0, compact_bytes = 0;
  for (uint32_t at = 0; at < 60; ++at) {
    recorder.generation = format::generation_code(at);
    program.step(at < 5 || at % 10 == 0);
    write(whole.path(), at, nullptr);
    // As if the file had not got its name: nothing may refer to it.
    if (at % 10 == 0) write(lost.path(), at, &series, false);
    write(compact.path(), at, &series);
  }
  program.clear();
  series.forget();
  recorder.generation = 0;
  for (const auto& file : fs::directory_iterator(whole.path())) whole_bytes += file.file_size();
  for (const auto& file : fs::directory_iterator(compact.path())) compact_bytes += file.file_size();
  CHECK(compact_bytes * 2 < whole_bytes);
  const read::Recording expected = read_folder(whole.path());
  const read::Recording recording = read_folder(compact.path());
  for (const std::string& note : recording.notes) UNSCOPED_INFO(note);
  REQUIRE(recording.notes.empty());
  REQUIRE(recording.snapshots.size() == 60);
  CHECK(told(recording) == told(expected));
  for (size_t at = 0; at < 60; ++at) {
    const format::Meta& meta = recording.snapshots[at].meta;
    const format::Meta& as_whole = expected.snapshots[at].meta;
    CHECK(meta.native.live_bytes == as_whole.native.live_bytes);
    CHECK(meta.native.allocated_blocks == as_whole.native.allocated_blocks);
    CHECK(meta.mapping.allocated_bytes == as_whole.mapping.allocated_bytes);
  }

  SECTION("one that is alone is refused, and says what it lacks") {
    test::TemporaryFolder alone;
    fs::copy(compact.path() / "059.silt", alone.path() / "059.silt");
    const auto refused = read::read_recording(alone.path());
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message,
               Catch::Contains("tells only how it differs from '") &&
                   Catch::Contains("in the same folder, which is missing"));
  }
  SECTION("a base that is another one is refused, and those without it are read") {
    fs::copy_file(compact.path() / "000.silt", compact.path() / "050.silt",
                  fs::copy_options::overwrite_existing);
    const read::Recording others = read_folder(compact.path());
    CHECK(others.snapshots.size() < 60);
    CHECK(others.snapshots.size() > 40);
    REQUIRE_FALSE(others.notes.empty());
  }
  SECTION("no damage is taken for a snapshot") {
    const fs::path path = compact.path() / "059.silt";
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    for (size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 50) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes.substr(0, cut);
      CHECK(read_folder(compact.path()).snapshots.size() == 59);
    }
  }
}

TEST_CASE("columns of any numbers come back") {
  std::mt19937_64 random(5);
  for (int kind = 0; kind < 6; ++kind) {
    std::vector<uint64_t> numbers;
    for (int i = 0; i < (kind == 5 ? 1 : 20'000); ++i) {
      const uint64_t any = random();
      numbers.push_back(kind == 0   ? 0                  // of no bits
                        : kind == 1 ? any                // of all bits
                        : kind == 2 ? any >> (any % 64)  // of all widths
                        : kind == 3 ? (any % 500 == 0 ? any : any % 3)
                        : kind == 4 ? uint64_t{1} << (i / 31 % 64)  // as many of each
                                    : UINT64_MAX);
    }
    ColumnWriter writer;
    REQUIRE(writer.make_room(numbers.size()));
    for (const uint64_t number : numbers) writer.add(format::Column::kBytes, number);
    const ColumnWriter::Coded coded = writer.code();
    CHECK(coded.size == coded.sizes[static_cast<size_t>(format::Column::kBytes)]);
    read::ColumnReader reader;
    REQUIRE(reader.open({reinterpret_cast<const char*>(coded.data), coded.size}));
    size_t wrong = 0;
    for (const uint64_t number : numbers) wrong += reader.next() == number ? 0 : 1;
    CHECK(wrong == 0);
    CHECK(reader.at_end());
    if (kind != 0) {
      reader.next();
      CHECK_FALSE(reader.at_end());
    }
  }
}

}  // namespace silt::snapshot
