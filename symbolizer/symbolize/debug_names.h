// SPDX-License-Identifier: Apache-2.0
//
// What an entry (DIE) of debug information says of a frame: the function's name with the scopes
// around it, and file, line and column.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_NAMES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_NAMES_H_

#include <elfutils/libdw.h>

#include "symbolizer/symbolize/frame.h"

namespace silt::symbolize {

// Namespaces and classes: what a qualified name is made of, and what functions stand in.
bool is_scope(int tag);

// The names of the function that `die` is; what is unknown stays empty.
void set_function(Dwarf_Die& die, Frame& frame);

// Where the code at an address of the debug information comes from.
void set_line(Dwarf_Die& unit, Dwarf_Addr address, Frame& frame);

// Where an inlined function was called: the place in the frame around it.
void set_call_site(Dwarf_Die& inlined, Dwarf_Die& unit, Frame& frame);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_NAMES_H_
