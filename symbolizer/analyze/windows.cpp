// SPDX-License-Identifier: Apache-2.0
//
// A series cut into windows; see the header.

#include "symbolizer/analyze/windows.h"

#include <algorithm>
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

Window window_between(const Timeline& timeline, size_t frame) {
  Window window;
  window.seconds = timeline.seconds[frame] - timeline.seconds[frame - 1];
  window.activity = timeline.activity[frame] - timeline.activity[frame - 1];
  if (!timeline.work.empty()) {
    window.work = std::max(0.0, timeline.work[frame] - timeline.work[frame - 1]);
  }
  return window;
}

// Deaths between frame - 1 and frame, of what was born up to frame `newest`.
double deaths(const std::vector<double>& born, size_t frame, size_t newest) {
  double sum = 0;
  for (size_t g = 0; g <= newest && g < frame; ++g) {
    sum += born[Series::cell(frame - 1, g)] - born[Series::cell(frame, g)];
  }
  return std::max(0.0, sum);
}

Windows without_births(const Timeline& timeline, const Series& series) {
  Windows windows;
  for (size_t frame = 1; frame < timeline.frames.size(); ++frame) {
    Window window = window_between(timeline, frame);
    const size_t before = timeline.frames[frame - 1];
    const size_t after = timeline.frames[frame];
    const double blocks = series.blocks[after] - series.blocks[before];
    window.born = std::max(0.0, blocks);
    window.died = std::max(0.0, -blocks);
    window.bytes = series.bytes[after] - series.bytes[before];
    windows.list.push_back(window);
  }
  return windows;
}

struct Release {
  size_t frame = 0;  // the frame that first shows it, 0: none
  double blocks = 0;
  double bytes = 0;
};

// Start-up scratch: most deaths of the oldest generation fall into one window, some of that
// generation stays, and in the end more is live than before the release. A batch that went wholly,
// or a cache that loses its old entries little by little, is not that.
Release scratch_release(const Timeline& timeline, const Series& series) {
  const size_t frames = timeline.frames.size();
  Release largest;
  double all = 0;
  for (size_t frame = 1; frame < frames; ++frame) {
    const double blocks =
        series.born_blocks[Series::cell(frame - 1, 0)] - series.born_blocks[Series::cell(frame, 0)];
    const double bytes =
        series.born_bytes[Series::cell(frame - 1, 0)] - series.born_bytes[Series::cell(frame, 0)];
    all += std::max(0.0, blocks);
    if (blocks > largest.blocks) largest = {frame, blocks, bytes};
  }
  if (largest.frame == 0 || largest.blocks < 0.8 * all) return {};
  const double before = series.blocks[timeline.frames[largest.frame - 1]];
  if (largest.blocks > 0.9 * before) return {};
  if (series.blocks[timeline.frames.back()] < 1.3 * before) return {};
  return largest;
}

// The windows, where a block counts from the frame `lag` frames after the first that shows it.
std::vector<Window> windows_at(const Timeline& timeline, const Series& series,
                               const Release& scratch, size_t lag) {
  const std::vector<double>& blocks = series.born_blocks;
  const std::vector<double>& bytes = series.born_bytes;
  std::vector<Window> list;
  for (size_t frame = 1; frame + lag < timeline.frames.size(); ++frame) {
    Window window = window_between(timeline, frame);
    const size_t seen = frame + lag;  // the frame at which births of this window count
    window.born = blocks[Series::cell(seen, frame)];
    window.died = deaths(blocks, seen, frame - 1);
    window.bytes = bytes[Series::cell(seen, frame)];
    for (size_t g = 0; g < frame; ++g) {
      window.bytes -= bytes[Series::cell(seen - 1, g)] - bytes[Series::cell(seen, g)];
    }
    if (seen == scratch.frame) {
      window.died = std::max(0.0, window.died - scratch.blocks);
      window.bytes += scratch.bytes;
    }
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
  const size_t frames = timeline.frames.size();
  if (!series.has_births() || frames < 3) {
    Windows windows = without_births(timeline, series);
    windows.has_births = series.has_births();
    return windows;
  }
  const std::vector<double>& blocks = series.born_blocks;
  const Release scratch = scratch_release(timeline, series);

  double born = 0;
  double young = 0;
  for (size_t frame = 1; frame + 1 < frames; ++frame) {
    born += blocks[Series::cell(frame, frame)];
    young += blocks[Series::cell(frame, frame)] - blocks[Series::cell(frame + 1, frame)];
  }
  Windows windows;
  windows.has_births = true;
  windows.scratch_released = scratch.frame != 0;
  windows.young_share = born > 0 ? std::max(0.0, young / born) : 0;
  windows.aged = frames >= 6 && windows.young_share > kYoungShare;
  windows.lag = windows.aged ? 1 : 0;
  windows.list = windows_at(timeline, series, scratch, windows.lag);
  if (!windows.aged) return windows;
  // What most blocks do not outlive, a leaked one does: count from the age after which next to
  // nothing goes, if there is one.
  for (size_t lag = 1; lag + kFewestRipeWindows < frames; ++lag) {
    std::vector<Window> ripe = windows_at(timeline, series, scratch, lag);
    if (!stays(ripe)) continue;
    windows.lag = lag;
    windows.list = std::move(ripe);
    break;
  }
  return windows;
}

}  // namespace silt::analyze
