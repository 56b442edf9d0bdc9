// SPDX-License-Identifier: Apache-2.0
//
// See open_files.h. Any context.

#include "interposer/base/open_files.h"

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

// A snapshot has three at a time (folder, file, what it reads); twice that and some for threads
// that read a file at the same time. What finds no place is closed on exec all the same.
constexpr size_t kPlaces = 16;
struct Place {
  std::atomic<int32_t> used;  // 0: free, 1: being filled, 2: listed
  int32_t fd;
  uint64_t device;
  uint64_t inode;
};
constinit Place g_places[kPlaces]{};
constinit std::atomic<int32_t> g_changes{0};  // threads that are opening or closing
constinit std::atomic<int32_t> g_forks{0};    // threads that are forking

// Whoever is waited for may have lost the processor right there: after a few looks the wait sleeps,
// a twentieth of a millisecond at a time, for a quarter of a second in all.
constexpr unsigned kLooks = 100;
constexpr unsigned kSleeps = 5000;

template <typename Condition>
void wait_a_little_until(Condition&& holds) {
  for (unsigned i = 0; i < kLooks + kSleeps && !holds(); ++i) {
    if (i < kLooks) {
      arch::pause();
      continue;
    }
    const struct timespec moment { 0, 50000 };
    system_call(SYS_nanosleep, reinterpret_cast<long>(&moment), 0);
  }
}

// Both sides first say what they do and then look at the other: one of them sees the other.
class Change {
 public:
  Change() {
    constexpr int kTries = 4;  // forks that follow each other closely must not hold up for ever
    for (int i = 0; i < kTries; ++i) {
      g_changes.fetch_add(1, std::memory_order_seq_cst);
      if (g_forks.load(std::memory_order_seq_cst) == 0) return;
      g_changes.fetch_sub(1, std::memory_order_seq_cst);
      wait_a_little_until([] { return g_forks.load(std::memory_order_relaxed) == 0; });
    }
    g_changes.fetch_add(1, std::memory_order_seq_cst);
  }
  ~Change() { g_changes.fetch_sub(1, std::memory_order_seq_cst); }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
};

bool identify(int fd, uint64_t* device, uint64_t* inode) {
  struct stat status {};
  if (system_call(SYS_fstat, fd, reinterpret_cast<long>(&status)) != 0) return false;
  *device = status.st_dev;
  *inode = status.st_ino;
  return true;
}

void list(int fd) {
  for (Place& place : g_places) {
    int32_t free = 0;
    if (!place.used.compare_exchange_strong(free, 1, std::memory_order_relaxed)) continue;
    place.fd = fd;
    if (!identify(fd, &place.device, &place.inode)) place.inode = 0;
    place.used.store(2, std::memory_order_release);
    return;
  }
}

void unlist(int fd) {
  for (Place& place : g_places) {
    if (place.used.load(std::memory_order_acquire) != 2 || place.fd != fd) continue;
    place.used.store(0, std::memory_order_release);
    return;
  }
}

// A clone may share the table of descriptors with its parent, which is still writing perhaps.
bool shares_descriptors_with_parent() {
  const long own = system_call(SYS_getpid);
  const long parent = system_call(SYS_getppid);
  return system_call(SYS_kcmp, own, parent, KCMP_FILES) <= 0;  // equal, or it cannot be told
}

}  // namespace

long open_listed(int folder, const char* path, int flags, int mode) {
  const Change change;
  const long fd = system_call(SYS_openat, folder, reinterpret_cast<long>(path), flags, mode);
  if (fd >= 0) list(static_cast<int>(fd));
  return fd;
}

long create_listed_memory(const char* name, unsigned flags) {
  const Change change;
  const long fd = system_call(SYS_memfd_create, reinterpret_cast<long>(name), flags);
  if (fd >= 0) list(static_cast<int>(fd));
  return fd;
}

// Off the list first: should a fork not wait, a child keeps one too many, and closes none that
// another thread got under the same number.
long close_listed(int fd) {
  const Change change;
  unlist(fd);
  return system_call(SYS_close, fd);
}

void hold_files_before_fork() {
  g_forks.fetch_add(1, std::memory_order_seq_cst);
  wait_a_little_until([] { return g_changes.load(std::memory_order_seq_cst) == 0; });
}

void release_files_after_fork() { g_forks.fetch_sub(1, std::memory_order_seq_cst); }

void close_files_of_parent(bool by_handler) {
  g_forks.store(0, std::memory_order_relaxed);
  g_changes.store(0, std::memory_order_relaxed);
  const bool leave = !by_handler && shares_descriptors_with_parent();
  for (Place& place : g_places) {
    const bool listed = place.used.load(std::memory_order_relaxed) == 2;
    place.used.store(0, std::memory_order_relaxed);
    if (!listed || leave) continue;
    uint64_t device = 0;
    uint64_t inode = 0;
    if (!identify(place.fd, &device, &inode)) continue;
    if (device == place.device && inode == place.inode) system_call(SYS_close, place.fd);
  }
}

}  // namespace silt::base
