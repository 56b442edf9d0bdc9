// SPDX-License-Identifier: Apache-2.0
//
// See section_writer.h. Signal context.

#include "interposer/snapshot/section_writer.h"

#define XXH_INLINE_ALL
#include <sys/syscall.h>
#include <xxhash.h>

#include <cerrno>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {
namespace {

constexpr size_t kBufferSize = 128 * 1024;
alignas(64) constinit char g_buffer[kBufferSize]{};
constinit XXH64_state_t g_hash{};

long read_at(int fd, void* data, size_t size, uint64_t offset) {
  return base::system_call(SYS_pread64, fd, reinterpret_cast<long>(data), static_cast<long>(size),
                           static_cast<long>(offset));
}

constexpr uint64_t align_8(uint64_t offset) { return (offset + 7) & ~uint64_t{7}; }

}  // namespace

SectionWriter::SectionWriter(int fd)
    : fd_(fd), file_offset_(sizeof(format::FileHeader) + kSections * sizeof(format::SectionEntry)) {
  __builtin_memset(table_, 0, sizeof(table_));
}

SectionWriter::SectionWriter(int fd, uint64_t file_size) : SectionWriter(fd) {
  const uint64_t front = file_offset_;
  format::FileHeader header;
  error_ = -EINVAL;
  if (file_size < front || read_at(fd, &header, sizeof(header), 0) != sizeof(header) ||
      header.file_size != file_size || header.section_count > kSections ||
      header.entry_size != sizeof(format::SectionEntry)) {
    return;
  }
  const size_t size = header.section_count * sizeof(format::SectionEntry);
  if (read_at(fd, table_, size, sizeof(header)) != static_cast<long>(size)) return;
  for (uint32_t i = 0; i < header.section_count; ++i) {
    if (table_[i].offset < front) return;  // of one who left less room for the table
  }
  sections_ = header.section_count;
  version_ = header.version;
  file_offset_ = file_size;
  error_ = 0;
}

void SectionWriter::begin(format::SectionType type) {
  if (sections_ == kSections) {
    error_ = -EINVAL;
    return;
  }
  file_offset_ = align_8(file_offset_);
  table_[sections_].type = static_cast<uint32_t>(type);
  table_[sections_].offset = file_offset_;
  section_bytes_ = 0;
  XXH64_reset(&g_hash, 0);
}

void SectionWriter::flush() {
  if (error_ == 0 && buffered_ != 0) {
    XXH64_update(&g_hash, g_buffer, buffered_);
    error_ = write_all(fd_, g_buffer, buffered_, file_offset_);
    file_offset_ += buffered_;
  }
  buffered_ = 0;
}

void SectionWriter::add(const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  section_bytes_ += size;
  while (size > 0) {
    if (buffered_ == kBufferSize) flush();
    const size_t room = kBufferSize - buffered_;
    const size_t part = size < room ? size : room;
    base::copy_bytes(g_buffer + buffered_, at, part);
    buffered_ += part;
    at += part;
    size -= part;
  }
}

void SectionWriter::add_varint(uint64_t value) {
  constexpr size_t kLongest = 10;
  if (kBufferSize - buffered_ < kLongest) flush();
  char* const begin = g_buffer + buffered_;
  char* at = begin;
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  const auto size = static_cast<size_t>(at - begin);
  buffered_ += size;
  section_bytes_ += size;
}

void SectionWriter::add_signed_varint(int64_t value) {
  add_varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void SectionWriter::end(uint32_t count) {
  flush();
  if (sections_ == kSections) return;  // begin has said so
  format::SectionEntry& entry = table_[sections_];
  entry.size = section_bytes_;
  entry.count = count;
  entry.checksum = XXH64_digest(&g_hash);
  ++sections_;
}

long SectionWriter::finish() {
  if (error_ != 0) return error_;
  struct {
    format::FileHeader header;
    format::SectionEntry table[kSections];
  } front;
  __builtin_memset(&front, 0, sizeof(front));
  format::FileHeader& header = front.header;
  base::copy_bytes(header.magic, format::kMagic, sizeof(header.magic));
  header.version = version_;
  header.header_size = sizeof(format::FileHeader);
  header.section_count = sections_;
  header.entry_size = sizeof(format::SectionEntry);
  header.file_size = file_offset_;
  base::copy_bytes(front.table, table_, sections_ * sizeof(format::SectionEntry));
  const size_t size = sizeof(header) + sections_ * sizeof(format::SectionEntry);
  header.header_checksum = XXH64(&front, size, 0);
  return write_all(fd_, &front, size, 0);
}

}  // namespace silt::snapshot
