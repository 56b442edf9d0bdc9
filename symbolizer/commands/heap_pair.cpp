// SPDX-License-Identifier: Apache-2.0
//
// See heap_pair.h.

#include "symbolizer/commands/heap_pair.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/private_file.h"
#include "symbolizer/commands/work_apart.h"
#include "symbolizer/heap/heap_report.h"
#include "symbolizer/heap/redaction.h"
#include "symbolizer/read/heap_growth.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;

// Of a process with many workers the main thread and the first of these: each heap takes a copy of
// the process, one after the other.
constexpr size_t kMostThreads = 4;
constexpr size_t kMostHolders = 8;  // of each heap

struct SnapshotFacts {
  uint32_t number = 0;
  std::vector<uint32_t> threads;  // that have a heap
};

Result<SnapshotFacts> facts_of(const fs::path& path) {
  auto source = FileSource::open(path);
  if (!source) return source.error();
  auto file = read::SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
  if (!file) return file.error();
  const auto heaps = file->script_heaps();
  if (!heaps) return heaps.error();
  SnapshotFacts facts{file->meta().sequence, {}};
  for (const format::ManagedHeapEntry& heap : heaps->managed_heaps) {
    if ((heap.flags & format::kHeapEnded) == 0) facts.threads.push_back(heap.thread_id);
  }
  std::sort(facts.threads.begin(), facts.threads.end());
  if (facts.threads.size() > kMostThreads) facts.threads.resize(kMostThreads);
  return facts;
}

// Made and written apart under a name that nobody has, then put in place of what is there.
std::optional<Error> write_apart(const fs::path& path, const Fill& fill) {
  const fs::path temporary = temporary_beside(path);
  auto error = work_apart([&] { return fill_file(temporary, fill); });
  return put_in_place(temporary, path, std::move(error));
}

std::optional<Error> redact(const fs::path& from, const fs::path& to) {
  return write_apart(to, [&](const Write& write) -> std::optional<Error> {
    const auto source = FileSource::open(from);
    if (!source) return source.error();
    return heap::redact_heap_snapshot(*source, write);
  });
}

