// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/signal_obstacle.h"

#include <utility>

#include "interposer/format/control.h"
#include "symbolizer/base/setting_text.h"

namespace silt::process {
// Why no signal may be sent as the process says itself.
std::string objection(const Card& card) {
  switch (card.reach) {
    case format::Reach::kSignal:
      return "";
    case format::Reach::kNoSignal:
      return "takes no snapshots by signal (SILT_SIGNAL=none)";
    case format::Reach::kReplaced:
      return "has replaced silt's handler of " + signal_name(format::kAskingSignal);
    case format::Reach::kForbidden:
      return "may not return from a signal handler (seccomp)";
    case format::Reach::kBoxLost:
      return "records nothing any more, since its black box was truncated: start it again";
  }
  return "is in a state that this silt does not know";
}

std::optional<StatusFacts> status_of(pid_t pid) {
  const auto text = read_proc(proc_path(pid, "status"));
  auto status = text ? parse_status(*text) : std::nullopt;
  if (!status || status->state != 'Z') return status;
  const auto thread = read_proc(living_path(pid, "status"));
  auto living = thread ? parse_status(*thread) : std::nullopt;
  if (!living) return status;
  living->namespace_pids = std::move(status->namespace_pids);  // a thread's tell its own
  return living;
}

bool is_stopped(const StatusFacts& status) { return status.state == 'T' || status.state == 't'; }

std::string signal_obstacle(pid_t pid, const StatusFacts& status, const std::optional<Card>& card,
                            bool* working) {
  if (is_stopped(status)) return "is stopped";
  if (!card) return "is starting, or is not recorded (SILT_CHILDREN=0)";
  if (const std::string why = objection(*card); !why.empty()) return why;
  const uint64_t bit = uint64_t{1} << (card->signal - 1);
  if ((status.caught & bit) == 0) {
    return "does not handle " + signal_name(card->signal) + ": it is becoming another program";
  }
  bool blocked = true;
  for (const pid_t thread : threads_of(pid)) {
    const auto text = read_proc(proc_path(pid, "task/" + std::to_string(thread) + "/status"));
    const auto facts = text ? parse_status(*text) : std::nullopt;
    if (!facts || facts->state == 'Z' || facts->state == 'X') continue;
    if ((facts->blocked & bit) == 0) blocked = false;
    if (facts->state == 'R') *working = true;
  }
  return blocked ? "blocks " + signal_name(card->signal) + " in all its threads" : "";
}

}  // namespace silt::process
