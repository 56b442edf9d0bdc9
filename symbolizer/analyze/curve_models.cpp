// SPDX-License-Identifier: Apache-2.0
//
// Quasi-Poisson fits of paces: c; a e^(-kt), from the start or after a while at c; and a / (t + s);
// see the header.

#include "symbolizer/analyze/curve_models.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace silt::analyze {
namespace {

// A clock that has ticked less often than this in a window is chance itself.
constexpr double kFewestTicks = 20;
// Shapes tried for each model: the whole of the windows is this many times as long as it takes the
// pace to fall to 1/e, or as the offset of the record process.
constexpr double kShapes[] = {0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 23, 32};

struct Counts {
  std::vector<double> begin;  // of each window, on a clock that runs from 0 to 1
  std::vector<double> end;
  std::vector<double> events;
};

// False when the clock stands still in a window or ticks too rarely to be one.
bool counts_on(std::span<const Step> steps, double Step::*clock, double fewest_ticks,
               double events_per_unit, Counts& counts) {
  double length = 0;
  for (const Step& step : steps) {
    if (step.*clock <= 0) return false;
    length += step.*clock;
  }
  if (length < fewest_ticks * static_cast<double>(steps.size())) return false;
  counts = {};
  double at = 0;
  for (const Step& step : steps) {
    counts.begin.push_back(at / length);
    at += step.*clock;
    counts.end.push_back(at / length);
    counts.events.push_back(std::max(0.0, step.net()) * events_per_unit);
  }
  return true;
}

// Twice the log likelihood ratio of counts that are as expected, and these; from window `from` on.
// `share` says how the growth is spread over the windows, up to a factor.
template <typename Share>
double deviance(const Counts& counts, size_t from, const Share& share) {
  double all = 0;
  double shares = 0;
  for (size_t i = from; i < counts.events.size(); ++i) {
    all += counts.events[i];
    shares += share(counts.begin[i], counts.end[i]);
  }
  if (all <= 0 || shares <= 0) return 0;
  double sum = 0;
  for (size_t i = from; i < counts.events.size(); ++i) {
    const double expected = std::max(1e-9, all * share(counts.begin[i], counts.end[i]) / shares);
    const double seen = counts.events[i];
    sum += (seen > 0 ? seen * std::log(seen / expected) : 0) - (seen - expected);
  }
  return 2 * sum;
}

// A warm-up that fades away above a steady pace, which is so much of the first pace.
constexpr double kFloors[] = {0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.65};

// A pace that held and fades away in the last windows: so many there are at least, and the whole of
// them is this many times as long as it takes the pace to fall to 1/e.
constexpr size_t kFewestFading = 2;
constexpr double kFades[] = {0.7, 1.4, 2.8, 5.6, 11};

struct Fit {
  double deviance = std::numeric_limits<double>::infinity();
  double parameters = 0;
  double windows = 0;  // that it explains
  double late_pace = 1;
  size_t even_from = 0;
};

// All models are measured on all windows: those left out cost a parameter each and no deviance.
Fit better(const Fit& a, const Fit& b, double spread, double price) {
  const double of_a = a.deviance / spread + price * a.parameters;
  const double of_b = b.deviance / spread + price * b.parameters;
  return of_b < of_a ? b : a;
}

}  // namespace

