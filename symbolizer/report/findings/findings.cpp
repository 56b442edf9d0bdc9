// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/findings.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "symbolizer/report/findings/retention.h"
#include "symbolizer/report/place.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"
#include "symbolizer/symbolize/main_line.h"

namespace silt::report {
namespace {

// Findings that are no danger (bounded, sawtooth) are told when they explain at least this share of
// the largest live size, or this many bytes: people have seen them in RSS and wonder.
constexpr double kWorthTelling = 0.01;
constexpr double kWorthTellingBytes = 32 * 1024;
// Doubts about less than this are not told as findings: the stacks are listed all the same.
constexpr double kDoubt = 0.001;
constexpr double kDoubtBytes = 4096;

std::vector<uint64_t> rounded(const std::vector<double>& values) {
  std::vector<uint64_t> result;
  for (const double value : values) {
    result.push_back(value <= 0 ? 0 : static_cast<uint64_t>(value + 0.5));
  }
  return result;
}

Finding finding_of(const read::Recording& recording, const Group& group, size_t judged,
                   uint64_t limit) {
  const analyze::Judgement& judgement = group.judgement;
  Finding finding;
  decide(finding, {group.subject, group.thread, judgement.reason, group.remarks},
         judgement.confidence);
  finding.windows = judgement.windows;
  finding.growing_windows = judgement.growing_windows;
  finding.heap = group.heap;
  finding.growth_bytes = std::llround(judgement.growth_bytes);
  finding.growth_blocks = std::llround(judgement.growth_blocks);
  if (judged >= 2) {
    finding.bytes_per_hour = judgement.bytes_per_second * 3600;
    finding.blocks_per_hour = judgement.blocks_per_second * 3600;
  }
  const analyze::Series& sum = group.sum;
  if (sum.samples > 0 && sum.sampled_bytes > 0) {
    const double samples = judgement.growth_bytes * sum.samples / sum.sampled_bytes;
    finding.sampling_error = 1 / std::sqrt(std::max(1.0, samples));
  }
  finding.pace_error = std::max(finding.sampling_error, judgement.pace_error);
  if (judgement.bytes_per_work != 0) finding.bytes_per_work = judgement.bytes_per_work;
  const uint64_t rss = recording.snapshots.back().meta.rss_bytes;
  if (rises(finding.verdict) && limit > rss && judgement.bytes_per_second > 0) {
    finding.seconds_to_limit = static_cast<double>(limit - rss) / judgement.bytes_per_second;
  }
  for (const size_t stack : group.stacks) finding.stacks.push_back(recording.stacks[stack].id);
  finding.site = group.site;
  finding.runtime = group.runtime;
  finding.what = group.what;
  finding.beside_flat_heap = group.beside_flat_heap;
  finding.live_bytes = rounded(group.sum.bytes);
  return finding;
}

bool worth_telling(const Group& group, double largest_live) {
  const Verdict verdict = group.verdict();
  if (verdict == Verdict::kLeak) return true;
  if (verdict == Verdict::kGrowing) {
    return group.judgement.growth_bytes >= std::min(kDoubtBytes, kDoubt * largest_live);
  }
  const auto [low, peak] = std::minmax_element(group.sum.bytes.begin(), group.sum.bytes.end());
  return *peak - *low >= std::min(kWorthTellingBytes, kWorthTelling * largest_live);
}

double largest_live(const Report& report) {
  double largest = 0;
  for (const SnapshotLine& line : report.snapshots) {
    largest = std::max(
        largest, static_cast<double>(line.live_bytes + line.mapping_bytes + line.object_bytes));
  }
  return largest;
}

bool any_matches(const WholeInput& input, const Group& group, const Options& options) {
  return std::any_of(group.stacks.begin(), group.stacks.end(), [&](size_t stack) {
    return has_match(shown_frames(input.recording, input.recording.stacks[stack], input.names),
                     options);
  });
}

bool runs_through(const WholeInput& input, size_t stack, const symbolize::Frame& site) {
  const auto frames = shown_frames(input.recording, input.recording.stacks[stack], input.names);
  return std::any_of(frames.begin(), frames.end(), [&site](const symbolize::Frame& frame) {
    return frame.function == site.function && frame.file == site.file;
  });
}

// Parts may come from elsewhere (freed objects that Python hands out again); what is shown first is
// a stack that has what is named.
void show_site_first(const WholeInput& input, const Group& group, Finding& finding) {
  const size_t most = std::min<size_t>(group.stacks.size(), 64);
  for (size_t i = 0; i < most; ++i) {
    if (!runs_through(input, group.stacks[i], group.site)) continue;
    const auto at = finding.stacks.begin();
    std::rotate(at, at + static_cast<ptrdiff_t>(i), at + static_cast<ptrdiff_t>(i) + 1);
    return;
  }
}

// The line on which its site makes most, if that is more than half of what is known: V8 does not
// tell the lines of all code, but of a function's code from one time or another it does.
void put_call_line(const WholeInput& input, const Group& group, Finding& finding) {
  symbolize::PlacesInScript by_place;
  const size_t most = std::min<size_t>(group.stacks.size(), 64);
  for (size_t i = 0; i < most; ++i) {
    const read::Stack& stack = input.recording.stacks[group.stacks[i]];
    const auto frames = shown_frames(input.recording, stack, input.names);
    const auto at = site_in(frames, group.site);
    if (!at || stack.samples.empty()) continue;
    const auto bytes = static_cast<double>(stack.samples.back().live_bytes);
    if (frames[*at].call_line != 0) {
      by_place[{frames[*at].call_line, frames[*at].call_column}] += bytes;
    }
  }
  finding.site.call_line = 0;
  finding.site.call_column = 0;
  if (const auto place = symbolize::main_place(by_place)) {
    finding.site.call_line = place->first;
    finding.site.call_column = place->second;
  }
}

void add_groups(const WholeInput& input, const std::vector<Group>& groups, const Options& options,
                Report& report, Shown& shown) {
  const double largest = largest_live(report);
  for (const Group& group : groups) {
    if (!is_wanted(group.verdict(), options) || !worth_telling(group, largest)) continue;
    if (has_filters(options) && !any_matches(input, group, options)) continue;
    Finding finding = finding_of(input.recording, group, input.timeline.regular.size(),
                                 report.memory_limit_bytes);
    show_site_first(input, group, finding);
    if (find_runtime(group.site.kind) != nullptr) put_call_line(input, group, finding);
    if (rises(finding.verdict)) {
      finding.places = places_of(input.recording, group, input.summaries, input.names,
                                 input.options, finding.bytes_per_hour.value_or(0));
    }
    report.findings.push_back(std::move(finding));
    shown.stacks.insert(group.stacks.begin(), group.stacks.end());
  }
}

void add_wholes(const Wholes& wholes, const Options& options, Report& report, Shown& shown) {
  for (const Finding& whole : wholes.findings) {
    if (has_filters(options) || !is_wanted(whole.verdict, options)) continue;
    Finding finding = whole;
    shown.leads.insert(finding.leads.begin(), finding.leads.end());
    if (rises(finding.verdict)) {
      add_place(finding.places, place_key(finding), finding.bytes_per_hour.value_or(0));
    }
    report.findings.push_back(std::move(finding));
  }
}

}  // namespace

Shown add_findings(const WholeInput& input, const std::vector<Group>& groups, const Wholes& wholes,
                   const Options& options, Report& report) {
  Shown shown;
  add_groups(input, groups, options, report, shown);
  add_wholes(wholes, options, report, shown);
  std::stable_partition(report.findings.begin(), report.findings.end(),
                        [](const Finding& finding) { return finding.verdict == Verdict::kLeak; });
  if (!has_filters(options) && is_wanted(Verdict::kRetained, options)) {
    const std::vector<size_t>& regular = input.timeline.regular;
    const size_t judged = regular.empty() ? 0 : regular.back() + 1;
    if (auto retained = retention_finding(input.recording, judged)) {
      report.findings.push_back(std::move(*retained));
    }
  }
  return shown;
}

}  // namespace silt::report
