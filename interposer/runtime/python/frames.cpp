// SPDX-License-Identifier: Apache-2.0
//
// See frames.h. Hook context.

#include "interposer/runtime/python/frames.h"

#include "interposer/base/memory.h"
#include "interposer/runtime/python/functions.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"

namespace silt::python {
namespace {

using track::NodeId;
using track::recorder;

// Memory of frames that the thread has given back while its anchor still leads there.
struct Left {
  uint64_t begin;
  uint64_t size;
};
thread_local constinit Left g_left __attribute__((tls_model("initial-exec"))) = {};

}  // namespace

Frames::Words Frames::read(uint64_t frame) {
  return Words{field<uint64_t>(frame, kFrameCode), field<uint64_t>(frame, kFramePrevious),
               field<uint64_t>(frame, kFrameInstruction),
               field<uint8_t>(frame, kFrameIsEntry) != 0};
}

bool Frames::push(uint64_t frame, const Words& words) {
  if (fresh_count_ == kMostFrames) return false;
  fresh_frames_[fresh_count_] = frame;
  fresh_words_[fresh_count_++] = words;
  return true;
}

// Keeps the innermost of all.
void Frames::cut() {
  const uint32_t fresh = fresh_count_ < kCutFrames ? fresh_count_ : kCutFrames;
  uint32_t kept = kCutFrames - fresh;
  if (kept > count_) kept = count_;
  for (uint32_t i = 0; i < kept; ++i) {
    frames_[i] = frames_[count_ - kept + i];
    words_[i] = words_[count_ - kept + i];
  }
  count_ = kept;
  fresh_count_ = fresh;
  cut_ = true;
}

// Names the frames from this index on; returns the innermost one's node.
NodeId Frames::name(uint32_t from) {
  NodeId node = from > 0 ? nodes_[from - 1] : track::kRoot;
  if (from == 0 && cut_) node = recorder.stacks.child(track::kRoot, track::kMarkerTruncated);
  for (uint32_t i = from; i < count_; ++i) {
    const Place place = place_of(words_[i].code, words_[i].instruction);
    node = recorder.stacks.child(node,
                                 track::function_pc(place.function, place.line, words_[i].entry));
    if (node == track::kRoot) {
      count_ = 0;
      return track::innermost_of(track::kOverflowStack);
    }
    nodes_[i] = node;
  }
  return node;
}

NodeId Frames::update(uint64_t innermost, uint64_t* truncated) {
  const uint32_t epoch = code_epoch.load(std::memory_order_acquire);
  const uint32_t node_epoch = recorder.epoch.load(std::memory_order_acquire);
  if (epoch_ != epoch || node_epoch_ != node_epoch) {
    epoch_ = epoch;
    node_epoch_ = node_epoch;
    count_ = 0;
  }
  fresh_count_ = 0;
  uint64_t frame = innermost;
  uint32_t candidates = count_;  // frames [0, candidates) may still be met
  uint32_t stale = UINT32_MAX;   // the outermost kept frame that has another name now
  bool met = false;
  bool deep = false;
  while (frame != 0 && !met && !deep) {
    uint32_t at = candidates;
    while (at > 0 && frames_[at - 1] != frame) --at;
    if (at == 0) {
      const Words words = read(frame);
      deep = !push(frame, words);
      frame = words.previous;
      continue;
    }
    candidates = at;
    bool leads_on = true;
    for (; at > 0 && leads_on; --at) {
      const Words words = read(frames_[at - 1]);
      Words& known = words_[at - 1];
      if (words == known) continue;
      leads_on = words.previous == known.previous;
      known = words;
      stale = at - 1;
    }
    met = leads_on;
    if (met) break;
    // Frames [at, candidates) are as they were just read; outside them the chain has changed.
    for (uint32_t i = candidates; i > at && !deep; --i) {
      deep = !push(frames_[i - 1], words_[i - 1]);
    }
    frame = words_[at].previous;
    candidates = at;
    stale = UINT32_MAX;
  }
  count_ = met ? candidates : 0;
  if (!met) cut_ = false;
  if (deep || count_ + fresh_count_ > kMostFrames) [[unlikely]] {
    cut();
    stale = 0;
    ++*truncated;
  }
  const uint32_t kept = count_;
  count_ += fresh_count_;
  for (uint32_t i = kept; i < count_; ++i) {
    frames_[i] = fresh_frames_[count_ - 1 - i];
    words_[i] = fresh_words_[count_ - 1 - i];
  }
  if (count_ == 0) return track::kRoot;
  const uint32_t from = stale < kept ? stale : kept;
  return from == count_ ? nodes_[count_ - 1] : name(from);
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
