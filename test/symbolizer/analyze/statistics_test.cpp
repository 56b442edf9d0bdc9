// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/analyze/statistics.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace silt::analyze {
namespace {

TEST_CASE("the median of an even number of values is the mean of the middle two") {
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(median({5, 1, 3}) == 3);
  CHECK(median({}) == 0);
}

TEST_CASE("the Theil-Sen slope is not moved by one outlier") {
  const std::vector<double> x = {0, 1, 2, 3, 4, 5, 6, 7};
  const std::vector<double> y = {0, 2, 4, 6, 500, 10, 12, 14};
  const Slope slope = theil_sen(x, y);
  CHECK(slope.per_x == Approx(2));
  CHECK(slope.low <= 2);
  CHECK(slope.high >= 2);
}

TEST_CASE("the slope's interval of noise without trend holds zero") {
  const std::vector<double> x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<double> y = {5, 3, 6, 4, 5, 6, 3, 5, 4, 5};
  const Slope slope = theil_sen(x, y);
  CHECK(slope.low <= 0);
  CHECK(slope.high >= 0);
}

TEST_CASE("points at one x have no slope") {
  CHECK(theil_sen(std::vector<double>{1, 1}, std::vector<double>{1, 5}).per_x == 0);
  CHECK(theil_sen(std::vector<double>{}, std::vector<double>{}).per_x == 0);
}

TEST_CASE("the error of a pace is that of the sum of its steps") {
  const std::vector<double> x = {0, 1, 2, 3, 4};
  CHECK(pace_error(x, std::vector<double>{7, 10, 13, 16, 19}) == Approx(0).margin(1e-12));
  // Steps of 2, 4, 2, 4: their sum, 12, has a standard error of sqrt(4 * 4 / 3).
  CHECK(pace_error(x, std::vector<double>{0, 2, 6, 8, 12}) == Approx(std::sqrt(16 / 3.0) / 12));
  // The same pace in windows of two lengths.
  CHECK(pace_error(std::vector<double>{0, 1, 3, 4}, std::vector<double>{0, 5, 15, 20}) ==
        Approx(0).margin(1e-12));
  CHECK(pace_error(x, std::vector<double>{9, 8, 7, 6, 5}) == 0);
  CHECK(pace_error(std::vector<double>{0, 1}, std::vector<double>{0, 1}) == 0);
}

TEST_CASE("autocorrelation is high for a trend and negative for an alternation") {
  CHECK(autocorrelation(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}) > 0.5);
  CHECK(autocorrelation(std::vector<double>{1, -1, 1, -1, 1, -1}) < -0.5);
  CHECK(autocorrelation(std::vector<double>{3, 3, 3, 3}) == 0);
}

TEST_CASE("Benjamini-Hochberg allows the example of their paper four discoveries") {
  const std::vector<double> p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  CHECK(false_discovery_threshold(p, 0.05) == Approx(0.0095));
  CHECK(false_discovery_threshold({0.5, 0.9}, 0.05) < 0);
}

}  // namespace
}  // namespace silt::analyze
