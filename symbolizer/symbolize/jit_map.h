// SPDX-License-Identifier: Apache-2.0
//
// A perf map: lines of `start size name`, both numbers hexadecimal, that a JIT compiler appends
// while the program runs. Addresses are reused: where entries overlap, the later one holds.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace silt::symbolize {

class JitMap {
 public:
  JitMap() = default;
  // Takes the text of a map. Lines that make no sense, and a last line without an end, which may
  // have been copied half written, are left out.
  explicit JitMap(std::string text);
  JitMap(JitMap&&) = default;
  JitMap& operator=(JitMap&&) = default;

  // The name of the code at `address`, empty when there is none.
  std::string_view find(uint64_t address) const;

  bool empty() const { return pieces_.empty(); }

 private:
  struct Entry {
    uint64_t start;
    uint64_t end;
    size_t name_begin;  // in text_
    size_t name_size;
  };
  // What is left of an entry; pieces do not overlap.
  struct Piece {
    uint64_t start;
    uint64_t end;
    uint32_t entry;
  };
  void parse_line(size_t begin, size_t end);
  void cut_into_pieces();

  std::string text_;
  std::vector<Entry> entries_;  // in file order
  std::vector<Piece> pieces_;   // ascending by start
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_
