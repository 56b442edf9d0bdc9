// SPDX-License-Identifier: Apache-2.0
//
// See isolates.h.

#include "interposer/runtime/nodejs/isolates.h"

#include "interposer/runtime/nodejs/code_events.h"
#include "interposer/runtime/nodejs/heap_copy.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/thread_state.h"

namespace silt::nodejs {
namespace {

constinit Isolate g_isolates[kMaximumIsolates]{};
constinit std::atomic<uint32_t> g_used{0};   // places from 0 on that were ever taken
constinit std::atomic<uint32_t> g_round{0};  // number of the latest question
constinit std::atomic<bool> g_leaving{false};

Isolate* take_place(uint32_t wanted) {
  for (uint32_t i = 0; i < kMaximumIsolates; ++i) {
    Isolate& isolate = g_isolates[i];
    uint32_t state = wanted;
    if (!isolate.state.compare_exchange_strong(state, Isolate::kJoining,
                                               std::memory_order_acq_rel)) {
      continue;
    }
    uint32_t used = g_used.load(std::memory_order_relaxed);
    while (used < i + 1 && !g_used.compare_exchange_weak(used, i + 1, std::memory_order_acq_rel)) {
    }
    return &isolate;
  }
  return nullptr;
}

// Calls the script's function; with an argument where that is not nullptr. The number that it
// returns, or 0.
double call(Isolate& isolate, Reference reference, const bool* argument) {
  HandleScope scope;
  if (api.open_scope(isolate.env, &scope) != 0) return 0;
  Value function;
  Value undefined;
  Value result = nullptr;
  Value number = nullptr;
  double returned = 0;
  if (argument != nullptr) api.create_double(isolate.env, *argument ? 1 : 0, &number);
  if (api.get_reference(isolate.env, reference, &function) == 0 &&
      api.get_undefined(isolate.env, &undefined) == 0 &&
      api.call_function(isolate.env, undefined, function, number == nullptr ? 0 : 1, &number,
                        &result) != 0) {
    // The script catches everything; what is left is an isolate that is being ended.
    api.clear_exception(isolate.env, &result);
  } else if (result != nullptr && api.get_double(isolate.env, result, &returned) != 0) {
    returned = 0;
  }
  api.close_scope(isolate.env, scope);
  return returned;
}

Isolate& isolate_of_timer(void* handle) { return **static_cast<Isolate**>(handle); }

void on_timer(void* handle) {
  constexpr double kLongest = 3600e3;
  Isolate& isolate = isolate_of_timer(handle);
  const double milliseconds = call(isolate, isolate.functions.tick, nullptr);
  if (milliseconds >= 1 && milliseconds <= kLongest) {
    api.timer_start(handle, on_timer, static_cast<uint64_t>(milliseconds), 0);
  }
}

void on_asked(void* handle) {
  auto& isolate = *static_cast<Isolate*>(handle);
  if (isolate.wakes.exchange(false, std::memory_order_acq_rel)) {
    // What was captured for the recording before is no part of the next.
    drop_profile(isolate.profile.exchange(nullptr, std::memory_order_acq_rel));
    isolate.captured_ns.store(0, std::memory_order_relaxed);
    const bool awake = !track::is_asleep();
    call(isolate, isolate.functions.wake, &awake);
  }
  const HeapOrder* const order = isolate.heap_order.exchange(nullptr, std::memory_order_acq_rel);
  if (order != nullptr) write_heap(isolate, *order);
  // One event may stand for both.
  if (isolate.answered.load(std::memory_order_relaxed) == latest_round()) {
    return;
  }
  call(isolate, isolate.functions.capture, nullptr);
  answer(isolate);
}

void on_closed(void* handle) {
  auto& isolate = *static_cast<Isolate*>(handle);
  const CleanupHandle cleanup = isolate.cleanup;
  const bool leaving = g_leaving.load(std::memory_order_relaxed);
  if (!leaving) drop_profile(isolate.profile.exchange(nullptr, std::memory_order_acq_rel));
  isolate.state.store(leaving ? Isolate::kLeft : Isolate::kEnded, std::memory_order_release);
  api.remove_cleanup(cleanup);
}

void on_timer_closed(void* handle) { api.close(isolate_of_timer(handle).async, on_closed); }

// It must not keep the loop alive either.
void start_timer(void* loop, Isolate& isolate) {
  constexpr int kTimer = 13;
  constexpr uint64_t kFirstMs = 1000;
  isolate.has_timer =
      api.handle_size(kTimer) <= Isolate::kHandleSize && api.timer_init(loop, isolate.timer) == 0;
  if (!isolate.has_timer) return;
  *reinterpret_cast<Isolate**>(isolate.timer) = &isolate;
  api.timer_start(isolate.timer, on_timer, kFirstMs, 0);
  api.unref(isolate.timer);
}

// The isolate's thread ends.
void on_cleanup(CleanupHandle, void* argument) {
  auto& isolate = *static_cast<Isolate*>(argument);
  {
    const base::SpinGuard guard(isolate.lock);
    isolate.state.store(Isolate::kJoining, std::memory_order_relaxed);
  }
  if (isolate.has_timer) {
    api.close(isolate.timer, on_timer_closed);
  } else {
    api.close(isolate.async, on_closed);
  }
  stop_watching_code();
  // Who waits for it need not wait any longer.
  if (all_answered()) snapshot::companion_answered(kSweepNs);
}

}  // namespace

IsolatePlaces isolate_places() { return {g_isolates, g_used.load(std::memory_order_acquire)}; }

uint32_t latest_round() { return g_round.load(std::memory_order_acquire); }

void put_back(Isolate& isolate, Profile* profile) {
  Profile* none = nullptr;
  if (profile != nullptr &&
      !isolate.profile.compare_exchange_strong(none, profile, std::memory_order_acq_rel)) {
    drop_profile(profile);
  }
}

Isolate* join(Env env, uint32_t thread_id, const Functions& functions) {
  constexpr int kAsync = 1;
  void* loop = nullptr;
  if (api.handle_size(kAsync) > Isolate::kHandleSize) return nullptr;
  if (api.get_loop(env, &loop) != 0) return nullptr;
  Isolate* isolate = take_place(Isolate::kFree);
  if (isolate == nullptr) isolate = take_place(Isolate::kEnded);
  if (isolate == nullptr) return nullptr;
  drop_profile(isolate->profile.exchange(nullptr, std::memory_order_acq_rel));
  isolate->thread_id = thread_id;
  isolate->env = env;
  isolate->functions = functions;
  isolate->wakes.store(false, std::memory_order_relaxed);
  isolate->heap_order.store(nullptr, std::memory_order_relaxed);
  isolate->captured_ns.store(0, std::memory_order_relaxed);
  isolate->answered.store(g_round.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (api.async_init(loop, isolate->async, on_asked) != 0) {
    isolate->state.store(Isolate::kFree, std::memory_order_release);
    return nullptr;
  }
  api.unref(isolate->async);  // it must not keep the loop alive
  isolate->has_timer = false;
  start_timer(loop, *isolate);
  if (api.add_cleanup(env, on_cleanup, isolate, &isolate->cleanup) != 0) {
    // Closing it without the hook is not to be had; the environment is being torn down anyway.
    return nullptr;
  }
  isolate->state.store(Isolate::kJoined, std::memory_order_release);
  return isolate;
}

Isolate* isolate_of(Env env) {
  Isolate* found = nullptr;
  for_each_isolate([&](Isolate& isolate) {
    if (isolate.state.load(std::memory_order_acquire) == Isolate::kJoined && isolate.env == env) {
      found = &isolate;
    }
  });
  return found;
}

void hand_over(Isolate& isolate, Profile* profile) {
  profile->captured_ns = snapshot::monotonic_ns() - snapshot::process_info.start_monotonic_ns;
  isolate.captured_ns.store(profile->captured_ns, std::memory_order_relaxed);
  drop_profile(isolate.profile.exchange(profile, std::memory_order_acq_rel));
}

void answer(Isolate& isolate) {
  isolate.answered.store(latest_round(), std::memory_order_release);
  if (all_answered()) snapshot::companion_answered(kSweepNs);
}

bool ask(const Isolate* self) {
  if (g_leaving.load(std::memory_order_relaxed)) return false;
  g_round.fetch_add(1, std::memory_order_acq_rel);
  bool any = false;
  for_each_isolate([&](Isolate& isolate) {
    if (&isolate == self) return;
    const base::SpinGuard guard(isolate.lock);
    if (isolate.state.load(std::memory_order_relaxed) != Isolate::kJoined) return;
    api.async_send(isolate.async);
    any = true;
  });
  return any;
}

bool order_heap(const HeapOrder* order) {
  bool found = false;
  for_each_isolate([&](Isolate& isolate) {
    const base::SpinGuard guard(isolate.lock);
    if (found || isolate.state.load(std::memory_order_relaxed) != Isolate::kJoined ||
        isolate.thread_id != order->thread) {
      return;
    }
    isolate.heap_order.store(order, std::memory_order_release);
    api.async_send(isolate.async);
    found = true;
  });
  return found;
}

void wake_isolates() {
  for_each_isolate([](Isolate& isolate) {
    const base::SpinGuard guard(isolate.lock);
    if (isolate.state.load(std::memory_order_relaxed) != Isolate::kJoined) return;
    isolate.wakes.store(true, std::memory_order_release);
    api.async_send(isolate.async);
  });
}

void stop_asking() { g_leaving.store(true, std::memory_order_relaxed); }

bool all_answered() {
  const uint32_t round = latest_round();
  bool all = true;
  for_each_isolate([&](Isolate& isolate) {
    if (isolate.state.load(std::memory_order_acquire) == Isolate::kJoined &&
        isolate.answered.load(std::memory_order_acquire) != round) {
      all = false;
    }
  });
  return all;
}

bool has_buffers() {
  constexpr double kWorthWaitingFor = 1 << 20;
  double bytes = 0;
  for_each_isolate([&](Isolate& isolate) {
    Profile* const profile = isolate.profile.exchange(nullptr, std::memory_order_acq_rel);
    if (profile != nullptr) bytes += profile->totals.array_buffers;
    put_back(isolate, profile);
  });
  return bytes >= kWorthWaitingFor;
}

void forget_isolates() {
  for_each_isolate([](Isolate& isolate) {
    isolate.state.store(Isolate::kFree, std::memory_order_relaxed);
    isolate.profile.store(nullptr, std::memory_order_relaxed);
  });
  g_leaving.store(false, std::memory_order_relaxed);
  g_used.store(0, std::memory_order_relaxed);
}

}  // namespace silt::nodejs
