// SPDX-License-Identifier: Apache-2.0
//
// See joining.h. Hook context, but for start.

#include "interposer/runtime/php/joining.h"

#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/runtime/awaiting.h"
#include "interposer/runtime/cold_part.h"
#include "interposer/runtime/php/frames.h"
#include "interposer/runtime/php/functions.h"
#include "interposer/runtime/php/interpreter.h"
#include "interposer/runtime/php/self_check.h"
#include "interposer/track/recorder.h"

namespace silt::php {
namespace {

using track::recorder;

constexpr uint32_t kTriedMajor = 8;
constexpr uint32_t kTriedMinor = 2;

// kFound: it is there, and was not asked for its version yet.
enum State : uint32_t { kAbsent, kFound, kWaiting, kJoined, kRefused };
constinit std::atomic<uint32_t> g_state{kAbsent};
constinit std::atomic<bool> g_looking{false};  // a thread is
constinit Version g_version{};
constinit bool g_hides = false;  // blocks come from PHP's own allocator
constinit const char* g_why = "";

// A moment at which the engine says something else than its frames is not rare (an exception, a
// constant whose value is being computed): what is wrong so many times is wrong.
constexpr uint32_t kMostChecks = 64;
constinit uint32_t g_checks = 0;

constinit runtime::Occasions g_occasions;

void await();

void refuse(const char* why) {
  runtime::stop_awaiting(await);
  g_why = why;
  g_state.store(kRefused, std::memory_order_release);
  base::TextBuffer<400> line;
  line.add("the PHP side of this program is not recorded: ").add(why);
  base::log(base::LogLevel::kWarn, line.c_str());
}

// The thread that runs PHP, by something of its own; what is copied in a fork lies where it lay.
constinit const void* g_thread = nullptr;

// Code that opcache's JIT has made has no unwind information: the evaluator is not reached.
bool runs_beyond() { return &track::thread_local_part == g_thread && current_frame() != 0; }

void tell_walk() {
  track::Evaluator& evaluator = recorder.evaluator;
  const base::Symbol& code = interpreter.evaluator;
  const unwind::FrameRule rule = recorder.rules.find_or_derive(code.address + code.size / 2);
  if (rule.kind() == unwind::RuleKind::kSp) {
    const runtime::CodeRange cold = runtime::find_cold_part(code, rule.cfa_offset());
    evaluator.cold_begin = cold.begin;
    evaluator.cold_size = cold.end - cold.begin;
    if (!arch::kReturnsByRegister) {
      interpreter.evaluator_frame_bytes = static_cast<uint64_t>(rule.cfa_offset());
    }
  }
  evaluator.begin = code.address;
  evaluator.size = code.size;
  evaluator.anchor_below_cfa = kAnchorBelowCaller;
  evaluator.anchored_from = 0;
  evaluator.find = find_frames;
  g_thread = &track::thread_local_part;
  evaluator.runs_beyond = runs_beyond;
  evaluator.joined.store(true, std::memory_order_release);
  recorder.epoch.fetch_add(1, std::memory_order_release);  // stacks without frames of PHP's
}

// What need not run to be known.
bool look_at_version() {
  if (interpreter.threaded) {
    refuse("it was built for threads (ZTS), which silt does not join");
    return false;
  }
  if (!find_interpreter()) {
    refuse("it does not export what silt needs");
    return false;
  }
  const char* const engine = interpreter.engine_version();
  if (engine == nullptr) return false;  // it has not started
  g_version = version_of(engine);
  if (g_version.major == kTriedMajor && g_version.minor == kTriedMinor) return true;
  refuse("this version of PHP was not tried with silt (8.2 was)");
  return false;
}

void try_to_join() {
  const uint32_t state = g_state.load(std::memory_order_acquire);
  if (state == kFound && look_at_version()) g_state.store(kWaiting, std::memory_order_release);
  if (g_state.load(std::memory_order_acquire) != kWaiting || current_frame() == 0) return;
  switch (check_layout()) {
    case Checked::kNothingRuns:
      return;
    case Checked::kWrong:
      if (++g_checks < kMostChecks) return;
      return refuse(
          "its frames are not laid out as in the builds of PHP 8.2 that silt was tried "
          "with");
    case Checked::kRight:
      break;
  }
  if (recorder.evaluator.joined.load(std::memory_order_acquire)) {
    return refuse("another interpreter in this process was joined before");
  }
  runtime::stop_awaiting(await);
  g_hides = interpreter.has_own_allocator();
  tell_walk();
  g_state.store(kJoined, std::memory_order_release);
  base::log(base::LogLevel::kInfo, "joined PHP");
}

bool on_main_thread() { return base::system_call(SYS_gettid) == base::system_call(SYS_getpid); }

void await() {
  const uint32_t state = g_state.load(std::memory_order_acquire);
  if (state != kFound && (state != kWaiting || current_frame() == 0)) return;
  // The one that runs PHP, in all programs that have it without threads.
  if (!on_main_thread() || g_looking.exchange(true, std::memory_order_acquire)) return;
  try_to_join();
  g_looking.store(false, std::memory_order_release);
}

void expect() {
  g_state.store(kFound, std::memory_order_release);
  runtime::start_awaiting(await);
}

void code_came() {
  if (g_state.load(std::memory_order_acquire) != kAbsent) return;
  if (g_occasions.count() == 0) return;
  if (g_looking.exchange(true, std::memory_order_acquire)) return;
  if (find_late_php()) expect();
  g_looking.store(false, std::memory_order_release);
}

runtime::Presence start(const base::Options& options, const char*) {
  if (!options.php) return runtime::Presence::kAbsent;
  runtime::when_code_comes(code_came);
  if (find_php()) expect();
  return runtime::Presence::kHere;
}

bool describe(snapshot::Strings& strings, format::RuntimeEntry* entry) {
  const uint32_t state = g_state.load(std::memory_order_acquire);
  if (state == kAbsent) return false;
  base::TextBuffer<32> version;
  if (g_version.major != 0) {
    version.add_decimal(g_version.major).add('.').add_decimal(g_version.minor).add('.');
    version.add_decimal(g_version.release);
  }
  entry->version = strings.add(version.c_str());
  entry->why_not = strings.add(g_why);
  if (state == kJoined) {
    entry->flags = format::kRuntimeFrames | (g_hides ? uint32_t{format::kRuntimeHides} : 0u);
  }
  return true;
}

// The thread that was looking stayed behind.
void leave_to_parent() { g_looking.store(false, std::memory_order_relaxed); }

}  // namespace

const runtime::Runtime runtime = {
    .name = kName,
    .start = start,
    .describe = describe,
    .kept_bytes = kept_bytes,
    .leave_to_parent = leave_to_parent,
};

}  // namespace silt::php
