// SPDX-License-Identifier: Apache-2.0
//
// See baseline_positions.h.

#include "interposer/runtime/nodejs/baseline_positions.h"

#include <atomic>

#include "interposer/base/log.h"
#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/runtime/nodejs/jit_log.h"

namespace silt::nodejs {
namespace {

constexpr uint64_t kWord = sizeof(uint64_t);

bool is_pointer(uint64_t word) { return (word & 7) == 1 && word > 1; }

// One table for all isolates, found when the first baseline code comes.
enum class Search : uint8_t { kNotYet = 0, kFound, kInVain };
constinit ByteCodeSizes g_sizes{};
constinit std::atomic<Search> g_search{Search::kNotYet};
constinit base::SpinLock g_search_lock{};

const ByteCodeSizes* byte_code_sizes() {
  if (g_search.load(std::memory_order_acquire) == Search::kNotYet) {
    const base::SpinGuard guard(g_search_lock);
    if (g_search.load(std::memory_order_relaxed) == Search::kNotYet) {
      const bool found = g_sizes.find();
      if (!found) {
        base::log(
            base::LogLevel::kInfo,
            "this node does not tell how long its byte codes are: baseline code has no lines");
      }
      g_search.store(found ? Search::kFound : Search::kInVain, std::memory_order_release);
    }
  }
  return g_search.load(std::memory_order_acquire) == Search::kFound ? &g_sizes : nullptr;
}

class Pieces {
 public:
  explicit Pieces(PieceTable table) : table_(table) {}

  bool next(uint64_t* bytes) {
    *bytes = 0;
    for (unsigned shift = 0; at_ < table_.size && shift < 32; shift += 7) {
      const uint8_t byte = table_.data[at_++];
      *bytes |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool at_end() const { return at_ == table_.size; }

 private:
  PieceTable table_;
  size_t at_ = 0;
};

}  // namespace

bool gather_by_pieces(const ByteCodeSizes& sizes, const uint8_t* byte_code, size_t byte_code_size,
                      PositionBytes positions, PieceTable pieces, uint64_t code_size,
                      PositionGatherer* gatherer) {
  // Where byte codes begin in both, and how far it has come.
  Pieces lengths(pieces);
  size_t at = 0;
  uint64_t code_at = 0;
  bool fits = lengths.next(&code_at);
  const auto step = [&] {
    const size_t bytes = sizes.size_at(byte_code, byte_code_size, at);
    uint64_t length;
    fits = bytes != 0 && lengths.next(&length);
    if (!fits) return;
    at += bytes;
    code_at += length;
  };
  gatherer->begin();
  uint64_t offset = 0;
  uint64_t script = 0;
  visit_positions(
      positions,
      [&](uint64_t by, int64_t script_by) {
        offset += by;
        script += static_cast<uint64_t>(script_by);
        while (fits && at < offset && at < byte_code_size) step();
        if (fits && at == offset && at < byte_code_size) gatherer->add(code_at, script);
      },
      [](uint64_t) {});
  while (fits && at < byte_code_size) step();
  return fits && at == byte_code_size && lengths.at_end() && code_at <= code_size;
}

bool BaselinePositions::read_byte_code(uint64_t word) {
  // An array of byte code begins with at least its map and length.
  constexpr uint64_t kShortestHeader = 16;
  constexpr uint64_t kLongestHeader = 128;
  if (!is_pointer(word)) return false;
  const uint64_t object = word - 1;
  const uint64_t start =
      header_ != 0 ? object + header_
                   : find_byte_code_of("", object + kShortestHeader, object + kLongestHeader);
  const uint64_t size = size_of_byte_code(start);
  if (size == 0 || size > kMostByteCode) return false;
  positions_size_ = copy_byte_code_positions(start, positions_, sizeof(positions_));
  byte_code_size_ = size;
  return positions_size_ != 0 && base::read_memory(start, byte_code_, size) == 0;
}

// An array of bytes: what kind of object it is, its length as a small integer, the bytes.
bool BaselinePositions::read_pieces(uint64_t word) {
  uint64_t begin[2];
  if (!is_pointer(word) || base::read_memory(word - 1, begin, sizeof(begin)) != 0) return false;
  const uint64_t length = begin[1] >> 32;
  if (static_cast<uint32_t>(begin[1]) != 0 || length == 0 || length > kMostPieces) return false;
  pieces_size_ = length;
  if (base::read_memory(word - 1 + sizeof(begin), pieces_, length) != 0) return false;
  return gather_by_pieces(g_sizes, byte_code_, byte_code_size_, {positions_, positions_size_},
                          {pieces_, pieces_size_}, code_size_, gatherer_);
}

bool BaselinePositions::search_object(Layout layout, const uint64_t* words, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!read_byte_code(words[i])) continue;
    const size_t first = i > kFarthest ? i - kFarthest : 0;
    for (size_t j = first; j < count && j <= i + kFarthest; ++j) {
      if (j == i || !read_pieces(words[j])) continue;
      layout_ = {true, layout.apart, layout.head, i, j};
      return true;
    }
  }
  return false;
}

bool BaselinePositions::search(uint64_t start) {
  uint64_t head[kHeadWords];
  if (base::read_memory(start - sizeof(head), head, sizeof(head)) == 0 &&
      search_object({true, false, 0, 0, 0}, head, kHeadWords)) {
    return true;
  }
  uint64_t near[kNearHeadWords];
  if (base::read_memory(start - sizeof(near), near, sizeof(near)) != 0) return false;
  for (size_t back = 1; back <= kNearHeadWords; ++back) {
    const uint64_t word = near[kNearHeadWords - back];
    uint64_t words[kObjectWords];
    if (!is_pointer(word) || base::read_memory(word - 1, words, sizeof(words)) != 0) continue;
    if (search_object({true, true, back, 0, 0}, words, kObjectWords)) return true;
  }
  return false;
}

bool BaselinePositions::gather(uint64_t start, uint64_t size, uint64_t header,
                               PositionGatherer* gatherer) {
  if (start < kHeadWords * kWord || byte_code_sizes() == nullptr) return false;
  if (header != 0) header_ = header;
  code_size_ = size;
  gatherer_ = gatherer;
  if (layout_.known) {
    uint64_t words[kHeadWords];
    uint64_t from = start - sizeof(words);
    bool readable = true;
    if (layout_.apart) {
      uint64_t word = 0;
      readable = base::read_memory(start - layout_.head * kWord, &word, sizeof(word)) == 0 &&
                 is_pointer(word);
      from = word - 1;
    }
    const size_t count = layout_.apart ? kObjectWords : kHeadWords;
    if (readable && base::read_memory(from, words, count * kWord) == 0 &&
        read_byte_code(words[layout_.byte_code]) && read_pieces(words[layout_.pieces])) {
      return true;
    }
  }
  return search(start);
}

}  // namespace silt::nodejs
