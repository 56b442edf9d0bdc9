// SPDX-License-Identifier: Apache-2.0
//
// Whether this is still the process that the tables belong to. fork() tells by its handlers; a raw
// clone does not, and what it makes is one of two very different things: a child that shares the
// memory (vfork, posix_spawn), which must leave everything alone, or a copy, in which locks may be
// held by threads that were not copied. A page that the kernel wipes in copies tells them apart.
// Any context.

#ifndef SILT_INTERPOSER_BASE_PROCESS_IDENTITY_H_
#define SILT_INTERPOSER_BASE_PROCESS_IDENTITY_H_

#include <cstdint>

namespace silt::base {

// At start-up, and in the child of each fork.
void remember_process();

// False in a child that shares its parent's memory. A copy that fork's handlers did not see becomes
// a process of its own when this is asked there for the first time.
bool in_own_process();

// Another number in each process that was made by a raw clone: a lock that was taken under an older
// one is held by nobody. Never 0.
uint32_t process_number();

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_PROCESS_IDENTITY_H_
