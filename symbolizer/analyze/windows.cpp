// SPDX-License-Identifier: Apache-2.0
//
// A series cut into windows; see the header.

#include "symbolizer/analyze/windows.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace silt::analyze {
namespace {

// Below this share of births, blocks in flight are no noise worth losing a window for.
constexpr double kYoungShare = 0.05;
// Blocks ripen in a while that leaves so many windows, of so many ripe blocks in all, of which at
// most this share goes later.
constexpr size_t kFewestRipeWindows = 5;
constexpr double kFewestRipe = 20;
constexpr double kRipeDeaths = 0.1;

Window window_between(const Timeline& timeline, size_t moment) {
  Window window;
  window.seconds = timeline.seconds[moment] - timeline.seconds[moment - 1];
  window.activity = timeline.activity[moment] - timeline.activity[moment - 1];
  if (!timeline.work.empty()) {
    window.work = std::max(0.0, timeline.work[moment] - timeline.work[moment - 1]);
  }
  if (!timeline.turns.empty()) window.turns = timeline.turns[moment] - timeline.turns[moment - 1];
  return window;
}

// Deaths between moment - 1 and moment, of what was born up to moment `newest`.
double deaths(const std::vector<double>& born, size_t moment, size_t newest) {
  double sum = 0;
  for (size_t g = 0; g <= newest && g < moment; ++g) {
    sum += born[Series::cell(moment - 1, g)] - born[Series::cell(moment, g)];
  }
  return std::max(0.0, sum);
}

Windows without_births(const Timeline& timeline, const Series& series) {
  Windows windows;
  for (size_t moment = 1; moment < timeline.moments.size(); ++moment) {
    Window window = window_between(timeline, moment);
    const size_t before = timeline.moments[moment - 1];
    const size_t after = timeline.moments[moment];
    const double blocks = series.blocks[after] - series.blocks[before];
    window.born = std::max(0.0, blocks);
    window.died = std::max(0.0, -blocks);
    window.bytes = series.bytes[after] - series.bytes[before];
    windows.list.push_back(window);
  }
  return windows;
}

struct Release {
  size_t moment = 0;  // the moment that first shows it, 0: none
  double blocks = 0;
  double bytes = 0;
};

// Start-up scratch: most deaths of the oldest generation fall into one window, some of that
// generation stays, and in the end more is live than before the release. A batch that went wholly,
// or a cache that loses its old entries little by little, is not that.
Release scratch_release(const Timeline& timeline, const Series& series) {
  const size_t moments = timeline.moments.size();
  Release largest;
  double all = 0;
  for (size_t moment = 1; moment < moments; ++moment) {
    const double blocks = series.born_blocks[Series::cell(moment - 1, 0)] -
                          series.born_blocks[Series::cell(moment, 0)];
    const double bytes =
        series.born_bytes[Series::cell(moment - 1, 0)] - series.born_bytes[Series::cell(moment, 0)];
    all += std::max(0.0, blocks);
    if (blocks > largest.blocks) largest = {moment, blocks, bytes};
  }
  if (largest.moment == 0 || largest.blocks < 0.8 * all) return {};
  const double before = series.blocks[timeline.moments[largest.moment - 1]];
  if (largest.blocks > 0.9 * before) return {};
  if (series.blocks[timeline.moments.back()] < 1.3 * before) return {};
  return largest;
}

// Where blocks count late, those that go are of a later window than those that come. In a full
// cache each that comes drives one out: when fewer come by then, so many would have gone as if no
// fewer did, but no more than came.
double at_the_pace_of(const Series& series, size_t moment, size_t seen, double died, double born) {
  const double then = series.born_blocks[Series::cell(moment, moment)];
  const double now = series.born_blocks[Series::cell(seen, seen)];
  if (seen == moment || now <= 0 || then <= now) return died;
  return std::max(died, std::min(died * then / now, born));
}

// The windows, where a block counts from the moment `lag` moments after the first that shows it.
std::vector<Window> windows_at(const Timeline& timeline, const Series& series,
                               const Release& scratch, size_t lag) {
  const std::vector<double>& blocks = series.born_blocks;
  const std::vector<double>& bytes = series.born_bytes;
  std::vector<Window> list;
  for (size_t moment = 1; moment + lag < timeline.moments.size(); ++moment) {
    Window window = window_between(timeline, moment);
    const size_t seen = moment + lag;  // the moment at which births of this window count
    window.born = blocks[Series::cell(seen, moment)];
    window.died = deaths(blocks, seen, moment - 1);
    double died_bytes = 0;
    for (size_t g = 0; g < moment; ++g) {
      died_bytes += bytes[Series::cell(seen - 1, g)] - bytes[Series::cell(seen, g)];
    }
    if (seen == scratch.moment) {
      window.died = std::max(0.0, window.died - scratch.blocks);
      died_bytes -= scratch.bytes;
    }
    const double died = at_the_pace_of(series, moment, seen, window.died, window.born);
    if (window.died > 0) died_bytes *= died / window.died;
    window.died = died;
    window.bytes = bytes[Series::cell(seen, moment)] - died_bytes;
    list.push_back(window);
  }
  return list;
}

double allocated_in(const Timeline& timeline, size_t moment) {
  return timeline.allocated[moment] - timeline.allocated[moment - 1];
}

// Of what a window shows at this age, blocks that go before they are ripe, for each block that the
// process allocated: the mean of the ripe windows, less twice its standard deviation.
double passing_at_least(const Timeline& timeline, const Series& series, size_t age, size_t lag) {
  std::vector<double> passing;
  double sum = 0;
  for (size_t moment = 1; moment + lag < timeline.moments.size(); ++moment) {
    const double shown = series.born_blocks[Series::cell(moment + age, moment)];
    const double left = series.born_blocks[Series::cell(moment + lag, moment)];
    const double allocated = allocated_in(timeline, moment);
    passing.push_back(allocated > 0 ? (shown - left) / allocated : 0);
    sum += passing.back();
  }
  const auto count = static_cast<double>(passing.size());
  if (count < 2) return 0;
  double square = 0;
  for (const double each : passing) square += (each - sum / count) * (each - sum / count);
  return std::max(0.0, sum / count - 2 * std::sqrt(square / (count - 1)));
}

std::vector<Window> after_the_ripe(const Timeline& timeline, const Series& series, size_t lag) {
  std::vector<Window> list;
  const size_t last = timeline.moments.size() - 1;
  for (size_t moment = last + 1 - lag; moment <= last; ++moment) {
    Window window = window_between(timeline, moment);
    const double shown = series.born_blocks[Series::cell(last, moment)];
    const double passing = passing_at_least(timeline, series, last - moment, lag);
    window.born = std::max(0.0, shown - passing * allocated_in(timeline, moment));
    list.push_back(window);
  }
  return list;
}

double sum_of(const std::vector<Window>& list, double Window::*member) {
  double sum = 0;
  for (const Window& window : list) sum += window.*member;
  return sum;
}

// Of those that count, next to none go later, and every window left some.
bool stays(const std::vector<Window>& list) {
  for (const Window& window : list) {
    if (window.born <= 0) return false;
  }
  return sum_of(list, &Window::born) >= kFewestRipe &&
         sum_of(list, &Window::died) <= kRipeDeaths * sum_of(list, &Window::born);
}

}  // namespace