CurveComparison compare_models(std::span<const Step> steps, size_t warm_up,
                               double events_per_unit) {
  CurveComparison comparison;
  const size_t windows = steps.size();
  if (windows < warm_up + 2) return comparison;
  std::vector<Fit> steady;
  std::vector<Fit> ending;
  std::vector<Fit> fading;
  std::vector<Fit> turning;
  for (double Step::*clock : {&Step::seconds, &Step::activity, &Step::work, &Step::turn}) {
    Counts counts;
    const double ticks = clock == &Step::activity || clock == &Step::work ? kFewestTicks : 0;
    if (!counts_on(steps, clock, ticks, events_per_unit, counts)) continue;
    const auto parameters = [](size_t left_out, double of_model) {
      return static_cast<double>(left_out) + of_model;
    };
    steady.push_back(
        {deviance(counts, warm_up, [](double begin, double end) { return end - begin; }),
         parameters(warm_up, 1), static_cast<double>(windows), 1});
    for (size_t from = 0; from <= warm_up; ++from) {
      const double mark = counts.begin[warm_up];
      for (const double shape : kShapes) {
        ending.push_back({deviance(counts, from,
                                   [shape](double begin, double end) {
                                     return std::exp(-shape * begin) - std::exp(-shape * end);
                                   }),
                          parameters(from, 2), static_cast<double>(windows),
                          std::exp(-shape * (1 - mark))});
        const double offset = 1 / shape;
        ending.push_back({deviance(counts, from,
                                   [offset](double begin, double end) {
                                     return std::log((end + offset) / (begin + offset));
                                   }),
                          parameters(from, 2), static_cast<double>(windows),
                          (mark + offset) / (1 + offset)});
      }
    }
    const size_t earliest = std::max(warm_up + kFewestFading, windows / 3);
    for (size_t turn = earliest; turn + kFewestFading <= windows; ++turn) {
      const double mark = counts.begin[turn];
      for (const double fade : kFades) {
        const double rate = fade / (1 - mark);
        turning.push_back({deviance(counts, warm_up,
                                    [mark, rate](double begin, double end) {
                                      if (begin < mark) return end - begin;
                                      return (std::exp(-rate * (begin - mark)) -
                                              std::exp(-rate * (end - mark))) /
                                             rate;
                                    }),
                           parameters(warm_up, 3), static_cast<double>(windows), std::exp(-fade)});
      }
    }
    // A warm-up of any course that is over: what it adds in each window costs a parameter, too.
    for (size_t from = warm_up + 1; from <= windows / 2; ++from) {
      fading.push_back(
          {deviance(counts, from, [](double begin, double end) { return end - begin; }),
           parameters(from, 1), static_cast<double>(windows), 1, from});
    }
    for (const double shape : kShapes) {
      for (const double floor : kFloors) {
        // The steady part is most of what comes at the end, or it is not seen.
        if (floor < std::exp(-shape)) continue;
        fading.push_back({deviance(counts, 0,
                                   [shape, floor](double begin, double end) {
                                     return floor * (end - begin) +
                                            (1 - floor) / shape *
                                                (std::exp(-shape * begin) - std::exp(-shape * end));
                                   }),
                          3, static_cast<double>(windows), 1});
      }
    }
  }
  if (steady.empty() || ending.empty()) return comparison;
  // The spread beyond that of independent counts: what the best model leaves for each window that
  // is free to differ.
  double spread = std::numeric_limits<double>::infinity();
  for (const std::vector<Fit>* fits : {&steady, &ending, &turning, &fading}) {
    for (const Fit& fit : *fits) {
      const double freedom = fit.windows - fit.parameters;
      if (freedom >= 1) spread = std::min(spread, fit.deviance / freedom);
    }
  }
  if (!std::isfinite(spread)) return comparison;
  spread = std::max(1.0, spread);
  const double price = std::log(static_cast<double>(windows));
  Fit without = steady.front();
  for (const Fit& fit : steady) without = better(without, fit, spread, price);
  Fit with = ending.front();
  for (const Fit& fit : ending) with = better(with, fit, spread, price);
  const Fit from_the_start = with;
  for (const Fit& fit : turning) with = better(with, fit, spread, price);
  Fit above = with;
  for (const Fit& fit : fading) above = better(above, fit, spread, price);
  const auto for_b = [&](const Fit& a, const Fit& b) {
    const double by_spread = (a.deviance - b.deviance) / spread;
    // Where the spread is guessed from as few windows, the likelihood ratio says less.
    const double by_ratio = (static_cast<double>(windows) - 3) *
                            std::log(std::max(a.deviance, 1e-9) / std::max(b.deviance, 1e-9));
    const double gain = std::abs(by_spread) < std::abs(by_ratio) ? by_spread : by_ratio;
    return gain + price * (a.parameters - b.parameters);
  };
  comparison.for_an_end = for_b(without, with);
  comparison.for_a_slow_end = for_b(without, from_the_start);
  comparison.spread = spread;
  comparison.for_a_floor = for_b(with, above);
  comparison.even_from = above.even_from;
  comparison.late_pace = with.late_pace;
  return comparison;
}

}  // namespace silt::analyze
