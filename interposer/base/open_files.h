// SPDX-License-Identifier: Apache-2.0
//
// The descriptors that silt has open for a moment (a snapshot and what it reads for it), and how a
// fork comes by none of them. All are closed on exec; a child that only forks would keep them, so
// it closes what is listed here. The list must be true at the instant of the fork: opening and
// closing wait for a fork that is under way, and a fork waits for an opening or closing, which is a
// few microseconds, unless a file system hangs; then it goes on without, since a program must not
// hang with it. Any context.

#ifndef SILT_INTERPOSER_BASE_OPEN_FILES_H_
#define SILT_INTERPOSER_BASE_OPEN_FILES_H_

namespace silt::base {

// As openat and memfd_create; the result is a descriptor or -errno.
long open_listed(int folder, const char* path, int flags, int mode);
long create_listed_memory(const char* name, unsigned flags);
long close_listed(int fd);

// Around a fork.
void hold_files_before_fork();
void release_files_after_fork();
// In the child. `by_handler`: right after the fork, so that each number still is what it was.
// Otherwise, in a copy that a raw clone made some time ago, only what can be told to be silt's.
void close_files_of_parent(bool by_handler);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_OPEN_FILES_H_
