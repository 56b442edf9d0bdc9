// SPDX-License-Identifier: Apache-2.0
//
// The texts that a runtime gives to its objects: names of types and of variables, each kept once
// and known by a number. They come out of the program's memory, so nothing is assumed of them but
// their size. In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_LABELS_H_
#define SILT_INTERPOSER_OWNERS_LABELS_H_

#include <cstddef>
#include <cstdint>

namespace silt::owners {

using LabelId = uint32_t;  // 0: none

class Labels {
 public:
  static constexpr size_t kLongest = 200;               // what is longer is cut
  static constexpr uint32_t kMost = uint32_t{1} << 16;  // ids are below it

  // False when there was no memory.
  bool start();

  // 0 for an empty text, and where there is no room.
  LabelId add(const char* text);
  const char* text(LabelId label) const { return label == 0 ? "" : texts_ + begins_[label]; }
  uint32_t size() const { return count_; }  // ids are below it

 private:
  // Touched as they are used. A program with 3,000 modules has some 40,000 names of 20 letters.
  static constexpr size_t kTextBytes = size_t{4} << 20;
  static constexpr uint32_t kSlots = kMost * 2;

  char* texts_ = nullptr;
  size_t text_size_ = 0;
  uint32_t* begins_ = nullptr;
  LabelId* slots_ = nullptr;
  uint32_t count_ = 1;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_LABELS_H_
