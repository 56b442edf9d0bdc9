// SPDX-License-Identifier: Apache-2.0
//
// Functions of runtimes that have frames in stacks, by content: runtime, qualified name, file,
// first line. Each has a number that it keeps for ever (the function of a pc with kFunctionTag);
// equal ones have the same. Writers hold the lock; a snapshot reads what is below the counts. Hook
// context.

#ifndef SILT_INTERPOSER_RUNTIME_FUNCTION_NAMES_H_
#define SILT_INTERPOSER_RUNTIME_FUNCTION_NAMES_H_

#include <cstdint>

#include "interposer/base/spin_lock.h"

namespace silt::runtime {

// Stands for all that find no room. (Number 0 is none's.)
inline constexpr uint32_t kOtherFunctions = 1;

struct Function {
  const char* runtime;  // Runtime::name; "": none's
  const char* name;
  uint32_t file;
  uint32_t first_line;
};

// Taken by a runtime around number_of_function and whatever of its own belongs to it, and around a
// fork.
extern constinit base::SpinLock function_lock;

// `runtime`: Runtime::name, a text that stays.
uint32_t number_of_function(const char* runtime, const char* name, const char* path,
                            uint32_t first_line);

// Of all functions and files, their texts and their index.
uint64_t function_bytes();

// Numbers are less than the counts.
uint32_t function_count();
const Function& function_at(uint32_t number);
uint32_t file_count();
const char* file_at(uint32_t number);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_FUNCTION_NAMES_H_
