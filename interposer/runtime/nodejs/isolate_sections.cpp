// SPDX-License-Identifier: Apache-2.0
//
// See isolate_sections.h.

#include "interposer/runtime/nodejs/isolate_sections.h"

#include "interposer/format/snapshot.h"
#include "interposer/runtime/nodejs/isolates.h"
#include "interposer/runtime/nodejs/profile.h"

namespace silt::nodejs {
namespace {

using format::SectionType;

// What one snapshot writes of one isolate.
struct Part {
  Isolate* isolate;
  Profile* profile;
  format::ManagedHeapEntry entry;
  uint32_t first_frame;  // of its own among all
  uint32_t first_node;
};
constinit Part g_parts[kMaximumIsolates]{};

uint32_t collect_parts() {
  const uint32_t round = latest_round();
  uint32_t count = 0;
  for_each_isolate([&](Isolate& isolate) {
    const uint32_t state = isolate.state.load(std::memory_order_acquire);
    if (state == Isolate::kFree) return;
    Part& part = g_parts[count++];
    part = Part{};
    part.isolate = &isolate;
    // Taken away while it is read; a newer one may come meanwhile.
    part.profile = isolate.profile.exchange(nullptr, std::memory_order_acq_rel);
    part.entry.thread_id = isolate.thread_id;
    if (state != Isolate::kJoined && state != Isolate::kLeft)
      part.entry.flags = format::kHeapEnded;
    else if (isolate.answered.load(std::memory_order_acquire) != round || part.profile == nullptr)
      part.entry.flags = format::kHeapMissed;
    part.entry.captured_elapsed_ns = isolate.captured_ns.load(std::memory_order_relaxed);
    if (part.profile == nullptr) return;
    const ProfileTotals& totals = part.profile->totals;
    part.entry.captured_elapsed_ns = part.profile->captured_ns;
    part.entry.sampling_interval_bytes = static_cast<uint64_t>(totals.interval);
    part.entry.heap_used_bytes = static_cast<uint64_t>(totals.heap_used);
    part.entry.heap_total_bytes = static_cast<uint64_t>(totals.heap_total);
    part.entry.external_bytes = static_cast<uint64_t>(totals.external);
    part.entry.array_buffers_bytes = static_cast<uint64_t>(totals.array_buffers);
    part.entry.heap_physical_bytes = static_cast<uint64_t>(totals.heap_physical);
  });
  return count;
}

void write_frames(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedFrames);
  for (uint32_t i = 0; i < parts; ++i) {
    Part& part = g_parts[i];
    part.first_frame = count;
    if (part.profile == nullptr) continue;
    const Profile& profile = *part.profile;
    const char* text = profile.texts.data;
    for (uint32_t t = 0; t < profile.text_count; ++t) {
      profile.references[t] = strings.add(text);
      while (*text != '\0') ++text;
      ++text;
    }
    for (size_t f = 0; f < profile.frames.count; ++f) {
      const ProfileFrame& frame = profile.frames.data[f];
      const format::ManagedFrameEntry entry{profile.references[frame.function],
                                            profile.references[frame.file], frame.line,
                                            frame.column};
      out.add(&entry, sizeof(entry));
    }
    count += static_cast<uint32_t>(profile.frames.count);
  }
  out.end(count);
}

void write_nodes(snapshot::SectionWriter& out, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedNodes);
  for (uint32_t i = 0; i < parts; ++i) {
    Part& part = g_parts[i];
    part.first_node = count;
    if (part.profile == nullptr) continue;
    const View<ProfileNode>& nodes = part.profile->nodes;
    for (size_t n = 0; n < nodes.count; ++n) {
      const ProfileNode& node = nodes.data[n];
      const uint64_t id = part.first_node + n + 1;
      out.add_varint(node.parent == 0 ? id : n + 1 - node.parent);
      out.add_varint(part.first_frame + node.frame);
    }
    count += static_cast<uint32_t>(nodes.count);
  }
  out.end(count);
}

void write_stacks(snapshot::SectionWriter& out, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedStacks);
  for (uint32_t i = 0; i < parts; ++i) {
    const Part& part = g_parts[i];
    if (part.profile == nullptr) continue;
    const View<ProfileRow>& rows = part.profile->rows;
    for (size_t begin = 0; begin < rows.count;) {
      size_t end = begin + 1;
      while (end < rows.count && rows.data[end].node == rows.data[begin].node) ++end;
      out.add_varint(i);
      out.add_varint(part.first_node + static_cast<uint64_t>(rows.data[begin].node));
      out.add_varint(end - begin);
      for (; begin < end; ++begin) {
        const ProfileRow& row = rows.data[begin];
        out.add_varint(static_cast<uint64_t>(row.generation));
        out.add_varint(static_cast<uint64_t>(row.samples));
        out.add_varint(static_cast<uint64_t>(row.blocks));
        out.add_varint(static_cast<uint64_t>(row.bytes));
      }
      ++count;
    }
  }
  out.end(count);
}

}  // namespace

void write_isolates(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime) {
  const uint32_t parts = collect_parts();
  if (parts == 0) return;
  out.begin(SectionType::kManagedHeaps);
  for (uint32_t i = 0; i < parts; ++i) {
    g_parts[i].entry.runtime = runtime;
    out.add(&g_parts[i].entry, sizeof(g_parts[i].entry));
  }
  out.end(parts);
  write_frames(out, strings, parts);
  write_nodes(out, parts);
  write_stacks(out, parts);
  for (uint32_t i = 0; i < parts; ++i) put_back(*g_parts[i].isolate, g_parts[i].profile);
}

}  // namespace silt::nodejs
