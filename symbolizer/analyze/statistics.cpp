// SPDX-License-Identifier: Apache-2.0
//
// Robust statistics for verdicts; see the header.

#include "symbolizer/analyze/statistics.h"

#include <algorithm>
#include <cmath>

namespace silt::analyze {
namespace {

constexpr size_t kMostPoints = 400;  // 400 points make 79,800 pairs: 2 ms

// Sizes of groups of equal values enter Kendall's variance.
double kendall_variance(std::vector<double> y) {
  const double n = static_cast<double>(y.size());
  double variance = n * (n - 1) * (2 * n + 5);
  std::sort(y.begin(), y.end());
  for (size_t begin = 0; begin < y.size();) {
    size_t end = begin;
    while (end < y.size() && y[end] == y[begin]) ++end;
    const double ties = static_cast<double>(end - begin);
    variance -= ties * (ties - 1) * (2 * ties + 5);
    begin = end;
  }
  return variance / 18;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (upper +
          *std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle))) /
         2;
}

double pace_error(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 4 || x.size() != y.size() || y.back() <= y.front()) return 0;
  const double length = x.back() - x.front();
  const double rise = y.back() - y.front();
  double squares = 0;
  for (size_t i = 1; i < x.size(); ++i) {
    const double rest = y[i] - y[i - 1] - rise / length * (x[i] - x[i - 1]);
    squares += rest * rest;
  }
  const auto steps = static_cast<double>(x.size() - 1);
  return length > 0 ? std::sqrt(squares * steps / (steps - 1)) / rise : 0;
}

double autocorrelation(std::span<const double> values) {
  if (values.size() < 3) return 0;
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double covariance = 0;
  double variance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    variance += (values[i] - mean) * (values[i] - mean);
    if (i > 0) covariance += (values[i] - mean) * (values[i - 1] - mean);
  }
  return variance > 0 ? covariance / variance : 0;
}

Slope theil_sen(std::span<const double> x_all, std::span<const double> y_all) {
  std::vector<double> x;
  std::vector<double> y;
  const size_t count = std::min(x_all.size(), y_all.size());
  const size_t points = std::min(count, kMostPoints);
  for (size_t i = 0; i < points; ++i) {
    const size_t from = points < 2 ? 0 : i * (count - 1) / (points - 1);
    x.push_back(x_all[from]);
    y.push_back(y_all[from]);
  }
  std::vector<double> slopes;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i + 1; j < x.size(); ++j) {
      if (x[j] != x[i]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
    }
  }
  Slope result;
  if (slopes.empty()) return result;
  std::sort(slopes.begin(), slopes.end());
  result.per_x = median(slopes);
  std::vector<double> offsets;
  for (size_t i = 0; i < x.size(); ++i) offsets.push_back(y[i] - result.per_x * x[i]);
  result.intercept = median(offsets);
  for (double& offset : offsets) offset -= result.intercept;  // now the residuals

  const double r = std::clamp(autocorrelation(offsets), 0.0, 0.9);
  const double spread = 1.96 * std::sqrt(kendall_variance(y) * (1 + r) / (1 - r));
  const double pairs = static_cast<double>(slopes.size());
  const auto at = [&](double rank) {
    return slopes[static_cast<size_t>(std::clamp(rank, 0.0, pairs - 1))];
  };
  result.low = at(std::floor((pairs - spread) / 2));
  result.high = at(std::ceil((pairs + spread) / 2));
  return result;
}

double upper_tail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

double false_discovery_threshold(std::vector<double> p_values, double rate) {
  std::sort(p_values.begin(), p_values.end());
  const double tests = static_cast<double>(p_values.size());
  for (size_t rank = p_values.size(); rank > 0; --rank) {
    if (p_values[rank - 1] <= rate * static_cast<double>(rank) / tests) return p_values[rank - 1];
  }
  return -1;
}

}  // namespace silt::analyze
