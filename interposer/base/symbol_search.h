// SPDX-License-Identifier: Apache-2.0
//
// Whether some library defines a symbol, asked of the tables that the loader uses itself. dlsym
// would take the loader's lock, and for each symbol that is missing keep a message that it
// allocates, and frees where another preloaded library may not expect it. Any context.

#ifndef SILT_INTERPOSER_BASE_SYMBOL_SEARCH_H_
#define SILT_INTERPOSER_BASE_SYMBOL_SEARCH_H_

#include <cstdint>

namespace silt::base {

struct Symbol {
  uint64_t address;
  uint64_t size;
};
// Where the first library that defines the symbol has it, whatever the scope it was opened in.
bool find_symbol(const char* name, Symbol* found);

// Among all that is loaded.
bool is_defined(const char* symbol);
// Among the program and the libraries that come before this one: calls of the symbol go there.
// (What dlsym says of a function whose address the program takes may be an entry of the program's
// own table of jumps, which leads here.)
bool is_defined_before_this_library(const char* symbol);
// Among the libraries that were loaded after this one with the program, or later.
bool is_defined_after_this_library(const char* symbol);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_SYMBOL_SEARCH_H_
