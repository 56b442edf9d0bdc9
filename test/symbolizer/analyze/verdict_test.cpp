// SPDX-License-Identifier: Apache-2.0
//
// Verdicts over simulated heaps: leaks of many shapes. Programs that only look like them are in
// verdict_healthy_test.cpp.

#include "symbolizer/analyze/verdict.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/curve_words.h"
#include "test/symbolizer/analyze/seeded_runs.h"

namespace silt::test {
namespace {

using analyze::Judgement;
using analyze::Verdict;

const std::vector<Verdict> kLeaks = {Verdict::kLeak};

TEST_CASE("a leak on every request is a leak") {
  CHECK(wrong(
            8, [](SimulatedHeap& heap, int) { heap.allocate(jittered(heap, 100), 64); }, kLeaks) ==
        0);
}

TEST_CASE("a leak on one request in a thousand is a leak") {
  CHECK(wrong(
            10,
            [](SimulatedHeap& heap, int) {
              heap.allocate(3 + heap.chance(3), 72);
              heap.churn(4000);
            },
            kLeaks) == 0);
}

TEST_CASE("a leak hidden among blocks in flight is told by its survivors") {
  size_t in_flight = 0;
  CHECK(wrong(
            12,
            [&in_flight](SimulatedHeap& heap, int round) {
              if (round == 0) in_flight = 0;
              heap.free_newest(in_flight);
              heap.allocate(15 + heap.chance(10), 120);
              in_flight = 150 + heap.chance(150);
              heap.allocate(in_flight, 120);
            },
            kLeaks) == 0);
}

TEST_CASE("a leak after a heavy warm-up is a leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round < 2) heap.allocate(1600, 400);
              heap.allocate(7, 90);
            },
            kLeaks) == 0);
}

TEST_CASE("a leak that begins late is a leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round >= 4) heap.allocate(jittered(heap, 80), 150);
            },
            kLeaks) == 0);
}

TEST_CASE("a leak in bursts is a leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int round) {
              if (round % 3 == 1) heap.allocate(jittered(heap, 200), 100);
            },
            kLeaks) == 0);
}

TEST_CASE("a leak whose pace swings eightfold is a leak") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int) {
              const unsigned events = 20 + heap.chance(140);
              heap.churn(events * 10);
              heap.allocate(events, 100);
            },
            kLeaks) == 0);
}

TEST_CASE("a queue whose consumer is too slow is a leak though old blocks go") {
  CHECK(wrong(
            12,
            [](SimulatedHeap& heap, int) {
              heap.allocate(480, 220);
              heap.free_oldest(160);
            },
            kLeaks) == 0);
}

TEST_CASE("one block that grows in every window is a leak") {
  CHECK(wrong(
            10,
            [](SimulatedHeap& heap, int round) {
              heap.free_all();
              heap.allocate(1, 14000 * (static_cast<uint64_t>(round) + 1) + heap.chance(1000));
            },
            kLeaks) == 0);
}

TEST_CASE("a vector that doubles for ever is not called healthy") {
  CHECK(wrong(12,
              [](SimulatedHeap& heap, int round) {
                uint64_t capacity = 64;
                while (capacity < 480 * (static_cast<uint64_t>(round) + 1)) capacity *= 2;
                heap.free_all();
                heap.allocate(1, capacity * 8);
              },
              {Verdict::kLeak, Verdict::kGrowing}) == 0);
}

TEST_CASE("leaking once a window, a single block, is a leak") {
  CHECK(wrong(
            9, [](SimulatedHeap& heap, int) { heap.allocate(1, 400000); }, kLeaks) == 0);
}

TEST_CASE("a leak in the midst of a full cache is a leak") {
  CHECK(wrong(
            14,
            [](SimulatedHeap& heap, int round) {
              heap.allocate(round == 0 ? 600 : 100, 80);
              if (round > 0) heap.free_random(70);
            },
            kLeaks) == 0);
}

TEST_CASE("what a program frees at exit does not turn a leak into something else") {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SimulatedHeap heap(1, seed);
    for (int i = 0; i < 8; ++i) {
      heap.allocate(jittered(heap, 50), 64);
      heap.snapshot();
    }
    heap.free_all();
    heap.snapshot(0.01, format::Trigger::kExit);
    CHECK(heap.judged().verdict() == Verdict::kLeak);
  }
}

