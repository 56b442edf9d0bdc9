// SPDX-License-Identifier: Apache-2.0
//
// See heap_in_copy.h. In the copy there is one thread, so whatever it waits for without a time
// limit never comes: a lock that another thread held at that instant, a task of V8's that another
// thread had begun. A timer looks ten times a second whether it waits so, and ends the copy then.

#include "interposer/runtime/nodejs/heap_in_copy.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/clock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/owners/copied_process.h"
#include "interposer/snapshot/heap_wish.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/thread_state.h"

namespace silt::nodejs {
namespace {

using base::system_call;
using format::HeapAnswer;
using format::HeapState;

constexpr const char* kWakes[] = {"pthread_cond_signal", "pthread_cond_broadcast"};
constinit ImportSlots g_wakes{};
constinit std::atomic<bool> g_wakes_kept{false};

// In the copy.
constinit HeapAnswer g_answer{};
constinit int g_folder = -1;
constinit uint32_t g_sequence = 0;
constinit uint64_t g_begin_ns = 0;
constinit uint64_t g_bytes_at_begin = 0;
constinit int g_looks_waiting = 0;
constinit char g_temporary[48]{};

// glibc would wait for waiters that were not copied along.
int wake_nobody(void*) { return 0; }

uint64_t kilobytes_of_status(const char* name) {
  static constinit char buffer[4096]{};
  uint64_t value = 0;
  snapshot::read_lines("/proc/self/status", buffer, sizeof(buffer), [&](const char* line) {
    if (!base::starts_with(line, name)) return;
    value = base::first_number(line);
  });
  return value;
}

[[noreturn]] void end(HeapState state, const char* why) {
  HeapAnswer& answer = g_answer;
  answer.state = static_cast<uint32_t>(state);
  if (why != nullptr) snapshot::say_why(answer, state, why);
  if (state != HeapState::kDone) {
    system_call(SYS_unlinkat, g_folder, reinterpret_cast<long>(g_temporary), 0);
  }
  answer.cpu_ns = base::clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  answer.elapsed_ns = snapshot::monotonic_ns() - g_begin_ns;
  const uint64_t peak = kilobytes_of_status("VmHWM:") * 1024;
  answer.private_bytes = peak > g_bytes_at_begin ? peak - g_bytes_at_begin : 0;
  snapshot::write_heap_answer(g_folder, g_sequence, answer, true);
  owners::end_copy(state == HeapState::kDone ? 0 : 1);
}

// Of the timer. Twice, because the first time it may have been just about to wake somebody.
void on_tick(int, siginfo_t*, void* context) {
  const bool waits = arch::restarted_system_call(context) == SYS_futex;
  g_looks_waiting = waits ? g_looks_waiting + 1 : 0;
  if (g_looks_waiting >= 2) {
    end(HeapState::kMissed, "another thread was in the middle of something that V8 waits for");
  }
  if (snapshot::monotonic_ns() - g_begin_ns > kHeapCopyLifeNs) {
    end(HeapState::kFailed, "the copy took too long");
  }
}

void on_fault(int, siginfo_t*, void*) {
  end(HeapState::kMissed, "V8 gave up in the copy: out of memory, or a thread of its own missing");
}

// The kernel's struct sigaction.
struct Action {
  void (*handler)(int, siginfo_t*, void*);
  uint64_t flags;
  void (*restorer)();
  base::SignalSet mask;
};

void handle(int number, void (*handler)(int, siginfo_t*, void*)) {
  constexpr uint64_t kHasRestorer = 0x04000000;
  const Action action{handler, SA_SIGINFO | SA_RESTART | SA_NODEFER | kHasRestorer,
                      arch::signal_return, 0};
  system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&action), 0,
              sizeof(base::SignalSet));
}

void watch() {
  base::SignalSet set = 0;
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT, SIGXCPU}) {
    handle(number, on_fault);
    set |= base::signal_bit(number);
  }
  handle(SIGALRM, on_tick);
  system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&set), 0, sizeof(set));
  constexpr long kTickUs = 100'000;
  const struct itimerval tick {
    {0, kTickUs}, { 0, kTickUs }
  };
  system_call(SYS_setitimer, ITIMER_REAL, reinterpret_cast<long>(&tick), 0);
}

