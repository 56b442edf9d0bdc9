// SPDX-License-Identifier: Apache-2.0
//
// The sections that say who keeps the blocks, and whether they can be true.

#include <cstring>
#include <utility>

#include "symbolizer/base/cursor.h"
#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {
namespace {

using format::RootKind;
using format::SectionType;

bool is_of_stack(RootKind kind) { return kind == RootKind::kMapping || kind == RootKind::kObject; }

bool can_be(const format::OwnersFacts& facts) {
  return facts.blocks <= kLargestFigure && facts.bytes <= kLargestFigure &&
         facts.lost_blocks <= facts.blocks && facts.lost_bytes <= facts.bytes &&
         facts.root_bytes <= kLargestFigure && facts.cpu_ns <= kLargestFigure &&
         facts.elapsed_ns <= kLargestFigure && facts.private_bytes <= kLargestFigure;
}

// So many, of no more than that in all.
bool read_shares(Cursor& cursor, uint64_t count, const Owners& owners, uint64_t most_blocks,
                 uint64_t most_bytes, std::vector<OwnersShare>& shares) {
  uint64_t all_blocks = 0;
  uint64_t all_bytes = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t path = cursor.varint();
    const uint64_t blocks = cursor.varint();
    const uint64_t bytes = cursor.varint();
    if (!cursor.ok() || path == 0 || path >= owners.paths.size() ||
        !add_within(all_blocks, blocks, most_blocks) || !add_within(all_bytes, bytes, most_bytes)) {
      return false;
    }
    shares.push_back({static_cast<uint32_t>(path), blocks, bytes});
  }
  return true;
}

}  // namespace

Result<std::optional<Owners>> SnapshotFile::owners() const {
  auto asked = bytes(SectionType::kOwnersAsked, sizeof(format::OwnersAsked));
  if (!asked) return asked.error();
  if (asked->empty()) return std::optional<Owners>();
  Owners owners;
  owners.asked = item_at<format::OwnersAsked>(*asked, 0);
  if (owners.asked.pause_ns > kLargestFigure || owners.asked.limit_ns > kLargestFigure) {
    return corrupt("the times of its copy cannot be");
  }
  auto facts = bytes(SectionType::kOwnersFacts, sizeof(format::OwnersFacts));
  if (!facts) return facts.error();
  if (facts->empty()) return std::optional<Owners>(std::move(owners));
  owners.facts = item_at<format::OwnersFacts>(*facts, 0);
  if (!can_be(owners.facts)) return corrupt("the figures of its owners cannot be");
  for (const auto read : {&SnapshotFile::read_owners_modules, &SnapshotFile::read_owners_roots,
                          &SnapshotFile::read_owners_paths, &SnapshotFile::read_owners_rows,
                          &SnapshotFile::read_owners_lost, &SnapshotFile::read_owners_labels,
                          &SnapshotFile::read_owners_types}) {
    auto done = (this->*read)(owners);
    if (!done) return done.error();
  }
  owners.found = true;
  return std::optional<Owners>(std::move(owners));
}

Result<bool> SnapshotFile::read_owners_modules(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersModules, sizeof(format::OwnersModule));
  if (!section) return section.error();
  auto texts = bytes(SectionType::kOwnersTexts, 0);
  if (!texts) return texts.error();
  const size_t count = section->size() / sizeof(format::OwnersModule);
  if (count > kMostModules) return corrupt("it has more modules than any program");
  size_t budget = kTextBudget;
  for (size_t i = 0; i < count; ++i) {
    const auto entry = item_at<format::OwnersModule>(*section, i * sizeof(format::OwnersModule));
    const size_t end =
        entry.path < texts->size() ? texts->find('\0', entry.path) : std::string::npos;
    if (end == std::string::npos || end - entry.path > kLongestText || end - entry.path > budget ||
        entry.build_id_size > sizeof(entry.build_id)) {
      return corrupt("a module of its owners cannot be");
    }
    budget -= end - entry.path;
    owners.modules.push_back(
        {texts->substr(entry.path, end - entry.path), entry.load_bias, entry.tls_size,
         std::vector<uint8_t>(entry.build_id, entry.build_id + entry.build_id_size),
         (entry.flags & format::kModuleMain) != 0});
  }
  return true;
}

