// SPDX-License-Identifier: Apache-2.0
//
// The container: header, section table, checksums. Nothing is allocated from a size in the file
// before that size was compared with the size of the file.

#include "symbolizer/read/snapshot_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace silt::read {
namespace {

using format::FileHeader;
using format::SectionEntry;
using format::SectionType;

std::string number(uint64_t value) { return std::to_string(value); }

// Header and section table as they are in the file; they may be longer than this reader's structs.
struct Table {
  FileHeader header{};
  std::string bytes;  // header and entries, header_checksum included
};

Result<Table> read_table(const ByteSource& source) {
  if (source.size() == 0) return Error{"is empty"};
  if (source.size() > kLargestFile) return Error{"is larger than any snapshot (1 GiB)"};
  auto start = source.read(0, std::min<uint64_t>(source.size(), sizeof(FileHeader)));
  if (!start) return start.error();
  Table table;
  std::memcpy(&table.header, start->data(), start->size());
  const FileHeader& header = table.header;
  const size_t magic_size = std::min(start->size(), sizeof(header.magic));
  if (std::memcmp(header.magic, format::kMagic, magic_size) != 0) {
    return Error{"is not a silt snapshot"};
  }
  if (start->size() < sizeof(FileHeader)) return Error{"is truncated within its header"};
  if (header.version < format::kOldestVersion || header.version > format::kCompactVersion) {
    return Error{"has format version " + number(header.version) + ", this silt reads versions " +
                 number(format::kOldestVersion) + " to " + number(format::kCompactVersion)};
  }
  if (header.file_size > source.size()) {
    return Error{"is truncated: " + number(source.size()) + " of " + number(header.file_size) +
                 " bytes"};
  }
  if (header.file_size < source.size()) {
    return Error{"is " + number(source.size() - header.file_size) + " bytes too long"};
  }
  if (header.header_size < sizeof(FileHeader) || header.entry_size < sizeof(SectionEntry) ||
      header.section_count > kMostSections) {
    return Error{"is corrupt: impossible sizes in its header"};
  }
  const uint64_t table_size =
      header.header_size + uint64_t{header.section_count} * header.entry_size;
  if (table_size > source.size()) return Error{"is corrupt: its section table passes its end"};
  auto bytes = source.read(0, table_size);
  if (!bytes) return bytes.error();
  table.bytes = std::move(*bytes);
  return table;
}

bool header_checksum_matches(const Table& table) {
  std::string bytes = table.bytes;
  std::memset(bytes.data() + offsetof(FileHeader, header_checksum), 0, sizeof(uint64_t));
  return XXH64(bytes.data(), bytes.size(), 0) == table.header.header_checksum;
}

Result<std::vector<SectionEntry>> read_sections(const Table& table) {
  std::vector<SectionEntry> sections(table.header.section_count);
  for (size_t i = 0; i < sections.size(); ++i) {
    const size_t offset = table.header.header_size + i * table.header.entry_size;
    std::memcpy(&sections[i], table.bytes.data() + offset, sizeof(SectionEntry));
  }
  std::sort(sections.begin(), sections.end(),
            [](const SectionEntry& a, const SectionEntry& b) { return a.offset < b.offset; });
  uint64_t end = table.bytes.size();
  for (const SectionEntry& section : sections) {
    const std::string name = "section of type " + number(section.type);
    if (section.offset % 8 != 0) return Error{"is corrupt: " + name + " is not aligned"};
    if (section.size > table.header.file_size ||
        section.offset > table.header.file_size - section.size) {
      return Error{"is corrupt: " + name + " passes the end of the file"};
    }
    if (section.size == 0) continue;
    if (section.offset < end) return Error{"is corrupt: " + name + " overlaps what is before it"};
    end = section.offset + section.size;
  }
  return sections;
}

bool is_possible(const format::HeapTotals& totals) {
  return std::max({totals.live_blocks, totals.live_bytes, totals.allocated_blocks,
                   totals.allocated_bytes}) <= kLargestFigure;
}

bool is_possible(const format::Meta& meta) {
  return std::max({meta.start_realtime_ns, meta.snapshot_realtime_ns, meta.elapsed_ns,
                   meta.sampling_interval_bytes, meta.rss_bytes, meta.rss_anon_bytes,
                   meta.rss_file_bytes, meta.rss_shmem_bytes, meta.memory_limit_bytes}) <=
             kLargestFigure &&
         is_possible(meta.native) && is_possible(meta.mapping) && meta.sequence <= kLastSequence &&
         meta.generation <= 255;
}

}  // namespace

