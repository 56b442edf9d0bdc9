// SPDX-License-Identifier: Apache-2.0
//
// Where functions begin in a module without symbols. The unwind tables that every C++ program needs
// for its exceptions stay when it is stripped, and .eh_frame_hdr holds the begin of each function
// that they describe, sorted (Linux Standard Base, "Exception Frames").

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_FUNCTION_RANGES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_FUNCTION_RANGES_H_

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "symbolizer/base/address.h"

namespace silt::symbolize {

class FunctionRanges {
 public:
  // Addresses are those of the file. Empty when the module has no table, or one that is broken.
  explicit FunctionRanges(Dwfl_Module* module);

  // The begin of the function that holds an address; none before the first and past the code.
  std::optional<FileAddress> begin_of(FileAddress address) const;

  // Whether the function that begins here is `operator new`, linked in without its name. The
  // standard makes it unlike any other function: a size of nought becomes one, and when there is no
  // memory the new-handler is called in a loop.
  bool is_operator_new(FileAddress begin) const;

 private:
  std::span<const uint8_t> code_at(uint64_t address, size_t size) const;

  struct Segment {
    uint64_t address;
    std::span<const uint8_t> bytes;  // of the mapped file: the module must stay open
  };
  std::vector<Segment> segments_;  // executable ones
  std::vector<uint64_t> begins_;   // ascending
  uint64_t end_ = 0;               // of the executable segments
};

// The table in the bytes of an .eh_frame_hdr at this address of the file; empty when it is of a
// form that no linker writes, or broken.
std::vector<uint64_t> function_begins(std::span<const uint8_t> table, uint64_t address);

// The same of x86-64 code alone, from the begin of a function to that of the next.
bool looks_like_operator_new(std::span<const uint8_t> code);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_FUNCTION_RANGES_H_
