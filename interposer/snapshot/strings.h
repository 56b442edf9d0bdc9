// SPDX-License-Identifier: Apache-2.0
//
// The texts of a snapshot, collected while the sections that refer to them are written. Signal
// context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_STRINGS_H_
#define SILT_INTERPOSER_SNAPSHOT_STRINGS_H_

#include <cstddef>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/section_writer.h"

namespace silt::snapshot {

class Strings {
 public:
  // 0, the empty text, for an empty text and for one that finds no room.
  format::StringRef add(const char* text);
  void write(SectionWriter& out) const;

 private:
  size_t used_ = 1;  // offset 0 is the empty text
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_STRINGS_H_
