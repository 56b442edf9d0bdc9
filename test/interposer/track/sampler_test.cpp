// SPDX-License-Identifier: Apache-2.0
//
// The sampler's statistics: distances are exponential, weights unbiased, estimates as far off as
// theory says and no further, and threads do not repeat each other's draws. Seeds are fixed; the
// bounds are five standard deviations.

#include "interposer/track/sampler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_set>
#include <vector>

#include "interposer/track/recorder.h"
#include "interposer/track/thread_state.h"

namespace silt::track {

TEST_CASE("exp and log agree with the C library") {
  std::mt19937_64 random(13);
  std::uniform_real_distribution<double> uniform(0, 1);
  CHECK(exp_of_negative(0) == 1);
  CHECK(exp_of_negative(1e6) == 0);
  CHECK(log_of(1) == 0);
  double worst_exp = 0;
  double worst_log = 0;
  for (int i = 0; i < 300'000; ++i) {
    const double x = std::pow(10, -12 + 14.8 * uniform(random));
    if (x < 700) {
      worst_exp = std::max(worst_exp, std::abs(exp_of_negative(x) / std::exp(-x) - 1));
    }
    const double u = std::pow(10, -16 * uniform(random));
    worst_log = std::max(worst_log, std::abs(log_of(u) - std::log(u)));
  }
  CHECK(worst_exp < 1e-9);
  CHECK(worst_log < 1e-9);
}

TEST_CASE("distances are exponential with the interval as their mean") {
  constexpr uint64_t kInterval = 512 * 1024;
  constexpr int kDraws = 400'000;
  uint64_t random = 14;
  std::vector<double> draws;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto distance = static_cast<double>(draw_distance(&random, kInterval)) / kInterval;
    draws.push_back(distance);
    sum += distance;
    squares += distance * distance;
  }
  const double root = std::sqrt(kDraws);
  CHECK(std::abs(sum / kDraws - 1) < 5 / root);
  CHECK(std::abs(squares / kDraws - 2) < 5 * std::sqrt(20.0) / root);
  // Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded by chance once in a thousand.
  std::sort(draws.begin(), draws.end());
  double gap = 0;
  for (int i = 0; i < kDraws; ++i) {
    gap = std::max(gap,
                   std::abs((i + 0.5) / kDraws - (1 - std::exp(-draws[static_cast<size_t>(i)]))));
  }
  CHECK(gap < 1.95 / root);
}

TEST_CASE("distances are at least one byte and never overflow") {
  uint64_t random = 15;
  for (int i = 0; i < 100'000; ++i) {
    REQUIRE(draw_distance(&random, 1) >= 1);
    REQUIRE(draw_distance(&random, uint64_t{1} << 62) >= 1);
    REQUIRE(draw_distance(&random, INT64_MAX) >= 1);
  }
}

TEST_CASE("weights are unbiased for blocks of every size") {
  constexpr uint64_t kInterval = 64 * 1024;
  uint64_t random = 16;
  for (const uint64_t size : {uint64_t{1}, uint64_t{16}, uint64_t{100}, uint64_t{5000},
                              uint64_t{65536}, uint64_t{200'000}, uint64_t{10'000'000}}) {
    const double p = 1 - std::exp(-static_cast<double>(size) / kInterval);
    constexpr int kDraws = 100'000;
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) {
      const uint32_t weight = draw_weight(&random, size, kInterval);
      REQUIRE(weight >= 1);
      REQUIRE(std::abs(weight - 1 / p) <= 1);
      sum += weight;
    }
    // Rounding at random has a variance of at most a quarter.
    CHECK(std::abs(sum / kDraws - 1 / p) < 5 * 0.5 / std::sqrt(kDraws) + 1e-9 / p);
  }
}

TEST_CASE("weights past 32 bits are the largest there are") {
  uint64_t random = 17;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(draw_weight(&random, 1, uint64_t{1} << 40) == UINT32_MAX);
    REQUIRE(draw_weight(&random, 1, INT64_MAX) == UINT32_MAX);
    REQUIRE(draw_weight(&random, 0, 4096) >= 1);
    REQUIRE(draw_weight(&random, UINT64_MAX, 1) == 1);
  }
}

