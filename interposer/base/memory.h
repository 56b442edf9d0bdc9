// SPDX-License-Identifier: Apache-2.0
//
// Memory for silt's own tables: straight from the kernel, zeroed, never through the target's
// allocator, touched page by page as it is used. What is mapped is counted, so that a snapshot can
// say what silt itself costs. Any context.

#ifndef SILT_INTERPOSER_BASE_MEMORY_H_
#define SILT_INTERPOSER_BASE_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/base/black_box.h"

namespace silt::base {

using arch::kPageSize;
using arch::page_size;

inline uint64_t page_down(uint64_t address) { return address & ~uint64_t{page_size() - 1}; }
inline uint64_t page_up(uint64_t address) { return page_down(address + page_size() - 1); }

// nullptr when the kernel refuses: callers count that and go on.
void* map_memory(size_t size_bytes);
// With all its pages there at once: for memory that is about to be filled. One that is read before
// it is written costs two faults for each page, and in a program with threads the second one
// interrupts the other processors.
void* map_populated_memory(size_t size_bytes);
void unmap_memory(void* address, size_t size_bytes);
// Gives the whole pages inside the range back; they read as zero afterwards. Those of the black box
// are only filled with zeros, for its space stays allocated, and so are pieces of kPageSize that
// are less than a page of the kernel's.
void release_pages(void* address, size_t size_bytes);
uint64_t mapped_bytes();
// What is mapped by others for silt's tables: its place, and what of it is in use.
void note_mapping(uint64_t start, uint64_t size);
void count_mapped(int64_t bytes);
// Copies memory of the process that may be gone: the kernel reads it. 0 or a negative errno:
// -EFAULT when it is gone, or not all there; others when the kernel does not want to.
long read_memory(uint64_t address, void* into, size_t size_bytes);

// The program is about to lock all memory that comes to be mapped (mlockall), a limited good. From
// now on silt's comes by growing a mapping that is not locked: what the kernel makes of the limit
// and of later mappings is the same as without silt, and nothing is filled before it is used.
// Normal context.
void keep_memory_unlocked();
bool keeps_memory_unlocked();

// SILT_MEMORY. Set once, before there are threads; 0: no limit.
void set_memory_limit(uint64_t bytes);
// Like map_memory, but nullptr also when the limit would be passed: for tables that can say so.
void* map_within_limit(size_t size_bytes);
bool fits_memory_limit(size_t more_bytes);
// Seven eighths are for exact recording; what goes on by sampling has room in the last one.
bool exact_recording_fits(size_t more_bytes);

// What is mapped now, for telling silt's own resident memory from the program's; start 0: unused.
// Ranges that find no place in it (there are thousands) are the program's in that account.
struct MappedRange {
  std::atomic<uint64_t> start;
  std::atomic<uint64_t> size;
};
inline constexpr size_t kMappedRanges = 8192;
extern constinit MappedRange mapped_ranges[kMappedRanges];

// A dense array whose storage appears in chunks as indices are used. All-zero is valid and empty.
// Any thread may ask for any element at any time; two that need a new chunk race with a
// compare-and-swap, and the loser returns its memory. Elements never move.
template <typename T, size_t kChunkElements, size_t kChunks>
class ChunkedArray {
 public:
  static constexpr size_t kCapacity = kChunkElements * kChunks;

  // The element, or nullptr where no chunk was ever made (or the index is out of range).
  SILT_ALWAYS_INLINE T* find(size_t index) {
    if (index >= kCapacity) [[unlikely]]
      return nullptr;
    T* const chunk = chunks_[index / kChunkElements].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + index % kChunkElements;
  }

  // For an index that is known to have been ensured before.
  SILT_ALWAYS_INLINE T& operator[](size_t index) {
    return chunks_[index / kChunkElements].load(std::memory_order_acquire)[index % kChunkElements];
  }

  // The element, its chunk made if need be; nullptr when there is no memory or no room.
  SILT_ALWAYS_INLINE T* ensure(size_t index) {
    T* const element = find(index);
    return element != nullptr ? element : ensure_slow(index);
  }

  // Chunks made from now on are kept in the black box, where there is one.
  void keep_in_box(PieceLabel label) { label_ = label; }
  // Forgets the chunks of all indices up to `limit`, whose memory is another's by now, or nobody's.
  void abandon_chunks(size_t limit) {
    for (size_t i = 0; i < kChunks && i * kChunkElements <= limit; ++i) {
      chunks_[i].store(nullptr, std::memory_order_release);
    }
  }

 private:
  SILT_COLD T* ensure_slow(size_t index) {
    if (index >= kCapacity) return nullptr;
    const auto number = static_cast<uint32_t>(index / kChunkElements);
    void* const fresh = map_piece_within_limit(kChunkElements * sizeof(T), label_, number);
    if (fresh == nullptr) return nullptr;
    std::atomic<T*>& slot = chunks_[index / kChunkElements];
    T* expected = nullptr;
    if (!slot.compare_exchange_strong(expected, static_cast<T*>(fresh), std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      unmap_piece(fresh, kChunkElements * sizeof(T));
      return expected + index % kChunkElements;
    }
    return static_cast<T*>(fresh) + index % kChunkElements;
  }

  std::atomic<T*> chunks_[kChunks]{};
  PieceLabel label_{};
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_MEMORY_H_
