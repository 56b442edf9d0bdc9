// SPDX-License-Identifier: Apache-2.0
//
// See sampler.h. Hook context.

#include "interposer/track/sampler.h"

#include "interposer/base/attributes.h"

namespace silt::track {
namespace {

constexpr double kLn2 = 0.693147180559945309417;

double unit_random(uint64_t* state) {  // (0, 1]
  return static_cast<double>((next_random(state) >> 11) + 1) * 0x1.0p-53;
}

}  // namespace

uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double exp_of_negative(double x) {
  if (x > 700) return 0;
  // exp(-x) = 2^-k exp(-r), r in [0, ln 2)
  const auto k = static_cast<uint64_t>(x / kLn2);
  const double r = x - static_cast<double>(k) * kLn2;
  double sum = 1;
  double term = 1;
  for (int i = 1; i <= 14; ++i) {
    term *= -r / i;
    sum += term;
  }
  const uint64_t bits = (1023 - k) << 52;
  double scale;
  __builtin_memcpy(&scale, &bits, sizeof(scale));
  return sum * scale;
}

double log_of(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  const auto exponent = static_cast<int64_t>(bits >> 52 & 0x7ff) - 1023;
  bits = (bits & 0x000fffffffffffff) | uint64_t{1023} << 52;
  double mantissa;
  __builtin_memcpy(&mantissa, &bits, sizeof(mantissa));
  // log m = 2 atanh((m - 1) / (m + 1)), m in [1, 2)
  const double y = (mantissa - 1) / (mantissa + 1);
  const double y2 = y * y;
  double sum = 0;
  double power = y;
  for (int i = 1; i <= 21; i += 2) {
    sum += power / i;
    power *= y2;
  }
  return 2 * sum + static_cast<double>(exponent) * kLn2;
}

SILT_COLD int64_t draw_distance(uint64_t* random, uint64_t interval_bytes) {
  const double distance = -log_of(unit_random(random)) * static_cast<double>(interval_bytes);
  constexpr double kFarthest = 0x1p62;  // an interval can be so large that no number holds more
  if (distance >= kFarthest) return static_cast<int64_t>(kFarthest);
  return distance < 1 ? 1 : static_cast<int64_t>(distance);
}

SILT_COLD uint32_t draw_weight(uint64_t* random, uint64_t size_bytes, uint64_t interval_bytes) {
  const double x = static_cast<double>(size_bytes) / static_cast<double>(interval_bytes);
  // 1 - exp(-x) loses all digits for a small x; its series does not.
  const double p = x < 1e-5 ? x * (1 - x / 2) : 1 - exp_of_negative(x);
  const double weight = 1 / (p > 0 ? p : 1);
  if (weight >= UINT32_MAX) return UINT32_MAX;
  const auto whole = static_cast<uint32_t>(weight);
  return whole + (unit_random(random) <= weight - whole ? 1 : 0);
}

}  // namespace silt::track
