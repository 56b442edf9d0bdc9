// SPDX-License-Identifier: Apache-2.0
//
// From samples to a profile (samples.h): what lives, by stack and birth and by stack and class,
// with those nodes, places and texts only that it takes, numbered anew.

#include "interposer/base/text.h"
#include "interposer/owners/sorting.h"
#include "interposer/runtime/jvm/samples.h"

namespace silt::jvm {
namespace {

using runtime::ProfileFrame;
using runtime::ProfileNode;
using runtime::ProfileRow;
using runtime::ProfileType;

double rounded(double value) { return static_cast<double>(static_cast<uint64_t>(value + 0.5)); }

// Memory for a moment, cut into arrays of zeros.
class Scratch {
 public:
  explicit Scratch(size_t size_bytes)
      : size_(size_bytes), memory_(static_cast<char*>(base::map_memory(size_bytes))) {
    next_ = memory_;
  }
  ~Scratch() {
    if (memory_ != nullptr) base::unmap_memory(memory_, size_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool is_there() const { return memory_ != nullptr; }
  template <typename T>
  T* take(size_t count) {
    auto* const taken = reinterpret_cast<T*>(next_);
    next_ += bytes<T>(count);
    return taken;
  }
  template <typename T>
  static size_t bytes(size_t count) {
    return (count * sizeof(T) + 7) & ~size_t{7};
  }

 private:
  const size_t size_;
  char* const memory_;
  char* next_;
};

// Gives those that are marked successive numbers, from `first` on; how many there are.
uint32_t number_marked(uint32_t* marks, uint32_t count, uint32_t first) {
  uint32_t next = first;
  for (uint32_t i = 0; i < count; ++i) {
    if (marks[i] != 0) marks[i] = next++;
  }
  return next - first;
}

}  // namespace

runtime::Profile* Samples::make_profile(const runtime::ProfileTotals& totals, uint32_t before) {
  uint32_t node_end;
  uint32_t place_end;
  uint32_t text_end;
  {
    const base::SpinGuard guard(lock_);
    node_end = node_count_ + 1;
    place_end = place_count_ + 1;
    text_end = text_count_ == 0 ? 1 : text_count_;
  }
  Scratch scratch(Scratch::bytes<Sample>(kMost) + Scratch::bytes<ProfileRow>(kMost) +
                  Scratch::bytes<ProfileType>(kMost) + Scratch::bytes<uint32_t>(node_end) +
                  Scratch::bytes<uint32_t>(place_end) + Scratch::bytes<uint32_t>(text_end) +
                  Scratch::bytes<ProfileNode>(node_end) + Scratch::bytes<ProfileFrame>(place_end));
  if (!scratch.is_there()) return nullptr;
  auto* const samples = scratch.take<Sample>(kMost);
  size_t count = 0;
  {
    const base::SpinGuard guard(lock_);
    for (size_t i = 0; i < count_; ++i) {
      const Sample& sample = samples_[i];
      // A text or a node may have come since the tables were measured.
      if (sample.serial < before && sample.node < node_end && sample.class_name < text_end) {
        samples[count++] = sample;
      }
    }
  }
  // Below what was measured the tables do not change.
  auto* const node_marks = scratch.take<uint32_t>(node_end);
  auto* const place_marks = scratch.take<uint32_t>(place_end);
  auto* const text_marks = scratch.take<uint32_t>(text_end);
  text_marks[0] = 1;
  for (size_t i = 0; i < count; ++i) {
    text_marks[samples[i].class_name] = 1;
    for (uint32_t node = samples[i].node; node != 0 && node_marks[node] == 0;
         node = nodes_[node].parent) {
      node_marks[node] = 1;
      place_marks[nodes_[node].place] = 1;
    }
  }
  for (uint32_t i = 1; i < place_end; ++i) {
    if (place_marks[i] == 0) continue;
    text_marks[places_[i].function] = 1;
    text_marks[places_[i].file] = 1;
  }
  // Nodes count from 1; parents are older, and stay so.
  const uint32_t node_count = number_marked(node_marks, node_end, 1);
  auto* const nodes = scratch.take<ProfileNode>(node_end);
  auto* const frames = scratch.take<ProfileFrame>(place_end);
  uint32_t frame_count = 0;
  size_t text_bytes = 1;
  uint32_t next_text = 0;
  for (uint32_t i = 0; i < text_end; ++i) {
    if (text_marks[i] == 0) continue;
    text_marks[i] = next_text++;
    if (i != 0) text_bytes += base::length(texts_[i]) + 1;
  }
  for (uint32_t i = 1; i < place_end; ++i) {
    if (place_marks[i] == 0) continue;
    frames[frame_count] = {text_marks[places_[i].function], text_marks[places_[i].file],
                           places_[i].line, 0};
    place_marks[i] = frame_count++;
  }
  for (uint32_t i = 1; i < node_end; ++i) {
    if (node_marks[i] == 0) continue;
    nodes[node_marks[i] - 1] = {node_marks[nodes_[i].parent], place_marks[nodes_[i].place]};
  }
  Scratch text_memory(text_bytes);
  if (!text_memory.is_there()) return nullptr;
  auto* const texts = text_memory.take<char>(text_bytes);
  size_t used = 1;  // the first is the empty one
  for (uint32_t i = 1, expected = 1; i < text_end; ++i) {
    if (text_marks[i] != expected) continue;
    ++expected;
    const size_t size = base::length(texts_[i]) + 1;
    base::copy_bytes(texts + used, texts_[i], size);
    used += size;
  }
  for (size_t i = 0; i < count; ++i) {
    samples[i].node = node_marks[samples[i].node];
    samples[i].class_name = text_marks[samples[i].class_name];
  }

  auto* const rows = scratch.take<ProfileRow>(kMost);
  size_t row_count = 0;
  owners::sort(samples, count, [](const Sample& a, const Sample& b) {
    return a.node != b.node ? a.node < b.node : a.generation < b.generation;
  });
  for (size_t i = 0; i < count;) {
    ProfileRow row{static_cast<double>(samples[i].node), static_cast<double>(samples[i].generation),
                   0, 0, 0};
    const Sample first = samples[i];
    for (; i < count && samples[i].node == first.node && samples[i].generation == first.generation;
         ++i) {
      row.samples += 1;
      row.blocks += samples[i].objects;
      row.bytes += samples[i].bytes;
    }
    row.blocks = rounded(row.blocks);
    row.bytes = rounded(row.bytes);
    rows[row_count++] = row;
  }
  auto* const types = scratch.take<ProfileType>(kMost);
  size_t type_count = 0;
  owners::sort(samples, count, [](const Sample& a, const Sample& b) {
    return a.node != b.node ? a.node < b.node : a.class_name < b.class_name;
  });
  for (size_t i = 0; i < count;) {
    ProfileType type{samples[i].node, samples[i].class_name, 0, 0};
    for (; i < count && samples[i].node == type.node && samples[i].class_name == type.name; ++i) {
      type.blocks += samples[i].objects;
      type.bytes += samples[i].bytes;
    }
    type.blocks = rounded(type.blocks);
    type.bytes = rounded(type.bytes);
    types[type_count++] = type;
  }
  return runtime::make_profile(totals, {frames, frame_count}, {nodes, node_count},
                               {rows, row_count}, {texts, used}, {types, type_count});
}

}  // namespace silt::jvm
