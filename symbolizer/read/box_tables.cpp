// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/box_tables.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include "symbolizer/read/section_items.h"

namespace silt::read {
namespace {

using format::BoxEntry;
using format::BoxHeader;
using format::BoxKind;

// Ids of nodes have 24 bits in the tables.
constexpr uint32_t kMostBoxNodes = uint32_t{1} << 24;
constexpr uint32_t kMostParts = 64;
constexpr uint32_t kMostModulePieces = 512;

// A figure that would not fit belongs to no process: nothing is added.
void add(BoxCount& count, uint64_t blocks, uint64_t bytes) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (blocks > kMost - count.blocks || bytes > kMost - count.bytes) return;
  count.blocks += blocks;
  count.bytes += bytes;
}

// Whether a piece can be what its entry says.
bool can_be(const BoxEntry& entry, uint64_t file_size) {
  if (entry.offset % format::kBoxPage != 0 || entry.offset < format::kBoxTablesAt ||
      entry.offset > file_size || entry.bytes > file_size - entry.offset) {
    return false;
  }
  switch (static_cast<BoxKind>(entry.kind)) {
    case BoxKind::kNodes:
      return entry.index < kMostBoxNodes / format::kBoxNodesInPiece &&
             entry.bytes == format::kBoxNodesInPiece * sizeof(format::BoxNode);
    case BoxKind::kBirths:
      return entry.index < kMostBoxNodes / format::kBoxNodesInPiece &&
             entry.bytes == format::kBoxNodesInPiece * sizeof(uint32_t);
    case BoxKind::kCounters:
      return entry.part < kMostParts && entry.index < kMostBoxNodes / format::kBoxCountersInPiece &&
             entry.bytes == format::kBoxCountersInPiece * sizeof(format::BoxCounter);
    case BoxKind::kLive:
      return entry.bytes % format::kBoxGroupBytes == 0;
    case BoxKind::kSampled:
      return entry.bytes % sizeof(format::BoxSample) == 0;
    case BoxKind::kMapped:
      return entry.bytes % sizeof(format::BoxMapped) == 0;
    case BoxKind::kModules:
      return entry.index < kMostModulePieces &&
             entry.bytes == format::kBoxModulesInPiece * sizeof(format::BoxModule);
    case BoxKind::kUnused:
      break;
  }
  return false;
}

Result<BoxHeader> read_header(const ByteSource& source) {
  if (source.size() < format::kBoxTablesAt) return Error{"is truncated within its directory"};
  auto bytes = source.read(0, sizeof(BoxHeader));
  if (!bytes) return bytes.error();
  auto header = item_at<BoxHeader>(*bytes, 0);
  if (std::memcmp(header.magic, format::kBoxMagic, sizeof(header.magic)) != 0) {
    return Error{"is not a black box"};
  }
  if (header.version != format::kBoxVersion) {
    return Error{"has version " + std::to_string(header.version) + ", this silt reads version " +
                 std::to_string(format::kBoxVersion)};
  }
  header.program[sizeof(header.program) - 1] = '\0';
  header.allocator[sizeof(header.allocator) - 1] = '\0';
  header.executable[sizeof(header.executable) - 1] = '\0';
  header.command[sizeof(header.command) - 1] = '\0';
  header.working_directory[sizeof(header.working_directory) - 1] = '\0';
  header.threads_told = std::min(header.threads_told, format::kBoxThreads);
  for (format::BoxThread& thread : header.threads) {
    for (char* const name : {thread.names[0], thread.names[1]}) {
      name[sizeof(thread.names[0]) - 1] = '\0';
    }
  }
  return header;
}

// Pieces that can be, none overlapping another.
Result<std::vector<BoxEntry>> read_directory(const ByteSource& source, uint32_t count) {
  count = std::min(count, format::kBoxEntries);
  auto bytes = source.read(format::kBoxDirectoryAt, uint64_t{count} * sizeof(BoxEntry));
  if (!bytes) return bytes.error();
  std::vector<BoxEntry> entries;
  for (const BoxEntry& entry : items_of<BoxEntry>(*bytes)) {
    if (entry.kind == static_cast<uint32_t>(BoxKind::kUnused)) continue;
    if (!can_be(entry, source.size())) return corrupt("a piece cannot be where it says");
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const BoxEntry& a, const BoxEntry& b) { return a.offset < b.offset; });
  uint64_t end = format::kBoxTablesAt;
  for (const BoxEntry& entry : entries) {
    if (entry.offset < end) return corrupt("two of its pieces overlap");
    end = entry.offset + entry.bytes;
  }
  return entries;
}

void read_live(const std::string& bytes, BoxTables& tables) {
  constexpr size_t kSizesAt = format::kBoxGroupCells * sizeof(uint32_t);
  const size_t cells = bytes.size() / format::kBoxGroupBytes * format::kBoxGroupCells;
  const auto group_of = [](size_t cell) {
    return cell / format::kBoxGroupCells * format::kBoxGroupBytes;
  };
  const auto word_of = [&](size_t cell) {
    return item_at<uint32_t>(bytes,
                             group_of(cell) + cell % format::kBoxGroupCells * sizeof(uint32_t));
  };
  for (size_t cell = 0; cell < cells; ++cell) {
    const uint32_t word = word_of(cell);
    if (word == 0) continue;
    const auto size = item_at<uint16_t>(
        bytes, group_of(cell) + kSizesAt + cell % format::kBoxGroupCells * sizeof(uint16_t));
    if (size == format::kBoxContinuation) continue;
    uint64_t size_bytes = size;
    if (size == format::kBoxLargeSize) {
      if (cell + 2 >= cells) continue;
      size_bytes = word_of(cell + 1) | uint64_t{word_of(cell + 2)} << 32;
    }
    add(tables.live[word], 1, size_bytes);
  }
}

