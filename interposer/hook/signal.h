// SPDX-License-Identifier: Apache-2.0
//
// Where no handler could return, silt has none: its signals do what the program would have them do
// by itself, and `silt dump` is told not to send any. Any context.

#ifndef SILT_INTERPOSER_HOOK_SIGNAL_H_
#define SILT_INTERPOSER_HOOK_SIGNAL_H_

namespace silt::hook {

// Before a filter is put on that forbids the return from a handler. False when there was nothing to
// give up, or no more.
bool give_signals_up();
// It was refused: what was given up is silt's again.
void take_signals_back();

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_SIGNAL_H_
