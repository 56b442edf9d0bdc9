// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/managed_heap.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "symbolizer/report/findings/chance.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::Series;
using analyze::Timeline;
using read::Heap;

// A rise that begins a quarter of the time later is another one.
constexpr double kApart = 0.25;
// Kolmogorov and Smirnov's distance, which one of a hundred pairs of samples of one curve exceeds.
constexpr double kOneInHundred = 1.63;

// Findings may exceed the growth of the whole by this factor and so many bytes: samples are
// estimates, and the whole is measured a little later.
constexpr double kSlack = 1.25;
constexpr double kSlackBytes = 128 * 1024;
// A heap that grew by less than this share of what a finding claims did not grow.
constexpr double kNoGrowth = 0.2;
// One place is accused in place of the whole when it has this share of what was sampled, in so many
// samples: shares of a sampled heap are estimates.
constexpr double kMostSamples = 0.6;
constexpr double kEnoughSamples = 9;
// A place that made less of all that was sampled is not the cause of the rest.
constexpr double kLeastOfSampled = 0.15;

// From the end of warm-up to the last moment.
double growth_after(const std::vector<double>& values, size_t warm_up) {
  if (values.size() < 2) return 0;
  return values.back() - values[std::min(warm_up, values.size() - 2)];
}

double growth_after(const Timeline& timeline, const Series& series, size_t warm_up) {
  std::vector<double> values;
  for (const size_t moment : timeline.moments) values.push_back(series.bytes[moment]);
  return growth_after(values, warm_up);
}

// The growth of the whole, but for the one window in which most was given back: a cache that was
// dropped once hides no leak.
double growth_without_release(const std::vector<double>& values, size_t warm_up) {
  if (values.size() < 2) return 0;
  const size_t begin = std::min(warm_up, values.size() - 2);
  double release = 0;
  for (size_t i = begin + 1; i < values.size(); ++i) {
    release = std::min(release, values[i] - values[i - 1]);
  }
  return growth_after(values, warm_up) - release;
}

// Three standard errors of a growth known by samples.
double sampling_error(const Group& group) {
  const Series& sum = group.sum;
  if (sum.samples <= 0) return 0;
  const double bytes = *std::max_element(sum.bytes.begin(), sum.bytes.end());
  const double snapshots = std::max<double>(1, static_cast<double>(sum.bytes.size()));
  return 3 * bytes / std::sqrt(std::max(1.0, sum.samples / snapshots));
}

double samples_of(const read::Recording& recording, const std::vector<size_t>& stacks) {
  double samples = 0;
  for (const size_t stack : stacks) {
    const auto& list = recording.stacks[stack].samples;
    if (!list.empty()) samples += static_cast<double>(list.back().samples);
  }
  return samples;
}

// The snapshots in which a heap was looked at anew.
template <typename Visit>
void for_captures(const read::Recording& recording, uint32_t thread, Visit&& visit) {
  uint64_t captured = 0;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    if (snapshot.meta.trigger == static_cast<uint32_t>(format::Trigger::kExit)) continue;
    for (const format::ManagedHeapEntry& heap : snapshot.managed_heaps) {
      if (heap.thread_id != thread || heap.captured_elapsed_ns <= captured) continue;
      if ((heap.flags & (format::kHeapMissed | format::kHeapEnded)) != 0) continue;
      captured = heap.captured_elapsed_ns;
      visit(snapshot, heap);
    }
  }
}

// The pace of the last third of a curve as a share of that of its fastest third, by time or by what
// was done meanwhile (`at`); 1 where it is too short to tell.
double late_share(const Curve& curve, const std::vector<double>& at) {
  constexpr size_t kFewestWindows = 6;
  if (curve.values.size() <= kFewestWindows) return 1;
  const size_t windows = curve.values.size() - 1;
  const size_t third = windows / 3;
  const auto pace = [&](size_t from) {
    return (curve.values[from + third] - curve.values[from]) /
           std::max(1e-6, at[from + third] - at[from]);
  };
  double fastest = 0;
  for (size_t from = 0; from + third <= windows; ++from) fastest = std::max(fastest, pace(from));
  return fastest > 0 ? pace(windows - third) / fastest : 1;
}

// Samples that a group's growth is known by; none where blocks are counted.
double samples_of_growth(const Group& group) {
  const analyze::Series& sum = group.sum;
  if (sum.samples <= 0 || sum.sampled_bytes <= 0) return 0;
  return std::max(1.0, group.judgement.growth_bytes * sum.samples / sum.sampled_bytes);
}

}  // namespace

Curve heap_curve(const read::Recording& recording, uint32_t thread) {
  Curve curve;
  for_captures(recording, thread,
               [&curve](const read::Snapshot&, const format::ManagedHeapEntry& heap) {
                 curve.seconds.push_back(static_cast<double>(heap.captured_elapsed_ns) / 1e9);
                 curve.values.push_back(static_cast<double>(heap.heap_used_bytes));
               });
  return curve;
}

std::vector<double> heap_work(const read::Recording& recording, uint32_t thread) {
  std::vector<double> work;
  for_captures(recording, thread,
               [&work](const read::Snapshot& snapshot, const format::ManagedHeapEntry&) {
                 work.push_back(static_cast<double>(snapshot.meta.native.allocated_blocks));
               });
  return work;
}

