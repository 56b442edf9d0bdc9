// SPDX-License-Identifier: Apache-2.0
//
// See thread_state.h. Hook context.

#include "interposer/track/thread_state.h"

#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::track {

thread_local constinit ThreadLocal thread_local_part{};

namespace {

constinit std::atomic<ThreadState*> g_states{nullptr};
constinit std::atomic<uint32_t> g_state_count{0};

}  // namespace

ThreadState* first_thread_state() { return g_states.load(std::memory_order_acquire); }

SILT_COLD ThreadState* acquire_thread_state() {
  const auto self = static_cast<int32_t>(base::system_call(SYS_gettid));
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    int32_t free = 0;
    if (state->owner.load(std::memory_order_relaxed) == 0 &&
        state->owner.compare_exchange_strong(free, self, std::memory_order_acquire)) {
      state->spine.forget();
      state->memory.forget();
      return state;
    }
  }
  auto* const state = static_cast<ThreadState*>(base::map_memory(sizeof(ThreadState)));
  if (state == nullptr) return nullptr;
  const uint32_t number = g_state_count.fetch_add(1, std::memory_order_relaxed);
  state->shared_shard = number >= Counters::kOwnedShards;
  state->shard = &recorder.counters.shard(state->shared_shard ? Counters::kSharedShard : number);
  state->countdown = 1;
  state->random = (uint64_t{number} + 1) * 0x9e3779b97f4a7c15;
  state->owner.store(self, std::memory_order_relaxed);
  ThreadState* head = g_states.load(std::memory_order_relaxed);
  do {
    state->next = head;
  } while (!g_states.compare_exchange_weak(head, state, std::memory_order_release,
                                           std::memory_order_relaxed));
  return state;
}

void release_thread_state(ThreadState* state) { state->owner.store(0, std::memory_order_release); }

void keep_only_thread_state(ThreadState* own) {
  const auto self = static_cast<int32_t>(base::system_call(SYS_gettid));
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    state->owner.store(state == own ? self : 0, std::memory_order_relaxed);
  }
}

}  // namespace silt::track
