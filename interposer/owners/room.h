// SPDX-License-Identifier: Apache-2.0
//
// How much memory there is for a copy of the process: what the machine can give, and what the
// cgroups leave. What cannot fit is not begun, since the kernel might choose the program to make
// room. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_OWNERS_ROOM_H_
#define SILT_INTERPOSER_OWNERS_ROOM_H_

#include <cstdint>

namespace silt::owners {

// UINT64_MAX: not known.
uint64_t available_memory();

// Whether the kernel promises no more memory than there is (vm.overcommit_memory=2): then a copy
// counts with all that it might write to, and the program may be refused memory meanwhile.
bool is_memory_promised();

// What a copy takes beside what it shares, whatever is done in it: 32 MiB at least, and the pages
// that the process writes to meanwhile, of which the copy then keeps the old ones: an eighth of
// what is resident.
constexpr uint64_t room_for_any_copy(uint64_t rss_bytes) {
  return (uint64_t{32} << 20) + rss_bytes / 8;
}

// The pure parts, for tests: the value after "Name:" in kilobytes, and that after "name " in bytes,
// of a text of many lines; UINT64_MAX: not there.
uint64_t kilobytes_of(const char* text, const char* name);
uint64_t bytes_of(const char* text, const char* name);

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_ROOM_H_
