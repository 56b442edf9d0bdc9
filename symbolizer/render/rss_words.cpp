// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/rss_words.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "symbolizer/base/quantity.h"

namespace silt::render {

std::vector<RssPart> rss_parts(const report::MemoryParts& parts) {
  const char* const held =
      parts.armed ? "born before it was armed, or held by the allocator" : "held by the allocator";
  return {{"files", "files", parts.files},
          {"JavaScript heap", "js", parts.js_heap},
          {"native pages", "native", parts.native_live},
          {"Python pages", "python", parts.objects},
          {held, "held", parts.held},
          {"mappings", "mapping", parts.mappings},
          {"stacks", "stacks", parts.stacks},
          {"silt", "silt", parts.silt},
          {"other", "other", parts.other},
          {"not broken down", "unknown", parts.unknown}};
}

std::string rss_text(const report::SnapshotLine& line) {
  if (!line.parts) return "";
  std::string text;
  uint64_t small = 0;
  for (const RssPart& part : rss_parts(*line.parts)) {
    // Crumbs are told in one figure, so that the sum stays whole.
    if (part.bytes < line.rss_bytes / 200 || part.bytes < 50'000) {
      small += part.bytes;
      continue;
    }
    text += text.empty() ? " = " : " + ";
    text += std::string(part.name) + " " + format_bytes(static_cast<double>(part.bytes));
    const uint64_t free = line.parts->js_free();
    if (part.bytes == line.parts->js_heap && free > 0) {
      text += " (used " + format_bytes(static_cast<double>(line.parts->js_used)) + ", free " +
              format_bytes(static_cast<double>(free));
      const auto tell = [&](const char* name, uint64_t bytes) {
        if (bytes < line.rss_bytes / 20) return;
        text += std::string(", ") + name + " " + format_bytes(static_cast<double>(bytes));
      };
      const uint64_t outside = line.parts->js_outside;
      if (const auto& memories = line.parts->web_assembly) {
        tell("WebAssembly", *memories);
        tell("V8's own outside its heaps", outside - std::min(*memories, outside));
      } else {
        tell("WebAssembly and V8's own memory outside its heaps", outside);
      }
      text += ")";
    }
  }
  if (small > 0) {
    text += (text.empty() ? " = rest " : " + rest ") + format_bytes(static_cast<double>(small));
  }
  return "RSS " + format_bytes(static_cast<double>(line.rss_bytes)) + text;
}

std::string rss_change_text(const report::SnapshotLine& first, const report::SnapshotLine& last) {
  if (!first.parts || !last.parts) return "";
  struct Change {
    const char* name;
    double bytes;
  };
  std::vector<Change> changes;
  const std::vector<RssPart> before = rss_parts(*first.parts);
  const std::vector<RssPart> after = rss_parts(*last.parts);
  const double all = static_cast<double>(last.rss_bytes) - static_cast<double>(first.rss_bytes);
  for (size_t i = 0; i < after.size(); ++i) {
    const double bytes = static_cast<double>(after[i].bytes) - static_cast<double>(before[i].bytes);
    if (std::abs(bytes) < std::max(50'000.0, 0.02 * std::abs(all))) continue;
    changes.push_back({after[i].name, bytes});
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::abs(a.bytes) > std::abs(b.bytes);
  });
  std::string text;
  for (const Change& change : changes) {
    text += (text.empty() ? "" : ", ") + std::string(change.name) + " " +
            format_bytes_signed(change.bytes);
  }
  return text;
}

}  // namespace silt::render
