// SPDX-License-Identifier: Apache-2.0
//
// See collector.h.

#include "interposer/runtime/python/collector.h"

#include "interposer/base/memory.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {
namespace {

constexpr uint64_t kLinkFlags = 3;  // in the lowest bits of a link backwards

// A list whose head is at `head`: both neighbours know it.
bool is_list(uint64_t head) {
  uint64_t links[2];
  if (base::read_memory(head, links, sizeof(links)) != 0) return false;
  uint64_t back = 0;
  uint64_t forth = 0;
  return links[0] % 8 == 0 && links[1] % 8 == 0 && links[0] != 0 && links[1] != 0 &&
         base::read_memory(links[0] + 8, &back, sizeof(back)) == 0 &&
         base::read_memory(links[1], &forth, sizeof(forth)) == 0 && (back & ~kLinkFlags) == head &&
         forth == head;
}

}  // namespace

void Collector::find() {
  generations_ = 0;
  const uint64_t state = interpreter.main_interpreter();
  constexpr size_t kEndOfInterpreter = 4096;
  for (size_t offset = kCollectorEnabledBefore + 4; offset < kEndOfInterpreter; offset += 8) {
    const uint64_t at = state + offset;
    if (!is_list(at) || !is_list(at + kGenerationBytes) || !is_list(at + 2 * kGenerationBytes)) {
      continue;
    }
    if (field<int32_t>(at - kCollectorEnabledBefore, 0) == interpreter.collector_enabled()) {
      generations_ = at;
    }
    return;
  }
}

bool Collector::is_off(const Peek& peek) const {
  if (generations_ == 0) return false;
  return peek.at<int32_t>(generations_ - kCollectorEnabledBefore, 0) == 0 ||
         peek.at<int32_t>(generations_, kGenerationThreshold) == 0;
}

}  // namespace silt::python
