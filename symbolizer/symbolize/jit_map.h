// SPDX-License-Identifier: Apache-2.0
//
// A perf map: lines of `start size name`, both numbers hexadecimal, that a JIT compiler appends
// while the program runs. Addresses are reused: where entries overlap, the later one holds. silt's
// own maps say more: a line `# nodes N` before entries that appeared when the tree of stacks had N
// nodes, so that a node's pc is given the code that lay there when the node was made; and a line
// `# positions 0+56 2f-2d …` after an entry whose code's places in the script are known: offset
// into the code and into the script, hexadecimal, each as the difference to the one before. A last
// offset alone is where what is told of the code ends. An entry of code that is interpreted lies
// where no code is, and what looks like an address in it is an offset into byte code.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/address.h"

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
  std::string_view find(MemoryAddress address) const;

  // The entry for the code that lay at `address` when the tree of stacks came to have this node:
  // the latest that had appeared by then, or else the first that appeared.
  std::optional<uint32_t> find_entry(MemoryAddress address, uint32_t birth) const;
  std::string_view name(uint32_t entry) const;
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }

  // From this offset into the code on, up to the next one's, it came from this place of a script.
  struct Position {
    uint64_t code_offset;
    uint64_t script_offset;
  };
  // Ascending by code offset; none where they are not known. From a last one at kNowhere on nothing
  // is known. Of machine code that was moved, and told again without them, those of the same code
  // before.
  static constexpr uint64_t kNowhere = UINT64_MAX;
  std::vector<Position> positions(uint32_t entry) const;
  uint64_t offset_in(uint32_t entry, MemoryAddress address) const {
    return number_of(address) - entries_[entry].start;
  }

  bool empty() const { return pieces_.empty(); }

 private:
  struct Entry {
    uint64_t start;
    uint64_t end;
    size_t name_begin;  // in text_
    uint32_t name_size;
    uint32_t nodes;              // of the tree when it appeared
    size_t positions_begin = 0;  // in text_; 0: none
  };
  // What is left of an entry; pieces do not overlap.
  struct Piece {
    uint64_t start;
    uint64_t end;
    uint32_t entry;
  };
  void parse_line(size_t begin, size_t end);
  const Piece* piece_at(uint64_t address) const;
  void sort_by_start();
  void cut_into_pieces();
  template <typename Visit>
  bool visit_covering(uint64_t address, size_t slot, size_t begin, size_t end, Visit&& visit) const;

  std::string text_;
  std::vector<Entry> entries_;  // in file order
  std::vector<Piece> pieces_;   // ascending by start
  bool has_times_ = false;
  uint32_t nodes_ = 0;              // while parsing
  std::vector<uint32_t> order_;     // entries ascending by start
  std::vector<uint64_t> furthest_;  // a binary tree over order_: the largest end below each slot
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_JIT_MAP_H_
