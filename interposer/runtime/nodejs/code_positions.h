// SPDX-License-Identifier: Apache-2.0
//
// Which place of its script each piece of a function's code came from, as V8 tells while it makes
// the code: pairs of an offset into the code and an offset into the script (UTF-16 units), where
// those of functions that were inlined are offsets into their own scripts. Kept as bytes,
// differences as varints (the script's with its sign folded in). A last difference without a place
// of the script is where the code ends, or what was kept of it. Those of machine code are kept
// until a snapshot has written them into the recording's map, those of byte code with its name.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_CODE_POSITIONS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_CODE_POSITIONS_H_

#include <cstddef>
#include <cstdint>

namespace silt::nodejs {

struct PositionBytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

// What V8 tells of the code that it is just making; one thread's. It tells the positions of several
// functions, a script's and those that are compiled with it, before it tells of their code in the
// same order. All-zero is valid.
class PositionGatherer {
 public:
  static constexpr size_t kMostBytes = 16000;  // of one function; the rest of a longer one is left

  void begin();
  // Offsets into the code rise; the same place once more, and what does not fit, is left out.
  void add(uint64_t code_offset, uint64_t script_offset);
  // The code lies here.
  void end(uint64_t start);
  // What was gathered of the code at `start`, once, and that it ends after so many bytes, where
  // that is not 0. What was gathered before it is of code that never came. Valid until the next
  // begin.
  PositionBytes take(uint64_t start, uint64_t code_size);

 private:
  // Before the bytes of each function, which have room behind them for where the code ends.
  struct Head {
    uint64_t start;
    uint64_t last_code_offset;
    size_t size;
  };
  static constexpr size_t kMostOfEnd = 10;
  static constexpr size_t kMostRecord = sizeof(Head) + kMostBytes + kMostOfEnd;
  static constexpr size_t kRoom = size_t{256} << 10;

  void make_room();

  size_t waiting_ = 0;  // where the first function stands that may still come
  size_t end_ = 0;      // behind the last one that has ended
  bool open_ = false;   // one is being told, whose head will stand at end_
  bool cut_ = false;    // and has not got room
  uint64_t script_offset_ = 0;
  Head head_{};
  uint8_t bytes_[kRoom];
};

// Calls visit(code offset's difference, script offset's difference) for each pair, and
// finish(difference) where it is told where the code ends.
template <typename Visit, typename Finish>
void visit_positions(PositionBytes bytes, Visit&& visit, Finish&& finish) {
  size_t at = 0;
  const auto next = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0; at < bytes.size && shift < 64; shift += 7) {
      const uint8_t byte = bytes.data[at++];
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.size) {
    const uint64_t code = next();
    if (at >= bytes.size) return finish(code);
    const uint64_t folded = next();
    visit(code, static_cast<int64_t>(folded >> 1) ^ -static_cast<int64_t>(folded & 1));
  }
}

// Those of all code that the recording does not have yet, one after the other. Under a lock.
class CodePositions {
 public:
  // Where they were put; 0: nowhere, for want of room.
  uint32_t put(PositionBytes bytes);
  PositionBytes at(uint32_t place) const;
  uint64_t mapped_bytes() const { return room_; }

  // Takes out what nothing refers to any more: between begin and end, `keep` is called with each
  // place that is kept, in ascending order, and returns where it is from now on.
  void begin_keeping() { kept_end_ = 1; }
  uint32_t keep(uint32_t place);
  void end_keeping() { end_ = kept_end_; }

 private:
  static constexpr uint32_t kFirstRoom = 64 << 10;
  static constexpr uint32_t kMostRoom = 4 << 20;

  uint8_t* bytes_ = nullptr;
  uint32_t room_ = 0;
  uint32_t end_ = 1;
  uint32_t kept_end_ = 1;
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_CODE_POSITIONS_H_
