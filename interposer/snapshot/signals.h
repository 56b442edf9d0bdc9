// SPDX-License-Identifier: Apache-2.0
//
// The ways in by signal: SILT_SIGNAL, with which anybody asks for a snapshot, and the one that the
// tool sends with a cookie. A program that handles them itself goes on hearing of all that is not
// silt's. Signal context, but for claim_signals and claim_faults.

#ifndef SILT_INTERPOSER_SNAPSHOT_SIGNALS_H_
#define SILT_INTERPOSER_SNAPSHOT_SIGNALS_H_

#include <signal.h>

namespace silt::snapshot {

// Normal context, once, before trigger.h's install. From here on SILT_SIGNAL does not end the
// process; what it asks for is done at the start of recording. False when the signal could not be
// claimed. 0: none.
bool claim_signals(int signal_number);

// Likewise SIGBUS, for a handler that answers what is silt's and hands on the rest. Normal context.
bool claim_faults(void (*handler)(int, siginfo_t*, void*));

// silt's handler.
void on_signal(int number, siginfo_t* info, void* context);
// For a signal that a thread took by waiting for it: true when it was silt's, and is answered.
bool answer_waited_for(const siginfo_t& info);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SIGNALS_H_
