// SPDX-License-Identifier: Apache-2.0
//
// Charts of the HTML report; see the header.

#include "symbolizer/render/html_chart.h"

#include <algorithm>
#include <string>
#include <utility>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;

constexpr size_t kChartLayers = 10;  // findings with a colour of their own

// Whether a finding's bytes are a part of what the chart stacks: not those of freed memory, and not
// those of a whole heap, which is there already.
bool has_layer(const Finding& finding) {
  return finding.verdict != report::Verdict::kRetained && finding.whole.empty();
}

// The findings that get a layer of their own in the chart: those that are largest at some time.
std::vector<size_t> largest_findings(const Report& report) {
  std::vector<std::pair<uint64_t, size_t>> peaks;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (finding.live_bytes.empty() || !has_layer(finding)) continue;
    peaks.emplace_back(*std::max_element(finding.live_bytes.begin(), finding.live_bytes.end()), i);
  }
  std::stable_sort(peaks.begin(), peaks.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<size_t> result;
  for (size_t i = 0; i < peaks.size() && i < kChartLayers; ++i) result.push_back(peaks[i].second);
  return result;
}

// What is in use of one heap at each snapshot, and what of it no finding has.
struct HeapLayer {
  read::Heap heap;
  const char* key;    // of its colour in the style sheet
  const char* label;  // of what no finding has
  std::vector<uint64_t> rest;
};

uint64_t in_use(const report::SnapshotLine& line, read::Heap heap) {
  switch (heap) {
    case read::Heap::kManaged:
      return line.js_used_bytes;
    case read::Heap::kObjects:
      return line.object_bytes;
    case read::Heap::kJava:
      return line.java_bytes;
    case read::Heap::kMapping: {
      // What is reserved and never touched is no memory in use. A Java heap lies in mappings.
      const uint64_t mapped =
          line.parts ? std::min(line.parts->mappings, line.mapping_bytes) : line.mapping_bytes;
      return mapped - std::min(mapped, line.java_bytes);
    }
    case read::Heap::kNative:
      break;
  }
  return line.live_bytes;
}

std::vector<HeapLayer> heap_layers(const Report& report) {
  std::vector<HeapLayer> layers = {{read::Heap::kNative, "native", "native", {}},
                                   {read::Heap::kMapping, "mapping", "mappings", {}},
                                   {read::Heap::kManaged, "js", "JavaScript", {}},
                                   {read::Heap::kObjects, "python", "Python", {}},
                                   {read::Heap::kJava, "java", "Java", {}}};
  for (HeapLayer& layer : layers) {
    for (const report::SnapshotLine& line : report.snapshots) {
      layer.rest.push_back(in_use(line, layer.heap));
    }
  }
  return layers;
}

}  // namespace

void add_chart(const Report& report, Json& json) {
  const size_t count = report.snapshots.size();
  std::vector<HeapLayer> heaps = heap_layers(report);
  const std::vector<size_t> largest = largest_findings(report);
  std::vector<uint64_t> others(count);
  size_t others_count = 0;
  json["chart"] = Json::array();
  for (size_t index = 0; index < report.findings.size(); ++index) {
    const Finding& finding = report.findings[index];
    if (!has_layer(finding)) continue;
    std::vector<uint64_t> values = fitted(finding.live_bytes, count);
    const auto heap = std::find_if(heaps.begin(), heaps.end(), [&finding](const HeapLayer& layer) {
      return layer.heap == finding.heap;
    });
    for (size_t i = 0; i < count; ++i) {
      // Sampled sizes may be more than the heap has, and the stack is to end at what is in use.
      values[i] = std::min(values[i], heap->rest[i]);
      heap->rest[i] -= values[i];
    }
    if (std::find(largest.begin(), largest.end(), index) == largest.end()) {
      ++others_count;
      for (size_t i = 0; i < count; ++i) others[i] += values[i];
      continue;
    }
    const std::string name = clean(said_finding_name(finding));
    json["chart"].push_back({{"label", std::to_string(index + 1) + " " + shortened(name, 48)},
                             {"finding", index},
                             {"live_bytes", values}});
  }
  if (others_count > 0) {
    json["chart"].push_back(
        {{"label", format_counted(static_cast<double>(others_count), "more finding")},
         {"live_bytes", others},
         {"others", true}});
  }
  const bool has_findings = !json["chart"].empty();
  json["heaps"] = Json::array();
  for (const HeapLayer& layer : heaps) {
    if (count == 0 || *std::max_element(layer.rest.begin(), layer.rest.end()) == 0) continue;
    json["heaps"].push_back(
        {{"label", std::string(has_findings ? "other " : "") + layer.label + " in use"},
         {"key", layer.key},
         {"live_bytes", layer.rest}});
  }
}

void add_rss(const Report& report, Json& json) {
  json["rss"] = Json::array();
  if (report.snapshots.empty()) return;
  std::vector<std::vector<uint64_t>> layers;
  std::vector<const char*> names;
  std::vector<const char*> keys;
  for (const report::SnapshotLine& line : report.snapshots) {
    if (!line.parts) return;
    const std::vector<RssPart> parts = rss_parts(*line.parts);
    layers.resize(parts.size());
    names.resize(parts.size());
    keys.resize(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      layers[i].push_back(parts[i].bytes);
      names[i] = parts[i].name;
      keys[i] = parts[i].key;
    }
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (*std::max_element(layers[i].begin(), layers[i].end()) == 0) continue;
    json["rss"].push_back({{"label", names[i]}, {"key", keys[i]}, {"live_bytes", layers[i]}});
  }
  json["rss_sum"] = rss_text(report.snapshots[judged_count(report) - 1]);
  json["rss_change"] =
      rss_change_text(report.snapshots.front(), report.snapshots[judged_count(report) - 1]);
}

std::vector<uint64_t> fitted(std::vector<uint64_t> values, size_t snapshots) {
  values.resize(snapshots, values.empty() ? 0 : values.back());
  return values;
}

}  // namespace silt::render
