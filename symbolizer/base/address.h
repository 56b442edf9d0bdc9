// SPDX-License-Identifier: Apache-2.0
//
// Addresses of two kinds, which are both 64-bit numbers and are passed from hand to hand: where code
// lay in the process's memory, and where it is in its file as linked. Taking one for the other gives
// a wrong name, so that each is a type of its own.

#ifndef SILT_SYMBOLIZER_BASE_ADDRESS_H_
#define SILT_SYMBOLIZER_BASE_ADDRESS_H_

#include <cstdint>

namespace silt {

enum class MemoryAddress : uint64_t {};
// Of a module's file: memory address minus load bias. 0: not known.
enum class FileAddress : uint64_t {};

constexpr uint64_t number_of(MemoryAddress address) { return static_cast<uint64_t>(address); }
constexpr uint64_t number_of(FileAddress address) { return static_cast<uint64_t>(address); }

// The address at which a call that returns to `pc` is looked up: within the call, not behind it.
constexpr MemoryAddress lookup_address(uint64_t pc) { return MemoryAddress{pc - 1}; }

constexpr FileAddress in_file(MemoryAddress address, uint64_t load_bias) {
  return FileAddress{number_of(address) - load_bias};
}

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_ADDRESS_H_
