// SPDX-License-Identifier: Apache-2.0
//
// Pages of code: new ones within reach of the program's, and those of the program itself, changed
// in place. Never is a page written to and executed at the same time. What a system may refuse
// (SELinux execmod, systemd's MemoryDenyWriteExecute, a seccomp filter) is tried on a page of its
// own first, so that a refusal leaves the program as it was. Normal context, while there is one
// thread.

#ifndef SILT_INTERPOSER_DETOUR_CODE_PAGES_H_
#define SILT_INTERPOSER_DETOUR_CODE_PAGES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/detour/program.h"

namespace silt::detour {

// Pages to be written to, less than a gigabyte below `start`; nullptr where none are free.
uint8_t* map_near(uint64_t start, size_t size_bytes);
void unmap_pages(uint8_t* pages, size_t size_bytes);
// They become code, and cannot be written to any more. 0 or a negative errno.
long make_code(uint8_t* pages, size_t size_bytes);

// Whether the program's code could be changed: 0, or what the system answers.
long try_to_change(const Text& text, int program_file);
// Changes what stands at [first, last), which is the program's code: change() is called while
// it can be written to. 0, or what the system answers; nothing is changed then.
long change_code(const Text& text, int program_file, uint64_t first, uint64_t last,
                 void (*change)(void* with), void* with);

// False also where that cannot be found out.
bool is_single_thread();

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_CODE_PAGES_H_
