// SPDX-License-Identifier: Apache-2.0
//
// See thread_state.h. Hook context.

#include "interposer/track/thread_state.h"

#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/memory.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/track/box_threads.h"
#include "interposer/track/recorder.h"

namespace silt::track {

thread_local constinit ThreadLocal thread_local_part{};
constinit AwakePage awake_page{};

namespace {

constinit std::atomic<ThreadState*> g_states{nullptr};
constinit std::atomic<uint32_t> g_state_count{0};

// Another thread's mode. Its memory may be gone, so it is the kernel that reads it; kInHook when
// the kernel does not want to.
Mode mode_of(const ThreadLocal* local) {
  Mode mode = Mode::kInHook;
  const long result =
      base::read_memory(reinterpret_cast<uint64_t>(&local->mode), &mode, sizeof(mode));
  // With the release in hook::leave: what comes after is not read before it.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (result == -EFAULT) return Mode::kOff;  // the thread has ended, by no way that it was seen
  return result == 0 ? mode : Mode::kInHook;
}

// A thread that begins asks about the owners of so many states, from where the last one stopped.
// With as many threads as there are states in use, one in so many more states is made than there
// ever were threads at a time; a question is a tenth of a microsecond.
constexpr uint32_t kQuestions = 16;
constinit std::atomic<ThreadState*> g_next_question{nullptr};

constexpr uint64_t kThreadMask = 0xffffffff;
constexpr uint64_t kOneMore = uint64_t{1} << 48;

uint64_t owned_by(uint32_t thread) {
  return uint64_t{base::process_number() & 0xffff} << 32 | thread;
}

bool of_this_process(uint64_t owner) {
  return owner == 0 || ((owner ^ owned_by(0)) & (kOneMore - 1) & ~kThreadMask) == 0;
}

// Fails when another thread was faster, also one of the same id as the owner that has ended.
bool take_over(ThreadState& state, uint64_t owner, uint32_t self) {
  const uint64_t takeovers = (owner + kOneMore) & ~(kOneMore - 1);
  if (!of_this_process(owner) ||
      !state.owner.compare_exchange_strong(owner, takeovers | owned_by(self),
                                           std::memory_order_acq_rel, std::memory_order_relaxed)) {
    return false;
  }
  state.spine.forget();
  state.memory.forget();
  return true;
}

// The takeovers stay, and go on: who still has an earlier owner in hand cannot take it for the
// same.
void free_state(ThreadState& state, uint64_t owner) {
  const uint64_t takeovers = (owner + kOneMore) & ~(kOneMore - 1);
  state.owner.compare_exchange_strong(owner, takeovers | owned_by(0), std::memory_order_acq_rel,
                                      std::memory_order_relaxed);
}

ThreadState* with_owner(ThreadState* state, const ThreadLocal* local) {
  state->counted_by.fetch_add(1, std::memory_order_relaxed);
  state->local.store(local, std::memory_order_release);
  tell_box_of_owner(*state);
  return state;
}

// The state of a thread that has ended, if one is soon found.
ThreadState* find_abandoned(uint32_t self) {
  ThreadState* state = g_next_question.load(std::memory_order_relaxed);
  ThreadState* found = nullptr;
  for (uint32_t i = 0; i < kQuestions && found == nullptr; ++i) {
    if (state == nullptr) state = first_thread_state();
    if (state == nullptr) break;
    const uint64_t owner = state->owner.load(std::memory_order_acquire);
    if (!is_alive(static_cast<int32_t>(owner & kThreadMask)) && take_over(*state, owner, self)) {
      found = state;
    }
    state = state->next;
    if (state == nullptr && i + 1 >= g_state_count.load(std::memory_order_relaxed)) break;
  }
  g_next_question.store(state, std::memory_order_relaxed);
  return found;
}

}  // namespace

// Not tgkill: a child that shares the memory, but is a process of its own, is alive too. Only a
// plain no is one; a filter may answer otherwise.
bool is_alive(int32_t thread) {
  return thread != 0 && base::system_call(SYS_kill, thread, 0) != -ESRCH;
}

ThreadState* first_thread_state() { return g_states.load(std::memory_order_acquire); }

uint64_t thread_state_bytes() {
  return uint64_t{g_state_count.load(std::memory_order_relaxed)} * sizeof(ThreadState);
}

SILT_COLD ThreadState* acquire_thread_state(const ThreadLocal* local) {
  const auto self = static_cast<uint32_t>(base::system_call(SYS_gettid));
  // A child that shares the memory may not see its parent's threads, and has none of its own.
  const bool may_take_over = base::in_own_process();
  for (ThreadState* state = first_thread_state(); may_take_over && state != nullptr;
       state = state->next) {
    const uint64_t owner = state->owner.load(std::memory_order_acquire);
    const uint64_t thread = owner & kThreadMask;
    // Of this thread's own id: an earlier thread's, whose id was given out again.
    if ((thread == 0 || thread == self) && take_over(*state, owner, self)) {
      return with_owner(state, local);
    }
  }
  if (may_take_over) {
    if (ThreadState* const state = find_abandoned(self)) return with_owner(state, local);
  }
  auto* const state = static_cast<ThreadState*>(base::map_memory(sizeof(ThreadState)));
  if (state == nullptr) return nullptr;
  const uint32_t number = g_state_count.fetch_add(1, std::memory_order_relaxed);
  state->shared_shard = number >= Counters::kOwnedShards;
  state->shard = &recorder.counters.shard(state->shared_shard ? Counters::kSharedShard : number);
  state->countdown = 1;
  state->counted_by.store(1, std::memory_order_relaxed);
  state->random = (uint64_t{number} + 1) * 0x9e3779b97f4a7c15;
  state->owner.store(owned_by(self), std::memory_order_relaxed);
  state->local.store(local, std::memory_order_relaxed);
  tell_box_of_owner(*state);
  ThreadState* head = g_states.load(std::memory_order_relaxed);
  do {
    state->next = head;
  } while (!g_states.compare_exchange_weak(head, state, std::memory_order_release,
                                           std::memory_order_relaxed));
  return state;
}

bool take_ended_state(ThreadState& state) {
  const uint64_t owner = state.owner.load(std::memory_order_acquire);
  if (is_alive(static_cast<int32_t>(owner & kThreadMask))) return false;
  if (!take_over(state, owner, static_cast<uint32_t>(base::system_call(SYS_gettid)))) return false;
  state.local.store(nullptr, std::memory_order_relaxed);
  return true;
}

void give_back_state(ThreadState& state) {
  free_state(state, state.owner.load(std::memory_order_relaxed));
}

void keep_only_thread_state(ThreadState* own) {
  const uint64_t self = owned_by(static_cast<uint32_t>(base::system_call(SYS_gettid)));
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    state->owner.store(state == own ? self : 0, std::memory_order_relaxed);
    if (state != own) state->local.store(nullptr, std::memory_order_relaxed);
  }
}

bool all_threads_seen_since(uint32_t epoch, const ThreadState* own) {
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    const uint64_t owner = state->owner.load(std::memory_order_acquire);
    const auto thread = static_cast<int32_t>(owner & kThreadMask);
    if (state == own || thread == 0) continue;
    if (static_cast<int32_t>(state->epoch.load(std::memory_order_acquire) - epoch) >= 0) continue;
    // A thread that allocates seldom has not noticed. It need not, unless it is in the middle of a
    // hook: what it remembers it will forget before it looks at it. That its mark is seen here
    // rests on `epoch` having begun long before: what it stored at the time is in memory by now,
    // and whatever hook it enters later begins with the new epoch. That holds on processors that
    // put off stores or read ahead as well: none does so for milliseconds.
    const ThreadLocal* const local = state->local.load(std::memory_order_acquire);
    if (local != nullptr && mode_of(local) != Mode::kInHook) continue;
    if (!is_alive(thread)) {
      free_state(*state, owner);
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace silt::track
