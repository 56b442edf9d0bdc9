// SPDX-License-Identifier: Apache-2.0
//
// See labels.h.

#include "interposer/owners/labels.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"

namespace silt::owners {

bool Labels::start() {
  texts_ = static_cast<char*>(base::map_memory(kTextBytes + kLongest + 1));
  begins_ = static_cast<uint32_t*>(base::map_memory(kMost * sizeof(uint32_t)));
  slots_ = static_cast<LabelId*>(base::map_memory(kSlots * sizeof(LabelId)));
  return texts_ != nullptr && begins_ != nullptr && slots_ != nullptr;
}

LabelId Labels::add(const char* text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  size_t size = 0;
  for (; text[size] != '\0' && size < kLongest; ++size) {
    hash = (hash ^ static_cast<unsigned char>(text[size])) * 0x100000001b3;
  }
  // Not in the middle of a letter.
  while (size > 0 && text[size] != '\0' && (text[size] & 0xc0) == 0x80) --size;
  if (size == 0) return 0;
  uint32_t at = static_cast<uint32_t>(hash >> 32) & (kSlots - 1);
  for (; slots_[at] != 0; at = (at + 1) & (kSlots - 1)) {
    const char* const known = texts_ + begins_[slots_[at]];
    size_t equal = 0;
    while (equal < size && known[equal] == text[equal]) ++equal;
    if (equal == size && known[size] == '\0') return slots_[at];
  }
  if (count_ == kMost || text_size_ + size + 1 > kTextBytes) return 0;
  begins_[count_] = static_cast<uint32_t>(text_size_);
  base::copy_bytes(texts_ + text_size_, text, size);  // zero behind it
  text_size_ += size + 1;
  slots_[at] = count_;
  return count_++;
}

}  // namespace silt::owners
