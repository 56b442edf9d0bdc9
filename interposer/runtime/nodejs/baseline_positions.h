// SPDX-License-Identifier: Apache-2.0
//
// The positions of what V8's baseline compiler makes. V8 does not tell them; but it compiles byte
// code after byte code, tells the positions of byte code, and keeps with the code a table of how
// long the piece is that it has made of each (for exceptions and debuggers): the code before the
// first, then one number for each byte code, as varints. The code's object refers to that table and
// to the byte code.
//
// Where in the object is not written down: a word counts as that of the byte code when V8 has told
// of byte code there, and a word near it as that of the table when there are as many numbers in it
// as that byte code has byte codes, and their sum fits the code. What was found so is tried first
// the next time. The kernel reads the memory, so that a word may be anything. Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_BASELINE_POSITIONS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_BASELINE_POSITIONS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/runtime/nodejs/byte_code_sizes.h"
#include "interposer/runtime/nodejs/code_positions.h"

namespace silt::nodejs {

// How long the pieces of code are that were made of byte codes.
struct PieceTable {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

// Gives the gatherer the positions of code of so many bytes by those of the byte code that it was
// made of. False when the table does not fit byte code and size; the gatherer is then to be begun
// anew.
bool gather_by_pieces(const ByteCodeSizes& sizes, const uint8_t* byte_code, size_t byte_code_size,
                      PositionBytes positions, PieceTable pieces, uint64_t code_size,
                      PositionGatherer* gatherer);

// One thread's. All-zero is valid.
class BaselinePositions {
 public:
  // The same for the code that V8 has just put at `start`. `header` is from a word that refers to
  // an array of byte code to the code in it, 0 where that is not known. False where it does not
  // find the table.
  bool gather(uint64_t start, uint64_t size, uint64_t header, PositionGatherer* gatherer);

 private:
  static constexpr size_t kMostByteCode = size_t{128} << 10;
  static constexpr size_t kMostPieces = size_t{64} << 10;
  // Words in front of code, and of an object.
  static constexpr size_t kHeadWords = 32;
  static constexpr size_t kNearHeadWords = 8;
  static constexpr size_t kObjectWords = 16;
  static constexpr size_t kFarthest = 4;  // from the byte code's word to the table's

  // The code's object: the words in front of the code, or what one of those refers to.
  struct Layout {
    bool known = false;
    bool apart = false;
    size_t head = 0;  // the word that refers to it, counted back from the code
    size_t byte_code = 0;
    size_t pieces = 0;
  };

  bool search(uint64_t start);
  bool search_object(Layout layout, const uint64_t* words, size_t count);
  bool read_byte_code(uint64_t word);
  bool read_pieces(uint64_t word);

  Layout layout_{};
  uint64_t header_ = 0;
  uint64_t code_size_ = 0;
  PositionGatherer* gatherer_ = nullptr;
  size_t byte_code_size_ = 0;
  size_t pieces_size_ = 0;
  size_t positions_size_ = 0;
  uint8_t byte_code_[kMostByteCode];
  uint8_t pieces_[kMostPieces];
  uint8_t positions_[PositionGatherer::kMostBytes];
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_BASELINE_POSITIONS_H_
