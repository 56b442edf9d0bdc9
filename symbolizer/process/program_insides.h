// SPDX-License-Identifier: Apache-2.0
//
// What a program has inside that allocates past the C library, told from its file: the Go runtime,
// and allocators that were linked into it. What they hand out no preload sees.

#ifndef SILT_SYMBOLIZER_PROCESS_PROGRAM_INSIDES_H_
#define SILT_SYMBOLIZER_PROCESS_PROGRAM_INSIDES_H_

#include <string>

#include "symbolizer/base/byte_source.h"

namespace silt::process {

// `program` is a 64-bit ELF file of this machine's byte order; false and empty also when it does
// not say.
bool is_go_program(const ByteSource& program);

struct InnerAllocator {
  std::string function;  // as it is called there: malloc, je_malloc, …; empty: none is known
  bool for_libraries = false;  // what the program's libraries call as well
};
InnerAllocator inner_allocator_of(const ByteSource& program);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_PROGRAM_INSIDES_H_
