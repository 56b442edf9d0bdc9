// SPDX-License-Identifier: Apache-2.0
//
// See heap_at_soak.h. Whatever fails is told in one line, in the log or in the report, and changes
// nothing of the soak.

#include "symbolizer/commands/heap_at_soak.h"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "symbolizer/base/log.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/report/origin.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// For all heaps of a round. A copy works for some seconds with a tenth of the program's share of a
// processor (docs/owners.md): where both are wanted by others, that is a minute and more.
constexpr std::chrono::duration<double> kRoundPatience = std::chrono::minutes(5);
// The same where nobody asked for it, as a share of the soak's duration, and at least; a look at a
// small heap beside a load that takes every processor needs some twenty seconds.
constexpr double kUnaskedShare = 0.25;
constexpr std::chrono::duration<double> kUnaskedLeast = std::chrono::seconds(30);
constexpr process::Patience kSnapshotPatience{30, 10};  // seconds

std::string recording_of(const std::string& snapshot) {
  return fs::path(snapshot).parent_path().native();
}

// Whether it maps a runtime that can list its heap: all others need not be asked.
bool may_list_a_heap(pid_t pid) {
  const auto maps = process::read_proc(process::living_path(pid, "maps"));
  if (!maps) return true;
  for (std::string_view rest = *maps; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const size_t name = line.rfind('/');
    if (name != std::string_view::npos && report::lists_a_heap(line.substr(name + 1))) return true;
  }
  return false;
}

}  // namespace

SoakHeaps::~SoakHeaps() {
  std::error_code ignored;
  if (!own_.empty()) fs::remove_all(own_, ignored);
}

HeapPlace SoakHeaps::place_of(const std::string& recording) const {
  return {own_, fs::path(recording).filename().native()};
}

void SoakHeaps::take(const std::vector<std::pair<pid_t, std::string>>& processes, bool asked,
                     const std::function<bool()>& goes_on) {
  if (own_.empty()) {
    std::string name = folder_ / ".silt-heaps-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return;
    own_ = name;
  }
  const auto unasked =
      std::max(kUnaskedLeast, std::chrono::duration<double>(soak_seconds_ * kUnaskedShare));
  const auto end =
      steady_clock::now() + (asked ? kRoundPatience : std::min(kRoundPatience, unasked));
  const auto patient = [&] { return steady_clock::now() < end && (!goes_on || goes_on()); };
  for (const auto& [pid, path] : processes) {
    // Before the first round a snapshot is made to know what heaps there are, and where.
    const bool first = path.empty();
    if (first && (!patient() || (!asked && !may_list_a_heap(pid)))) continue;
    const Result<std::string> made =
        first ? process::request_snapshot(pid, kSnapshotPatience) : Result<std::string>(path);
    if (!made) continue;  // the round says why
    take_one(pid, *made, first, asked, patient);
    std::error_code ignored;
    if (first) fs::remove(process::path_from_here(pid, *made), ignored);
  }
}

void SoakHeaps::take_one(pid_t pid, const std::string& snapshot, bool first, bool asked,
                         const std::function<bool()>& goes_on) {
  const std::string recording = recording_of(snapshot);
  // Of one that came later there is nothing to compare with.
  if (!first && processes_[recording].rounds == 0) return;
  Process& process = processes_[recording];
  if (!goes_on()) {
    process.failure = "there was no time left for it";
    return;
  }
  const HeapsTaken heaps =
      keep_heaps(pid, snapshot, place_of(recording), kSnapshotPatience, goes_on);
  if (!heaps.taken.empty()) ++process.rounds;
  for (const process::HeapTaken& taken : heaps.taken) log::debug(heap_taken_text(pid, taken));
  for (const std::string& failure : heaps.failures) {
    if (asked) {
      log::warning(failure);
    } else {
      log::debug(failure);
    }
  }
  if (!heaps.failures.empty()) process.failure = heaps.failures.front();
}

void SoakHeaps::compare(const std::string& then, const std::string& now) {
  const auto at = processes_.find(then);
  if (at == processes_.end() || (at->second.rounds == 0 && at->second.failure.empty())) return;
  const std::string& failure = at->second.failure;
  const auto written = write_heap_growth(
      place_of(then), now, failure.empty() ? "the soak was over before the last look" : failure);
  if (!written) log::warning("what grew in its heap cannot be told: " + written.error().message);
}

}  // namespace silt::commands
