// SPDX-License-Identifier: Apache-2.0
//
// A worker that was recycled after two snapshots says nothing about growth, and must not make the
// report of the others inconclusive: short recordings are left out, and that is said.

#include "symbolizer/soak/snapshots.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/process/owners_answer.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/report/gate/unjudged.h"
#include "symbolizer/soak/plan.h"

namespace silt::soak {

namespace {

// Processes asked at the same time: one that waits for events is sent a signal after a while only,
// and a hundred workers in a row would take a hundred times as long.
constexpr size_t kAtOnce = 8;

// For the copy of a process to find owners: ten million blocks take some seconds of a processor of
// its own. What is not there by then is missing in the report, which says so.
constexpr double kOwnersPatience = 60;

using Answers = std::vector<std::optional<Result<std::string>>>;

Answers ask_all(const std::vector<pid_t>& pids, const process::Patience& patience,
                process::Wish wish) {
  Answers answers(pids.size());
  std::atomic<size_t> next{0};
  const auto ask = [&] {
    for (size_t i = next++; i < pids.size(); i = next++) {
      answers[i] = process::request_snapshot(pids[i], patience, wish);
      if (!wish.owners || !*answers[i]) continue;
      // Why there are none, the report says by itself.
      static_cast<void>(process::await_owners(pids[i], **answers[i], kOwnersPatience));
    }
  };
  std::vector<std::thread> askers;
  for (size_t i = 1; i < std::min(kAtOnce, pids.size()); ++i) askers.emplace_back(ask);
  ask();
  for (std::thread& asker : askers) asker.join();
  return answers;
}

}  // namespace

bool Snapshots::take(SeenProcesses& seen, const std::vector<pid_t>& pids, pid_t program,
                     const process::Patience& patience, process::Wish wish) {
  live_bytes_ = rss_bytes_ = 0;
  size_t taken = 0;
  latest_.clear();
  const Answers answers = ask_all(pids, patience, wish);
  for (size_t i = 0; i < pids.size(); ++i) {
    const pid_t pid = pids[i];
    const Result<std::string>& path = *answers[i];
    if (!path) {
      failure_ = path.error().message;
      seen.gave_none(pid, failure_);
      if (pid == program) own_failure_ = failure_;
      continue;
    }
    seen.took_snapshot(pid);
    ++taken;
    latest_.emplace(pid == program ? latest_.begin() : latest_.end(), pid, *path);
    const std::string folder = std::filesystem::path(*path).parent_path().native();
    if (counts_[folder]++ == 0) order_.emplace_back(pid == program, folder);
    read_figures(*path);
  }
  if (taken == 0) return false;
  figures_ = "live " + format_bytes(live_bytes_) + ", RSS " + format_bytes(rss_bytes_);
  if (taken > 1) figures_ += " in " + std::to_string(taken) + " processes";
  return true;
}

void Snapshots::read_figures(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return;
  auto file = read::SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
  if (!file) return;
  const format::Meta& meta = file->meta();
  live_bytes_ += static_cast<double>(meta.native.live_bytes + meta.mapping.live_bytes);
  const auto runtimes = file->runtimes();
  if (runtimes) {
    for (const auto& runtime : *runtimes) {
      live_bytes_ += static_cast<double>(runtime.objects.live_bytes);
    }
  }
  if (const auto heaps = file->script_heaps()) {
    for (const auto& heap : heaps->managed_heaps) {
      // (A Java heap lies in mappings, which are counted already.)
      if ((heap.flags & format::kHeapEnded) != 0) continue;
      if (runtimes && heap.runtime < runtimes->size() && (*runtimes)[heap.runtime].name == "jvm") {
        continue;
      }
      live_bytes_ += static_cast<double>(heap.heap_used_bytes);
    }
  }
  rss_bytes_ += static_cast<double>(meta.rss_bytes);
}

size_t Snapshots::least() const {
  size_t most = 0;
  for (const auto& [folder, count] : counts_) most = std::max(most, count);
  return std::min(most, kFewestSnapshots);
}

std::vector<std::string> Snapshots::worth_judging() const {
  std::vector<std::string> chosen;
  for (const bool own : {true, false}) {
    for (const auto& [is_own, folder] : order_) {
      if (is_own == own && counts_.at(folder) >= least()) chosen.push_back(folder);
    }
  }
  return chosen;
}

std::string Snapshots::left_out() const {
  const size_t count = order_.size() - worth_judging().size();
  if (count == 0) return "";
  return report::left_out_text(count);
}

}  // namespace silt::soak