uint64_t grown(int64_t value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

std::vector<read::GrownKind> kinds_of(const std::vector<heap::Kind>& kinds) {
  std::vector<read::GrownKind> grown_kinds;
  for (const heap::Kind& kind : kinds) {
    grown_kinds.push_back({kind.name, kind.place, grown(kind.objects), grown(kind.bytes)});
  }
  return grown_kinds;
}

read::HeapHolder holder_of(const heap::Finding& finding) {
  read::HeapHolder holder;
  holder.name = finding.name;
  holder.what = finding.what;
  holder.place = finding.place;
  holder.bytes = grown(finding.bytes);
  holder.objects = grown(finding.objects);
  holder.alike = finding.owners;
  holder.retained_first = finding.retained_bytes.front();
  holder.retained_last = finding.retained_bytes.back();
  holder.inside = finding.inside;
  holder.entries = kinds_of(finding.entries);
  holder.kinds = kinds_of(finding.kinds);
  for (const heap::PathStep& step : finding.path) {
    holder.path.push_back({step.label, step.what, step.place, step.repeats});
  }
  return holder;
}

Result<read::HeapGrowth> growth_between(const KeptHeap& first, const KeptHeap& last) {
  heap::HeapOptions options;
  options.top = kMostHolders;
  options.hide_keys = true;
  const auto report = heap::build_heap_report({first.file, last.file}, options);
  if (!report) return report.error();
  read::HeapGrowth growth;
  growth.thread = last.thread;
  growth.first = {first.snapshot, report->heaps.front().bytes, report->heaps.front().objects};
  growth.last = {last.snapshot, report->heaps.back().bytes, report->heaps.back().objects};
  growth.bytes = grown(report->growth_bytes);
  growth.objects = grown(report->growth_objects);
  growth.least_bytes = report->least_bytes;
  growth.more_bytes = grown(report->more_bytes);
  for (const heap::Finding& finding : report->findings) {
    growth.holders.push_back(holder_of(finding));
  }
  return growth;
}

bool take_number(std::string_view& text, uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

std::vector<KeptHeap> kept_heaps(const HeapPlace& place) {
  std::vector<KeptHeap> heaps;
  std::error_code error;
  for (fs::directory_iterator at(place.folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    std::string_view rest = name;
    if (!rest.starts_with(place.prefix)) continue;
    rest.remove_prefix(place.prefix.size());
    KeptHeap heap;
    const auto dot = [&rest] {
      const bool there = rest.starts_with('.');
      if (there) rest.remove_prefix(1);
      return there;
    };
    const bool whole = dot() && take_number(rest, heap.thread) && dot() &&
                       take_number(rest, heap.snapshot) && rest.empty();
    std::error_code ignored;
    if (!whole || !fs::is_regular_file(at->symlink_status(ignored))) continue;
    heap.file = at->path();
    heaps.push_back(std::move(heap));
  }
  std::sort(heaps.begin(), heaps.end(), [](const KeptHeap& a, const KeptHeap& b) {
    return std::tie(a.thread, a.snapshot) < std::tie(b.thread, b.snapshot);
  });
  return heaps;
}

std::string heap_taken_text(pid_t pid, const process::HeapTaken& taken) {
  std::string again;
  if (taken.attempts > 1) again = ", at attempt " + std::to_string(taken.attempts);
  const auto took = [](uint64_t nanoseconds) {
    return format_pause(static_cast<double>(nanoseconds) / 1e9);
  };
  return format_bytes(static_cast<double>(taken.process.heap_bytes)) +
         " of JavaScript heap; process " + std::to_string(pid) + " was paused for " +
         took(taken.process.pause_ns) + ", its copy took " + took(taken.copy.elapsed_ns) + ", " +
         took(taken.copy.cpu_ns) + " of CPU and " +
         format_bytes(static_cast<double>(taken.copy.private_bytes)) + again;
}

HeapsTaken keep_heaps(pid_t pid, const std::string& snapshot, const HeapPlace& place,
                      const process::Patience& patience, const std::function<bool()>& goes_on) {
  HeapsTaken result;
  const auto facts = facts_of(process::path_from_here(pid, snapshot));
  if (!facts) return result;  // what is wrong with it, the report says
  for (const uint32_t thread : facts->threads) {
    auto taken = process::take_heap(pid, {patience, thread, true, goes_on});
    if (!taken) {
      result.failures.push_back(taken.error().message);
      continue;
    }
    const fs::path to = place.folder / (place.prefix + "." + std::to_string(thread) + "." +
                                        std::to_string(facts->number));
    const auto error = redact(taken->path, to);
    // It may hold anything that the program knows: it does not stay.
    std::error_code ignored;
    fs::remove(taken->path, ignored);
    if (error) {
      result.failures.push_back("the heap of process " + std::to_string(pid) +
                                " cannot be kept: " + error->message);
    } else {
      result.taken.push_back(std::move(*taken));
    }
  }
  return result;
}

Result<bool> write_heap_growth(const HeapPlace& place, const fs::path& recording,
                               const std::string& why_not) {
  const std::vector<KeptHeap> heaps = kept_heaps(place);
  const bool has_two =
      std::adjacent_find(heaps.begin(), heaps.end(), [](const KeptHeap& a, const KeptHeap& b) {
        return a.thread == b.thread;
      }) != heaps.end();
  if (!has_two && why_not.empty()) return false;
  const auto fill = [&](const Write& write) -> std::optional<Error> {
    std::vector<read::HeapGrowth> grown_heaps;
    for (size_t first = 0; first < heaps.size();) {
      size_t last = first;
      while (last + 1 < heaps.size() && heaps[last + 1].thread == heaps[first].thread) ++last;
      if (last != first) {
        auto growth = growth_between(heaps[first], heaps[last]);
        if (!growth) return growth.error();
        grown_heaps.push_back(std::move(*growth));
      }
      first = last + 1;
    }
    if (!has_two) {
      grown_heaps.emplace_back();
      grown_heaps.back().why_not = why_not;
    }
    write(read::heap_growth_text(grown_heaps));
    return std::nullopt;
  };
  if (const auto error = write_apart(recording / read::kHeapGrowthName, fill)) return *error;
  return true;
}

}  // namespace silt::commands
