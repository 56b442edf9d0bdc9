// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/memory_words.h"

#include <algorithm>
#include <cstdint>

#include "symbolizer/base/quantity.h"

namespace silt::render {
namespace {

using report::SnapshotLine;

std::string bytes(uint64_t count) { return format_bytes(static_cast<double>(count)); }

// Mappings of less than this part of all that is in use are not told apart.
constexpr uint64_t kLittle = 100;

// Where what was asked for is a quarter more than what is resident, and that is a good part of RSS.
std::string resident_text(uint64_t asked, uint64_t resident, const SnapshotLine& line) {
  if (!line.parts || asked <= resident + resident / 4) return "";
  if (asked - resident < line.rss_bytes / 10) return "";
  return " (" + bytes(resident) + " resident)";
}

}  // namespace

std::vector<std::string> memory_texts(const std::vector<SnapshotLine>& snapshots, size_t count) {
  if (snapshots.empty() || count == 0) return {};
  const SnapshotLine& first = snapshots.front();
  const SnapshotLine& last = snapshots[std::min(count, snapshots.size()) - 1];
  std::vector<std::string> texts;
  const auto add = [&](const std::string& what, uint64_t from, uint64_t to,
                       const std::string& more) {
    texts.push_back(what + " " + (count > 1 ? bytes(from) + " → " : "") + bytes(to) + more);
  };
  if (last.js_used_bytes > 0) {
    // A heap answers a moment after it was asked first.
    const auto with_heap =
        std::find_if(snapshots.begin(), snapshots.end(),
                     [](const SnapshotLine& line) { return line.js_used_bytes > 0; });
    add("JS heap", with_heap->js_used_bytes, last.js_used_bytes, "");
  }
  if (last.java_bytes > 0) {
    const auto looked = std::find_if(snapshots.begin(), snapshots.end(),
                                     [](const SnapshotLine& line) { return line.java_bytes > 0; });
    add("Java heap", looked->java_bytes, last.java_bytes, "");
  }
  if (last.object_bytes > 0) add("Python objects", first.object_bytes, last.object_bytes, "");
  const uint64_t all = report::live_bytes(last);
  const bool mapped = last.mapping_bytes > all / kLittle;
  add("native", first.live_bytes, last.live_bytes,
      last.parts ? resident_text(last.live_bytes, last.parts->native_live, last) : "");
  if (mapped) {
    add("mapped", first.mapping_bytes, last.mapping_bytes,
        last.parts ? resident_text(last.mapping_bytes, last.parts->mappings, last) : "");
  }
  if (last.rss_bytes != 0) add("RSS", first.rss_bytes, last.rss_bytes, "");
  return texts;
}

}  // namespace silt::render