Result<bool> SnapshotFile::read_owners_roots(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersRoots, sizeof(format::OwnersRoot));
  if (!section) return section.error();
  const size_t count = section->size() / sizeof(format::OwnersRoot);
  owners.roots.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto entry = item_at<format::OwnersRoot>(*section, i * sizeof(format::OwnersRoot));
    const auto kind = static_cast<RootKind>(entry.kind);
    const bool in_range = kind == RootKind::kData ? entry.place < owners.modules.size()
                          : is_of_stack(kind)     ? entry.place <= node_count()
                                                  : true;
    if (entry.kind == 0 || entry.kind > static_cast<uint32_t>(RootKind::kLost) || !in_range) {
      return corrupt("a root of its owners cannot be");
    }
    owners.roots.push_back({kind, entry.place, entry.address, entry.offset, entry.pc});
  }
  return true;
}

Result<bool> SnapshotFile::read_owners_paths(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersPaths, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kOwnersPaths);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 2 < count) return corrupt("it has fewer paths than it says");
  Cursor cursor(*section);
  std::vector<uint8_t> depths(1);
  owners.paths.resize(1);
  owners.paths.reserve(size_t{count} + 1);
  for (uint64_t id = 1; id <= count; ++id) {
    const uint64_t distance = cursor.varint();
    const uint64_t what = cursor.varint();
    if (!cursor.ok()) return corrupt("its paths end too early");
    OwnersPath path;
    uint8_t depth = 0;
    if (distance == 0) {
      if (what >= owners.roots.size()) return corrupt("a path has no root");
      path.root = static_cast<uint32_t>(what);
    } else {
      // A path of its own length at the most, so that nobody has to walk far.
      constexpr uint8_t kDeepest = 64;
      if (distance >= id || what / 2 > node_count()) return corrupt("a path leads nowhere");
      path.parent = static_cast<uint32_t>(id - distance);
      path.stack = static_cast<uint32_t>(what / 2);
      path.run = (what & 1) != 0;
      if (depths[path.parent] >= kDeepest) return corrupt("a path is too long");
      depth = static_cast<uint8_t>(depths[path.parent] + 1);
    }
    owners.paths.push_back(path);
    depths.push_back(depth);
  }
  if (!cursor.at_end()) return corrupt("it has more paths than it says");
  return true;
}

Result<bool> SnapshotFile::read_owners_rows(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersStacks, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kOwnersStacks);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 6 < count) return corrupt("it has fewer kept stacks than it says");
  Cursor cursor(*section);
  owners.rows.reserve(count);
  uint64_t node = 0;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t step = cursor.varint();
    OwnersRow row;
    row.kept_blocks = cursor.varint();
    row.kept_bytes = cursor.varint();
    row.lost_blocks = cursor.varint();
    row.lost_bytes = cursor.varint();
    const uint64_t shares = cursor.varint();
    if (!cursor.ok() || step == 0 || step > node_count() - node ||
        !add_within(blocks, row.kept_blocks, kLargestFigure) ||
        !add_within(blocks, row.lost_blocks, kLargestFigure) ||
        !add_within(bytes, row.kept_bytes, kLargestFigure) ||
        !add_within(bytes, row.lost_bytes, kLargestFigure) ||
        shares > (section->size() - cursor.position()) / 3) {
      return corrupt("the owners of a stack cannot be");
    }
    node += step;
    row.stack = static_cast<uint32_t>(node);
    if (!read_shares(cursor, shares, owners, row.kept_blocks, row.kept_bytes, row.shares)) {
      return corrupt("the owners of a stack cannot be");
    }
    owners.rows.push_back(std::move(row));
  }
  if (!cursor.at_end()) return corrupt("it has more kept stacks than it says");
  return true;
}

