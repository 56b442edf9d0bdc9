// SPDX-License-Identifier: Apache-2.0
//
// See taken_blocks.h.

#include "interposer/track/taken_blocks.h"

#include "interposer/track/folding.h"
#include "interposer/track/recorder.h"

namespace silt::track {
namespace {

Taken take_from(LiveTable& live, const void* address) {
  const auto at = reinterpret_cast<uint64_t>(address);
  Taken taken{live.take(at), SampledBlock{}};
  if (taken.exact.stack == kNoStack && recorder.sampled.perhaps(at))
    taken.sampled = recorder.sampled.take(at);
  return taken;
}

void restore_to(LiveTable& live, const void* address, const Taken& taken) {
  const auto at = reinterpret_cast<uint64_t>(address);
  if (taken.exact.stack != kNoStack) live.insert(at, taken.exact);
  if (taken.sampled.stack != kNoStack) recorder.sampled.insert(at, taken.sampled);
  for (const StackId stack : {taken.exact.stack, taken.sampled.stack}) {
    if (stack != kNoStack) folding.note_restored(stack);
  }
}

}  // namespace

SILT_COLD void restore(const MappingRange& range) {
  recorder.mappings.insert(range);
  folding.note_restored(range.stack);
}

SILT_COLD Taken take_from_either(const void* address) { return take_from(recorder.live, address); }
SILT_COLD Taken take_object_from_either(const void* address) {
  return take_from(recorder.objects, address);
}
SILT_COLD void restore(const void* address, const Taken& taken) {
  restore_to(recorder.live, address, taken);
}
SILT_COLD void restore_object(const void* address, const Taken& taken) {
  restore_to(recorder.objects, address, taken);
}

}  // namespace silt::track
