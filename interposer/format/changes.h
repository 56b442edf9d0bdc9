// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a compact snapshot: what it has beside, or other than, an earlier snapshot of the
// recording, its base. Files with these sections are of kCompactVersion.
//
// kMoreNodes and kMoreBirths are like kNodes and kBirths, for the nodes behind the base's, whose
// numbers stay. kChangedStacks are the rows of kStacks: how each row of the base has changed, in
// their order, then rows at nodes without one there, ascending by node. Their numbers stand in
// columns, each with numbers of one meaning:
//
//   varint   scale            how much more the process had allocated than at the base: 2^16 times
//                             (its blocks / those at the base - 1)
//   varint   added            how many rows the base has no row for
//   varint   size in bytes    for each column, in the order of Column, and then their bytes
//
// A column of no bytes is empty. Else:
//   varint   n                then n times: varint symbol - one before (the first: as it is),
//                             varint frequency; at least 1 each, kFrequencies together
//   varint   words            of 16 bits
//   4 bytes  state            a number of 32 bits
//   words x 2 bytes, then bits, from the least significant of each byte on
//
// A number below kFirstWide is its own symbol. One of w >= 4 bits has the symbol kFirstWide +
// 2 (w - 4), plus 1 if its second highest bit is set; its lower w - 2 bits follow among the bits.
// Symbols are coded by their frequencies (range asymmetric numeral systems, J. Duda,
// arXiv:1311.2540), so that one that is frequent takes a part of a bit. From the state: the slot is
// state % kFrequencies, the symbol the one whose range of slots, in their order, has it;
// then state = frequency * (state / kFrequencies) + slot - begin of its range, and if that is less
// than kLeastState, state = state * 2^16 + next word. After the last one it is kLeastState.

#ifndef SILT_INTERPOSER_FORMAT_CHANGES_H_
#define SILT_INTERPOSER_FORMAT_CHANGES_H_

#include <cstdint>

namespace silt::format {

// Which snapshot is the base: its number, which names its file in the same folder, how many nodes
// it has (its base's included), and the checksums of its own sections with nodes and stacks.
struct BaseEntry {
  uint32_t sequence;
  uint32_t nodes;
  uint64_t nodes_checksum;
  uint64_t stacks_checksum;
  bool operator==(const BaseEntry&) const = default;
};
static_assert(sizeof(BaseEntry) == 24);
// A base may have a base; a chain of them has no more than so many.
inline constexpr uint32_t kLongestChain = 64;

inline constexpr uint32_t kFrequencyBits = 12;
inline constexpr uint32_t kFrequencies = 1u << kFrequencyBits;
inline constexpr uint32_t kLeastState = 1u << 16;
inline constexpr uint32_t kFirstWide = 8;
inline constexpr uint32_t kSymbols = kFirstWide + 2 * 61;

// Of each row of the base:
//   kBlocks        0: no block was allocated since; 1: the row is gone, and that is all;
//                  else 2 + zigzag(blocks allocated since - grown(blocks at the base, scale))
//   kBytes         zigzag(bytes allocated since - bytes_of(blocks since, as at the base))
//   for each of its generations:
//     kOldBlocks   0: as many live blocks; 1: none, and no bytes; else 2 + zigzag(more than there)
//     kOldBytes    unless they are gone: zigzag(live bytes - as many, if as many blocks, else
//                  bytes_of(live blocks, as at the base))
// Of each row of the base that is not gone, and of each other row (after kGap, its node minus that
// of the one before, kAddedBlocks, what was allocated, and kAddedBytes):
//   kNewCount      how many generations have live blocks here but not there; for each of them,
//                  from the last code to the first:
//     kCode        (the one before - this) modulo 256; the first: Meta::generation - this
//     kNewBlocks   of the first: zigzag(live blocks - (all at the base - all of its generations
//                  now)), modulo 2^64; of others: live blocks
//     kNewBytes    zigzag(live bytes - bytes_of(live blocks, as the row's allocated ones))
// Blocks and bytes of a generation are never both 0. All arithmetic is modulo 2^64.
enum class Column : uint32_t {
  kBlocks,
  kBytes,
  kOldBlocks,
  kOldBytes,
  kNewCount,
  kCode,
  kNewBlocks,
  kNewBytes,
  kGap,
  kAddedBlocks,
  kAddedBytes,
};
inline constexpr uint32_t kColumns = 11;

// New generations of all rows together are no more than this for each row and each byte of the
// section: a reader's memory stays in proportion to the file.
inline constexpr uint64_t kNewCountPerRow = 2;
inline constexpr uint64_t kNewCountPerByte = 16;

constexpr uint64_t zigzag(uint64_t difference) {
  return difference << 1 ^ (0 - (difference >> 63));
}

constexpr uint64_t grown(uint64_t blocks, uint64_t scale) {
  return (blocks >> 16) * scale + ((blocks & 0xffff) * scale >> 16);
}

// What so many blocks come to if they are like those others; exact where all have one size.
constexpr uint64_t bytes_of(uint64_t blocks, uint64_t other_blocks, uint64_t other_bytes) {
  if (blocks == 0 || other_blocks == 0) return 0;
  const uint64_t rest = other_bytes % other_blocks;
  const uint64_t parts = rest == 0 ? 0 : (rest << 20) / other_blocks;
  return blocks * (other_bytes / other_blocks) + (blocks * parts >> 20);
}

constexpr uint32_t width_of(uint64_t value) {
  return value == 0 ? 0 : 64 - static_cast<uint32_t>(__builtin_clzll(value));
}
constexpr uint32_t symbol_of(uint64_t value) {
  if (value < kFirstWide) return static_cast<uint32_t>(value);
  const uint32_t width = width_of(value);
  return kFirstWide + 2 * (width - 4) + static_cast<uint32_t>(value >> (width - 2) & 1);
}
// How many bits of the number stand among the bits, and what its symbol says of the others.
constexpr uint32_t bits_of(uint32_t symbol) {
  return symbol < kFirstWide ? 0 : (symbol - kFirstWide) / 2 + 2;
}
constexpr uint64_t begin_of(uint32_t symbol) {
  return symbol < kFirstWide ? symbol : uint64_t{2 + (symbol & 1)} << bits_of(symbol);
}

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_CHANGES_H_