void hold_against(const Timeline& timeline, const std::vector<double>& whole, Whole name,
                  std::vector<Group>& groups) {
  std::vector<Group*> accused;
  for (Group& group : groups) {
    if (rises(group)) accused.push_back(&group);
  }
  std::stable_sort(accused.begin(), accused.end(), [](const Group* a, const Group* b) {
    const bool a_leaks = a->verdict() == Verdict::kLeak;
    const bool b_leaks = b->verdict() == Verdict::kLeak;
    if (a_leaks != b_leaks) return a_leaks;
    return a->judgement.growth_bytes > b->judgement.growth_bytes;
  });
  double spent = 0;
  for (Group* group : accused) {
    const size_t warm_up = group->judgement.warm_up_windows;
    const double claim = growth_after(timeline, group->sum, warm_up);
    const double room = std::max(0.0, growth_without_release(whole, warm_up));
    const double slack = kSlackBytes + sampling_error(*group);
    if (spent + claim <= kSlack * room + slack) {
      spent += claim;
      continue;
    }
    const double grown = growth_after(whole, warm_up);
    const bool flat = grown < kNoGrowth * claim;
    group->remarks.push_back(
        {.kind = flat ? Remark::Kind::kWholeFlat : Remark::Kind::kWholeGrewLess,
         .ground = flat ? Ground::kWholeFlat : Ground::kWholeGrewLess,
         .bytes = flat ? whole.back() : grown,
         .whole = name});
  }
}

bool is_sampling_chance(const Group& group) {
  if (group.heap != read::Heap::kManaged) return false;
  return rises(group) ? is_by_chance(group) : swings_by_chance(group);
}

const Lead* known_place(const WholeInput& input, const std::vector<Lead>& leads) {
  const Lead* best = nullptr;
  double owned = 0;
  for (const Lead& lead : leads) {
    const Origin origin = origin_of(lead.site, input.options.look_through);
    if (origin <= Origin::kRuntime) continue;
    owned += lead.bytes;
    if (best == nullptr && origin == Origin::kUser) best = &lead;
  }
  if (best == nullptr || best->bytes < kMostSamples * owned) return nullptr;
  if (best->bytes < kLeastOfSampled * bytes_of(leads)) return nullptr;
  return samples_of(input.recording, best->stacks) >= kEnoughSamples ? best : nullptr;
}

Group place_of_heap(const Lead& lead, const Judgement& judgement, double all,
                    std::vector<Group>& groups) {
  const std::string key = site_key(lead.site);
  const auto is_it = [&key](const Group& group) {
    return group.heap == Heap::kManaged && site_key(group.site) == key;
  };
  Group place;
  for (const Group& group : groups) {
    if (is_it(group)) place = group;
  }
  std::erase_if(groups, is_it);
  place.heap = Heap::kManaged;
  place.site = lead.site;
  place.stacks = lead.stacks;
  place.judgement = judgement;
  place.judgement.growth_bytes = lead.bytes;
  place.subject = Subject::kManagedHeap;
  place.remarks = {{.kind = Remark::Kind::kSampledHere, .share = lead.bytes / all}};
  return place;
}

void sum_of_stacks(const read::Recording& recording, Group& place) {
  place.sum.bytes.assign(recording.snapshots.size(), 0);
  for (const size_t stack : place.stacks) {
    for (const read::Sample& sample : recording.stacks[stack].samples) {
      place.sum.bytes[sample.snapshot] += static_cast<double>(sample.live_bytes);
    }
  }
}

bool same_curve(const Timeline& timeline, const Group& a, const Group& b) {
  const auto rise = [&](const Group& group, size_t moment) {
    const std::vector<double>& bytes = group.sum.bytes;
    const double first = bytes[timeline.moments.front()];
    const double all = bytes[timeline.moments.back()] - first;
    return all > 0 ? (bytes[timeline.moments[moment]] - first) / all : -1;
  };
  double error = 0;
  for (const double samples : {samples_of_growth(a), samples_of_growth(b)}) {
    if (samples > 0) error += 1 / samples;
  }
  const double allowed = std::max(kApart, kOneInHundred * std::sqrt(error));
  for (size_t i = 0; i < timeline.moments.size(); ++i) {
    if (std::abs(rise(a, i) - rise(b, i)) > allowed) return false;
  }
  return true;
}

void absorb(Group& group, Group& part) {
  Judgement& whole = group.judgement;
  const Judgement& other = part.judgement;
  whole.growth_bytes += other.growth_bytes;
  whole.growth_blocks += other.growth_blocks;
  whole.bytes_per_second += other.bytes_per_second;
  whole.blocks_per_second += other.blocks_per_second;
  group.stacks.insert(group.stacks.end(), part.stacks.begin(), part.stacks.end());
  for (size_t i = 0; i < group.sum.bytes.size() && i < part.sum.bytes.size(); ++i) {
    group.sum.bytes[i] += part.sum.bytes[i];
  }
  part.stacks.clear();
}

void follow_the_heap(const Judgement& heap, const Curve& curve, const std::vector<double>& work,
                     std::vector<Group>& groups) {
  constexpr double kMost = 0.5;
  constexpr double kMuchSlower = 0.4;
  const double rise = heap.growth_bytes;
  const analyze::Because because = heap.reason.because;
  if (because != analyze::Because::kWholeEverSlower &&
      because != analyze::Because::kWholeAfterRush && because != analyze::Because::kWholeStopped) {
    return;
  }
  // A process that does ever less on a machine that is ever busier leaks ever more slowly.
  if (late_share(curve, curve.seconds) > kMuchSlower ||
      (!work.empty() && late_share(curve, work) > kMuchSlower)) {
    return;
  }
  for (Group& group : groups) {
    if (group.heap != Heap::kManaged || group.verdict() != Verdict::kLeak) continue;
    if (group.judgement.growth_bytes < kMost * rise) continue;
    group.remarks.push_back({.kind = Remark::Kind::kWholeSlows, .ground = Ground::kWholeGrewLess});
  }
}

}  // namespace silt::report
