// SPDX-License-Identifier: Apache-2.0
//
// One heap that a runtime collects, by samples, as it was handed over: plain arrays in a mapping of
// their own, checked once when they come and only read afterwards. Any context.

#ifndef SILT_INTERPOSER_RUNTIME_HEAP_PROFILE_H_
#define SILT_INTERPOSER_RUNTIME_HEAP_PROFILE_H_

#include <cstddef>
#include <cstdint>

namespace silt::runtime {

// The same layouts as typed arrays of a script.
struct ProfileTotals {
  double interval;  // bytes between samples
  double heap_used;
  double heap_total;
  double external;
  double array_buffers;
  double heap_physical;  // resident, 0: unknown
};
struct ProfileFrame {
  uint32_t function;  // number of a text
  uint32_t file;
  uint32_t line;
  uint32_t column;
};
struct ProfileNode {
  uint32_t parent;  // ids count from 1, parents come first; 0: the root
  uint32_t frame;
};
struct ProfileRow {
  double node;  // ascending by node, then by generation code
  double generation;
  double samples;
  double blocks;
  double bytes;
};

// What the live objects of a node are.
struct ProfileType {
  uint32_t node;  // ascending, then by name
  uint32_t name;  // number of a text
  double blocks;
  double bytes;
};

template <typename T>
struct View {
  const T* data;
  size_t count;
};

struct Profile {
  uint64_t mapped_bytes;
  uint64_t captured_ns;  // since the start of the recording
  ProfileTotals totals;
  View<ProfileFrame> frames;
  View<ProfileNode> nodes;
  View<ProfileRow> rows;
  View<ProfileType> types;
  View<char> texts;      // NUL-terminated, one after the other; the first is number 0
  uint32_t* references;  // for each text: where a snapshot has put it
  uint32_t text_count;
};

// Checks and copies; nullptr when something does not fit or there is no memory.
Profile* make_profile(const ProfileTotals& totals, View<ProfileFrame> frames,
                      View<ProfileNode> nodes, View<ProfileRow> rows, View<char> texts,
                      View<ProfileType> types = {});
void drop_profile(Profile* profile);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_HEAP_PROFILE_H_
