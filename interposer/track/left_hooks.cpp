// SPDX-License-Identifier: Apache-2.0
//
// See left_hooks.h.

#include "interposer/track/left_hooks.h"

#include <signal.h>
#include <sys/syscall.h>

#include "interposer/base/arch.h"
#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::track {
namespace {

bool on_alternate_stack(stack_t* stack) {
  *stack = stack_t{};
  return base::system_call(SYS_sigaltstack, 0, reinterpret_cast<long>(stack)) == 0 &&
         (stack->ss_flags & SS_ONSTACK) != 0;
}

}  // namespace

SILT_COLD bool hook_is_stale(const ThreadLocal& local, const void* frame) {
  // The frame of a nested hook lies deeper on the same stack, or on the alternate signal stack.
  // Where the hook under way stands no other can stand.
  if (frame < local.hook_frame) return false;
  stack_t alternate;
  return !on_alternate_stack(&alternate);
}

SILT_COLD bool jump_leaves_hook(const ThreadLocal& local, uint64_t stack_pointer) {
  if (stack_pointer >> arch::kAddressBits != 0) return false;
  if (stack_pointer <= reinterpret_cast<uint64_t>(local.hook_frame)) return false;
  stack_t alternate;
  // A jump within a handler that stands on the alternate stack comes back to the hook.
  return !on_alternate_stack(&alternate) ||
         stack_pointer - reinterpret_cast<uint64_t>(alternate.ss_sp) >= alternate.ss_size;
}

SILT_COLD Mode leave_stale_hook(ThreadLocal& local) {
  // Left in the thread's very first hook, before it had its state: the next one begins anew.
  if (local.state == nullptr) return Mode::kNew;
  local.state->spine.forget();
  local.state->memory.forget();
  return recording_mode();
}

}  // namespace silt::track
