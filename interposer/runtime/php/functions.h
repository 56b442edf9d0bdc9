// SPDX-License-Identifier: Apache-2.0
//
// The PHP functions that stand in stacks, read while they run and cannot go away: qualified name,
// file and first line, which have one number for ever. A web server's process forgets all that it
// has compiled after each request, and compiles it anew elsewhere or in the very same place: so a
// function is known by its content, never by its address. Hook context; PHP without threads has one
// thread that runs it.

#ifndef SILT_INTERPOSER_RUNTIME_PHP_FUNCTIONS_H_
#define SILT_INTERPOSER_RUNTIME_PHP_FUNCTIONS_H_

#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {

inline constexpr char kName[] = "php";

// The number (function_names.h) of the zend_function.
uint32_t number_of(uint64_t function);

// What tells at each allocation whether the function at an address is still the same one, without
// reading its texts: different values are different functions.
SILT_ALWAYS_INLINE uint64_t identity_of(uint64_t function) {
  const auto name = field(function, kFunctionName);
  if (field<uint8_t>(function, kFunctionKind) == kInternal) {
    return name == 0 ? 0 : field(name, kTextHash);
  }
  const auto file = field(function, kCodeFile);
  const uint64_t hash = file == 0 ? 0 : field(file, kTextHash);
  return hash ^ name << 16 ^ uint64_t { field<uint32_t>(function, kCodeFirstLine) } << 1;
}

// Of what is kept for looking up numbers.
uint64_t kept_bytes();

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_FUNCTIONS_H_
