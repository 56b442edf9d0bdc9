// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/snapshot_bytes.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace silt::read {

std::string Sections::file() const {
  const size_t table_size = sections_.size() * sizeof(format::SectionEntry);
  std::string out(sizeof(format::FileHeader) + table_size, '\0');
  std::vector<format::SectionEntry> table;
  for (const Section& section : sections_) {
    out.resize((out.size() + 7) & ~size_t{7});
    table.push_back({static_cast<uint32_t>(section.type), section.count, out.size(),
                     section.bytes.size(), XXH64(section.bytes.data(), section.bytes.size(), 0)});
    out += section.bytes;
  }
  format::FileHeader header{};
  std::memcpy(header.magic, format::kMagic, sizeof(header.magic));
  header.version = format::kVersion;
  header.header_size = sizeof(format::FileHeader);
  header.section_count = static_cast<uint32_t>(table.size());
  header.entry_size = sizeof(format::SectionEntry);
  header.file_size = out.size();
  std::memcpy(out.data() + sizeof(header), table.data(), table_size);
  std::memcpy(out.data(), &header, sizeof(header));
  header.header_checksum = XXH64(out.data(), sizeof(header) + table_size, 0);
  std::memcpy(out.data(), &header, sizeof(header));
  return out;
}

}  // namespace silt::read
