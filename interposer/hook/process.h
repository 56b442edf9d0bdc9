// SPDX-License-Identifier: Apache-2.0
//
// What has to be registered once for forks and ending threads. Normal context.

#ifndef SILT_INTERPOSER_HOOK_PROCESS_H_
#define SILT_INTERPOSER_HOOK_PROCESS_H_

namespace silt::hook {

// `forked` is called in the child of each fork, once its tables are its own again.
void watch_process(void (*forked)());

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_PROCESS_H_
