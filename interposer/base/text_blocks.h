// SPDX-License-Identifier: Apache-2.0
//
// Room for texts that are kept for ever, cut one after the other out of blocks of memory. All-zero
// is valid and empty. Whoever owns it says which lock writers hold. Any context.

#ifndef SILT_INTERPOSER_BASE_TEXT_BLOCKS_H_
#define SILT_INTERPOSER_BASE_TEXT_BLOCKS_H_

#include <cstddef>

#include "interposer/base/memory.h"

namespace silt::base {

// kMap: map_memory, or map_within_limit for what can be done without.
template <void* (*kMap)(size_t)>
class TextBlocks {
 public:
  static constexpr size_t kBlockBytes = size_t{64} * 1024;

  // nullptr when there is no memory, or the text is larger than a block.
  char* take(size_t size_bytes) {
    if (size_bytes > kBlockBytes) return nullptr;
    if (next_ == nullptr || static_cast<size_t>(end_ - next_) < size_bytes) {
      auto* const fresh = static_cast<char*>(kMap(kBlockBytes));
      if (fresh == nullptr) return nullptr;
      next_ = fresh;
      end_ = fresh + kBlockBytes;
      mapped_bytes_ += kBlockBytes;
    }
    char* const taken = next_;
    next_ += size_bytes;
    return taken;
  }

  size_t mapped_bytes() const { return mapped_bytes_; }

 private:
  char* next_ = nullptr;
  char* end_ = nullptr;
  size_t mapped_bytes_ = 0;
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_TEXT_BLOCKS_H_
