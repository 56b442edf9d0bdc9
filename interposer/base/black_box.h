// SPDX-License-Identifier: Apache-2.0
//
// Table memory in a file that outlives the process (format/blackbox.h). Space on the disk is
// allocated before it is mapped, in segments, so that a full disk is an error when a table grows
// and never a fault; what finds no room is private memory, and the box says that it is not whole.
//
// Somebody may still truncate the file. Then the fault that comes of it is answered
// (`replace_lost`): private memory of zeros takes the place of all segments. Whatever is in these
// pieces is therefore such that zeros in the middle of its use lead nobody astray: no pointers, no
// sizes of other tables.
//
// A forked child shares these pages with its parent until `leave` replaces them. Any context, but
// for `open`.

#ifndef SILT_INTERPOSER_BASE_BLACK_BOX_H_
#define SILT_INTERPOSER_BASE_BLACK_BOX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/spin_lock.h"
#include "interposer/format/blackbox.h"

namespace silt::base {

// Which piece of which table memory is for; kUnused: of none that the box keeps.
struct PieceLabel {
  format::BoxKind kind = format::BoxKind::kUnused;
  uint32_t part = 0;
};

class BlackBox {
 public:
  // Makes the file in a folder, whose path is `folder_path`; 0 or -errno. There is no other thread
  // that allocates from here.
  long open(int folder, const char* folder_path);
  bool is_open() const { return header_.load(std::memory_order_acquire) != nullptr; }
  // nullptr when none is open.
  format::BoxHeader* header() const { return header_.load(std::memory_order_acquire); }
  const char* path() const { return path_; }

  // Zeroed; nullptr when there is no box or no room in it. `label` kUnused: to be published later.
  void* take(size_t size_bytes, PieceLabel label, uint32_t index);
  // From now on a reader of the file finds it.
  void publish(const void* piece, PieceLabel label, uint32_t index);
  void give_back(void* piece);
  // Whether an address is in the box.
  bool holds(const void* address) const {
    return segments_used_.load(std::memory_order_acquire) != 0 && holds_slow(address);
  }

  // Removes the file; the tables stay as they are.
  void remove_file();
  // Private zeros in place of all segments, in the child of a fork. False: there was none.
  bool leave();
  // For the handler of SIGBUS: true when the address was the box's; then it may be touched again,
  // and nothing of it is in the file.
  bool replace_lost(const void* address);
  bool is_lost() const { return lost_.load(std::memory_order_acquire); }

  // Around a fork.
  SpinLock& lock() { return lock_; }

 private:
  static constexpr uint32_t kMostSegments = 128;

  struct Segment {
    uint64_t start;
    uint64_t size;
    uint64_t file_offset;
  };

  bool holds_slow(const void* address) const;
  void* take_locked(size_t size_bytes, PieceLabel label, uint32_t index);
  void* reuse(size_t size_bytes, PieceLabel label, uint32_t index);
  long grow(size_t at_least);
  long add_segment(int fd, uint64_t size);
  format::BoxEntry* entry_of(const void* piece);
  void note_incomplete(long error);
  void replace_all();

  SpinLock lock_;
  std::atomic<format::BoxHeader*> header_{nullptr};
  std::atomic<uint32_t> segments_used_{0};
  Segment segments_[kMostSegments]{};
  uint64_t used_ = 0;   // of the newest segment
  uint64_t total_ = 0;  // of the file
  uint32_t given_back_ = 0;
  bool told_ = false;
  std::atomic<bool> lost_{false};
  std::atomic<uint32_t> replacing_{0};
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  char path_[4096 + 600]{};
};

extern constinit BlackBox black_box;

// Memory for a piece of a table: in the box where there is one and it keeps this table, else as
// map_memory or map_within_limit give it.
void* map_piece(size_t size_bytes, PieceLabel label, uint32_t index);
void* map_piece_within_limit(size_t size_bytes, PieceLabel label, uint32_t index);
void unmap_piece(void* piece, size_t size_bytes);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_BLACK_BOX_H_