TEST_CASE("a pause of the load does not end a leak") {
  SimulatedHeap heap;
  for (int i = 0; i < 14; ++i) {
    if (i < 5 || i > 8) {
      heap.churn(5000);
      heap.allocate(40, 64);
    }
    heap.snapshot();
  }
  const Judgement judgement = heap.judged();
  INFO(render::curve_text(judgement.reason));
  CHECK(judgement.verdict() == Verdict::kLeak);
}

TEST_CASE("a load that stops before the last snapshots does not hide a leak") {
  SimulatedHeap heap;
  for (int i = 0; i < 12; ++i) {
    if (i < 9) {
      heap.churn(5000);
      heap.allocate(40, 64);
    }
    heap.snapshot();
  }
  const Judgement judgement = heap.judged();
  INFO(render::curve_text(judgement.reason));
  CHECK(judgement.verdict() == Verdict::kLeak);
}

TEST_CASE("two snapshots say growing at most, and why") {
  SimulatedHeap heap;
  heap.allocate(100, 64);
  heap.snapshot();
  heap.allocate(100, 64);
  heap.snapshot();
  CHECK(heap.judged().verdict() == Verdict::kGrowing);
  CHECK(render::curve_text(heap.judged().reason).find("two snapshots cannot tell") !=
        std::string::npos);
  CHECK(heap.judged().growth_bytes == 6400);
}

TEST_CASE("a single snapshot says that it shows no growth") {
  SimulatedHeap heap;
  heap.allocate(100, 64);
  heap.snapshot();
  CHECK(heap.judged().verdict() == Verdict::kSteady);
  CHECK(render::curve_text(heap.judged().reason).find("single snapshot") != std::string::npos);
}

TEST_CASE("the pace of a leak is its bytes over time") {
  SimulatedHeap heap;
  for (int i = 0; i < 10; ++i) {
    heap.allocate(10, 100);
    heap.snapshot(2);
  }
  const Judgement judgement = heap.judged();
  CHECK(judgement.bytes_per_second == Approx(500));
  CHECK(judgement.blocks_per_second == Approx(5));
  CHECK(judgement.bytes_per_second_low <= 500);
  CHECK(judgement.bytes_per_second_high >= 500);
}

TEST_CASE("where blocks count late, growth that has ended since is no leak") {
  // Of 400 blocks more in each window 100 go in each of the next four. What fills a ring, and is
  // handed out again by a runtime's own lists, shows neither births nor deaths from then on.
  const auto verdict = [](const std::vector<size_t>& staying) {
    SimulatedHeap heap;
    for (const size_t blocks : staying) {
      heap.allocate(blocks + 400, 64);
      for (size_t age = 1; age <= 4; ++age) heap.free_of_age(age, 100);
      heap.churn(200'000);
      heap.snapshot();
    }
    return heap.judged().verdict();
  };
  CHECK(verdict({800, 826, 827, 794, 440, 2, 0, 0, 0, 0}) == Verdict::kBounded);
  CHECK(verdict({800, 826, 827, 794, 440, 450, 435, 450, 460, 445}) == Verdict::kLeak);
  CHECK(verdict({800, 810, 790, 805, 815, 790, 800, 805, 795, 810}) == Verdict::kLeak);
}

TEST_CASE("windows are a clock where the program takes all of its snapshots itself") {
  const auto ever_slower = [](format::Trigger last) {
    SimulatedHeap heap;
    double seconds = 1;
    for (int i = 0; i < 11; ++i) {
      heap.allocate(40, 1607);
      heap.snapshot(seconds *= 1.15, i < 10 ? format::Trigger::kItself : last);
    }
    return heap.judged().verdict();
  };
  CHECK(ever_slower(format::Trigger::kItself) == Verdict::kLeak);
  CHECK(ever_slower(format::Trigger::kSignal) != Verdict::kLeak);
}

TEST_CASE("a recording of thousands of snapshots is judged as well") {
  SimulatedHeap leak;
  SimulatedHeap cache;
  for (int i = 0; i < 3000; ++i) {
    if (i % 10 == 0) leak.allocate(1, 64);
    leak.churn(10);
    leak.snapshot();
    cache.churn(10);
    cache.allocate(2, 64);
    if (cache.live() > 300) cache.free_oldest(cache.live() - 300);
    cache.snapshot();
  }
  INFO(render::curve_text(leak.judged().reason));
  CHECK(leak.judged().verdict() == Verdict::kLeak);
  INFO(render::curve_text(cache.judged().reason));
  CHECK(cache.judged().verdict() != Verdict::kLeak);
  CHECK(cache.judged().verdict() != Verdict::kGrowing);
}

}  // namespace
}  // namespace silt::test
