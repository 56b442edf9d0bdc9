// SPDX-License-Identifier: Apache-2.0
//
// See heap_profile.h. Normal context; drop_profile in any.

#include "interposer/runtime/heap_profile.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"

namespace silt::runtime {
namespace {

constexpr double kLargest = 9007199254740992;  // 2^53: a double counts exactly up to here

bool is_count(double value) { return value >= 0 && value <= kLargest; }

uint32_t count_texts(View<char> texts) {
  uint32_t count = 0;
  for (size_t i = 0; i < texts.count; ++i) count += texts.data[i] == '\0' ? 1 : 0;
  return count;
}

bool is_whole(const ProfileTotals& totals, View<ProfileFrame> frames, View<ProfileNode> nodes,
              View<ProfileRow> rows, View<char> texts, uint32_t text_count) {
  if (!is_count(totals.interval) || !is_count(totals.heap_used) || !is_count(totals.heap_total) ||
      !is_count(totals.external) || !is_count(totals.array_buffers) ||
      !is_count(totals.heap_physical)) {
    return false;
  }
  if (texts.count != 0 && texts.data[texts.count - 1] != '\0') return false;
  for (size_t i = 0; i < frames.count; ++i) {
    if (frames.data[i].function >= text_count || frames.data[i].file >= text_count) return false;
  }
  for (size_t i = 0; i < nodes.count; ++i) {
    if (nodes.data[i].parent > i || nodes.data[i].frame >= frames.count) return false;
  }
  const auto node_count = static_cast<double>(nodes.count);
  for (size_t i = 0; i < rows.count; ++i) {
    const ProfileRow& row = rows.data[i];
    if (!(row.node >= 1 && row.node <= node_count && row.generation >= 0 && row.generation <= 255 &&
          is_count(row.samples) && is_count(row.blocks) && is_count(row.bytes))) {
      return false;
    }
    if (i == 0) continue;
    const ProfileRow& before = rows.data[i - 1];
    if (row.node < before.node ||
        (row.node == before.node && row.generation <= before.generation)) {
      return false;
    }
  }
  return true;
}

bool are_whole(View<ProfileType> types, size_t nodes, uint32_t text_count) {
  for (size_t i = 0; i < types.count; ++i) {
    const ProfileType& type = types.data[i];
    if (type.node == 0 || type.node > nodes || type.name >= text_count || !is_count(type.blocks) ||
        !is_count(type.bytes)) {
      return false;
    }
    if (i == 0) continue;
    const ProfileType& before = types.data[i - 1];
    if (type.node < before.node || (type.node == before.node && type.name <= before.name)) {
      return false;
    }
  }
  return true;
}

template <typename T>
View<T> move_in(char** at, View<T> from) {
  if (from.count != 0) base::copy_bytes(*at, from.data, from.count * sizeof(T));
  const View<T> view{reinterpret_cast<const T*>(*at), from.count};
  *at += (from.count * sizeof(T) + 7) & ~size_t{7};
  return view;
}

}  // namespace

Profile* make_profile(const ProfileTotals& totals, View<ProfileFrame> frames,
                      View<ProfileNode> nodes, View<ProfileRow> rows, View<char> texts,
                      View<ProfileType> types) {
  const uint32_t text_count = count_texts(texts);
  if (!is_whole(totals, frames, nodes, rows, texts, text_count) ||
      !are_whole(types, nodes.count, text_count)) {
    return nullptr;
  }
  const size_t size = sizeof(Profile) + frames.count * sizeof(ProfileFrame) +
                      nodes.count * sizeof(ProfileNode) + rows.count * sizeof(ProfileRow) +
                      types.count * sizeof(ProfileType) + texts.count +
                      text_count * sizeof(uint32_t) + 6 * sizeof(uint64_t);
  auto* const profile = static_cast<Profile*>(base::map_memory(size));
  if (profile == nullptr) return nullptr;
  profile->mapped_bytes = size;
  profile->totals = totals;
  char* at = reinterpret_cast<char*>(profile + 1);
  profile->frames = move_in(&at, frames);
  profile->nodes = move_in(&at, nodes);
  profile->rows = move_in(&at, rows);
  profile->types = move_in(&at, types);
  profile->texts = move_in(&at, texts);
  profile->references = reinterpret_cast<uint32_t*>(at);
  profile->text_count = text_count;
  return profile;
}

void drop_profile(Profile* profile) {
  if (profile != nullptr) base::unmap_memory(profile, profile->mapped_bytes);
}

}  // namespace silt::runtime
