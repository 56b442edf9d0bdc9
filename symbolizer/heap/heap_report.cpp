// SPDX-License-Identifier: Apache-2.0
//
// Reads, compares, names; see the header. Two heaps are in memory at a time.

#include "symbolizer/heap/heap_report.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/heap/growth.h"
#include "symbolizer/heap/holders.h"
#include "symbolizer/heap/pairing.h"
#include "symbolizer/heap/paths.h"
#include "symbolizer/heap/retained.h"
#include "symbolizer/heap/snapshot_reader.h"

namespace silt::heap {
namespace {

// Growth of less than that share of the heap is not told of: between two snapshots node itself
// compiles functions and fills caches. On node 18 to 24 a program of 5 MB that keeps nothing stays
// below it in every place.
constexpr double kLeastGrowth = 0.002;
// Of one snapshot: what keeps less than a hundredth is not where the memory is.
constexpr double kLeastShare = 0.01;
constexpr size_t kMostKinds = 8;

using Files = std::vector<std::filesystem::path>;

class Builder {
 public:
  Builder(const Files& files, const HeapOptions& options) : files_(files), options_(options) {}

  Result<HeapReport> build() {
    report_.heaps.resize(files_.size());
    if (files_.size() == 1) return one();
    return several();
  }

 private:
  // Fills `heap`, or says what is wrong with the file.
  std::optional<Error> load(size_t index, const std::function<void(double)>& progress,
                            std::unique_ptr<Heap>& heap) {
    const auto about = [&](const Error& error) {
      return Error{"cannot read heap snapshot " + in_quotes(files_[index]) + ": " + error.message};
    };
    auto source = FileSource::open(files_[index]);
    if (!source) return about(source.error());
    auto graph = read_heap_snapshot(*source, progress);
    if (!graph) return about(graph.error());
    heap = std::make_unique<Heap>();
    heap->graph = std::move(*graph);
    heap->dominators = find_dominators(heap->graph);
    heap->reach = find_reach(heap->graph);
    HeapLine& line = report_.heaps[index];
    line.file = files_[index].native();
    line.objects = heap->graph.node_count();
    for (NodeIndex node = 0; node < heap->graph.node_count(); ++node) {
      line.bytes += heap->graph.size_of(node);
    }
    line.unkept_bytes = line.bytes - heap->dominators.retained[kRoot];
    return std::nullopt;
  }

  void tell(double done) {
    if (options_.progress) options_.progress("reading heap snapshots", done);
  }

  Result<HeapReport> one() {
    std::unique_ptr<Heap> heap;
    if (const auto error = load(
            0, [this](double done) { tell(done); }, heap))
      return *error;
    Words words;
    const PathText paths(heap->graph, heap->reach, words, options_.hide_keys);
    for (const Holder& holder : find_holders(*heap, words, options_.top, kLeastShare)) {
      Finding finding;
      paths.describe(holder.node, finding);
      finding.bytes = static_cast<int64_t>(heap->dominators.retained[holder.node]);
      finding.retained_bytes = {heap->dominators.retained[holder.node]};
      finding.entries = kinds_of(holder.entries, words, paths);
      finding.kinds = kinds_of(holder.kinds, words, paths);
      for (const auto& [cls, tally] : holder.kinds) finding.objects += tally.objects;
      finding.inside = paths.inside(holder.node, largest_sample(holder.entries));
      report_.findings.push_back(std::move(finding));
    }
    return std::move(report_);
  }

