// SPDX-License-Identifier: Apache-2.0
//
// See thread_state.h. Hook context.

#include "interposer/track/thread_state.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::track {

thread_local constinit ThreadLocal thread_local_part{};

namespace {

constinit std::atomic<ThreadState*> g_states{nullptr};
constinit std::atomic<uint32_t> g_state_count{0};

// Another thread's mode. Its memory may be gone, so it is the kernel that reads it; kInHook when
// the kernel does not want to.
Mode mode_of(const ThreadLocal* local) {
  Mode mode = Mode::kInHook;
  iovec to{&mode, sizeof(mode)};
  iovec from{const_cast<Mode*>(&local->mode), sizeof(mode)};
  const long result =
      base::system_call(SYS_process_vm_readv, base::system_call(SYS_getpid),
                        reinterpret_cast<long>(&to), 1, reinterpret_cast<long>(&from), 1, 0);
  if (result == -EFAULT) return Mode::kOff;  // the thread has ended, by no way that it was seen
  return result == static_cast<long>(sizeof(mode)) ? mode : Mode::kInHook;
}

bool has_ended(int32_t thread) {
  return base::system_call(SYS_tgkill, base::system_call(SYS_getpid), thread, 0) == -ESRCH;
}

}  // namespace

ThreadState* first_thread_state() { return g_states.load(std::memory_order_acquire); }

SILT_COLD ThreadState* acquire_thread_state(const ThreadLocal* local) {
  const auto self = static_cast<int32_t>(base::system_call(SYS_gettid));
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    int32_t free = 0;
    if (state->owner.load(std::memory_order_relaxed) == 0 &&
        state->owner.compare_exchange_strong(free, self, std::memory_order_acquire)) {
      state->spine.forget();
      state->memory.forget();
      state->local.store(local, std::memory_order_release);
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
  state->local.store(local, std::memory_order_relaxed);
  ThreadState* head = g_states.load(std::memory_order_relaxed);
  do {
    state->next = head;
  } while (!g_states.compare_exchange_weak(head, state, std::memory_order_release,
                                           std::memory_order_relaxed));
  return state;
}

void release_thread_state(ThreadState* state) {
  state->local.store(nullptr, std::memory_order_relaxed);
  state->owner.store(0, std::memory_order_release);
}

void keep_only_thread_state(ThreadState* own) {
  const auto self = static_cast<int32_t>(base::system_call(SYS_gettid));
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    state->owner.store(state == own ? self : 0, std::memory_order_relaxed);
    if (state != own) state->local.store(nullptr, std::memory_order_relaxed);
  }
}

bool all_threads_seen_since(uint32_t epoch, const ThreadState* own) {
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    int32_t owner = state->owner.load(std::memory_order_acquire);
    if (state == own || owner == 0) continue;
    if (static_cast<int32_t>(state->epoch.load(std::memory_order_acquire) - epoch) >= 0) continue;
    // A thread that allocates seldom has not noticed. It need not, unless it is in the middle of a
    // hook: what it remembers it will forget before it looks at it. That its mark is seen here
    // rests on `epoch` having begun long before: what it stored at the time is in memory by now,
    // and whatever hook it enters later begins with the new epoch.
    const ThreadLocal* const local = state->local.load(std::memory_order_acquire);
    if (local != nullptr && mode_of(local) != Mode::kInHook) continue;
    if (has_ended(owner)) {
      // It never came to its end's handlers. Another may have the state.
      state->local.store(nullptr, std::memory_order_relaxed);
      state->owner.compare_exchange_strong(owner, 0, std::memory_order_acq_rel);
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace silt::track