TEST_CASE("estimates of bytes and blocks are unbiased, and vary as theory predicts") {
  constexpr uint64_t kInterval = 32 * 1024;
  constexpr int kRuns = 400;
  const uint64_t sizes[] = {24, 24, 24, 100, 100, 700, 4000, 30'000, 200'000};
  double z_bytes = 0;
  double z_bytes_squares = 0;
  double z_blocks = 0;
  for (int run = 0; run < kRuns; ++run) {
    uint64_t random = static_cast<uint64_t>(run) * 7919 + 1;
    int64_t countdown = draw_distance(&random, kInterval);
    double bytes = 0, blocks = 0, estimated_bytes = 0, estimated_blocks = 0;
    double variance_bytes = 0, variance_blocks = 0;
    for (int i = 0; i < 4000; ++i) {
      const uint64_t size = sizes[static_cast<unsigned>(i) % 9];
      const double p = 1 - std::exp(-static_cast<double>(size) / kInterval);
      bytes += static_cast<double>(size);
      blocks += 1;
      // Of 1 / p or nothing, and of rounding 1 / p at random.
      const double fraction = 1 / p - std::floor(1 / p);
      const double v = (1 - p) / p + p * fraction * (1 - fraction);
      variance_blocks += v;
      variance_bytes += v * static_cast<double>(size) * static_cast<double>(size);
      // The hook's lines.
      countdown -= static_cast<int64_t>(size);
      if (countdown >= 0) continue;
      countdown = draw_distance(&random, kInterval);
      const uint32_t weight = draw_weight(&random, size, kInterval);
      estimated_blocks += weight;
      estimated_bytes += static_cast<double>(weight) * static_cast<double>(size);
    }
    const double z = (estimated_bytes - bytes) / std::sqrt(variance_bytes);
    z_bytes += z;
    z_bytes_squares += z * z;
    z_blocks += (estimated_blocks - blocks) / std::sqrt(variance_blocks);
  }
  const double root = std::sqrt(kRuns);
  CHECK(std::abs(z_bytes) / root < 5);
  CHECK(std::abs(z_blocks) / root < 5);
  // The variance of a variance of normal values is 2 / n.
  CHECK(z_bytes_squares / kRuns < 1 + 5 * std::sqrt(2.0) / root);
  CHECK(z_bytes_squares / kRuns > 0.9 - 5 * std::sqrt(2.0) / root);
}

TEST_CASE("threads draw different numbers, whatever the seed") {
  recorder.sample_interval_bytes = 4096;
  recorder.started = true;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{0x123456789abcdef}}) {
    recorder.random_seed = seed;
    std::unordered_set<uint64_t> seen;
    uint64_t repeated = 0;
    constexpr int kThreads = 8;
    std::mutex mutex;
    std::latch all_have_states(kThreads);  // none ends before, or the next would take its state
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        ThreadLocal local;
        ThreadState* const state = enter_new_thread(local);
        all_have_states.arrive_and_wait();
        const std::scoped_lock lock(mutex);
        for (int n = 0; n < 10'000; ++n) {
          repeated += seen.insert(next_random(&state->random)).second ? 0 : 1;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(repeated == 0);
  }
  recorder.started = false;
  recorder.sample_interval_bytes = 0;
}

TEST_CASE("the same seed gives a first thread the same draws") {
  recorder.sample_interval_bytes = 4096;
  recorder.started = true;
  recorder.random_seed = 42;
  ThreadLocal local;
  ThreadState* const state = enter_new_thread(local);
  REQUIRE(state != nullptr);
  CHECK(local.sample_countdown > 0);
  recorder.started = false;
  recorder.sample_interval_bytes = 0;
}

}  // namespace silt::track