void read_samples(const std::string& bytes, BoxTables& tables) {
  for (const auto& sample : items_of<format::BoxSample>(bytes)) {
    if (sample.address <= 1 || sample.stack >= kMostBoxNodes) continue;
    uint64_t size_bytes;
    if (__builtin_mul_overflow(sample.size_bytes, uint64_t{sample.weight}, &size_bytes)) continue;
    add(tables.live[uint64_t{sample.stack} << 8 | sample.generation], sample.weight, size_bytes);
  }
}

void read_mapped(const std::string& bytes, BoxTables& tables) {
  for (const auto& mapped : items_of<format::BoxMapped>(bytes)) {
    if ((mapped.key & format::kBoxMappedKey) == 0) continue;
    const uint64_t key = mapped.key & ~format::kBoxMappedKey;
    // Nothing, or in the middle of a change.
    if ((key >> 8) >= kMostBoxNodes || (mapped.blocks == 0 && mapped.bytes == 0)) continue;
    add(tables.live[key], mapped.blocks, mapped.bytes);
  }
}

void read_counters(const BoxEntry& entry, const std::string& bytes, BoxTables& tables) {
  const uint32_t first = entry.index * format::kBoxCountersInPiece;
  for (uint32_t i = 0; i < format::kBoxCountersInPiece; ++i) {
    const auto counter = item_at<format::BoxCounter>(bytes, i * sizeof(format::BoxCounter));
    if (counter.blocks == 0 && counter.bytes == 0) continue;
    BoxCount& sum = tables.allocated[first + i];
    sum.blocks += counter.blocks;  // modulo 2^64: what one part took away another has
    sum.bytes += counter.bytes;
    if (tables.header.threads_told == 0) continue;
    tables.parts[first + i].push_back({entry.part, {counter.blocks, counter.bytes}});
  }
}

void read_piece(const BoxEntry& entry, const std::string& bytes, BoxTables& tables) {
  switch (static_cast<BoxKind>(entry.kind)) {
    case BoxKind::kNodes:
      tables.nodes[entry.index] = items_of<format::BoxNode>(bytes);
      return;
    case BoxKind::kBirths:
      tables.births[entry.index] = items_of<uint32_t>(bytes);
      return;
    case BoxKind::kCounters:
      return read_counters(entry, bytes, tables);
    case BoxKind::kLive:
      return read_live(bytes, tables);
    case BoxKind::kSampled:
      return read_samples(bytes, tables);
    case BoxKind::kMapped:
      return read_mapped(bytes, tables);
    case BoxKind::kModules:
      for (auto& module : items_of<format::BoxModule>(bytes)) {
        if (module.there == 0) continue;
        module.path[sizeof(module.path) - 1] = '\0';
        tables.modules.push_back(module);
      }
      return;
    case BoxKind::kUnused:
      return;
  }
}

}  // namespace

std::optional<format::BoxNode> BoxTables::node(uint32_t id) const {
  const auto piece = nodes.find(id / format::kBoxNodesInPiece);
  if (id == 0 || piece == nodes.end()) return std::nullopt;
  format::BoxNode node = piece->second[id % format::kBoxNodesInPiece];
  if ((node.parent & format::kBoxFreeNode) != 0 || node.pc == 0) return std::nullopt;
  node.parent &= format::kBoxParentMask;
  if (node.parent >= kMostBoxNodes) return std::nullopt;
  return node;
}

uint32_t BoxTables::birth(uint32_t id) const {
  const auto piece = births.find(id / format::kBoxNodesInPiece);
  const uint32_t birth = piece == births.end() ? 0 : piece->second[id % format::kBoxNodesInPiece];
  return birth != 0 && birth != UINT32_MAX ? birth : id;
}

Result<BoxTables> read_box_tables(const ByteSource& source) {
  auto header = read_header(source);
  if (!header) return header.error();
  auto entries = read_directory(source, header->entries);
  if (!entries) return entries.error();
  BoxTables tables;
  tables.header = *header;
  // Of tables that were replaced by larger ones the newest holds.
  uint32_t newest[8] = {};
  for (const BoxEntry& entry : *entries) {
    newest[entry.kind] = std::max(newest[entry.kind], entry.index);
    tables.bytes += entry.bytes;
  }
  for (const BoxEntry& entry : *entries) {
    const auto kind = static_cast<BoxKind>(entry.kind);
    const bool replaced = kind == BoxKind::kSampled || kind == BoxKind::kMapped;
    if (replaced && entry.index != newest[entry.kind]) continue;
    auto bytes = source.read(entry.offset, entry.bytes);
    if (!bytes) return bytes.error();
    read_piece(entry, *bytes, tables);
  }
  return tables;
}

bool box_has_last_picture(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return true;  // whoever reads it will say why not
  const bool held = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  if (held) return false;
  auto source = FileSource::open(path);
  if (!source) return true;
  const auto header = read_header(*source);
  return !header || (header->flags & format::kBoxOver) == 0;
}

std::vector<std::string> box_notes(const std::filesystem::path& path) {
  auto source = FileSource::open(path);
  if (!source) return {};
  const auto header = read_header(*source);
  if (!header) return {};
  std::vector<std::string> notes = {
      "the process was killed, or ended without a last snapshot: the last picture is its black "
      "box's, and its resident memory what it was shortly before"};
  if ((header->flags & format::kBoxIncomplete) != 0) {
    notes.push_back(
        "the black box could not grow any more: places that allocated first after that, and "
        "blocks in memory that was new then, are missing in the last picture");
  }
  return notes;
}

}  // namespace silt::read
