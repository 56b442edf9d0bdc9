// SPDX-License-Identifier: Apache-2.0
//
// The recording of a program that runs for a long time, made in a short one: the tables are filled
// as that many stacks would fill them, and before each snapshot the process is said to have begun a
// minute earlier. All else is the library's own: the writer, thinning, the folder.
//
// Each stack has a pace (1 to 100 blocks a minute), keeps its newest few blocks, and asks for one
// size or for several; every thousandth forgets a block each minute. Each minute `SHARE` percent
// of the stacks are active, others each time. Says what the last snapshot must sum up to and how
// long a snapshot took.
// usage: series_recording FOLDER STACKS SNAPSHOTS KEEP SHARE

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/taking.h"
#include "interposer/track/recorder.h"

namespace {

using silt::track::Block;
using silt::track::recorder;
using silt::track::StackId;

constexpr uint64_t kHeap = 0x6000'0000'0000;
constexpr uint64_t kCode = 0x5555'0000'0000;
constexpr uint32_t kMostKept = 12;
constexpr uint64_t kMinuteNs = 60'000'000'000;
constexpr uint64_t kRoom = 16;  // of a stack's addresses, blocks of 32 bytes
constexpr uint64_t kLeaks = 0x6800'0000'0000;

struct Program {
  struct Place {
    StackId id;
    uint32_t pace;   // blocks a minute
    uint32_t kept;   // of the newest
    uint32_t size;   // bytes, the least
    uint32_t sizes;  // how many other bytes more, 0: one size
    bool leaks;
    uint64_t oldest = 0;  // of the kept blocks, all numbers of blocks
    uint64_t next = 0;
  };

  std::mt19937_64 random{20'000};
  std::vector<Place> places;
  uint64_t leaked = 0;
  uint64_t live_blocks = 0;
  uint64_t live_bytes = 0;
  uint64_t allocated_blocks = 0;
  uint64_t allocated_bytes = 0;

  static uint64_t size_of(const Place& place, uint64_t number) {
    if (place.sizes == 0) return place.size;
    return place.size + number * 0x9e3779b97f4a7c15 % place.sizes;
  }
  static uint64_t address(size_t index, uint64_t block) {
    return kHeap + (index * kRoom + block % kRoom) * 32;
  }

  // A tree that fans out by five and ends in two calls of each stack's own.
  void make(uint32_t stacks) {
    std::vector<uint64_t> pcs;
    for (uint32_t i = 0; i < stacks; ++i) {
      silt::track::NodeId node = silt::track::kRoot;
      for (uint32_t below = stacks; below > 1; below = (below + 4) / 5) {
        uint64_t pc = (uint64_t{i / below} + 1) * 0x9e3779b97f4a7c15 + below;
        node = recorder.stacks.child(node, kCode + (pc ^ pc >> 29) % 20'000'000);
      }
      for (uint64_t call = 0; call < 2; ++call) {
        const uint64_t pc = (i + 1) * (0xbf58476d1ce4e5b9 + call);
        node = recorder.stacks.child(node, kCode + (pc ^ pc >> 31) % 20'000'000);
      }
      Place place{};
      place.id = silt::track::stack_at(node);
      place.pace = 1u << random() % 7;
      place.pace += static_cast<uint32_t>(random() % place.pace);
      place.kept = 1 + static_cast<uint32_t>(random() % kMostKept);
      place.size = 16 << random() % 8;
      place.sizes = i % 2 == 0 ? 0 : place.size;
      place.leaks = i % 1000 == 7;
      places.push_back(place);
    }
  }

  void allocate(size_t index, uint32_t blocks) {
    Place& place = places[index];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < blocks; ++i) bytes += size_of(place, place.next + i);
    recorder.counters.shard(0).add_owned(place.id, blocks, bytes);
    allocated_blocks += blocks;
    allocated_bytes += bytes;
    const uint64_t end = place.next + blocks;
    const uint64_t stay = std::min<uint64_t>(place.kept, end);
    for (; place.oldest < std::min(place.next, end - stay); ++place.oldest) {
      const auto gone = recorder.live.take(address(index, place.oldest));
      --live_blocks;
      live_bytes -= size_of(place, place.oldest);
      static_cast<void>(gone);
    }
    place.oldest = end - stay;
    for (uint64_t block = std::max(place.next, place.oldest); block < end; ++block) {
      insert(index, address(index, block), size_of(place, block));
    }
    place.next = end;
    if (!place.leaks) return;
    recorder.counters.shard(0).add_owned(place.id, 1, 4096);
    ++allocated_blocks;
    allocated_bytes += 4096;
    insert(index, kLeaks + 32 * leaked++, 4096);
  }

  void insert(size_t index, uint64_t address, uint64_t size) {
    const auto generation =
        static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
    if (!recorder.live.insert(address, Block{places[index].id, generation, size})) std::abort();
    ++live_blocks;
    live_bytes += size;
  }

  void pass_a_minute(uint32_t share, bool first) {
    for (size_t i = 0; i < places.size(); ++i) {
      if (!first && random() % 100 >= share) continue;
      const uint32_t pace = places[i].pace;
      allocate(i, pace / 2 + static_cast<uint32_t>(random() % (pace + 1)) + (pace == 1 ? 1 : 0));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc != 6) {
    std::fprintf(stderr, "usage: series_recording FOLDER STACKS SNAPSHOTS KEEP SHARE\n");
    return 2;
  }
  const auto number = [&](int at) { return static_cast<uint32_t>(std::atoi(argv[at])); };
  silt::snapshot::read_process_info();
  recorder.live.set_granule_shift(5);
  if (!silt::track::start_recorder() || !recorder.sampled.initialize()) return 1;
  recorder.modules.set_executable(silt::snapshot::process_info.executable);
  recorder.modules.note(reinterpret_cast<uint64_t>(&main) + 1, 1);
  silt::snapshot::set_out_folder(argv[1], true);
  silt::snapshot::start_taking(0, false, number(4));
  Program program;
  program.make(number(2));
  double seconds = 0;
  double longest = 0;
  for (uint32_t at = 0; at < number(3); ++at) {
    program.pass_a_minute(number(5), at == 0);
    silt::snapshot::process_info.start_monotonic_ns -= kMinuteNs;
    const auto begin = Clock::now();
    if (!silt::snapshot::take_one(static_cast<uint32_t>(silt::format::Trigger::kPeriod))) return 1;
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    seconds += took;
    longest = std::max(longest, took);
  }
  std::printf("%llu %llu %llu %llu %.3f %.3f\n",
              static_cast<unsigned long long>(program.live_blocks),
              static_cast<unsigned long long>(program.live_bytes),
              static_cast<unsigned long long>(program.allocated_blocks),
              static_cast<unsigned long long>(program.allocated_bytes), 1000 * seconds / number(3),
              1000 * longest);
  return 0;
}