  Result<HeapReport> several() {
    const size_t last = files_.size() - 1;
    std::unique_ptr<Heap> first_heap;
    std::unique_ptr<Heap> last_heap;
    if (const auto error = load_two(last, first_heap, last_heap)) return *error;
    Words words;
    std::optional<GrowthFinder> finder(std::in_place, *first_heap, *last_heap, words);
    const Growth& growth = finder->growth();
    report_.growth_bytes = growth.bytes;
    report_.growth_objects = growth.objects;
    report_.own_bytes = growth.own_bytes;
    report_.least_bytes =
        static_cast<uint64_t>(kLeastGrowth * static_cast<double>(report_.heaps[last].bytes));
    size_t shown = 0;
    for (const Group& group : growth.groups) {
      if (static_cast<uint64_t>(group.bytes) < std::max<uint64_t>(1, report_.least_bytes)) break;
      if (shown < options_.top) {
        ++shown;
      } else {
        ++report_.more;
        report_.more_bytes += group.bytes;
      }
    }
    if (growth.by_paths) {
      report_.notes.push_back(
          "V8 numbered the objects of these snapshots anew each time, as it does in copies of a "
          "process (silt) and in another process: what grew is counted by its path, not object by "
          "object");
    }
    const std::vector<GroupDetail> details = finder->detail(shown);
    const NodesById first_nodes(first_heap->graph);
    const NodesById last_nodes(last_heap->graph);
    const PathText paths(last_heap->graph, last_heap->reach, words, options_.hide_keys);
    for (size_t i = 0; i < shown; ++i) {
      Finding finding;
      finding.bytes = growth.groups[i].bytes;
      finding.objects = growth.groups[i].objects;
      const GroupDetail& detail = details[i];
      finding.owners = detail.anchors.size();
      paths.describe(detail.largest == kNone ? kRoot : detail.largest, finding);
      finding.entries = kinds_of(detail.entries, words, paths);
      finding.kinds = kinds_of(detail.kinds, words, paths);
      if (detail.largest != kNone) {
        finding.inside = paths.inside(detail.largest, largest_sample(detail.entries));
      }
      finding.retained_bytes.assign(files_.size(), 0);
      finding.retained_bytes.front() =
          growth.by_paths ? retained_by_others(*first_heap, detail.anchors, finder->others(), words)
                          : retained_by(*first_heap, detail.anchors, first_nodes, words);
      finding.retained_bytes.back() = retained_by(*last_heap, detail.anchors, last_nodes, words);
      report_.findings.push_back(std::move(finding));
    }
    const bool by_paths = growth.by_paths;
    finder.reset();
    first_heap.reset();
    for (size_t middle = 1; middle < last; ++middle) {
      std::unique_ptr<Heap> heap;
      if (const auto error = load(
              middle, [](double) {}, heap))
        return *error;
      const NodesById nodes(heap->graph);
      std::vector<NodeIndex> others;
      if (by_paths) others = pair_by_paths(*heap, *last_heap, words);
      for (size_t i = 0; i < shown; ++i) {
        const std::vector<Anchor>& anchors = details[i].anchors;
        report_.findings[i].retained_bytes[middle] =
            by_paths ? retained_by_others(*heap, anchors, others, words)
                     : retained_by(*heap, anchors, nodes, words);
      }
    }
    for (Finding& finding : report_.findings) {
      for (size_t i = 1; i < files_.size(); ++i) {
        if (finding.retained_bytes[i] <= finding.retained_bytes[i - 1]) finding.each_time = false;
      }
    }
    // What grew each time is the better suspect.
    if (files_.size() > 2) {
      std::stable_partition(report_.findings.begin(), report_.findings.end(),
                            [](const Finding& finding) { return finding.each_time; });
    }
    return std::move(report_);
  }

  // The first and the last, beside each other where there are two processors.
  std::optional<Error> load_two(size_t last, std::unique_ptr<Heap>& first_heap,
                                std::unique_ptr<Heap>& last_heap) {
    std::atomic<double> other_done{0};
    const unsigned jobs = options_.jobs != 0 ? options_.jobs : std::thread::hardware_concurrency();
    std::optional<Error> first_error;
    std::exception_ptr failure;
    const auto load_first = [&] {
      try {
        first_error = load(
            0, [&](double done) { other_done.store(done, std::memory_order_relaxed); }, first_heap);
      } catch (...) {
        failure = std::current_exception();
      }
    };
    std::thread beside;
    if (jobs > 1) {
      beside = std::thread(load_first);
    } else {
      load_first();
    }
    std::optional<Error> last_error;
    std::exception_ptr last_failure;
    try {
      last_error = load(
          last, [&](double done) { tell((done + other_done.load(std::memory_order_relaxed)) / 2); },
          last_heap);
    } catch (...) {
      last_failure = std::current_exception();
    }
    if (beside.joinable()) beside.join();
    if (failure) std::rethrow_exception(failure);
    if (last_failure) std::rethrow_exception(last_failure);
    return first_error ? first_error : last_error;
  }

  static NodeIndex largest_sample(const std::map<WordId, Tally>& tallies) {
    const Tally* largest = nullptr;
    for (const auto& [cls, tally] : tallies) {
      if (tally.sample != kNone && (largest == nullptr || tally.objects > largest->objects)) {
        largest = &tally;
      }
    }
    return largest == nullptr ? kNone : largest->sample;
  }

  static std::vector<Kind> kinds_of(const std::map<WordId, Tally>& tallies, const Words& words,
                                    const PathText& paths) {
    std::vector<Kind> kinds;
    for (const auto& [cls, tally] : tallies) {
      if (tally.bytes <= 0 && tally.objects <= 0) continue;
      const std::string& word = words[cls];
      const size_t end = word.find('\n');
      Kind kind;
      kind.name = word.substr(0, end);
      if (end != std::string::npos) kind.place = word.substr(end + 1);
      if (kind.place.empty() && tally.sample != kNone) kind.place = paths.place_of(tally.sample);
      kind.objects = tally.objects;
      kind.bytes = tally.bytes;
      kinds.push_back(std::move(kind));
    }
    std::sort(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) {
      if (a.bytes != b.bytes) return a.bytes > b.bytes;
      return a.name != b.name ? a.name < b.name : a.place < b.place;
    });
    if (kinds.size() > kMostKinds) kinds.resize(kMostKinds);
    return kinds;
  }

  const Files& files_;
  const HeapOptions& options_;
  HeapReport report_;
};

}  // namespace

Result<HeapReport> build_heap_report(const Files& files, const HeapOptions& options) {
  return Builder(files, options).build();
}

}  // namespace silt::heap
