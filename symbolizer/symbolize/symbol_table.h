// SPDX-License-Identifier: Apache-2.0
//
// Function symbols of a module, sorted once, so that a look-up does not go through all of them:
// .symtab of the file or of its debug file, else .dynsym.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SYMBOL_TABLE_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SYMBOL_TABLE_H_

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "symbolizer/base/address.h"

namespace silt::symbolize {

class SymbolTable {
 public:
  // Names are kept as pointers into the file: the module must stay open.
  explicit SymbolTable(Dwfl_Module* module);

  bool empty() const { return symbols_.empty(); }

  // The linkage name of the function at an address of the file, empty when no symbol covers it.
  std::string_view find(FileAddress address) const;

  struct Range {
    FileAddress start;
    FileAddress end;
  };
  // Where the function of this linkage name is; looks through all.
  std::optional<Range> range_of(std::string_view name) const;

  // Whether the module itself defines a function of this name.
  bool defines(std::string_view name) const;

 private:
  struct Symbol {
    uint64_t start;
    uint64_t end;  // one past the last byte; of a symbol without a size, the next symbol's start
    uint64_t last_end;
    const char* name;
    uint8_t rank;  // which of several names of one address is shown, lower first
  };
  std::vector<Symbol> symbols_;     // ascending by start, one for each start
  std::vector<const char*> names_;  // all, sorted
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SYMBOL_TABLE_H_
