// SPDX-License-Identifier: Apache-2.0
//
// See black_box.h. Any context.

#include "interposer/base/black_box.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/file_space.h"
#include "interposer/base/log.h"
#include "interposer/base/memory.h"
#include "interposer/base/open_files.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::base {

constinit BlackBox black_box{};

namespace {

using format::BoxEntry;
using format::BoxHeader;
using format::BoxKind;

// The file grows by a quarter of what it has, so that there are few segments and little is
// allocated in vain.
constexpr uint64_t kSmallestSegment = uint64_t{1} << 20;
constexpr uint64_t kLargestSegment = uint64_t{64} << 20;
constexpr uint64_t kGrowthShare = 4;

// The format's pages, which are the smallest that the kernel may have.
constexpr uint64_t whole_pages(uint64_t bytes) {
  return (bytes + kPageSize - 1) & ~uint64_t{kPageSize - 1};
}

// Zeros that nobody else sees, at a place that is mapped already.
bool map_zeros_over(uint64_t start, uint64_t size) {
  return !is_error(system_call(SYS_mmap, static_cast<long>(start), static_cast<long>(size),
                               PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

}  // namespace

long BlackBox::open(int folder, const char* folder_path) {
  const BlockedSignals blocked;
  TextWriter(path_, sizeof(path_)).add(folder_path).add('/').add(format::kBoxFileName);
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const long opened = open_listed(folder, format::kBoxFileName, kFlags, 0600);
  if (opened < 0) return opened;
  const auto fd = static_cast<int>(opened);
  struct stat facts {};
  long result = system_call(SYS_fstat, fd, reinterpret_cast<long>(&facts));
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
  total_ = used_ = given_back_ = 0;
  told_ = false;
  // It lasts as long as the mapping does, not the descriptor. A file system that knows no such
  // locks leaves readers to believe that the process is gone.
  system_call(SYS_flock, fd, LOCK_SH | LOCK_NB);
  if (result == 0) result = add_segment(fd, kSmallestSegment);
  close_listed(fd);
  if (result != 0) {
    system_call(SYS_unlinkat, folder, reinterpret_cast<long>(format::kBoxFileName), 0);
    return result;
  }
  used_ = format::kBoxTablesAt;
  auto* const header = reinterpret_cast<BoxHeader*>(segments_[0].start);
  copy_bytes(header->magic, format::kBoxMagic, sizeof(header->magic));
  header->version = format::kBoxVersion;
  header_.store(header, std::memory_order_release);
  return 0;
}

long BlackBox::add_segment(int fd, uint64_t size) {
  const uint32_t number = segments_used_.load(std::memory_order_relaxed);
  if (number == kMostSegments) return -ENOMEM;
  const long allocated = allocate_space(fd, total_, size);
  if (allocated != 0) return allocated;
  const long mapped = system_call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                                  MAP_SHARED, fd, static_cast<long>(total_));
  if (is_error(mapped)) return mapped;
  segments_[number] = Segment{static_cast<uint64_t>(mapped), size, total_};
  note_mapping(static_cast<uint64_t>(mapped), size);
  total_ += size;
  used_ = 0;
  segments_used_.store(number + 1, std::memory_order_release);
  return 0;
}

// 0 or -errno. What was left of the newest segment is lost.
long BlackBox::grow(size_t at_least) {
  // What comes to be mapped would be locked, within the program's limit.
  if (keeps_memory_unlocked()) return -EAGAIN;
  uint64_t size = page_up(total_ / kGrowthShare);
  if (size < kSmallestSegment) size = kSmallestSegment;
  if (size > kLargestSegment) size = kLargestSegment;
  if (size < at_least) size = page_up(at_least);
  const long opened = open_listed(AT_FDCWD, path_, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  if (opened < 0) return opened;
  const auto fd = static_cast<int>(opened);
  struct stat facts {};
  long result = system_call(SYS_fstat, fd, reinterpret_cast<long>(&facts));
  const bool ours = result == 0 && facts.st_dev == device_ && facts.st_ino == inode_ &&
                    static_cast<uint64_t>(facts.st_size) == total_;
  result = ours ? add_segment(fd, size) : -ESTALE;
  close_listed(fd);
  return result;
}

void BlackBox::note_incomplete(long error) {
  header()->flags |= format::kBoxIncomplete;
  if (told_) return;
  told_ = true;
  TextBuffer<512> line;
  line.add("the black box cannot grow: ").add(error_text(static_cast<int>(-error)));
  line.add("; snapshots are whole, but what it has no room for is missing after a kill");
  log(LogLevel::kWarn, line.c_str());
}

void* BlackBox::reuse(size_t size_bytes, PieceLabel label, uint32_t index) {
  BoxHeader* const header = this->header();
  auto* const entries = reinterpret_cast<BoxEntry*>(segments_[0].start + format::kBoxDirectoryAt);
  for (uint32_t i = 0; i < header->entries && i < format::kBoxEntries; ++i) {
    BoxEntry& entry = entries[i];
    if (entry.kind != 0 || entry.pages != whole_pages(size_bytes) / kPageSize ||
        entry.part != UINT32_MAX) {
      continue;
    }
    for (uint32_t s = 0; s < segments_used_.load(std::memory_order_relaxed); ++s) {
      const Segment& segment = segments_[s];
      if (entry.offset - segment.file_offset >= segment.size) continue;
      auto* const piece =
          reinterpret_cast<void*>(segment.start + (entry.offset - segment.file_offset));
      __builtin_memset(piece, 0, size_bytes);
      entry.part = label.part;
      entry.index = index;
      entry.bytes = size_bytes;
      __atomic_store_n(&entry.kind, static_cast<uint32_t>(label.kind), __ATOMIC_RELEASE);
      --given_back_;
      return piece;
    }
  }
  return nullptr;
}

void* BlackBox::take_locked(size_t size_bytes, PieceLabel label, uint32_t index) {
  if (given_back_ != 0) {
    if (void* const piece = reuse(size_bytes, label, index)) return piece;
  }
  BoxHeader* const header = this->header();
  const uint64_t size = whole_pages(size_bytes);
  if (header->entries >= format::kBoxEntries) {
    note_incomplete(-ENOMEM);
    return nullptr;
  }
  const uint32_t newest = segments_used_.load(std::memory_order_relaxed) - 1;
  if (segments_[newest].size - used_ < size) {
    const long result = told_ ? -ENOSPC : grow(size);
    if (result != 0) {
      note_incomplete(result);
      return nullptr;
    }
  }
  const Segment& segment = segments_[segments_used_.load(std::memory_order_relaxed) - 1];
  auto* const entries = reinterpret_cast<BoxEntry*>(segments_[0].start + format::kBoxDirectoryAt);
  BoxEntry& entry = entries[header->entries];
  entry.part = label.part;
  entry.index = index;
  entry.pages = static_cast<uint32_t>(size / kPageSize);
  entry.offset = segment.file_offset + used_;
  entry.bytes = size_bytes;
  __atomic_store_n(&entry.kind, static_cast<uint32_t>(label.kind), __ATOMIC_RELEASE);
  __atomic_store_n(&header->entries, header->entries + 1, __ATOMIC_RELEASE);
  auto* const piece = reinterpret_cast<void*>(segment.start + used_);
  used_ += size;
  return piece;
}

void* BlackBox::take(size_t size_bytes, PieceLabel label, uint32_t index) {
  if (!is_open() || is_lost()) return nullptr;
  const SpinGuard guard(lock_);
  if (!is_open() || is_lost()) return nullptr;
  void* const piece = take_locked(size_bytes, label, index);
  if (piece != nullptr) count_mapped(static_cast<int64_t>(size_bytes));
  return piece;
}

bool BlackBox::holds_slow(const void* address) const {
  const auto at = reinterpret_cast<uint64_t>(address);
  for (uint32_t i = 0; i < segments_used_.load(std::memory_order_acquire); ++i) {
    if (at - segments_[i].start < segments_[i].size) return true;
  }
  return false;
}

// nullptr: of another time.
BoxEntry* BlackBox::entry_of(const void* piece) {
  const auto at = reinterpret_cast<uint64_t>(piece);
  auto* const entries = reinterpret_cast<BoxEntry*>(segments_[0].start + format::kBoxDirectoryAt);
  for (uint32_t s = 0; s < segments_used_.load(std::memory_order_relaxed); ++s) {
    if (at - segments_[s].start >= segments_[s].size) continue;
    const uint64_t offset = segments_[s].file_offset + (at - segments_[s].start);
    for (uint32_t i = header()->entries; i > 0; --i) {
      if (i <= format::kBoxEntries && entries[i - 1].offset == offset) return &entries[i - 1];
    }
  }
  return nullptr;
}

void BlackBox::publish(const void* piece, PieceLabel label, uint32_t index) {
  const SpinGuard guard(lock_);
  BoxEntry* const entry = is_open() && holds(piece) ? entry_of(piece) : nullptr;
  if (entry == nullptr) return;
  entry->part = label.part;
  entry->index = index;
  __atomic_store_n(&entry->kind, static_cast<uint32_t>(label.kind), __ATOMIC_RELEASE);
}

void BlackBox::give_back(void* piece) {
  const SpinGuard guard(lock_);
  BoxEntry* const entry = is_open() && holds(piece) ? entry_of(piece) : nullptr;
  if (entry == nullptr) return;
  __atomic_store_n(&entry->kind, 0, __ATOMIC_RELEASE);
  entry->part = UINT32_MAX;  // free, not just unpublished
  ++given_back_;
  count_mapped(-static_cast<int64_t>(entry->bytes));
}

void BlackBox::remove_file() {
  if (!is_open() || path_[0] == '\0') return;
  header()->flags |= format::kBoxOver;  // should it not go
  system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(path_), 0);
}

void BlackBox::replace_all() {
  header_.store(nullptr, std::memory_order_release);
  for (uint32_t i = 0; i < segments_used_.load(std::memory_order_relaxed); ++i) {
    map_zeros_over(segments_[i].start, segments_[i].size);
  }
}

bool BlackBox::leave() {
  if (segments_used_.load(std::memory_order_relaxed) == 0) return false;
  if (header() != nullptr) replace_all();
  // The addresses stay mapped: a hook that was under way may still have one in hand.
  segments_used_.store(0, std::memory_order_release);
  lost_.store(false, std::memory_order_release);
  path_[0] = '\0';
  return true;
}

bool BlackBox::replace_lost(const void* address) {
  if (!holds(address)) return false;
  if (replacing_.exchange(1, std::memory_order_acq_rel) != 0) {
    // Another thread is at it; whoever comes back too early comes here again.
    system_call(SYS_sched_yield);
    return true;
  }
  replace_all();
  lost_.store(true, std::memory_order_release);
  replacing_.store(0, std::memory_order_release);
  return true;
}

void* map_piece(size_t size_bytes, PieceLabel label, uint32_t index) {
  if (label.kind != BoxKind::kUnused && black_box.is_open()) [[unlikely]] {
    if (void* const piece = black_box.take(size_bytes, label, index)) return piece;
  }
  return map_memory(size_bytes);
}

void* map_piece_within_limit(size_t size_bytes, PieceLabel label, uint32_t index) {
  if (!fits_memory_limit(size_bytes)) return nullptr;
  return map_piece(size_bytes, label, index);
}

void unmap_piece(void* piece, size_t size_bytes) {
  if (black_box.holds(piece)) [[unlikely]]
    return black_box.give_back(piece);
  unmap_memory(piece, size_bytes);
}

}  // namespace silt::base
