// SPDX-License-Identifier: Apache-2.0
//
// See frames.h. Hook context.

#include "interposer/runtime/python/frames.h"

#include "interposer/base/memory.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {
namespace {

using track::NodeId;

// Memory of frames that the thread has given back while its anchor still leads there.
struct Left {
  uint64_t begin;
  uint64_t size;
};
thread_local constinit Left g_left __attribute__((tls_model("initial-exec"))) = {};

}  // namespace

FrameLayout::Words FrameLayout::read(uint64_t frame) {
  return Words{field<uint64_t>(frame, kFrameCode), field<uint64_t>(frame, kFramePrevious),
               field<uint64_t>(frame, kFrameInstruction),
               field<uint8_t>(frame, kFrameIsEntry) != 0};
}

NodeId find_frames(track::ThreadState& state, uint64_t anchor) {
  const auto innermost = field<uint64_t>(anchor, kCurrentFrame);
  if (innermost == 0) return track::kRoot;
  if (g_left.size != 0) [[unlikely]] {
    if (innermost - g_left.begin < g_left.size) return track::kRoot;
    g_left = Left{};
  }
  auto* frames = static_cast<Frames*>(state.runtime);
  if (frames == nullptr) [[unlikely]] {
    frames = static_cast<Frames*>(base::map_within_limit(sizeof(Frames)));
    if (frames == nullptr) return track::kRoot;
    state.runtime = frames;
  }
  return frames->update(innermost, &state.statistics.walks_truncated);
}

void leave_frames_at(uint64_t begin, uint64_t size) { g_left = Left{begin, size}; }

}  // namespace silt::python