// The program's descriptors are closed; what they lead to instead takes all that is written. What
// V8 says about its end goes to the second, and libuv wakes event loops through theirs and aborts
// where it cannot: at a low number, since loops are made early.
void fill_descriptors() {
  constexpr long kMost = 4096;
  constexpr long kLeft = 16;  // for ours, where the limit is lower
  const long null = snapshot::open_file(AT_FDCWD, "/dev/null", O_RDWR);
  long last = null;
  while (last >= 0 && last < kMost) {
    const long next = system_call(SYS_dup, null);
    if (next < 0) {
      for (long fd = last; fd > last - kLeft && fd > 2; --fd) {
        snapshot::close_file(static_cast<int>(fd));
      }
    }
    last = next;
  }
}

}  // namespace

bool wakes_are_kept() { return g_wakes_kept.load(std::memory_order_acquire); }

ImportSlots find_wakes() {
  ImportSlots found;
  for (const char* name : kWakes) found.find(name);
  return found;
}

void keep_wakes(const ImportSlots& wakes) {
  if (wakes_are_kept()) return;  // another isolate's thread was quicker
  g_wakes = wakes;
  g_wakes_kept.store(true, std::memory_order_release);
}

double call_heap_function(Isolate& isolate, const char* path) {
  HandleScope scope;
  if (api.open_scope(isolate.env, &scope) != 0) return -1;
  double result = -1;
  Value function;
  Value undefined;
  Value given;
  Value returned;
  constexpr size_t kAutomaticLength = SIZE_MAX;
  if (api.get_reference(isolate.env, isolate.functions.heap, &function) == 0 &&
      api.get_undefined(isolate.env, &undefined) == 0 &&
      (path == nullptr || api.create_string(isolate.env, path, kAutomaticLength, &given) == 0)) {
    if (api.call_function(isolate.env, undefined, function, path == nullptr ? 0 : 1, &given,
                          &returned) != 0) {
      api.clear_exception(isolate.env, &returned);
    } else if (api.get_double(isolate.env, returned, &result) != 0) {
      result = -1;
    }
  }
  api.close_scope(isolate.env, scope);
  return result;
}

void write_heap_in_copy(Isolate& isolate, const HeapOrder& order, const HeapAnswer& answer) {
  track::thread_local_part.mode = track::Mode::kOff;
  g_begin_ns = snapshot::monotonic_ns();
  g_answer = answer;
  g_answer.copy = static_cast<int32_t>(system_call(SYS_getpid));
  g_sequence = order.sequence;
  g_bytes_at_begin = kilobytes_of_status("VmRSS:") * 1024;
  fill_descriptors();
  g_folder = static_cast<int>(
      snapshot::open_file(AT_FDCWD, order.folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (g_folder < 0) owners::end_copy(1);
  watch();
  for (const char* name : kWakes) g_wakes.lead(name, reinterpret_cast<void*>(wake_nobody));
  base::TextBuffer<48> final_name;
  final_name.add_decimal(order.sequence, 3).add(format::kHeapFileEnd);
  base::TextWriter(g_temporary, sizeof(g_temporary))
      .add('.')
      .add_decimal(order.sequence, 3)
      .add(format::kHeapUnfinishedEnd);
  const long file = snapshot::open_file(g_folder, g_temporary,
                                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) end(HeapState::kFailed, base::error_text(static_cast<int>(-file)));
  base::TextBuffer<4096 + 600> path;
  path.add(order.folder).add('/').add(g_temporary);
  const double written = call_heap_function(isolate, path.c_str());
  struct stat made {};
  system_call(SYS_fstat, file, reinterpret_cast<long>(&made));
  if (written < 0 || made.st_size == 0) {
    end(HeapState::kFailed, "V8 could not write it: the disk may be full");
  }
  g_answer.file_bytes = static_cast<uint64_t>(made.st_size);
  const long renamed = system_call(SYS_renameat, g_folder, reinterpret_cast<long>(g_temporary),
                                   g_folder, reinterpret_cast<long>(final_name.c_str()));
  if (renamed != 0) end(HeapState::kFailed, base::error_text(static_cast<int>(-renamed)));
  end(HeapState::kDone, nullptr);
}

}  // namespace silt::nodejs
