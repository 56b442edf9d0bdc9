// SPDX-License-Identifier: Apache-2.0
//
// See awaiting.h.

#include "interposer/runtime/awaiting.h"

#include "interposer/track/recorder.h"

namespace silt::runtime {
namespace {

using track::recorder;

constexpr int kMost = 4;  // one for each runtime that waits
constinit std::atomic<Await> g_waiting[kMost]{};
constinit Await g_looking_at_code[kMost]{};

void call_all() {
  for (const std::atomic<Await>& place : g_waiting) {
    if (const Await await = place.load(std::memory_order_acquire)) await();
  }
}

bool anybody_waits() {
  for (const std::atomic<Await>& place : g_waiting) {
    if (place.load(std::memory_order_acquire) != nullptr) return true;
  }
  return false;
}

void tell_of_code() {
  for (const Await look : g_looking_at_code) {
    if (look != nullptr) look();
  }
}

}  // namespace

void start_awaiting(Await await) {
  for (const std::atomic<Await>& place : g_waiting) {
    if (place.load(std::memory_order_acquire) == await) return;
  }
  for (std::atomic<Await>& place : g_waiting) {
    Await none = nullptr;
    if (!place.compare_exchange_strong(none, await, std::memory_order_acq_rel)) continue;
    recorder.await_runtime.store(call_all, std::memory_order_release);
    return;
  }
}

void stop_awaiting(Await await) {
  for (std::atomic<Await>& place : g_waiting) {
    Await known = await;
    place.compare_exchange_strong(known, nullptr, std::memory_order_acq_rel);
  }
  if (anybody_waits()) return;
  recorder.await_runtime.store(nullptr, std::memory_order_release);
  // One that came in between has found the call in place that was just taken away.
  if (anybody_waits()) recorder.await_runtime.store(call_all, std::memory_order_release);
}

void when_code_comes(Await look) {
  for (Await& place : g_looking_at_code) {
    if (place != nullptr) continue;
    place = look;
    break;
  }
  recorder.code_came = tell_of_code;
}

}  // namespace silt::runtime