Result<SnapshotFile> SnapshotFile::open(std::unique_ptr<ByteSource> source) {
  auto table = read_table(*source);
  if (!table) return table.error();
  if (!header_checksum_matches(*table)) {
    return Error{"is corrupt: the checksum of its header does not match"};
  }
  auto sections = read_sections(*table);
  if (!sections) return sections.error();

  SnapshotFile file;
  file.source_ = std::move(source);
  file.version_ = table->header.version;
  file.sections_ = std::move(*sections);
  const bool compact = file.find(SectionType::kBase) != nullptr;
  if (compact != (file.version_ == format::kCompactVersion)) {
    return Error{"is corrupt: its sections are not those of its version"};
  }
  for (const SectionType required :
       {SectionType::kMeta, compact ? SectionType::kMoreNodes : SectionType::kNodes,
        compact ? SectionType::kChangedStacks : SectionType::kStacks}) {
    if (file.find(required) == nullptr) {
      return Error{"is corrupt: it has no section of type " +
                   number(static_cast<uint32_t>(required))};
    }
  }
  for (uint32_t type = 1; type <= static_cast<uint32_t>(SectionType::kRuntimeFunctions); ++type) {
    if (std::count_if(file.sections_.begin(), file.sections_.end(),
                      [type](const SectionEntry& section) { return section.type == type; }) > 1) {
      return Error{"is corrupt: it has two sections of type " + number(type)};
    }
  }
  auto meta = file.bytes(SectionType::kMeta, 0);
  if (!meta) return meta.error();
  if (meta->size() < sizeof(format::Meta))
    return Error{"is corrupt: its meta section is too small"};
  std::memcpy(&file.meta_, meta->data(), sizeof(format::Meta));
  if (!is_possible(file.meta_))
    return Error{"is corrupt: the figures of its meta section are impossible"};
  auto base = file.read_base();
  if (!base) return base.error();
  return file;
}

Result<bool> SnapshotFile::read_base() {
  if (find(SectionType::kBase) == nullptr) return false;
  auto section = bytes(SectionType::kBase, sizeof(format::BaseEntry));
  if (!section) return section.error();
  if (section->size() != sizeof(format::BaseEntry)) {
    return Error{"is corrupt: it does not say which snapshot it differs from"};
  }
  format::BaseEntry entry;
  std::memcpy(&entry, section->data(), sizeof(entry));
  if (entry.sequence >= meta_.sequence ||
      entry.nodes >= UINT32_MAX - find(SectionType::kMoreNodes)->count) {
    return Error{"is corrupt: it cannot differ from snapshot " + number(entry.sequence)};
  }
  base_ = entry;
  return true;
}

format::BaseEntry SnapshotFile::identity() const {
  const SectionType nodes = base_ ? SectionType::kMoreNodes : SectionType::kNodes;
  const SectionType stacks = base_ ? SectionType::kChangedStacks : SectionType::kStacks;
  return {meta_.sequence, node_count(), find(nodes)->checksum, find(stacks)->checksum};
}

const SectionEntry* SnapshotFile::find(SectionType type) const {
  for (const SectionEntry& section : sections_) {
    if (section.type == static_cast<uint32_t>(type)) return &section;
  }
  return nullptr;
}

// The checked bytes of a section, empty when there is none. With an item size, the bytes must be
// exactly as many as the items need.
Result<std::string> SnapshotFile::bytes(SectionType type, size_t item_size) const {
  const SectionEntry* section = find(type);
  if (section == nullptr) return std::string();
  const std::string name = "section of type " + number(section->type);
  if (item_size != 0 && section->size != uint64_t{section->count} * item_size) {
    return Error{"is corrupt: the size of " + name + " does not fit its count"};
  }
  auto bytes = source_->read(section->offset, section->size);
  if (!bytes) return bytes.error();
  if (XXH64(bytes->data(), bytes->size(), 0) != section->checksum) {
    return Error{"is corrupt: the checksum of " + name + " does not match"};
  }
  return bytes;
}

uint32_t SnapshotFile::node_count() const {
  return base_ ? base_->nodes + find(SectionType::kMoreNodes)->count
               : find(SectionType::kNodes)->count;
}

}  // namespace silt::read
