// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/threads.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace silt::report {
namespace {

// Of what was allocated; where less is known nothing is said.
constexpr double kLeastKnown = 0.5;

// Whose share is told in one line.
struct ThreadKey {
  std::string kind;
  uint32_t id = 0;
  std::string name;
  bool operator==(const ThreadKey&) const = default;
};

ThreadKey key_of(const read::Thread& thread, uint32_t pid) {
  if (thread.managed) return {thread.id == 0 ? "main" : "worker", thread.id, ""};
  if ((thread.flags & format::kThreadRest) != 0) return {"rest", 0, ""};
  if ((thread.flags & format::kThreadSeveral) != 0) return {"successive", thread.id, thread.name};
  return {thread.id == pid ? "main" : "thread", thread.id, thread.name};
}

class Threads {
 public:
  Threads(const read::Recording& recording, uint32_t pid) : recording_(recording), pid_(pid) {
    for (const read::Stack& stack : recording.stacks) stacks_.try_emplace(stack.id, &stack);
    size_t managed = 0;
    for (const read::Thread& thread : recording.threads) managed += thread.managed ? 1 : 0;
    several_managed_ = managed > 1;
    several_native_ = recording.threads.size() - managed > 1;
  }

  bool any() const { return several_managed_ || several_native_; }

  std::vector<ThreadLine> of(const std::vector<read::StackId>& ids) const {
    std::vector<std::pair<ThreadKey, double>> sums;
    double all = 0;
    double known = 0;
    for (const read::StackId id : ids) {
      const auto at = stacks_.find(id);
      if (at == stacks_.end()) continue;
      const read::Stack& stack = *at->second;
      const bool managed = stack.heap == read::Heap::kManaged;
      if (!(managed ? several_managed_ : several_native_)) return {};
      const double allocated = allocated_bytes(stack);
      all += allocated;
      if (stack.threads.empty()) continue;
      double named = 0;
      for (const read::ThreadShare& share : stack.threads) {
        named += share.bytes;
        add(sums, key_of(recording_.threads[share.thread], pid_), share.bytes);
      }
      if (named < allocated) add(sums, {"rest", 0, ""}, allocated - named);
      known += std::max(named, allocated);
    }
    if (known <= 0 || known < kLeastKnown * all) return {};
    return lines(std::move(sums), known);
  }

 private:
  static double allocated_bytes(const read::Stack& stack) {
    if (stack.heap == read::Heap::kManaged) return 0;
    for (const read::Sample& sample : stack.samples) {
      if (sample.snapshot >= stack.threads_at) return static_cast<double>(sample.allocated_bytes);
    }
    return 0;
  }

  static void add(std::vector<std::pair<ThreadKey, double>>& sums, ThreadKey key, double bytes) {
    const auto same =
        std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == key; });
    if (same == sums.end())
      sums.emplace_back(std::move(key), bytes);
    else
      same->second += bytes;
  }

  static std::vector<ThreadLine> lines(std::vector<std::pair<ThreadKey, double>> sums,
                                       double known) {
    std::stable_sort(sums.begin(), sums.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<ThreadLine> lines;
    for (const auto& [key, bytes] : sums) {
      const double share = bytes / known;
      // A percent of each stack may be rounding.
      if (key.kind == "rest" && share < 0.015) continue;
      lines.push_back({key.kind, key.id, key.name, share});
    }
    return lines;
  }

  const read::Recording& recording_;
  const uint32_t pid_;
  std::unordered_map<read::StackId, const read::Stack*> stacks_;
  bool several_managed_ = false;
  bool several_native_ = false;
};

}  // namespace

void add_threads(const read::Recording& recording, Report& report) {
  const Threads threads(recording, report.pid);
  if (!threads.any()) return;
  for (Finding& finding : report.findings) finding.threads = threads.of(finding.stacks);
  for (StackLine& stack : report.stacks) stack.threads = threads.of({stack.id});
}

}  // namespace silt::report
