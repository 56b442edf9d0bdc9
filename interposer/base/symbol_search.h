// SPDX-License-Identifier: Apache-2.0
//
// Whether some library defines a symbol, asked of the tables that the loader uses itself. dlsym
// would take the loader's lock, and for each symbol that is missing keep a message that it
// allocates, and frees where another preloaded library may not expect it. Any context, but where
// it says otherwise.

#ifndef SILT_INTERPOSER_BASE_SYMBOL_SEARCH_H_
#define SILT_INTERPOSER_BASE_SYMBOL_SEARCH_H_

#include <cstdint>

namespace silt::base {

struct Symbol {
  uint64_t address;
  uint64_t size;
};
// A loaded object as the loader describes it.
struct Library {
  uint64_t bias;        // what is added to its symbols' values
  const void* dynamic;  // its dynamic section
  bool stays;           // nobody unloads it: it came with the program
};

// The first library that defines the symbol, whatever the scope it was opened in. Only where no
// other thread can unload one: in the constructor.
bool find_library(const char* symbol, Library* library);
// The same of libraries whose file's name begins so, while others may be loading and unloading
// them: the kernel reads what may not be there any more.
bool find_late_library(const char* file_name, const char* symbol, Library* library);
// Where the library has it; false also when it was unloaded.
bool find_symbol(const Library& library, const char* name, Symbol* symbol);

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
