// SPDX-License-Identifier: Apache-2.0
//
// See heap_at_soak.h. Whatever fails is told in one line, in the log or in the report, and changes
// nothing of the soak.

#include "symbolizer/commands/heap_at_soak.h"

#include <stdlib.h>

#include <chrono>

#include "symbolizer/base/log.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// For all heaps of a round. Of servers under load on a machine with four times as many programs as
// processors a copy took 4 to 8 s, and 31 at the most (docs/owners.md).
constexpr auto kRoundPatience = std::chrono::seconds(90);
constexpr process::Patience kSnapshotPatience{30, 10};  // seconds

std::string recording_of(const std::string& snapshot) {
  return fs::path(snapshot).parent_path().native();
}

}  // namespace

SoakHeaps::~SoakHeaps() {
  std::error_code ignored;
  if (!own_.empty()) fs::remove_all(own_, ignored);
}

HeapPlace SoakHeaps::place_of(const std::string& recording) const {
  return {own_, fs::path(recording).filename().native()};
}

void SoakHeaps::take(const std::vector<std::pair<pid_t, std::string>>& processes,
                     const std::function<bool()>& goes_on) {
  if (own_.empty()) {
    std::string name = folder_ / ".silt-heaps-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return;
    own_ = name;
  }
  const auto end = steady_clock::now() + kRoundPatience;
  const auto patient = [&] { return steady_clock::now() < end && (!goes_on || goes_on()); };
  const bool first_round = processes_.empty();
  for (const auto& [pid, snapshot] : processes) {
    const std::string recording = recording_of(snapshot);
    // Of one that came later there is nothing to compare with.
    if (!first_round && processes_.count(recording) == 0) continue;
    Process& process = processes_[recording];
    if (!first_round && process.rounds == 0) continue;
    if (!patient()) {
      process.failure = "there was no time left for it";
      continue;
    }
    const HeapsTaken heaps =
        keep_heaps(pid, snapshot, place_of(recording), kSnapshotPatience, patient);
    if (!heaps.taken.empty()) ++process.rounds;
    for (const process::HeapTaken& taken : heaps.taken) log::debug(heap_taken_text(pid, taken));
    for (const std::string& failure : heaps.failures) log::warning(failure);
    if (!heaps.failures.empty()) process.failure = heaps.failures.front();
  }
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
