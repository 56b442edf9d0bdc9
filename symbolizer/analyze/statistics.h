// SPDX-License-Identifier: Apache-2.0
//
// The statistics that verdicts rest on, each small and pure. They are robust ones: a live heap is
// neither normal nor independent, and one burst must not decide anything.

#ifndef SILT_SYMBOLIZER_ANALYZE_STATISTICS_H_
#define SILT_SYMBOLIZER_ANALYZE_STATISTICS_H_

#include <cstddef>
#include <span>
#include <vector>

namespace silt::analyze {

// The middle value; of an even number of values the mean of the middle two; 0 of none.
double median(std::vector<double> values);

struct Slope {
  double per_x = 0;  // median of the slopes of all pairs
  double low = 0;    // 95 % confidence interval
  double high = 0;
  double intercept = 0;  // y at x = 0
};

// Theil–Sen slope of y against x (Theil 1950, Sen 1968) with Sen's interval, whose variance allows
// for ties in y and is widened for positive lag-1 autocorrelation of the residuals. Pairs with
// equal x are left out; at most 400 evenly chosen points are used. Zero of fewer than two points.
Slope theil_sen(std::span<const double> x, std::span<const double> y);

// The standard error of the mean pace of y over ascending x, as a share of that pace, by how much
// its steps differ from it: the ratio estimator's (Cochran, Sampling Techniques, 1977). 0 of fewer
// than four points, or where y does not rise.
double pace_error(std::span<const double> x, std::span<const double> y);

// Lag-1 autocorrelation, 0 of fewer than three values or of constant ones.
double autocorrelation(std::span<const double> values);

// P(Z >= z) of a standard normal variable.
double upper_tail(double z);

// Benjamini and Hochberg (1995): the largest p-value that may be called significant so that among
// those called at most the share `rate` is expected to be false. Below 0 when none may be.
double false_discovery_threshold(std::vector<double> p_values, double rate);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_STATISTICS_H_
