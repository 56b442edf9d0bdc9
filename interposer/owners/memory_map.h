// SPDX-License-Identifier: Apache-2.0
//
// What is mapped where, read once from /proc, with the question that everything else here depends
// on: may this be read? A record of a block can be out of date, and a program may have taken the
// rights from a piece of its heap; a fault would be the end of the copy. Memory that a file lies
// behind is read through the kernel (base::read_memory), because a truncated file faults as well.
// In the copy of the process: nothing changes meanwhile.

#ifndef SILT_INTERPOSER_OWNERS_MEMORY_MAP_H_
#define SILT_INTERPOSER_OWNERS_MEMORY_MAP_H_

#include <cstddef>
#include <cstdint>

namespace silt::owners {

struct Area {
  uint64_t start;
  uint64_t end;
  uint64_t offset;
  const char* path;  // "" when there is none; kept
  bool readable;
  bool writable;
  bool is_private;
  bool of_file;

  bool is_plain() const { return readable && is_private && !of_file; }
};

class MemoryMap {
 public:
  // False when it could not be read, or there was no memory.
  bool read(const char* path);

  size_t count() const { return count_; }
  const Area& at(size_t index) const { return areas_[index]; }
  // The area that holds the address, nullptr: none.
  const Area* find(uint64_t address) const;
  // Whether [start, end) may be read by plain instructions.
  bool readable(uint64_t start, uint64_t end) const;

 private:
  const char* keep(const char* text);

  Area* areas_ = nullptr;
  size_t count_ = 0;
  char* texts_ = nullptr;
  size_t text_size_ = 0;
  const char* last_text_ = "";
  mutable size_t last_ = 0;  // found last
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_MEMORY_MAP_H_
