// SPDX-License-Identifier: Apache-2.0
//
// See memory_map.h.

#include "interposer/owners/memory_map.h"

#include "interposer/base/maps_line.h"
#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::owners {
namespace {

constexpr size_t kTextBytes = size_t{4} << 20;  // touched as it is used
constinit char g_buffer[16 * 1024]{};

// Its path is left to the caller.
bool parse(const char* line, Area& area, const char** path) {
  base::MapsLine mapping;
  if (!base::parse_maps_line(line, &mapping)) return false;
  area.start = mapping.start;
  area.end = mapping.end;
  area.readable = mapping.readable;
  area.writable = mapping.writable;
  area.is_private = mapping.is_private;
  area.offset = mapping.offset;
  area.of_file = mapping.inode != 0;
  *path = mapping.path;
  return true;
}

}  // namespace

const char* MemoryMap::keep(const char* text) {
  if (*text == '\0') return "";
  if (base::equal(text, last_text_)) return last_text_;  // a file's parts follow one another
  const size_t size = base::length(text) + 1;
  if (texts_ == nullptr || text_size_ + size > kTextBytes) return "";
  char* const kept = texts_ + text_size_;
  base::copy_bytes(kept, text, size);
  text_size_ += size;
  return last_text_ = kept;
}

bool MemoryMap::read(const char* path) {
  // What is mapped for the list itself comes after the first reading and is not in it.
  size_t lines = 0;
  const auto count_line = [&lines](const char*) { ++lines; };
  if (snapshot::read_lines(path, g_buffer, sizeof(g_buffer), count_line) < 0) return false;
  const size_t room = lines + lines / 4 + 64;
  areas_ = static_cast<Area*>(base::map_memory(room * sizeof(Area)));
  texts_ = static_cast<char*>(base::map_memory(kTextBytes));
  if (areas_ == nullptr || texts_ == nullptr) return false;
  snapshot::read_lines(path, g_buffer, sizeof(g_buffer), [&](const char* line) {
    Area area{};
    const char* name = "";
    if (count_ == room || !parse(line, area, &name)) return;
    area.path = keep(name);
    areas_[count_++] = area;
  });
  return count_ != 0;
}

const Area* MemoryMap::find(uint64_t address) const {
  if (last_ < count_ && address >= areas_[last_].start && address < areas_[last_].end) {
    return &areas_[last_];
  }
  size_t low = 0;
  size_t high = count_;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (areas_[middle].end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == count_ || address < areas_[low].start) return nullptr;
  last_ = low;
  return &areas_[low];
}

bool MemoryMap::readable(uint64_t start, uint64_t end) const {
  while (start < end) {
    const Area* const area = find(start);
    if (area == nullptr || !area->readable || area->of_file) return false;
    start = area->end;
  }
  return true;
}

}  // namespace silt::owners
