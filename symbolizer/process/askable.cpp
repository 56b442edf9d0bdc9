// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/askable.h"

#include <signal.h>

#include <cerrno>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/signal_obstacle.h"

namespace silt::process {

Error about(pid_t pid, const std::string& what) {
  // Some of it the process says itself.
  return Error{"process " + std::to_string(pid) + " " + one_line(what)};
}

Result<StatusFacts> find_process(pid_t pid) {
  const auto status = status_of(pid);
  if (!status) return Error{"there is no process " + std::to_string(pid)};
  if (status->thread_group != pid) {
    return about(pid, "is a thread of process " + std::to_string(status->thread_group));
  }
  if (status->state == 'Z' || status->state == 'X') return about(pid, "has ended already");
  if (kill(pid, 0) != 0 && errno == EPERM) return about(pid, "belongs to another user");
  if (is_stopped(*status)) {
    return about(pid, "is stopped: let it go on (kill -CONT) and try again");
  }
  return *status;
}

Result<MapFacts> find_interposer_in(pid_t pid) {
  const auto maps = read_proc(living_path(pid, "maps"));
  if (!maps) {
    if (errno == EACCES || errno == EPERM) {
      return about(pid, "belongs to another user, or may not be looked at");
    }
    return about(pid, "cannot be looked at: " + errno_text(errno));
  }
  MapFacts facts = parse_maps(*maps);
  if (!facts.interposer) {
    const auto status = maps->empty() ? status_of(pid) : std::nullopt;
    if (status && status->state == 'Z') return about(pid, "has ended already");
    return about(pid, "runs without libsilt.so, which cannot be put into it now");
  }
  if (facts.left_out) {
    return about(pid,
                 "is not recorded by silt: a child with SILT_CHILDREN=0, or a package manager "
                 "(SILT_NODE=all)");
  }
  return facts;
}

std::optional<Error> wrong_state(pid_t pid, const std::optional<Card>& card, const Wish& wish) {
  using Change = Wish::Change;
  if (!card) return std::nullopt;
  if (card->reach == format::Reach::kBoxLost) return about(pid, objection(*card));
  const std::string number = std::to_string(pid);
  if (card->asleep && wish.change == Change::kDisarm) return about(pid, "is asleep already");
  if (card->asleep && wish.change == Change::kNone) {
    return about(pid, "is asleep (SILT_START=asleep) and records nothing: 'silt arm " + number +
                          "' wakes it");
  }
  if (!card->asleep && wish.change == Change::kArm) {
    return about(pid,
                 "is not asleep, it records already: 'silt dump " + number + "' takes a snapshot");
  }
  // Asleep it looks for nothing, so there is no other way.
  if (wish.change != Change::kNone && card->reach != format::Reach::kSignal) {
    return about(pid, objection(*card) + ", and is armed and disarmed by signal only");
  }
  return std::nullopt;
}

}  // namespace silt::process
