// SPDX-License-Identifier: Apache-2.0
//
// Verdicts over simulated heaps: healthy programs that look as if they leaked.

#include <algorithm>
#include <catch2/catch.hpp>

#include "symbolizer/analyze/verdict.h"
#include "test/symbolizer/analyze/seeded_runs.h"

namespace silt::test {
namespace {

using analyze::Verdict;

const std::vector<Verdict> kHealthy = {Verdict::kBounded, Verdict::kSawtooth, Verdict::kSteady};

TEST_CASE("a warm-up is no leak") {
  CHECK(wrong(
            10,
            [](SimulatedHeap& heap, int round) {
              if (round < 4) heap.allocate(jittered(heap, 400), 200);
            },
            kHealthy) == 0);
}

TEST_CASE("a cache at its bound that turns over is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int) {
              heap.allocate(jittered(heap, 240), 300);
              while (heap.live() > 900) heap.free_oldest(1);
            },
            kHealthy) == 0);
}

TEST_CASE("a cache filled during most of the run and then at its bound is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int) {
              heap.allocate(jittered(heap, 150), 300);
              while (heap.live() > 1100) heap.free_oldest(1);
            },
            kHealthy) == 0);
}

TEST_CASE("a cache replaced slowly and at random is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round == 0) heap.allocate(600, 200);
              const size_t replaced = jittered(heap, 80);
              heap.free_random(replaced);
              heap.allocate(replaced, 180 + heap.chance(40));
            },
            kHealthy) == 0);
}

TEST_CASE("a cache whose bound jitters is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round == 0) heap.allocate(600, 200);
              heap.allocate(jittered(heap, 100), 200);
              const size_t bound = 580 + heap.chance(40);
              if (heap.live() > bound) heap.free_random(heap.live() - bound);
            },
            kHealthy) == 0);
}

TEST_CASE("entries that expire after a few windows are no leak") {
  CHECK(wrong(
            11,
            [](SimulatedHeap& heap, int) {
              heap.allocate(jittered(heap, 160), 100);
              while (heap.live() > 480) heap.free_oldest(1);
            },
            kHealthy) == 0);
}

TEST_CASE("a sawtooth is no leak, whatever its period and phase") {
  for (const int period : {2, 3, 4, 5}) {
    for (int phase = 0; phase < period; ++phase) {
      CAPTURE(period, phase);
      CHECK(wrong(
                12,
                [=](SimulatedHeap& heap, int round) {
                  if ((round + phase) % period == 0) heap.free_all();
                  heap.allocate(jittered(heap, 200), 100);
                },
                kHealthy) == 0);
    }
  }
}

TEST_CASE("a cache that is nearly full is seldom a leak when the load falls at the end") {
  for (const size_t room : {400, 450, 500}) {
    CAPTURE(room);
    size_t young = 0;
    const auto round_of_cache = [&](SimulatedHeap& heap, int round) {
      if (round == 0) young = 0;
      heap.free_newest(young);  // a third is not kept at all
      const size_t kept = round == 0 ? room / 2 : round < 8 ? 92 : round == 8 ? 70 : 28;
      if (round > 0) heap.free_random(kept * heap.live() / room);
      young = kept / 2;
      heap.allocate(kept + young, 55);
    };
    // All forty, where late deaths were taken as they came.
    CHECK(wrong(10, round_of_cache, kHealthy) <= 13);
  }
}

TEST_CASE("load that comes and goes and ends on the rise is no leak") {
  constexpr int kHeights[12] = {400, 600, 700, 600, 400, 200, 100, 200, 400, 500, 600, 660};
  CHECK(wrong(
            12,
            [&](SimulatedHeap& heap, int round) {
              const auto height = static_cast<size_t>(kHeights[round]);
              if (heap.live() > height) heap.free_newest(heap.live() - height);
              heap.allocate(height - heap.live(), 512);
            },
            kHealthy) == 0);
}

TEST_CASE("a working set that walks at random is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round == 0) heap.allocate(300, 240);
              for (int i = 0; i < 240; ++i) {
                if (heap.chance(600) < heap.live()) {
                  heap.free_random(1);
                } else {
                  heap.allocate(1, 40 + heap.chance(400));
                }
              }
            },
            kHealthy) <= 1);
}

TEST_CASE("blocks in flight are steady however their number jitters") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int) {
              heap.free_all();
              heap.allocate(heap.chance(300), 100);
            },
            kHealthy) == 0);
}

TEST_CASE("growth by the logarithm of the work is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              // Distinct keys of a skewed distribution: each window meets fewer new ones.
              heap.allocate(static_cast<size_t>(1000.0 / (round + 1)), 100);
            },
            kHealthy) == 0);
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (((round + 1) & round) == 0) heap.allocate(1, 2048);
            },
            kHealthy) == 0);
}

TEST_CASE("lazily made tables are no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round < 7) heap.allocate(4, 2048);
            },
            kHealthy) == 0);
}

TEST_CASE("a component set up late is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round == 6) heap.allocate(200, 128);
            },
            kHealthy) == 0);
}

TEST_CASE("a vector that stops doubling in the middle is no leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              uint64_t capacity = 64;
              while (capacity <
                     std::min<uint64_t>(1500, 320 * (static_cast<uint64_t>(round) + 1))) {
                capacity *= 2;
              }
              heap.free_all();
              heap.allocate(1, capacity * 4);
            },
            kHealthy) == 0);
}

TEST_CASE("a backlog that is worked off is no leak") {
  CHECK(wrong(
            10,
            [](SimulatedHeap& heap, int round) {
              if (round == 0) heap.allocate(2000, 150);
              heap.free_oldest(160);
            },
            kHealthy) == 0);
}

TEST_CASE("a buffer whose size wanders is no leak") {
  CHECK(wrong(
            10,
            [](SimulatedHeap& heap, int) {
              heap.free_all();
              heap.allocate(1, 1 + heap.chance(40) * 512);
            },
            kHealthy) <= 1);
}

}  // namespace
}  // namespace silt::test
