// SPDX-License-Identifier: Apache-2.0
//
// See own_walk.h. A spine is large, so it is mapped for the walk and unmapped again.

#include "interposer/track/own_walk.h"

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/track/recorder.h"
#include "interposer/unwind/spine.h"
#include "interposer/unwind/stack_region.h"
#include "interposer/unwind/unwinder.h"

namespace silt::track {
namespace {

uint64_t read_word(void* walk, uint64_t address) {
  auto* const regions = static_cast<unwind::StackRegions*>(walk);
  if (!regions->readable(address)) return 0;
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
}

}  // namespace

SILT_COLD void walk_here(VisitFrame visit, void* visitor) {
  auto* const spine = static_cast<unwind::Spine*>(base::map_memory(sizeof(unwind::Spine)));
  if (spine == nullptr) return;
  spine->update(recorder.rules, unwind::caller_of(SILT_CALL_FRAME));
  unwind::StackRegions regions{};
  for (uint32_t i = spine->count(); i > 0; --i) {
    const unwind::Frame& frame = spine->frame(i - 1);
    if (frame.pc != 0 && spine->bp_live(i - 1) && !visit(visitor, frame, &regions, read_word)) {
      break;
    }
  }
  base::unmap_memory(spine, sizeof(unwind::Spine));
}

bool add_interpreter(uint64_t start, uint64_t end) {
  if (!unwind::interpreter.add(start, end)) return false;
  recorder.rules.forget(start, end + 1);  // derived before it was known what lies there
  forget_walks();
  return true;
}

void remove_interpreter(uint64_t start, uint64_t end) { unwind::interpreter.remove(start, end); }

void describe_interpreter(int64_t slot, int64_t position_slot,
                          unwind::Interpreter::Translate translate) {
  unwind::interpreter.describe(slot, position_slot, translate);
  forget_walks();
}

void note_copied_code(uint64_t start, uint64_t end, uint64_t original) {
  const base::SpinGuard guard(unwind::derive_lock);
  const auto closed =
      recorder.modules.note_copy(start, end, original, recorder.stacks.node_count());
  if (closed.end != 0) forget_code(closed.start, closed.end);
}

void forget_walks() { recorder.epoch.fetch_add(1, std::memory_order_release); }

}  // namespace silt::track
