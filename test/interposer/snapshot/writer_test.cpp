// SPDX-License-Identifier: Apache-2.0
//
// A snapshot of tables with known numbers, read back by the tool's reader, in exact and in
// sampling mode and while threads go on allocating.

#include "interposer/snapshot/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/recorder.h"
#include "symbolizer/read/recording.h"
#include "test/interposer/snapshot/memory_file.h"
#include "test/interposer/snapshot/started_tables.h"

namespace silt::snapshot {
namespace {

using track::Block;
using track::recorder;

constexpr uint64_t kCode = 0x5555'0000'0000;

using test::start_tables_once;

read::Recording write_and_read(const SnapshotFacts& facts) {
  test::MemoryFile file;
  REQUIRE(write_snapshot(file.fd(), facts) == 0);
  auto recording = read::read_snapshots({file.path()});
  if (!recording) FAIL(recording.error().message);
  REQUIRE(recording->notes.empty());
  return std::move(*recording);
}

track::StackId stack_of(const std::vector<uint64_t>& outermost_first) {
  track::NodeId node = track::kRoot;
  for (const uint64_t pc : outermost_first) node = recorder.stacks.child(node, pc);
  return track::stack_at(node);
}

const read::Stack* find(const read::Recording& recording, std::vector<uint64_t> innermost_first,
                        read::Heap heap) {
  for (const read::Stack& stack : recording.stacks) {
    if (stack.heap == heap && recording.frames(stack) == innermost_first) return &stack;
  }
  return nullptr;
}

uint64_t cost(const read::Recording& recording, format::Cost id) {
  return recording.snapshots[0].costs[static_cast<size_t>(id)];
}

}  // namespace

TEST_CASE("tables with known numbers come back to the unit") {
  start_tables_once();
  const uint64_t main_pc = kCode + 1, a_pc = kCode + 2, b_pc = kCode + 3;
  const track::StackId a = stack_of({main_pc, a_pc});
  const track::StackId b = stack_of({main_pc, b_pc});
  const track::StackId mapped = stack_of({main_pc, b_pc, track::kMarkerMapping});
  const track::StackId cut = stack_of({track::kMarkerTruncated, a_pc});
  recorder.counters.shard(0).add_owned(a, 10, 1000);
  recorder.counters.shard(1).add_owned(a, 5, 500);
  recorder.counters.shard(track::Counters::kSharedShard).add_shared(b, 3, 300'000'000'000);
  recorder.counters.shard(0).add_owned(mapped, 1, 0x4000);
  recorder.counters.shard(0).add_owned(cut, 7, 70);
  recorder.live.insert(0x1000, Block{a, 0, 100});
  recorder.live.insert(0x2000, Block{a, 2, 30});
  recorder.live.insert(0x3000, Block{a, 2, 12});
  recorder.live.insert(0x100000, Block{b, 1, 100'000'000'000});
  recorder.mappings.insert(track::MappingRange{0x70000000, 0x70004000, mapped, 2, true});
  recorder.generation = 3;
  const read::Recording recording = write_and_read(SnapshotFacts{
      42, static_cast<uint32_t>(format::Trigger::kDump), format::kFlagNoUnwinder, 12345, 6});
  recorder.live.take(0x1000);
  recorder.live.take(0x2000);
  recorder.live.take(0x3000);
  recorder.live.take(0x100000);
  recorder.mappings.remove(0, UINT64_MAX);

  REQUIRE(recording.snapshots.size() == 1);
  const format::Meta& meta = recording.snapshots[0].meta;
  CHECK(meta.sequence == 42);
  CHECK(meta.generation == 3);
  CHECK(meta.trigger == static_cast<uint32_t>(format::Trigger::kDump));
  CHECK(meta.flags == format::kFlagNoUnwinder);
  CHECK(meta.pid == static_cast<uint32_t>(getpid()));
  CHECK(meta.parent_pid == static_cast<uint32_t>(getppid()));
  CHECK(meta.sampling_interval_bytes == 0);
  CHECK(meta.rss_bytes > 1'000'000);
  CHECK(meta.native.live_blocks == 4);
  CHECK(meta.native.live_bytes == 100'000'000'142);
  CHECK(meta.native.allocated_blocks == 25);
  CHECK(meta.native.allocated_bytes == 300'000'001'570);
  CHECK(meta.mapping.live_blocks == 1);
  CHECK(meta.mapping.live_bytes == 0x4000);
  CHECK(meta.mapping.allocated_blocks == 1);
  CHECK(meta.mapping.allocated_bytes == 0x4000);
  CHECK(cost(recording, format::Cost::snapshot_nanoseconds) == 12345);
  CHECK(cost(recording, format::Cost::snapshots_failed) == 6);
  CHECK(cost(recording, format::Cost::nodes) == recorder.stacks.in_use());

  const read::Stack* const stack_a = find(recording, {a_pc, main_pc}, read::Heap::kNative);
  REQUIRE(stack_a != nullptr);
  CHECK(stack_a->missing == read::Missing::kNone);
  REQUIRE(stack_a->samples.size() == 1);
  CHECK(stack_a->samples[0].allocated_blocks == 15);
  CHECK(stack_a->samples[0].allocated_bytes == 1500);
  CHECK(stack_a->samples[0].live_blocks == 3);
  CHECK(stack_a->samples[0].live_bytes == 142);
  REQUIRE(stack_a->samples[0].generations.size() == 2);
  CHECK(stack_a->samples[0].generations[0].code == 0);
  CHECK(stack_a->samples[0].generations[0].blocks == 1);
  CHECK(stack_a->samples[0].generations[1].code == 2);
  CHECK(stack_a->samples[0].generations[1].bytes == 42);
  const read::Stack* const stack_b = find(recording, {b_pc, main_pc}, read::Heap::kNative);
  REQUIRE(stack_b != nullptr);
  CHECK(stack_b->samples[0].live_bytes == 100'000'000'000);
  CHECK(stack_b->samples[0].allocated_bytes == 300'000'000'000);
  const read::Stack* const mapping = find(recording, {b_pc, main_pc}, read::Heap::kMapping);
  REQUIRE(mapping != nullptr);
  CHECK(mapping->samples[0].live_bytes == 0x4000);
  const read::Stack* const truncated = find(recording, {a_pc}, read::Heap::kNative);
  REQUIRE(truncated != nullptr);
  CHECK(truncated->missing == read::Missing::kTruncated);
  CHECK(truncated->samples[0].allocated_blocks == 7);

  CHECK(recording.executable == process_info.executable);
  CHECK(recording.program == process_info.program);
  REQUIRE(recording.modules.size() == 1);
  CHECK(recording.modules[0].main);
  CHECK(recording.modules[0].path == process_info.executable);
  CHECK(recording.modules[0].build_id.size() == 20);
  CHECK_FALSE(recording.mappings.empty());
}

TEST_CASE("in sampling mode a block counts as often as it weighs") {
  start_tables_once();
  recorder.sample_interval_bytes = 65536;
  const track::StackId stack = stack_of({kCode + 100, kCode + 101});
  recorder.counters.shard(0).add_owned(stack, 1024, 65536);
  recorder.sampled.insert(0x5000, track::SampledBlock{64, stack, 1000, 0});
  recorder.sampled.insert(0x6000, track::SampledBlock{128, stack, 20, 0});
  const read::Recording recording = write_and_read(SnapshotFacts{0, 1, 0, 0, 0});
  recorder.sampled.take(0x5000);
  recorder.sampled.take(0x6000);
  recorder.sample_interval_bytes = 0;
  CHECK(recording.snapshots[0].meta.sampling_interval_bytes == 65536);
  const read::Stack* const found = find(recording, {kCode + 101, kCode + 100}, read::Heap::kNative);
  REQUIRE(found != nullptr);
  CHECK(found->samples[0].live_blocks == 1020);
  CHECK(found->samples[0].live_bytes == 64'000 + 2'560);
}

TEST_CASE(
    "snapshots beside allocating threads are whole, and each stack's figures belong together") {
  start_tables_once();
  constexpr unsigned kThreads = 3;
  constexpr uint64_t kBase = kCode + 0x100'0000;
  std::atomic<bool> done{false};
  std::atomic<unsigned> going{0};
  std::vector<std::thread> threads;
  std::vector<uint64_t> allocated(kThreads);
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      // What a hook does: name the stack, count, remember. A stack's blocks all have one size.
      std::vector<bool> held(2000);
      uint64_t limit = 10;
      while (!done.load(std::memory_order_relaxed)) {
        if (limit < 30'000) ++limit;  // ever new stacks, so that tables grow under the snapshots
        const size_t i = random() % held.size();
        const uint64_t address = 0x10'0000'0000 * (t + 1) + 32 * i;
        if (held[i]) {
          recorder.live.take(address);
        } else {
          const uint64_t which = random() % limit;
          const track::StackId stack =
              stack_of({kBase, kBase + 1 + which % 50, kBase + 100 + which});
          const uint64_t size = 1 + which;
          recorder.counters.shard(t).add_owned(stack, 1, size);
          recorder.live.insert(address, Block{stack, 0, size});
          if (++allocated[t] == 1) going.fetch_add(1, std::memory_order_relaxed);
        }
        held[i] = !held[i];
      }
      for (size_t i = 0; i < held.size(); ++i)
        recorder.live.take(0x10'0000'0000 * (t + 1) + 32 * i);
    });
  }
  uint64_t wrong = 0;
  uint64_t seen = 0;
  const auto check = [&](const read::Recording& recording) {
    uint64_t blocks = 0;
    for (const read::Stack& stack : recording.stacks) {
      const std::vector<uint64_t> frames = recording.frames(stack);
      if (frames.size() != 3 || frames[2] != kBase) continue;
      ++seen;
      const uint64_t which = frames[0] - kBase - 100;
      const read::Sample& sample = stack.samples[0];
      wrong += frames[1] != kBase + 1 + which % 50 ? 1 : 0;
      wrong += sample.live_bytes != sample.live_blocks * (which + 1) ? 1 : 0;
      // Blocks and bytes of a counter are two words: one may be a block ahead for each thread.
      const uint64_t expected = sample.allocated_blocks * (which + 1);
      const uint64_t difference = expected > sample.allocated_bytes
                                      ? expected - sample.allocated_bytes
                                      : sample.allocated_bytes - expected;
      wrong += difference > kThreads * (which + 1) ? 1 : 0;
      blocks += sample.allocated_blocks;
    }
    return blocks;
  };
  while (going.load(std::memory_order_relaxed) < kThreads) std::this_thread::yield();
  for (uint32_t i = 0; i < 12; ++i) check(write_and_read(SnapshotFacts{i, 1, 0, 0, 0}));
  done = true;
  for (std::thread& thread : threads) thread.join();
  const read::Recording last = write_and_read(SnapshotFacts{20, 1, 0, 0, 0});
  uint64_t total = 0;
  for (const uint64_t blocks : allocated) total += blocks;
  CHECK(check(last) == total);
  CHECK(wrong == 0);
  CHECK(seen > 0);
  CHECK(last.snapshots[0].meta.native.live_blocks == 0);
}

TEST_CASE("a snapshot onto a full disk answers why") {
  start_tables_once();
  const int full = open("/dev/full", O_WRONLY);
  REQUIRE(full >= 0);
  CHECK(write_snapshot(full, SnapshotFacts{0, 1, 0, 0, 0}) == -ENOSPC);
  close(full);
}

}  // namespace silt::snapshot
