// SPDX-License-Identifier: Apache-2.0
//
// See way_in.h. Hook context.

#include "interposer/snapshot/way_in.h"

#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/system_call.h"
#include "interposer/format/control.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using track::recorder;

// About a tenth of a second; what it costs to ask is far below a microsecond.
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 28;
// A forked child that soon becomes another program needs no way in.
constexpr uint64_t kTicksOfGrace = uint64_t{1} << 32;
constexpr uint32_t kCallsBetweenUrgentLooks = 32;

constinit std::atomic<bool> g_unreachable{false};  // the signal was seen not to reach the process
constinit std::atomic<bool> g_tried{false};        // the control file was made, or could not be
constinit std::atomic<uint32_t> g_answered{0};     // of the control file's `requests`

// Whether silt's signal would come to this thread, and to silt.
bool signal_reaches_here(Handler handler) {
  const int number = base::chained_handler.signal_number();
  if (number == 0) return false;
  base::SignalSet blocked = 0;
  struct {  // the kernel's own struct sigaction
    Handler handler;
    uint64_t flags;
    void* restorer;
    base::SignalSet mask;
  } now{handler, 0, nullptr, 0};
  base::system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, reinterpret_cast<long>(&blocked),
                    sizeof(blocked));
  base::system_call(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(&now), sizeof(now.mask));
  if (now.handler != handler) say_signal_is_lost();
  return (blocked & base::signal_bit(number)) == 0 && now.handler == handler;
}

bool was_asked() {
  if (!g_unreachable.load(std::memory_order_relaxed)) return false;
  format::Control* const shown = control();
  if (shown == nullptr) return false;
  const uint32_t asked = __atomic_load_n(&shown->requests, __ATOMIC_ACQUIRE);
  return g_answered.exchange(asked, std::memory_order_relaxed) != asked;
}

}  // namespace

Request look_for_request(Handler handler) {
  if (was_asked()) return Request::kDump;
  const uint64_t now = base::ticks();
  if (now < recorder.next_look.load(std::memory_order_relaxed)) return Request::kNone;
  recorder.next_look.store(now + kTicksBetweenLooks, std::memory_order_relaxed);
  if (signal_reaches_here(handler)) return Request::kNone;
  g_unreachable.store(true, std::memory_order_relaxed);
  recorder.calls_between_looks.store(kCallsBetweenUrgentLooks, std::memory_order_relaxed);
  const bool missing = control() == nullptr && !g_tried.load(std::memory_order_relaxed);
  return missing ? Request::kMakeWayIn : Request::kNone;
}

void make_way_in() {
  const char* what = "";
  const long folder = open_recording(&what);
  if (folder >= 0) close_file(static_cast<int>(folder));
  g_tried.store(true, std::memory_order_relaxed);
}

void leave_requests_to_parent() {
  g_tried.store(false, std::memory_order_relaxed);
  g_answered.store(0, std::memory_order_relaxed);
  recorder.next_look.store(base::ticks() + kTicksOfGrace, std::memory_order_relaxed);
}

}  // namespace silt::snapshot
