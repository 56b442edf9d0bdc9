// SPDX-License-Identifier: Apache-2.0
//
// V8's mappings that are marked as not to be copied into children (MADV_DONTFORK): what has to be
// known to take a copy of the process with its heap in it, and to leave the marks as they were.
// Under the snapshot slot.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_MARKED_RANGES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_MARKED_RANGES_H_

#include <cstddef>
#include <cstdint>

namespace silt::nodejs {

class MarkedRanges {
 public:
  // False when they cannot be told, or there are too many.
  bool read();
  // Takes the marks away; false when the kernel does not want to: they are as they were then.
  bool unmark();
  // Puts them back.
  void mark();

 private:
  struct Range {
    uint64_t start;
    uint64_t end;
  };
  static constexpr size_t kMost = 32 * 1024;
  Range ranges_[kMost]{};
  size_t count_ = 0;
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_MARKED_RANGES_H_
