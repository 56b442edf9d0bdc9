// SPDX-License-Identifier: Apache-2.0
//
// Functions by content: qualified name, file, first line. Each has a number that it keeps for ever;
// equal ones have the same. Writers hold the lock of functions.cpp; a snapshot reads what is below
// the counts. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTION_NAMES_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTION_NAMES_H_

#include <cstdint>

namespace silt::python {

// Stands for all that find no room. (Number 0 is none's.)
inline constexpr uint32_t kOtherFunctions = 1;

struct Function {
  const char* name;
  uint32_t file;
  uint32_t first_line;
};

uint32_t number_of_function(const char* name, const char* path, uint32_t first_line);

// Numbers are less than the counts.
uint32_t function_count();
const Function& function_at(uint32_t number);
uint32_t file_count();
const char* file_at(uint32_t number);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_FUNCTION_NAMES_H_
