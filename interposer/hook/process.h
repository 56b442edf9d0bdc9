// SPDX-License-Identifier: Apache-2.0
//
// What has to be registered once for forks and the ends of processes. Normal context, but for
// watch_forks.

#ifndef SILT_INTERPOSER_HOOK_PROCESS_H_
#define SILT_INTERPOSER_HOOK_PROCESS_H_

namespace silt::hook {

// At the first hook of the process. Handlers that are registered first run last before a fork:
// so every lock that an allocator takes for the fork is taken before silt's are, in the order in
// which its mapping calls take them.
void watch_forks();

// `forked` is called in the child of each fork, once its tables are its own again.
void watch_process(void (*forked)());

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_PROCESS_H_
