// SPDX-License-Identifier: Apache-2.0
//
// Curves of sums: which of them grow without end, and which only look like it.

#include "symbolizer/analyze/whole.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "symbolizer/render/curve_words.h"

namespace silt::analyze {
namespace {

constexpr WholeFloor kFloor{256 * 1024, 0.03};
constexpr double kMegabyte = 1e6;

// A value at each of `count` moments, three seconds apart.
Curve curve(size_t count, const std::function<double(double)>& megabytes) {
  Curve result;
  for (size_t i = 0; i < count; ++i) {
    result.seconds.push_back(2 + 3.0 * static_cast<double>(i));
    result.values.push_back(kMegabyte * megabytes(static_cast<double>(i)));
  }
  return result;
}

Verdict verdict(const Curve& of) { return judge_whole(of, kFloor).verdict(); }

TEST_CASE("a straight line of a whole is a leak") {
  const Judgement judgement = judge_whole(curve(10, [](double t) { return 6 + 0.8 * t; }), kFloor);
  CHECK(judgement.verdict() == Verdict::kLeak);
  CHECK(judgement.bytes_per_second == Approx(0.8 * kMegabyte / 3));
  CHECK(judgement.growing_windows == 9);
  CHECK(render::curve_text(judgement.reason).find("rose from 6.0 MB to 13 MB") == 0);
}

TEST_CASE("a window in which a whole stands still does not acquit it") {
  const std::vector<double> worker = {6, 8, 10.1, 12, 12, 14.2, 16, 18.1, 20, 22};
  CHECK(verdict(curve(10, [&](double t) { return worker[static_cast<size_t>(t)]; })) ==
        Verdict::kLeak);
}

TEST_CASE("a collection that finds a little more garbage does not acquit a whole") {
  const std::vector<double> heap = {6, 7.1, 8, 9.2, 8.9, 10.3, 11.2, 12, 13.1, 14};
  CHECK(verdict(curve(10, [&](double t) { return heap[static_cast<size_t>(t)]; })) ==
        Verdict::kLeak);
}

TEST_CASE("a whole that stops after its warm-up is none") {
  CHECK(verdict(curve(10, [](double t) { return t < 4 ? 4 + 3 * t : 16; })) != Verdict::kLeak);
  CHECK(verdict(curve(12, [](double t) { return 20 * (1 - std::exp(-t / 3)); })) != Verdict::kLeak);
}

TEST_CASE("growth like the logarithm's is none") {
  CHECK(verdict(curve(10, [](double t) { return 26 + 5 * std::log(2 + 3 * t); })) !=
        Verdict::kLeak);
}

TEST_CASE("a step is none, wherever it comes") {
  for (const double when : {2., 5., 7.}) {
    CHECK(verdict(curve(10, [=](double t) { return (t < when ? 10 : 25) + 0.01 * t; })) !=
          Verdict::kLeak);
  }
}

TEST_CASE("a batch that is given back is none") {
  const std::vector<double> batch = {4.2, 6.5, 8.5, 6.1, 8.7, 4.8, 7.8, 4.1, 7.1, 10.1};
  CHECK(verdict(curve(10, [&](double t) { return batch[static_cast<size_t>(t)]; })) !=
        Verdict::kLeak);
}

TEST_CASE("the jitter of a full cache is none") {
  CHECK(verdict(curve(20, [](double t) { return 40 + 0.3 * std::sin(t) + 0.02 * t; })) ==
        Verdict::kSteady);
}

TEST_CASE("a warm-up before a leak does not hide it") {
  CHECK(verdict(curve(12, [](double t) { return t < 1 ? 5 : 20 + 1.1 * t; })) == Verdict::kLeak);
}

TEST_CASE("four values of a whole are too short a look") {
  CHECK(verdict(curve(4, [](double t) { return 6 + 2 * t; })) == Verdict::kSteady);
}

TEST_CASE("a whole that slows with the machine, but not by its own work, is still a leak") {
  Curve starved = curve(10, [](double t) { return t < 5 ? 2 * t : 10 + 0.8 * (t - 5); });
  for (size_t i = 0; i < 10; ++i) starved.activity.push_back(starved.values[i] / 100);
  CHECK(verdict(starved) == Verdict::kLeak);
}

TEST_CASE("the smallest growth of a whole that is spoken of follows its length") {
  const Curve short_look = curve(10, [](double) { return 2; });
  CHECK(smallest_whole(short_look, kFloor) == Approx(256 * 1024 / 27. * 3600));
  CHECK(smallest_whole(curve(4, [](double) { return 2; }), kFloor) == 0);
}

}  // namespace
}  // namespace silt::analyze
