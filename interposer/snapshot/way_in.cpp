// SPDX-License-Identifier: Apache-2.0
//
// See way_in.h. Hook context.

#include "interposer/snapshot/way_in.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/control.h"
#include "interposer/snapshot/calling_card.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/track/thread_state.h"

namespace silt::snapshot {
namespace {

using format::Reach;

// Twenty to thirty milliseconds. A look is two system calls of a fraction of a microsecond each,
// which is less than a ten-thousandth of that.
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 26;
// On a file system where a look takes long, it is paid for with this many times as much work: a
// hundredth at the most, up to a few seconds.
constexpr uint64_t kWorkForLook = 128;
constexpr uint64_t kLongestPause = uint64_t{1} << 33;

// Where a request would be. Two, because a thread may be reading one while the other is written.
struct Place {
  char path[4096 + 600];
};
constinit Place g_places[2]{};
constinit std::atomic<const Place*> g_place{nullptr};
constinit std::atomic<int32_t> g_process{0};  // whose name the request has
constinit std::atomic<uint64_t> g_next_look{0};
constinit std::atomic<uint64_t> g_last_cost{0};  // of a look, in ticks

constinit int g_signal = 0;
constinit Handler g_handler = nullptr;
constinit std::atomic<Reach> g_reach{Reach::kNoSignal};

// The kernel's own struct sigaction.
struct KernelAction {
  Handler handler;
  uint64_t flags;
  void* restorer;
  base::SignalSet mask;
};

void show() {
  const Reach reach = g_reach.load(std::memory_order_relaxed);
  show_card(reach == Reach::kSignal ? g_signal : 0, reach, track::is_asleep(), out_folder());
}

// A program may set handlers by raw system calls.
void look_at_handler() {
  if (g_reach.load(std::memory_order_relaxed) != Reach::kSignal) return;
  KernelAction now{g_handler, 0, nullptr, 0};
  base::system_call(SYS_rt_sigaction, g_signal, 0, reinterpret_cast<long>(&now), sizeof(now.mask));
  if (now.handler == g_handler) return;
  Reach expected = Reach::kSignal;
  if (g_reach.compare_exchange_strong(expected, Reach::kReplaced, std::memory_order_relaxed)) {
    show();
  }
}

int32_t own_pid() { return static_cast<int32_t>(base::system_call(SYS_getpid)); }

bool is_there(const char* path, Wanted* asked) {
  struct stat there;
  if (base::system_call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>(path),
                        reinterpret_cast<long>(&there), AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  asked->owners = (there.st_mode & format::kRequestForOwners) != 0          ? OwnersSearch::kYes
                  : (there.st_mode & format::kRequestForOwnersIfSmall) != 0 ? OwnersSearch::kIfSmall
                                                                            : OwnersSearch::kNo;
  asked->heap = (there.st_mode & format::kRequestForHeap) != 0;
  asked->heap_thread = static_cast<uint32_t>(there.st_size);
  return true;
}

// True for the one who removed it. A child that shares the memory must not: it takes no snapshot.
bool take_request(const char* path) {
  if (own_pid() != g_process.load(std::memory_order_relaxed)) return false;
  return base::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(path), 0) == 0;
}

// One that took long may just have lost the processor in between; two in a row are slow.
void pay_for_look(uint64_t began, uint64_t cost) {
  const uint64_t before = g_last_cost.exchange(cost, std::memory_order_relaxed);
  const uint64_t pause = (before < cost ? before : cost) * kWorkForLook;
  if (pause <= kTicksBetweenLooks) return;
  g_next_look.store(began + (pause < kLongestPause ? pause : kLongestPause),
                    std::memory_order_relaxed);
}

}  // namespace

void open_way_in(int signal, Handler handler) {
  g_signal = signal;
  g_handler = handler;
  g_reach.store(signal != 0 ? Reach::kSignal : Reach::kNoSignal, std::memory_order_relaxed);
  // A process that is over before the first look never pays for one.
  g_next_look.store(base::ticks() + kTicksBetweenLooks, std::memory_order_relaxed);
  look_for_requests_in(out_folder());
  show();
}

void show_sleep() {
  look_for_requests_in(out_folder());
  show();
}

void look_for_requests_in(const char* folder) {
  const int32_t process = own_pid();
  Place& place = g_places[g_place.load(std::memory_order_relaxed) == &g_places[0] ? 1 : 0];
  base::TextWriter path(place.path, sizeof(place.path));
  path.add(folder).add('/').add(format::kRequestPrefix);
  path.add_decimal(static_cast<uint64_t>(process));
  g_process.store(process, std::memory_order_relaxed);
  g_place.store(&place, std::memory_order_release);
}

bool was_asked(Wanted* asked) {
  const uint64_t now = base::ticks();
  uint64_t due = g_next_look.load(std::memory_order_relaxed);
  if (now < due) return false;
  if (!g_next_look.compare_exchange_strong(due, now + kTicksBetweenLooks,
                                           std::memory_order_relaxed)) {
    return false;
  }
  look_at_handler();
  const Place* const place = g_place.load(std::memory_order_acquire);
  if (place == nullptr) return false;
  Wanted wish;
  const bool found = is_there(place->path, &wish);
  pay_for_look(now, base::ticks() - now);
  if (!found || !take_request(place->path)) return false;
  *asked = wish;
  return true;
}

void settle_request(Wanted* asked) {
  const Place* const place = g_place.load(std::memory_order_acquire);
  Wanted wish;
  if (place == nullptr || !is_there(place->path, &wish) || !take_request(place->path)) return;
  *asked = wish;
}

void forbid_signals(bool forbidden) {
  if (g_signal == 0) return;
  const Reach reach = forbidden ? Reach::kForbidden : Reach::kSignal;
  if (g_reach.exchange(reach, std::memory_order_relaxed) != reach) show();
}

void show_lost_box() {
  g_reach.store(Reach::kBoxLost, std::memory_order_relaxed);
  show();
}

void leave_requests_to_parent(bool off) {
  Reach lost = Reach::kBoxLost;  // it has a box of its own
  const bool regained = g_reach.compare_exchange_strong(
      lost, g_signal == 0 ? Reach::kNoSignal : Reach::kSignal, std::memory_order_relaxed);
  g_next_look.store(base::ticks() + kTicksBetweenLooks, std::memory_order_relaxed);
  if (off) {
    g_place.store(nullptr, std::memory_order_relaxed);
    hide_card();
  } else {
    look_for_requests_in(out_folder());
    if (regained) show();
  }
}

}  // namespace silt::snapshot
