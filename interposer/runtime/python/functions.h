// SPDX-License-Identifier: Apache-2.0
//
// The Python functions that stand in stacks: each code object that is met there is read once, while
// it runs and cannot go away, and gets the number of its function (qualified name, file, first
// line). Names outlive the code object; equal functions, as a program makes by compiling a text
// over and over, have one number. A code object that is freed is forgotten by its address, since
// another may come to lie there.
//
//   code object's address -> function, lines of its instructions   as long as it lives
//   function                                                       for ever
//
// Readers take no lock: what they look up is code that runs in their own thread. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTIONS_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTIONS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace silt::python {

inline constexpr char kName[] = "python";

struct Place {
  uint32_t function;
  uint32_t line;  // 0: unknown
};

// Where `instruction`, an address, lies in the code object.
Place place_of(uint64_t code, uint64_t instruction);

// The code object is being freed.
void forget_code(uint64_t code);

// Of the table of code objects and the lines of their instructions.
uint64_t code_bytes();
// Unmaps tables that were replaced and have no readers any more (Runtime::tidy).
void unmap_old_code_tables(uint32_t epoch);

// Changes whenever a known code object is freed: places looked up before may be others' now.
extern constinit std::atomic<uint32_t> code_epoch;

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTIONS_H_
