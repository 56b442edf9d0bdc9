// SPDX-License-Identifier: Apache-2.0
//
// See joining.h. What is told to the recorder to be called runs in hook context; join itself in the
// interpreter's main thread, with its lock, between two instructions of Python.

#include "interposer/runtime/python/joining.h"

#include <atomic>

#include "interposer/base/log.h"
#include "interposer/base/text.h"
#include "interposer/hook/guard.h"
#include "interposer/runtime/awaiting.h"
#include "interposer/runtime/python/evaluator.h"
#include "interposer/runtime/python/functions.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/keeping.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/objects.h"
#include "interposer/runtime/python/self_check.h"
#include "interposer/snapshot/trigger.h"
#include "interposer/track/recorder.h"

namespace silt::python {
namespace {

using track::recorder;

constexpr uint32_t kTriedVersion = 0x030b;

enum State : uint32_t { kAbsent, kWaiting, kAsked, kJoined, kRefused };
constinit std::atomic<uint32_t> g_state{kAbsent};
constinit std::atomic<bool> g_has_objects{false};
// A library is looked for while it is still being loaded, on so many occasions before that is given
// up until the next one comes.
constexpr uint32_t kOccasions = 64;
constinit runtime::Occasions g_occasions;
constinit std::atomic<bool> g_looking{false};  // a thread is
constinit const char* g_why = "";
constinit bool g_at_exit = false;

void await();

void refuse(const char* why) {
  g_why = why;
  g_state.store(kRefused, std::memory_order_release);
  base::TextBuffer<400> line;
  line.add("the Python side of this program is not recorded: ").add(why);
  base::log(base::LogLevel::kWarn, line.c_str());
}

// Code objects are forgotten when they are freed: that they are is seen by standing in for their
// type's destructor, which costs nothing until then. The only word of the interpreter's that
// changes.
using Destructor = void (*)(Object);
constinit Destructor g_free_code = nullptr;
void free_code(Object code) {
  forget_code(reinterpret_cast<uint64_t>(code));
  g_free_code(code);
}

void watch_code_objects() {
  auto* const destructor = reinterpret_cast<Destructor*>(interpreter.code_type + kTypeDestructor);
  g_free_code = *destructor;
  __atomic_store_n(destructor, &free_code, __ATOMIC_RELEASE);
}

// Python's own end comes before the process's: module dictionaries are emptied, and what was kept
// would look freed. So the last snapshot is taken by a function of ours among those of `atexit`;
// the one that is registered first is called last.
Object take_last_snapshot(Object, Object) {
  snapshot::take_before_end();
  __atomic_fetch_add(reinterpret_cast<int64_t*>(interpreter.none), 1, __ATOMIC_RELAXED);
  return reinterpret_cast<Object>(interpreter.none);
}
constinit const MethodDefinition g_at_exit_method = {"silt_take_last_snapshot", take_last_snapshot,
                                                     kNoArguments, nullptr};

void register_at_exit() {
  if (!g_at_exit) return;
  const Object module = interpreter.import("atexit");
  const Object add = module == nullptr ? nullptr : interpreter.get_attribute(module, "register");
  const Object function =
      add == nullptr ? nullptr
                     : interpreter.make_function(&g_at_exit_method, nullptr, nullptr, nullptr);
  const Object result = function == nullptr ? nullptr : interpreter.call(add, function);
  if (result == nullptr) interpreter.clear_error();
  for (const Object object : {module, add, function, result}) {
    if (object != nullptr) interpreter.release(object);
  }
}

// `python -X tracemalloc` puts back what was there before it when it stops.
bool is_traced() { return field<int32_t>(interpreter.tracing, 4) != 0; }

__attribute__((noinline)) int join(void*) {
  const hook::HookFrame hook_frame = SILT_HOOK_FRAME;
  if (g_state.load(std::memory_order_acquire) != kAsked) return 0;
  uint64_t anchor = 0;
  switch (check_layout(&anchor)) {
    case Checked::kNothingRuns:
      g_state.store(kWaiting, std::memory_order_release);
      return 0;
    case Checked::kWrong:
      runtime::stop_awaiting(await);
      refuse(
          "its frames are not laid out as in the builds of CPython 3.11 that silt was tried with");
      return 0;
    case Checked::kRight:
      break;
  }
  runtime::stop_awaiting(await);
  if (!find_evaluator(anchor, hook_frame)) {
    refuse("the native frames of its evaluator were not found");
    return 0;
  }
  watch_code_objects();
  if (is_traced()) {
    // The report says so too: nothing is written among what the program writes.
    base::log(base::LogLevel::kInfo,
              "tracemalloc is on: Python's objects are recorded as the memory that holds them");
  } else {
    hook_objects();
    know_kinds();
    g_has_objects.store(true, std::memory_order_relaxed);
  }
  register_at_exit();
  recorder.evaluator.joined.store(true, std::memory_order_release);
  recorder.epoch.fetch_add(1, std::memory_order_release);  // stacks without frames of Python's
  g_state.store(kJoined, std::memory_order_release);
  base::log(base::LogLevel::kInfo, "joined Python");
  return 0;
}

// Hook context.
void await() {
  uint32_t state = g_state.load(std::memory_order_acquire);
  if (state == kAbsent) {
    const uint32_t occasion = g_occasions.count();
    if (occasion == 0) return;
    if (g_looking.exchange(true, std::memory_order_acquire)) return;
    const bool found = find_late_python();
    g_looking.store(false, std::memory_order_release);
    if (!found) {
      if (occasion >= kOccasions) {
        runtime::stop_awaiting(await);
      }
      return;
    }
    g_state.store(kWaiting, std::memory_order_release);
    state = kWaiting;
  }
  if (state != kWaiting) return;
  if (interpreter.version >> 16 != kTriedVersion) {
    if (!g_state.compare_exchange_strong(state, kAsked, std::memory_order_acq_rel)) return;
    runtime::stop_awaiting(await);
    return refuse("this version of CPython was not tried with silt (3.11 was)");
  }
  switch (has_started()) {
    case Started::kNot:
      return;
    case Started::kGone:
      g_state.compare_exchange_strong(state, kAbsent, std::memory_order_acq_rel);
      return;
    case Started::kYes:
      break;
  }
  if (!g_state.compare_exchange_strong(state, kAsked, std::memory_order_acq_rel)) return;
  if (!find_interpreter()) {
    runtime::stop_awaiting(await);
    return refuse("it does not export what silt needs");
  }
  if (interpreter.add_pending_call(join, nullptr) != 0) {
    g_state.store(kWaiting, std::memory_order_release);  // there are many waiting: later
  }
}

runtime::Presence start(const base::Options& options, const char*) {
  if (!options.python) return runtime::Presence::kAbsent;
  g_at_exit = options.at_exit;
  runtime::when_code_comes([] {
    if (g_state.load(std::memory_order_acquire) != kAbsent) return;
    g_occasions.begin_again();
    runtime::start_awaiting(await);
  });
  if (find_python()) {
    g_state.store(kWaiting, std::memory_order_release);
    runtime::start_awaiting(await);
  }
  return runtime::Presence::kHere;
}

// The thread that was looking stayed behind.
void leave_to_parent() { g_looking.store(false, std::memory_order_relaxed); }

bool describe(snapshot::Strings& strings, format::RuntimeEntry* entry) {
  const uint32_t state = g_state.load(std::memory_order_acquire);
  if (state == kAbsent) return false;
  base::TextBuffer<32> version;
  const uint32_t number = interpreter.version;
  version.add_decimal(number >> 24).add('.').add_decimal(number >> 16 & 255).add('.');
  version.add_decimal(number >> 8 & 255);
  entry->version = strings.add(number == 0 ? "before 3.11" : version.c_str());
  entry->why_not = strings.add(g_why);
  const bool joined = state == kJoined;
  entry->flags =
      (joined ? format::kRuntimeFrames : 0u) |
      (joined && g_has_objects.load(std::memory_order_relaxed) ? uint32_t{format::kRuntimeObjects}
                                                               : 0u);
  entry->arena_bytes = arena_bytes();
  return true;
}

}  // namespace

const runtime::Runtime runtime = {
    .name = kName,
    .start = start,
    .describe = describe,
    .kept_bytes = code_bytes,
    .tidy = unmap_old_code_tables,
    .leave_to_parent = leave_to_parent,
};

}  // namespace silt::python
