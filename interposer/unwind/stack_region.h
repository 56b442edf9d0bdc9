// SPDX-License-Identifier: Apache-2.0
//
// Which stack memory may be read. A walk reads only where a frame rule says that a return address
// or a saved register stands; where rules come from unwind information that is stack by
// construction, but a frame-pointer guess can be wrong and must not touch unmapped memory. So the
// pages known to be readable are kept per thread as a few contiguous regions that grow page by
// page, each page asked of the kernel once. Thread stacks, alternate signal stacks and coroutine
// stacks need no telling apart. Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_STACK_REGION_H_
#define SILT_INTERPOSER_UNWIND_STACK_REGION_H_

#include <cstdint>

#include "interposer/base/attributes.h"

namespace silt::unwind {

class StackRegions {
 public:
  // True when the aligned 8 bytes at `address` can be read.
  SILT_ALWAYS_INLINE bool readable(uint64_t address) {
    if (address - regions_[0].low < regions_[0].size) [[likely]]
      return (address & 7) == 0;
    return readable_slow(address);
  }

  // After an munmap nothing is known any more.
  void forget() {
    for (Region& region : regions_) region = Region{};
  }

 private:
  struct Region {
    uint64_t low;
    uint64_t size;
  };
  static constexpr int kRegions = 4;

  bool readable_slow(uint64_t address);

  Region regions_[kRegions];  // the one used last comes first
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_STACK_REGION_H_