// Of rows that are there already, in their order.
Result<bool> SnapshotFile::read_owners_lost(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersLost, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kOwnersLost);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 2 < count) return corrupt("it has fewer lost stacks than it says");
  Cursor cursor(*section);
  auto row = owners.rows.begin();
  uint64_t node = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t step = cursor.varint();
    const uint64_t shares = cursor.varint();
    if (!cursor.ok() || step == 0 || step > node_count() - node ||
        shares > (section->size() - cursor.position()) / 3) {
      return corrupt("the lost blocks of a stack cannot be");
    }
    node += step;
    while (row != owners.rows.end() && row->stack < node) ++row;
    if (row == owners.rows.end() || row->stack != node ||
        !read_shares(cursor, shares, owners, row->lost_blocks, row->lost_bytes, row->lost_shares)) {
      return corrupt("the lost blocks of a stack cannot be");
    }
  }
  if (!cursor.at_end()) return corrupt("it has more lost stacks than it says");
  return true;
}

Result<bool> SnapshotFile::read_owners_labels(Owners& owners) const {
  owners.labels.emplace_back();
  auto texts = bytes(SectionType::kOwnersLabels, 0);
  if (!texts) return texts.error();
  size_t budget = kTextBudget;
  for (size_t begin = 0; begin < texts->size();) {
    const size_t end = texts->find('\0', begin);
    if (end == std::string::npos || end - begin > kLongestText || end - begin + 1 > budget) {
      return corrupt("a name of its owners cannot be");
    }
    budget -= end - begin + 1;
    owners.labels.push_back(texts->substr(begin, end - begin));
    begin = end + 1;
  }
  auto section = bytes(SectionType::kOwnersPathLabels, 0);
  if (!section) return section.error();
  if (section->empty()) return true;
  Cursor cursor(*section);
  for (size_t i = 1; i < owners.paths.size(); ++i) {
    const uint64_t type = cursor.varint();
    const uint64_t name = cursor.varint();
    if (!cursor.ok() || type >= owners.labels.size() || name >= owners.labels.size()) {
      return corrupt("the names of its paths cannot be");
    }
    owners.paths[i].type = static_cast<uint32_t>(type);
    owners.paths[i].name = static_cast<uint32_t>(name);
  }
  if (!cursor.at_end()) return corrupt("it has more names of paths than paths");
  return true;
}

Result<bool> SnapshotFile::read_owners_types(Owners& owners) const {
  auto section = bytes(SectionType::kOwnersTypes, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kOwnersTypes);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 2 < count) return corrupt("it has fewer rows of types than it says");
  Cursor cursor(*section);
  uint64_t node = 0;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t step = cursor.varint();
    const uint64_t types = cursor.varint();
    if (!cursor.ok() || step == 0 || step > node_count() - node ||
        types > (section->size() - cursor.position()) / 3) {
      return corrupt("the types of a stack cannot be");
    }
    node += step;
    for (uint64_t t = 0; t < types; ++t) {
      const uint64_t what = cursor.varint();
      const uint64_t type_blocks = cursor.varint();
      const uint64_t type_bytes = cursor.varint();
      if (!cursor.ok() || what / 2 >= owners.labels.size() ||
          !add_within(blocks, type_blocks, kLargestFigure) ||
          !add_within(bytes, type_bytes, kLargestFigure)) {
        return corrupt("the types of a stack cannot be");
      }
      owners.types.push_back({static_cast<uint32_t>(node), static_cast<uint32_t>(what / 2),
                              (what & 1) != 0, type_blocks, type_bytes});
    }
  }
  if (!cursor.at_end()) return corrupt("it has more rows of types than it says");
  return true;
}

}  // namespace silt::read
