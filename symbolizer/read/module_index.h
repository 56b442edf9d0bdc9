// SPDX-License-Identifier: Apache-2.0
//
// Which module a node's pc lies in. Modules may share addresses when one was unloaded and another
// loaded in its place; the ranges of births in the entries then say which of them was meant.

#ifndef SILT_SYMBOLIZER_READ_MODULE_INDEX_H_
#define SILT_SYMBOLIZER_READ_MODULE_INDEX_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "symbolizer/base/address.h"
#include "symbolizer/read/recording.h"

namespace silt::read {

class ModuleIndex {
 public:
  explicit ModuleIndex(const std::vector<Module>& modules);

  // Index of the module that holds `address` and whose range of births holds a node's `birth`.
  std::optional<uint32_t> find(MemoryAddress address, uint32_t birth) const;

  // Whether an address may belong to more than one module.
  bool overlapping() const { return overlapping_; }

 private:
  struct Range {
    uint64_t start;
    uint64_t end;
    uint64_t last_end;  // largest end of this range and all before it
    uint32_t first_node;
    uint32_t end_node;
    uint32_t module;
  };
  std::vector<Range> ranges_;  // ascending by start
  bool overlapping_ = false;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_MODULE_INDEX_H_
