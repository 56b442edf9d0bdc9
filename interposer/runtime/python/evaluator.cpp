// SPDX-License-Identifier: Apache-2.0
//
// See evaluator.h.

#include "interposer/runtime/python/evaluator.h"

#include "interposer/hook/guard.h"
#include "interposer/runtime/cold_part.h"
#include "interposer/runtime/python/frames.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/track/recorder.h"

namespace silt::python {
namespace {

using track::recorder;

}  // namespace

bool find_evaluator(uint64_t anchor, const arch::CallFrame& hook_frame) {
  track::ThreadLocal& local = track::thread_local_part;
  const track::Mode mode = hook::enter(local, hook_frame);
  if (mode == track::Mode::kOff) return false;
  unwind::Spine& spine = local.state->spine;
  spine.forget();
  spine.update(recorder.rules, hook::caller_of(hook_frame));
  track::Evaluator& evaluator = recorder.evaluator;
  const base::Symbol code = interpreter.evaluator;
  int64_t cfa_offset = 0;
  for (uint32_t i = spine.count(); i-- > 1;) {
    const unwind::Frame& frame = spine.frame(i);
    const unwind::Frame& caller = spine.frame(i - 1);
    if (frame.pc - 1 - code.address >= code.size || caller.pc == 0) continue;
    if (anchor < frame.sp || anchor >= caller.sp) continue;
    evaluator.anchor_below_cfa = caller.sp - anchor;
    cfa_offset = static_cast<int64_t>(caller.sp - frame.sp);
    break;
  }
  spine.forget();
  if (cfa_offset != 0) {
    const runtime::CodeRange cold = runtime::find_cold_part(code, cfa_offset);
    evaluator.cold_begin = cold.begin;
    evaluator.cold_size = cold.end - cold.begin;
  }
  hook::leave(local, mode);
  if (cfa_offset == 0) return false;
  evaluator.begin = code.address;
  evaluator.size = code.size;
  // What comes before the anchor is filled in takes some hundred bytes of code in the builds seen.
  evaluator.anchored_from = 256;
  evaluator.find = find_frames;
  return true;
}

}  // namespace silt::python
