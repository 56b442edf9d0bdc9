// SPDX-License-Identifier: Apache-2.0
//
// Writes the sections of a snapshot file one after the other through one static buffer, with their
// checksums and the table that goes in front of them. The first failure is kept and everything
// after it is skipped. Signal context; one at a time, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_SECTION_WRITER_H_
#define SILT_INTERPOSER_SNAPSHOT_SECTION_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "interposer/format/snapshot.h"

namespace silt::snapshot {

class SectionWriter {
 public:
  static constexpr uint32_t kSections = 32;

  explicit SectionWriter(int fd);
  // Adds to what another one has finished, in a file of this size.
  SectionWriter(int fd, uint64_t file_size);

  void begin(format::SectionType type);
  void add(const void* data, size_t size);
  void add_varint(uint64_t value);
  void add_signed_varint(int64_t value);  // zigzag
  void end(uint32_t count);

  // Writes header and table; 0 or -errno of the first failure.
  long finish();

  uint64_t section_bytes() const { return section_bytes_; }
  // Of the section that was ended last.
  uint64_t checksum() const { return sections_ == 0 ? 0 : table_[sections_ - 1].checksum; }
  // Of the file: format::kVersion, unless it is another.
  void set_version(uint32_t version) { version_ = version; }

 private:
  void flush();

  int fd_;
  long error_ = 0;
  uint32_t sections_ = 0;
  uint32_t version_ = format::kVersion;
  uint64_t file_offset_;
  uint64_t section_bytes_ = 0;
  size_t buffered_ = 0;
  format::SectionEntry table_[kSections];
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SECTION_WRITER_H_
