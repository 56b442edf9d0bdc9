// SPDX-License-Identifier: Apache-2.0
//
// Whether a process would take silt's signal, as /proc and the process itself say.

#ifndef SILT_SYMBOLIZER_PROCESS_SIGNAL_OBSTACLE_H_
#define SILT_SYMBOLIZER_PROCESS_SIGNAL_OBSTACLE_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "symbolizer/process/facts.h"

namespace silt::process {

// Why no signal may be sent as the process says itself; empty: one may.
std::string objection(const Card& card);

// Of one whose main thread has ended before others: what one of these says, under its own ids.
std::optional<StatusFacts> status_of(pid_t pid);
bool is_stopped(const StatusFacts& status);

// Why the signal would not be taken by any thread of the process; empty: it would. *working says
// whether a thread is at work.
std::string signal_obstacle(pid_t pid, const StatusFacts& status, const std::optional<Card>& card,
                            bool* working);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_SIGNAL_OBSTACLE_H_
