// SPDX-License-Identifier: Apache-2.0
//
// See heap_sections.h.

#include "interposer/runtime/heap_sections.h"

namespace silt::runtime {
namespace {

using format::SectionType;

void write_frames(snapshot::SectionWriter& out, snapshot::Strings& strings, HeapPart* parts,
                  uint32_t part_count) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedFrames);
  for (uint32_t i = 0; i < part_count; ++i) {
    HeapPart& part = parts[i];
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

void write_nodes(snapshot::SectionWriter& out, HeapPart* parts, uint32_t part_count) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedNodes);
  for (uint32_t i = 0; i < part_count; ++i) {
    HeapPart& part = parts[i];
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

void write_stacks(snapshot::SectionWriter& out, HeapPart* parts, uint32_t part_count) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedStacks);
  for (uint32_t i = 0; i < part_count; ++i) {
    const HeapPart& part = parts[i];
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

void write_types(snapshot::SectionWriter& out, const HeapPart* parts, uint32_t part_count) {
  bool any = false;
  for (uint32_t i = 0; i < part_count; ++i) {
    any = any || (parts[i].profile != nullptr && parts[i].profile->types.count != 0);
  }
  if (!any) return;
  uint32_t count = 0;
  out.begin(SectionType::kManagedTypes);
  for (uint32_t i = 0; i < part_count; ++i) {
    if (parts[i].profile == nullptr) continue;
    const Profile& profile = *parts[i].profile;
    for (size_t t = 0; t < profile.types.count; ++t) {
      const ProfileType& type = profile.types.data[t];
      out.add_varint(i);
      out.add_varint(parts[i].first_node + uint64_t{type.node});
      out.add_varint(profile.references[type.name]);
      out.add_varint(static_cast<uint64_t>(type.blocks));
      out.add_varint(static_cast<uint64_t>(type.bytes));
    }
    count += static_cast<uint32_t>(profile.types.count);
  }
  out.end(count);
}

}  // namespace

void fill_in(const Profile& profile, format::ManagedHeapEntry* entry) {
  const ProfileTotals& totals = profile.totals;
  entry->captured_elapsed_ns = profile.captured_ns;
  entry->sampling_interval_bytes = static_cast<uint64_t>(totals.interval);
  entry->heap_used_bytes = static_cast<uint64_t>(totals.heap_used);
  entry->heap_total_bytes = static_cast<uint64_t>(totals.heap_total);
  entry->external_bytes = static_cast<uint64_t>(totals.external);
  entry->array_buffers_bytes = static_cast<uint64_t>(totals.array_buffers);
  entry->heap_physical_bytes = static_cast<uint64_t>(totals.heap_physical);
}

void write_heap_parts(snapshot::SectionWriter& out, snapshot::Strings& strings, HeapPart* parts,
                      uint32_t count) {
  out.begin(SectionType::kManagedHeaps);
  for (uint32_t i = 0; i < count; ++i) out.add(&parts[i].entry, sizeof(parts[i].entry));
  out.end(count);
  write_frames(out, strings, parts, count);
  write_nodes(out, parts, count);
  write_stacks(out, parts, count);
  write_types(out, parts, count);
}

}  // namespace silt::runtime