Windows make_windows(const Timeline& timeline, const Series& series) {
  const size_t moments = timeline.moments.size();
  if (!series.has_births() || moments < 3) {
    Windows windows = without_births(timeline, series);
    windows.has_births = series.has_births();
    return windows;
  }
  const std::vector<double>& blocks = series.born_blocks;
  const Release scratch = scratch_release(timeline, series);

  double born = 0;
  double young = 0;
  for (size_t moment = 1; moment + 1 < moments; ++moment) {
    born += blocks[Series::cell(moment, moment)];
    young += blocks[Series::cell(moment, moment)] - blocks[Series::cell(moment + 1, moment)];
  }
  Windows windows;
  windows.has_births = true;
  windows.scratch_released = scratch.moment != 0;
  windows.young_share = born > 0 ? std::max(0.0, young / born) : 0;
  windows.aged = moments >= 6 && windows.young_share > kYoungShare;
  windows.lag = windows.aged ? 1 : 0;
  windows.list = windows_at(timeline, series, scratch, windows.lag);
  if (!windows.aged) return windows;
  // What most blocks do not outlive, a leaked one does: count from the age after which next to
  // nothing goes, if there is one.
  for (size_t lag = 1; lag + kFewestRipeWindows < moments; ++lag) {
    std::vector<Window> ripe = windows_at(timeline, series, scratch, lag);
    if (!stays(ripe)) continue;
    windows.lag = lag;
    windows.list = std::move(ripe);
    break;
  }
  windows.unripe = after_the_ripe(timeline, series, windows.lag);
  return windows;
}

}  // namespace silt::analyze
