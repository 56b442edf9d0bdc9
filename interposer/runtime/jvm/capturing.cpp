// SPDX-License-Identifier: Apache-2.0
//
// See capturing.h. In silt's thread, but where it says otherwise.

#include "interposer/runtime/jvm/capturing.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/clock.h"
#include "interposer/base/log.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/runtime/heap_sections.h"
#include "interposer/runtime/jvm/machine.h"
#include "interposer/runtime/jvm/sampling.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/thread_state.h"

namespace silt::jvm {
namespace {

using runtime::Profile;

constexpr char kThreadName[] = "silt";

// What the thread is to do.
enum Wish : uint32_t { kCapture = 1, kForgetDead = 2, kWake = 4 };
constinit std::atomic<uint32_t> g_wishes{0};

constinit std::atomic<State> g_state{State::kNone};
constinit const char* g_refusal = "";
constinit Sampling g_sampling{};
constinit uint64_t g_longest_pause_ns = 0;

constinit std::atomic<uint32_t> g_round{0};  // number of the latest question
constinit std::atomic<uint32_t> g_answered{0};
constinit std::atomic<Profile*> g_profile{nullptr};  // nullptr while a snapshot writes it
constinit std::atomic<uint64_t> g_captured_ns{0};

// Collections take at most this share of the time.
constexpr uint64_t kOneIn = 20;
// What one is taken to last before the first was seen: half a second for a gigabyte.
constexpr uint64_t kBytesInNanosecond = 2;

// The last collection that silt asked for.
struct Collection {
  uint64_t end_ns;
  uint64_t took_ns;
  uint64_t used;  // bytes, before it
};
constinit Collection g_last{};

void want(uint32_t wish) {
  if ((g_wishes.fetch_or(wish, std::memory_order_acq_rel) & wish) != 0) return;
  base::system_call(SYS_futex, reinterpret_cast<long>(&g_wishes), FUTEX_WAKE_PRIVATE, 1);
}

uint32_t await_wishes() {
  for (;;) {
    const uint32_t wishes = g_wishes.exchange(0, std::memory_order_acq_rel);
    if (wishes != 0) return wishes;
    base::system_call(SYS_futex, reinterpret_cast<long>(&g_wishes), FUTEX_WAIT_PRIVATE, 0);
  }
}

// Whether the program can be held up for a collection now.
bool may_collect(uint64_t used, uint64_t now) {
  uint64_t expected = used / kBytesInNanosecond;
  if (g_last.took_ns != 0 && g_last.used != 0) {
    expected = static_cast<uint64_t>(static_cast<double>(g_last.took_ns) *
                                     static_cast<double>(used) / static_cast<double>(g_last.used));
  }
  if (expected > g_longest_pause_ns) return false;
  return g_last.end_ns == 0 || now - g_last.end_ns >= kOneIn * g_last.took_ns;
}

bool collect(uint64_t used) {
  const uint64_t begin = base::clock_ns(CLOCK_MONOTONIC);
  if (!collect_garbage()) return false;
  const uint64_t end = base::clock_ns(CLOCK_MONOTONIC);
  g_last = {end, end - begin, used};
  return true;
}

void capture(Jni* jni) {
  const uint32_t round = g_round.load(std::memory_order_acquire);
  uint64_t used = 0;
  uint64_t total = 0;
  if (!jni::heap_size(jni, &used, &total) || !may_collect(used, base::clock_ns(CLOCK_MONOTONIC))) {
    return;
  }
  // What is allocated from here on may be garbage that was not collected.
  const uint32_t before = samples.next_serial();
  if (!collect(used)) return;
  if (!jni::heap_size(jni, &used, &total)) return;
  forget_dead(jni);
  runtime::ProfileTotals totals{};
  totals.interval = static_cast<double>(sampling_interval());
  totals.heap_used = static_cast<double>(used);
  totals.heap_total = static_cast<double>(total);
  Profile* const profile = samples.make_profile(totals, before);
  if (profile == nullptr) return;
  profile->captured_ns = snapshot::monotonic_ns() - snapshot::process_info.start_monotonic_ns;
  g_captured_ns.store(profile->captured_ns, std::memory_order_relaxed);
  runtime::drop_profile(g_profile.exchange(profile, std::memory_order_acq_rel));
  g_answered.store(round, std::memory_order_release);
}

void follow_sleep(Jni* jni) {
  const bool asleep = track::is_asleep();
  switch_sampling(!asleep);
  if (!asleep) return;
  // What was captured for the recording before is no part of the next.
  forget_all(jni);
  runtime::drop_profile(g_profile.exchange(nullptr, std::memory_order_acq_rel));
  g_captured_ns.store(0, std::memory_order_relaxed);
}

void serve(Jni* jni, uint32_t wishes) {
  if ((wishes & kWake) != 0) follow_sleep(jni);
  if ((wishes & kCapture) != 0) {
    if (!track::is_asleep()) capture(jni);
    snapshot::companion_answered(0);
  } else if ((wishes & kForgetDead) != 0) {
    forget_dead(jni);
  }
}

void refuse(const char* why) {
  g_refusal = why;
  g_state.store(State::kRefused, std::memory_order_release);
  base::TextBuffer<400> line;
  line.add("the Java side of this program is not sampled: ").add(why);
  base::log(base::LogLevel::kInfo, line.c_str());
}

// In the thread by which the machine ends.
void machine_ends() { g_state.store(State::kEnded, std::memory_order_release); }

void* run(void*) {
  base::system_call(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>(kThreadName));
  const char* why = nullptr;
  Vm* const vm = await_machine(&why);
  if (vm == nullptr) {
    if (why != nullptr) refuse(why);
    return nullptr;
  }
  Jni* jni = attach_as_daemon(vm, kThreadName);
  if (jni == nullptr) {
    refuse("it takes no thread");
    return nullptr;
  }
  why = start_sampling(vm, g_sampling);
  if (why == nullptr) {
    snapshot::install_companion();
    follow_sleep(jni);
    g_state.store(State::kJoined, std::memory_order_release);
    base::log(base::LogLevel::kInfo, "joined Java");
  }
  detach(vm);
  if (why != nullptr) {
    refuse(why);
    return nullptr;
  }
  for (;;) {
    const uint32_t wishes = await_wishes();
    if (g_state.load(std::memory_order_acquire) != State::kJoined) return nullptr;
    jni = attach_as_daemon(vm, kThreadName);
    if (jni == nullptr) return nullptr;
    serve(jni, wishes);
    detach(vm);
  }
}

}  // namespace

State state() { return g_state.load(std::memory_order_acquire); }
const char* refusal() { return g_refusal; }

void start_thread(const base::Options& options) {
  State none = State::kNone;
  if (!g_state.compare_exchange_strong(none, State::kWaiting, std::memory_order_acq_rel)) return;
  g_sampling = {options.java_interval_bytes, options.java_interval_adapts,
                [] { want(kForgetDead); }, machine_ends};
  g_longest_pause_ns = options.java_pause_ns;
  // In which library it is depends on the version of libc.
  using Create = int (*)(unsigned long* thread, const void* attributes, void* (*run)(void*), void*);
  base::Library library;
  base::Symbol create;
  const bool found = base::find_late_library("libpthread", "pthread_create", &library) ||
                     base::find_late_library("libc.", "pthread_create", &library) ||
                     base::find_late_library("ld-musl", "pthread_create", &library);
  unsigned long thread = 0;
  // It is nobody's to interrupt.
  const base::BlockedSignals blocked;
  if (!found || !base::find_symbol(library, "pthread_create", &create) ||
      reinterpret_cast<Create>(create.address)(&thread, nullptr, run, nullptr) != 0) {
    refuse("silt could not start a thread");
  }
}

bool ask() {
  if (state() != State::kJoined || track::is_asleep()) return false;
  g_round.fetch_add(1, std::memory_order_acq_rel);
  want(kCapture);
  return true;
}

void wake() {
  if (state() == State::kJoined) want(kWake);
}

void write_heap(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime) {
  static constinit runtime::HeapPart part{};
  const State now = state();
  if (now != State::kJoined && now != State::kEnded) return;
  part = runtime::HeapPart{};
  // Taken away while it is read; a newer one may come meanwhile.
  part.profile = g_profile.exchange(nullptr, std::memory_order_acq_rel);
  part.entry.runtime = runtime;
  const bool missed =
      g_answered.load(std::memory_order_acquire) != g_round.load(std::memory_order_acquire) ||
      now == State::kEnded || part.profile == nullptr;
  part.entry.flags = format::kHeapKeepsSamples | (missed ? uint32_t{format::kHeapMissed} : 0u);
  part.entry.captured_elapsed_ns = g_captured_ns.load(std::memory_order_relaxed);
  if (part.profile != nullptr) runtime::fill_in(*part.profile, &part.entry);
  runtime::write_heap_parts(out, strings, &part, 1);
  Profile* none = nullptr;
  if (part.profile != nullptr &&
      !g_profile.compare_exchange_strong(none, part.profile, std::memory_order_acq_rel)) {
    runtime::drop_profile(part.profile);
  }
}

void forget_thread() {
  if (state() == State::kNone) return;
  g_state.store(State::kRefused, std::memory_order_release);
  g_refusal = "it is a copy of a process that has one";
  samples.abandon();
  g_profile.store(nullptr, std::memory_order_relaxed);
}

}  // namespace silt::jvm
