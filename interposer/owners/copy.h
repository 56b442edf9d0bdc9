// SPDX-License-Identifier: Apache-2.0
//
// Makes the copy of the process in which owners are looked for. The process stands still for as
// long as the kernel copies its page tables, and notices nothing else: the copy has no exit signal,
// and is not its child but where the process itself has to take in orphans (pid 1 of a container, a
// subreaper) or is about to end; there it is taken in by silt. Where such a clone is not known
// (EINVAL, emulators of programs) it is a child that ends with SIGCHLD, as long as nobody handles
// that. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_OWNERS_COPY_H_
#define SILT_INTERPOSER_OWNERS_COPY_H_

#include <cstdint>

namespace silt::owners {

struct Copy {
  bool here;    // this is the copy
  int32_t pid;  // of the copy, in the process
  int error;    // errno; 0: it was made
};

// `as_child`: it will be waited for. `maybe_seen`: it may be a child that the program is told of.
Copy make_copy(bool as_child, bool maybe_seen);
// Whether the newest copy has not ended yet, as far as can be told by its pid.
bool copy_is_there();

// Takes in a copy that is a child and has ended; with `wait`, once it has.
void take_in(bool wait);
// In the child of a fork: the copy is the parent's.
void forget_copy();

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_COPY_H_
