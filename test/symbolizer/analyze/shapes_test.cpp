// SPDX-License-Identifier: Apache-2.0
//
// Shapes of growth that programs have and a first look misjudges, each as numbers: what a careful
// engineer would say of it at the end of the run, over many seeds. Where the data cannot tell a
// leak from its healthy double, the test says which words are honest.

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/render/curve_words.h"
#include "test/symbolizer/analyze/simulated_heap.h"

namespace silt::test {
namespace {

using analyze::Judgement;
using analyze::Verdict;

constexpr unsigned kSeeds = 40;

const std::vector<Verdict> kLeak = {Verdict::kLeak};
const std::vector<Verdict> kRises = {Verdict::kLeak, Verdict::kGrowing};
const std::vector<Verdict> kHealthy = {Verdict::kBounded, Verdict::kSawtooth, Verdict::kSteady};
const std::vector<Verdict> kNoLeak = {Verdict::kBounded, Verdict::kSawtooth, Verdict::kSteady,
                                      Verdict::kGrowing};

// `usual` as a noisy machine does it: between 70 % and 130 %.
size_t about(SimulatedHeap& heap, size_t usual) { return usual * (70 + heap.chance(61)) / 100; }

// How many of kSeeds runs end with a verdict that is not among the right ones.
int wrong(const std::vector<Verdict>& right, const std::function<void(SimulatedHeap&)>& run) {
  int mistakes = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SimulatedHeap heap(1, seed);
    run(heap);
    const Judgement judgement = heap.judged();
    bool good = false;
    for (const Verdict verdict : right) good = good || judgement.verdict() == verdict;
    if (good) continue;
    ++mistakes;
    UNSCOPED_INFO("seed " << seed << ": " << analyze::verdict_word(judgement.verdict()) << ": "
                          << render::curve_text(judgement.reason));
  }
  return mistakes;
}

// `rounds` windows of about a second with other work in each.
int wrong(const std::vector<Verdict>& right, int rounds,
          const std::function<void(SimulatedHeap&, int)>& round) {
  return wrong(right, [&](SimulatedHeap& heap) {
    for (int i = 0; i < rounds; ++i) {
      heap.churn(1000 + heap.chance(600));
      round(heap, i);
      heap.snapshot(0.8 + heap.chance(40) / 100.0);
    }
  });
}

TEST_CASE("a cache that fills for nine tenths of the run and then evicts is no leak") {
  for (const int rounds : {20, 30}) {
    CAPTURE(rounds);
    // Some runs see it evict for one window or two only.
    CHECK(wrong(kNoLeak, rounds, [&](SimulatedHeap& heap, int) {
            heap.allocate(about(heap, 100), 256);
            const size_t bound = 90 * static_cast<size_t>(rounds);
            if (heap.live() > bound) heap.free_oldest(heap.live() - bound);
          }) <= 3);
  }
}

TEST_CASE("a cache of distinct keys that fills ever more slowly is no leak") {
  CHECK(wrong(kHealthy, 14, [](SimulatedHeap& heap, int) {
          constexpr size_t kKeys = 2000;  // each request asks for one of them at random
          for (size_t i = 0, n = about(heap, 500); i < n; ++i) {
            if (heap.chance(kKeys) >= heap.live()) heap.allocate(1, 128);
          }
        }) == 0);
}

TEST_CASE("growth by the logarithm from early in the run is no leak") {
  CHECK(wrong(kHealthy, 16, [](SimulatedHeap& heap, int round) {
          const auto wanted = static_cast<size_t>(600 * std::log2(round + 2));
          if (wanted > heap.live()) heap.allocate(wanted - heap.live(), 64 + heap.chance(9));
        }) <= 1);
}

TEST_CASE("a warm-up in two phases is no leak") {
  for (const int second : {3, 5, 7}) {
    CAPTURE(second);
    CHECK(wrong(kHealthy, 14, [&](SimulatedHeap& heap, int round) {
            if (round < 2) heap.allocate(about(heap, 500), 200);
            if (round >= second && round < second + 3) heap.allocate(about(heap, 300), 200);
          }) == 0);
  }
}

TEST_CASE("a leak after a warm-up in two phases is a leak") {
  CHECK(wrong(kRises, 16, [](SimulatedHeap& heap, int round) {
          if (round < 2 || round == 4) heap.allocate(about(heap, 500), 200);
          heap.allocate(about(heap, 40), 100);
        }) == 0);
}

TEST_CASE("a leak under a table that fills ever more slowly until it is full is a leak") {
  for (const int pace : {300, 40}) {
    const auto fills = [pace](SimulatedHeap& heap, int round) {
      if (round < 5) heap.allocate(about(heap, pace * (5 - round) / 2), 40);
    };
    CAPTURE(pace);
    CHECK(wrong(kRises, 18, [&](SimulatedHeap& heap, int round) {
            fills(heap, round);
            heap.allocate(about(heap, pace), 40);
          }) <= 2);  // the pace varies by a third
    CHECK(wrong(kHealthy, 18, fills) == 0);
  }
}

TEST_CASE("a sawtooth seen for little more than two of its periods is no leak") {
  for (const int period : {6, 7, 9}) {
    for (const int phase : {0, 2}) {
      CAPTURE(period, phase);
      CHECK(wrong(kHealthy, 2 * period + 3, [&](SimulatedHeap& heap, int round) {
              if (round > 0 && (round + phase) % period == 0) heap.free_all();
              heap.allocate(about(heap, 150), 120);
            }) == 0);
    }
  }
}

TEST_CASE("a sawtooth that frees most but never all is no leak") {
  for (const int period : {4, 5}) {
    CAPTURE(period);
    CHECK(wrong(kHealthy, 17, [&](SimulatedHeap& heap, int round) {
            heap.allocate(about(heap, 150), 120);
            if (round % period == period - 1 && heap.live() > 100) {
              heap.free_oldest(heap.live() - 100);
            }
          }) == 0);
  }
}

TEST_CASE("steps at a few random times are no leak") {
  CHECK(wrong(kNoLeak, [](SimulatedHeap& heap) {
          std::vector<int> steps;
          for (int i = 0; i < 3; ++i) steps.push_back(static_cast<int>(heap.chance(14)));
          for (int round = 0; round < 14; ++round) {
            heap.churn(1000);
            for (const int step : steps) {
              if (step == round) heap.allocate(120, 300);
            }
            heap.snapshot();
          }
        }) <= 1);
}

TEST_CASE("a leak amid blocks that come and go by chance is a leak") {
  CHECK(wrong(kRises, 16, [](SimulatedHeap& heap, int round) {
          if (round == 0) heap.allocate(400, 100);
          const size_t gone = about(heap, 60);
          heap.free_random(gone);
          heap.allocate(gone + 25 + heap.chance(10), 100);
        }) == 0);
}

TEST_CASE("noise around a level is no leak even when it ends above its start") {
  CHECK(wrong(kHealthy, 16, [](SimulatedHeap& heap, int round) {
          const size_t level = 400 + heap.chance(160) + (round == 15 ? 60 : 0);
          if (heap.live() > level) heap.free_random(heap.live() - level);
          heap.allocate(level - heap.live(), 100);
        }) == 0);
}

TEST_CASE("a leak of one block in every second window is a leak") {
  CHECK(wrong(kLeak, 20, [](SimulatedHeap& heap, int round) {
          if (round % 2 == 1) heap.allocate(1, 4096);
        }) == 0);
}

TEST_CASE("a dozen blocks in a few windows of many are no leak yet") {
  CHECK(wrong(kNoLeak, 10, [](SimulatedHeap& heap, int round) {
          // As pages of a runtime's own heap, of which a few come now and then.
          if (round == 1 || round == 4 || round == 5 || round == 8) heap.allocate(3, 700);
        }) == 0);
}

TEST_CASE("a leak that starts in the second half is a leak") {
  for (const int start : {8, 10}) {
    CAPTURE(start);
    CHECK(wrong(kLeak, 16, [&](SimulatedHeap& heap, int round) {
            if (round >= start) heap.allocate(about(heap, 60), 100);
          }) == 0);
  }
}

TEST_CASE("a leak that starts late beside blocks of the same place that stay is a leak") {
  CHECK(wrong(kLeak, 18, [](SimulatedHeap& heap, int round) {
          if (round == 0) heap.allocate(300, 100);
          if (round >= 8) heap.allocate(about(heap, 60), 100);
        }) == 0);
}

TEST_CASE("a leak whose pace halves for good is not called healthy") {
  CHECK(wrong(kRises, 16, [](SimulatedHeap& heap, int round) {
          heap.allocate(about(heap, round < 8 ? 120 : 60), 100);
        }) <= 4);
}

TEST_CASE("a leak whose pace grows is a leak") {
  CHECK(wrong(kLeak, 12, [](SimulatedHeap& heap, int round) {
          heap.allocate(about(heap, 20 + 12 * static_cast<size_t>(round)), 100);
        }) == 0);
}

TEST_CASE("a pool that grows by doublings and is then enough is no leak") {
  for (const int enough : {4, 6}) {
    CAPTURE(enough);
    CHECK(wrong(kHealthy, 16, [&](SimulatedHeap& heap, int round) {
            if (round < enough) {
              heap.allocate(heap.live() == 0 ? 32 : heap.live(), 512);  // as many chunks again
            }
          }) == 0);
  }
}

TEST_CASE("snapshots at irregular times hide no leak") {
  CHECK(wrong(kLeak, [](SimulatedHeap& heap) {
          for (int i = 0; i < 12; ++i) {
            const double seconds = heap.chance(4) == 0 ? 8 : 0.5 + heap.chance(100) / 50.0;
            const auto requests = static_cast<size_t>(seconds * 200);
            heap.churn(5 * requests);
            heap.allocate(about(heap, requests), 80);
            heap.snapshot(seconds);
          }
        }) == 0);
}

TEST_CASE("snapshots at irregular times accuse no cache") {
  CHECK(wrong(kHealthy, [](SimulatedHeap& heap) {
          for (int i = 0; i < 12; ++i) {
            const double seconds = heap.chance(4) == 0 ? 8 : 0.5 + heap.chance(100) / 50.0;
            const auto requests = static_cast<size_t>(seconds * 200);
            heap.churn(5 * requests);
            heap.allocate(about(heap, requests), 80);
            if (heap.live() > 1200) heap.free_oldest(heap.live() - 1200);
            heap.snapshot(seconds);
          }
        }) == 0);
}

TEST_CASE("an exit snapshot alone accuses nobody") {
  SimulatedHeap heap;
  heap.allocate(1000, 64);
  heap.snapshot(5, format::Trigger::kExit);
  CHECK(heap.judged().verdict() == Verdict::kSteady);
}

TEST_CASE("one snapshot and the one at exit tell no leak") {
  SimulatedHeap heap;
  heap.allocate(1000, 64);
  heap.snapshot();
  heap.allocate(1000, 64);
  heap.snapshot(5, format::Trigger::kExit);
  CHECK(heap.judged().verdict() != Verdict::kLeak);
}

TEST_CASE("generations of data that replace each other whole are no leak") {
  CHECK(wrong(kHealthy, 16, [](SimulatedHeap& heap, int round) {
          // A configuration read anew every third window; for a moment old and new are both live.
          const size_t entries = 300 + heap.chance(40);
          const size_t old = heap.live();
          if (round % 3 == 0) heap.allocate(entries, 90);
          if (round % 3 == 1 && heap.live() > 340) heap.free_oldest(old / 2);
        }) == 0);
}

TEST_CASE("load that rises all through the run is not called a leak where blocks turn over") {
  CHECK(wrong(kNoLeak, 14, [](SimulatedHeap& heap, int round) {
          // Sessions that live for about a window, ever more of them, as in a day's morning.
          const size_t sessions = 100 + 30 * static_cast<size_t>(round);
          heap.free_oldest(heap.live());
          heap.allocate(about(heap, sessions), 200);
        }) == 0);
}

}  // namespace
}  // namespace silt::test
