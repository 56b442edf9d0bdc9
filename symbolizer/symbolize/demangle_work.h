// SPDX-License-Identifier: Apache-2.0
//
// How much work a mangled name would be. Mangled names refer back to their own parts, so that a
// hundred letters can stand for terabytes of name; the demanglers of libiberty print them until
// memory ends, and some walk through them without printing anything. So before a demangler is let
// at a name, what it would go through is counted here, by the same rules, up to a limit.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_WORK_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_WORK_H_

#include <cstdint>
#include <string_view>

struct demangle_component;

namespace silt::symbolize {

// Parts of the name that libiberty's printer would visit for what it has parsed of a C++ name; more
// than `limit` when there are more, or when it is nested deeper than the printer goes.
uint64_t cxx_print_work(const demangle_component* name, uint64_t limit);

// Whether parsing a C++ name may try too many readings: a conversion to a template parameter is
// read in two ways, and so is everything inside it.
bool cxx_reads_often(std::string_view mangled);

// Letters that the demangler for D would read, back references followed; it writes a few for each.
uint64_t d_work(std::string_view mangled);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_WORK_H_
