// SPDX-License-Identifier: Apache-2.0
//
// Growth in every window, warm-up and bend; see the header and docs/verdicts.md.

#include "symbolizer/analyze/trend.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "symbolizer/analyze/curve_models.h"
#include "symbolizer/analyze/statistics.h"
#include "symbolizer/analyze/warm_up.h"

namespace silt::analyze {
namespace {

// A pace that keeps less than this share of its beginning is bending.
constexpr double kBend = 0.7;
constexpr double kBendAfterWarmUp = 0.75;
// Windows that a slower, even pace must have held to be more than the end of a warm-up.
constexpr size_t kEvenTail = 6;
// Standard errors that growth must exceed where blocks also die.
constexpr double kSignificant = 3.0;
// Growth that skips windows takes so many: seven large tables, each made when first asked for, came
// in five of nine windows.
constexpr double kFewEvents = 8;
// Growth in fewer than half of the windows takes this many to be more than a few accidents.
constexpr double kFewRareEvents = 20;
// From this many on, a change at the end is no accident.
constexpr double kManyEvents = 50;

// Models of two parameters are compared over no fewer windows than these.
constexpr size_t kFewestForModels = 5;
// Difference of the information criteria from which a model is preferred: "strong" evidence in the
// words of Kass and Raftery (1995).
constexpr double kEvidence = 8;
constexpr double kSomeEvidence = 2;  // "positive"
// Growth that slows down from its start, by less than strong evidence, in so many windows: of 400
// simulated leaks at a steady pace four at most show as much (curve_models_test.cpp).
constexpr double kMuchEvidence = 4;
constexpr size_t kFewestToSlowDown = 8;
// Counts this uneven (bursts) say nothing of the tail of a warm-up.
constexpr double kEvenSpread = 3;

using Steps = std::span<const Step>;

double sum_of(Steps steps, double Step::*member) {
  double sum = 0;
  for (const Step& step : steps) sum += step.*member;
  return sum;
}

double net_of(Steps steps) { return sum_of(steps, &Step::born) - sum_of(steps, &Step::died); }

// Variance of the windows beyond that of independent events: 1 for a Poisson process, more where
// blocks come in batches.
double dispersion(Steps steps, double events_per_unit) {
  const double count = static_cast<double>(steps.size());
  const double mean_net = net_of(steps) / count;
  const double mean_events =
      (sum_of(steps, &Step::born) + sum_of(steps, &Step::died)) / count * events_per_unit;
  if (count < 3 || mean_events <= 0) return 1;
  double variance = 0;
  for (const Step& step : steps) variance += (step.net() - mean_net) * (step.net() - mean_net);
  variance *= events_per_unit * events_per_unit / (count - 1);
  return std::max(1.0, variance / mean_events);
}

// Kendall's tau of the paces against time: -1 when each window is slower than the one before.
double falling_order(Steps steps) {
  double concordance = 0;
  double pairs = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (size_t j = i + 1; j < steps.size(); ++j) {
      const double before = steps[i].net() / steps[i].seconds;
      const double after = steps[j].net() / steps[j].seconds;
      concordance += after > before ? 1 : after < before ? -1 : 0;
      pairs += 1;
    }
  }
  return pairs > 0 ? concordance / pairs : 0;
}

size_t third(size_t count) { return count == 4 ? 2 : std::max<size_t>(1, (count + 1) / 3); }

// The pace of the last third over that of the first, on the clock that flatters growth most: a
// machine that starves the program near the end slows it by the clock but not by its activity.
double late_pace(Steps steps) {
  const Steps early = steps.first(third(steps.size()));
  const Steps late = steps.last(third(steps.size()));
  const double early_net = net_of(early);
  const double late_net = net_of(late);
  if (early_net <= 0) return late_net > 0 ? 10 : 1;
  double best = 0;
  for (double Step::*clock : {&Step::seconds, &Step::activity, &Step::work, &Step::turn}) {
    const double early_length = sum_of(early, clock);
    const double late_length = sum_of(late, clock);
    if (early_length <= 0 || late_length <= 0) continue;
    best = std::max(best, (late_net / late_length) / (early_net / early_length));
  }
  return best;
}

// In too few windows for models: the pace falls off by more than chance has it, in order, or has
// nearly ended.
bool bends(Steps steps, const Trend& trend, double events_per_unit) {
  if (trend.late_pace >= (trend.warm_up > 0 ? kBendAfterWarmUp : kBend)) return false;
  const size_t part = third(steps.size());
  const double early = std::max(0.0, net_of(steps.first(part))) * events_per_unit;
  const double late = std::max(0.0, early * trend.late_pace);
  if (early - late < 2 * std::sqrt(early + late)) return false;
  const double usual = early / static_cast<double>(part) / events_per_unit;
  bool ended = true;
  for (const Step& step : steps.last(part)) ended = ended && step.net() < 0.25 * usual;
  return ended || falling_order(steps) <= -0.4;
}

// Whether growth that comes to an end explains the windows better than growth that goes on; what
// follows a warm-up may also be its tail, and that it is more must show.
Obstacle find_end(const CurveComparison& models, const Trend& trend) {
  if (models.late_pace >= kBend) return Obstacle::kNone;
  if (models.for_an_end > kEvidence) {
    if (models.for_a_floor >= kEvidence) return Obstacle::kNone;
    return models.for_a_floor >= kSomeEvidence ? Obstacle::kTail : Obstacle::kBend;
  }
  const double for_a_leak = std::max(-models.for_an_end, models.for_a_floor);
  const bool may_be_its_tail =
      trend.warm_up > 0 && models.spread < kEvenSpread && for_a_leak < kSomeEvidence;
  const bool may_end = trend.windows >= kFewestToSlowDown &&
                       models.for_a_slow_end > kMuchEvidence && models.for_a_floor < kSomeEvidence;
  const bool unsure = may_be_its_tail || may_end;
  return unsure ? Obstacle::kTail : Obstacle::kNone;
}

// The windows of the second half when they do not slow down any further: a leak at half its pace,
// since the load halved, is still one. Growth that saturates has no such half.
size_t even_tail(Steps steps) {
  const Steps tail = steps.last(steps.size() / 2);
  if (tail.size() < kEvenTail) return 0;
  for (const Step& step : tail) {
    if (step.net() <= 0 || step.died > 0.1 * step.born) return 0;
  }
  const double before =
      net_of(steps.first(third(steps.size()))) / static_cast<double>(third(steps.size()));
  if (net_of(tail) / static_cast<double>(tail.size()) < 0.35 * before) return 0;
  return late_pace(tail) >= 0.8 && falling_order(tail) > -0.45 ? tail.size() : 0;
}

// A cache that has just become full: at the end old blocks go as new ones come, for the first time.
bool replaces(Steps steps) {
  size_t pure = 0;
  while (pure < steps.size() && steps[pure].died <= 0.02 * steps[pure].born) ++pure;
  if (pure == steps.size() || 3 * pure < 2 * steps.size()) return false;
  const Steps late = steps.subspan(pure);
  return sum_of(late, &Step::died) >= 0.4 * sum_of(late, &Step::born);
}

// Nothing at the end for longer than ever before, and longer than chance would have it.
bool stopped(Steps steps, double spread, double events_per_unit) {
  size_t trailing = 0;
  while (trailing < steps.size() && steps[steps.size() - 1 - trailing].net() <= 0) ++trailing;
  if (trailing == 0) return false;
  if (trailing == steps.size()) return true;
  size_t longest = 0;
  size_t gap = 0;
  for (const Step& step : steps.first(steps.size() - trailing)) {
    gap = step.net() > 0 ? 0 : gap + 1;
    longest = std::max(longest, gap);
  }
  if (trailing >= std::max<size_t>(2, 2 * longest + 1)) return true;
  const double active = static_cast<double>(steps.size() - trailing);
  const double events = net_of(steps) * events_per_unit / active / spread;
  return trailing > longest && std::exp(-events * static_cast<double>(trailing)) < 0.01;
}

// Growth in each of three equal parts: what "every window" means for rare events.
bool grows_in_thirds(Steps steps) {
  const size_t count = steps.size();
  for (size_t part = 0; part < 3; ++part) {
    const size_t begin = part * count / 3;
    const size_t end = (part + 1) * count / 3;
    if (net_of(steps.subspan(begin, end - begin)) <= 0) return false;
  }
  return true;
}

// The trend after so many windows of warm-up.
Trend trend_after(Steps begun, size_t warm_up, double events_per_unit) {
  Trend trend;
  trend.warm_up = warm_up;
  const Steps steps = begun.subspan(trend.warm_up);
  trend.windows = steps.size();
  if (steps.empty()) return trend;
  trend.born = sum_of(steps, &Step::born);
  trend.died = sum_of(steps, &Step::died);
  trend.least = steps.front().net();
  trend.most = trend.least;
  for (const Step& step : steps) {
    trend.grew += step.net() > 0 ? 1 : 0;
    trend.least = std::min(trend.least, step.net());
    trend.most = std::max(trend.most, step.net());
  }
  const double net = trend.born - trend.died;
  if (net <= 0) return trend;
  trend.events = net * events_per_unit;
  trend.late_pace = late_pace(steps);

  const double spread = dispersion(steps, events_per_unit);
  const bool exact = events_per_unit >= 1;
  const bool pure = trend.died <= 0.02 * trend.born;
  const double z =
      net * events_per_unit / std::sqrt(spread * (trend.born + trend.died) * events_per_unit);
  trend.p_value = exact && pure ? 0 : upper_tail(z);

  const auto blocked = [&trend](Obstacle obstacle) {
    trend.obstacle = obstacle;
    return trend;
  };
  if (trend.windows < 3) return blocked(Obstacle::kTooShort);
  if (trend.events < kFewestEvents - 0.5) return blocked(Obstacle::kTooFew);
  if (!(exact && pure) && z < kSignificant) return blocked(Obstacle::kWithinNoise);
  Obstacle end = Obstacle::kNone;
  if (trend.windows < kFewestForModels) {
    if (bends(steps, trend, events_per_unit)) end = Obstacle::kBend;
  } else {
    const CurveComparison models = compare_models(begun, warm_up, events_per_unit);
    end = find_end(models, trend);
    const bool longer =
        models.late_pace < kBend && models.for_an_end > kEvidence && models.even_from > warm_up;
    if (longer && end == Obstacle::kNone) {
      return trend_after(begun, models.even_from, events_per_unit);
    }
  }
  if (end != Obstacle::kNone) {
    trend.even_tail = end == Obstacle::kBend ? even_tail(steps) : 0;
    return blocked(end);
  }
  if (stopped(steps, spread, events_per_unit)) return blocked(Obstacle::kStopped);
  if (trend.events >= kManyEvents && replaces(steps)) return blocked(Obstacle::kReplacing);
  if (trend.grew == trend.windows) return blocked(Obstacle::kNone);

  // Rare events and bursts leave windows empty. That is no objection as long as what came stays.
  const bool stays = trend.died <= 0.1 * trend.born;
  const bool often =
      2 * trend.grew >= trend.windows ? trend.events >= kFewEvents : trend.events >= kFewRareEvents;
  if (stays && often && trend.windows >= 3 && trend.grew >= 3 && grows_in_thirds(steps)) {
    return blocked(Obstacle::kNone);
  }
  // One window in many may dip a little where births and deaths are both many.
  const double usual = net / static_cast<double>(trend.windows);
  if (trend.windows >= 8 && trend.grew + 1 >= trend.windows && z > 5 &&
      trend.least > -0.25 * usual) {
    return blocked(Obstacle::kNone);
  }
  return blocked(Obstacle::kNotEvery);
}

}  // namespace

Trend find_trend(const std::vector<Step>& all, double events_per_unit) {
  const size_t onset = find_onset(all);
  const Steps begun = Steps(all).subspan(onset);
  Trend trend = trend_after(begun, find_warm_up(begun, events_per_unit), events_per_unit);
  trend.onset = onset;
  return trend;
}

}  // namespace silt::analyze
