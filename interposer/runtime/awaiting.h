// SPDX-License-Identifier: Apache-2.0
//
// Runtimes that wait for the moment at which they may be joined: the recorder calls one function,
// now and then while the program allocates, and more than one may be waiting. Any context.

#ifndef SILT_INTERPOSER_RUNTIME_AWAITING_H_
#define SILT_INTERPOSER_RUNTIME_AWAITING_H_

namespace silt::runtime {

using Await = void (*)();

// It is called from now on, in hook context, by any thread, until it is taken back.
void start_awaiting(Await await);
void stop_awaiting(Await await);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_AWAITING_H_
