// SPDX-License-Identifier: Apache-2.0
//
// Models against each other over simulated heaps: what fades is no leak, and what stays under it
// is.

#include "symbolizer/analyze/curve_models.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "symbolizer/analyze/container.h"
#include "symbolizer/render/curve_words.h"
#include "test/symbolizer/analyze/simulated_heap.h"

namespace silt::test {
namespace {

using analyze::Step;
using analyze::Verdict;

std::vector<Step> steps(size_t windows, const std::function<double(size_t)>& born) {
  std::vector<Step> list;
  for (size_t i = 0; i < windows; ++i) {
    Step step;
    step.seconds = 1;
    step.born = std::round(born(i));
    list.push_back(step);
  }
  return list;
}

TEST_CASE("steady growth is not explained better by an end") {
  const auto models =
      analyze::compare_models(steps(9, [](size_t i) { return i % 2 == 0 ? 95 : 105; }), 0, 1);
  CHECK(models.for_an_end < 0);
}

TEST_CASE("growth that halves with every window has an end") {
  const auto models =
      analyze::compare_models(steps(9, [](size_t i) { return 800 * std::exp2(-double(i)); }), 0, 1);
  CHECK(models.for_an_end > 10);
  CHECK(models.for_a_floor < 2);
  CHECK(models.late_pace < 0.1);
}

TEST_CASE("what stays when a warm-up has faded is told from its tail") {
  const auto models = analyze::compare_models(
      steps(10, [](size_t i) { return 60 + 800 * std::exp2(-double(i)); }), 0, 1);
  CHECK(models.for_a_floor > 8);
}

TEST_CASE("what stays when a warm-up of another course is over is told from its tail") {
  const auto models = analyze::compare_models(steps(10,
                                                    [](size_t i) {
                                                      const double filling =
                                                          i < 4 ? 4.0 - double(i) : 0;
                                                      return 300 + 150 * filling + double(i % 3);
                                                    }),
                                              0, 1);
  CHECK(models.for_an_end > 8);
  CHECK(models.for_a_floor > 8);
  CHECK(models.even_from == 4);
}

TEST_CASE("a pace that held and fades in the last windows has an end") {
  const std::vector<double> paces = {103, 96, 101, 99, 104, 95, 100, 60, 28, 11, 4};
  const auto models =
      analyze::compare_models(steps(paces.size(), [&](size_t i) { return paces[i]; }), 0, 1);
  CHECK(models.for_an_end > 8);
  CHECK(models.for_a_floor < 2);
  CHECK(models.late_pace < 0.3);
}

TEST_CASE("a leak at a steady pace seldom looks as if it slowed down") {
  std::mt19937 random(1);
  int wrong = 0;
  for (int round = 0; round < 400; ++round) {
    std::poisson_distribution<int> born(round % 2 == 0 ? 8 : 80);
    const auto models = analyze::compare_models(
        steps(9 + size_t(round % 4), [&](size_t) { return born(random); }), 0, 1);
    const bool slows = models.for_a_slow_end > 4 || models.for_an_end > 8;
    wrong += slows && models.late_pace < 0.7 ? 1 : 0;
  }
  CHECK(wrong <= 4);
}

TEST_CASE("a window that was starved is no end on the clock of the process's own work") {
  std::vector<Step> list = steps(9, [](size_t i) { return i < 6 ? 100 : 20; });
  for (Step& step : list) step.activity = step.born * 10;
  CHECK(analyze::compare_models(list, 0, 1).for_an_end < 0);
}

TEST_CASE("keys of a bounded space that a slow program meets are no leak") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SimulatedHeap heap(1, seed);
    std::vector<bool> met(1800, false);
    for (int round = 0; round < 10; ++round) {
      const unsigned asked = round < 3 ? 400 : 1200;
      for (unsigned i = 0; i < asked; ++i) {
        const unsigned key = heap.chance(1800);
        if (met[key]) continue;
        met[key] = true;
        heap.allocate(1, 100);
      }
      heap.snapshot();
    }
    CAPTURE(seed, render::curve_text(heap.judged().reason));
    CHECK(heap.judged().verdict() != Verdict::kLeak);
  }
}

TEST_CASE("one in ten that is forgotten shows among blocks that live for windows") {
  int missed = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SimulatedHeap heap(1, seed);
    size_t forgotten = 0;
    heap.allocate(200, 500);
    for (int round = 0; round < 12; ++round) {
      // The forgotten are freed by nobody: of 120 that come, 108 go, oldest or not.
      heap.allocate(110 + heap.chance(20), 500);
      heap.free_newest(30);
      for (int i = 0; i < 78; ++i) {
        if (heap.live() > forgotten + 150) heap.free_newest(1);
      }
      forgotten += 12;
      heap.snapshot();
    }
    missed += heap.judged().verdict() == Verdict::kLeak ? 0 : 1;
  }
  CHECK(missed <= 2);
}

TEST_CASE("a queue served ever later is a leak, and one under more load is none") {
  int missed = 0;
  int accused = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SimulatedHeap late(1, seed);
    SimulatedHeap busy(1, seed);
    size_t queue = 20;
    late.allocate(queue, 64);
    for (size_t round = 1; round <= 10; ++round) {
      late.allocate(900 + late.chance(200), 64);
      late.free_oldest(late.live() - (queue += 60 + late.chance(20)));
      late.snapshot();
      const size_t load = 200 * round;
      busy.allocate(load * 5, 64);
      busy.free_oldest(busy.live() - (load + busy.chance(30)));
      busy.snapshot();
    }
    missed += late.judged().verdict() == Verdict::kLeak ? 0 : 1;
    accused += busy.judged().verdict() == Verdict::kLeak ? 1 : 0;
  }
  CHECK(missed <= 2);
  CHECK(accused == 0);
}

TEST_CASE("an index is full with the entries that it holds") {
  SimulatedHeap heap(2);
  for (int round = 0; round < 10; ++round) {
    if (round < 5) heap.allocate(200, 100, 0);
    if (round == 1 || round == 3) {
      heap.free_all(1);
      heap.allocate(1, 4096 << round, 1);
    }
    heap.snapshot();
  }
  const analyze::Timeline timeline = analyze::make_timeline(heap.recording());
  const auto series = [&](size_t i) {
    return analyze::make_series(timeline, heap.recording().stacks[i]);
  };
  CHECK(analyze::is_full_with(timeline, series(1), series(0)));
  CHECK_FALSE(analyze::is_full_with(timeline, series(0), series(1)));
}

}  // namespace
}  // namespace silt::test
