// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/json_parts.h"

#include <cstdio>
#include <ctime>

#include "symbolizer/render/process_words.h"
#include "symbolizer/report/processes.h"

namespace silt::render {

// Seconds and milliseconds of UTC, as RFC 3339 has it.
Json time_json(uint64_t realtime_ns) {
  if (realtime_ns == 0) return nullptr;
  const time_t seconds = static_cast<time_t>(realtime_ns / 1000000000);
  tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return nullptr;
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03uZ",
                static_cast<unsigned>(realtime_ns / 1000000 % 1000));
  return text;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Resident bytes by part; they add up to rss_bytes.
Json rss_parts_json(const std::optional<report::MemoryParts>& parts) {
  if (!parts) return nullptr;
  return {{"files", parts->files},
          {"js_heap", parts->js_heap},
          {"js_heap_used", parts->js_used == 0 ? Json(nullptr) : Json(parts->js_used)},
          {"js_outside_heaps", parts->js_outside},
          {"web_assembly", parts->web_assembly ? Json(*parts->web_assembly) : Json(nullptr)},
          {"native_live", parts->native_live},
          {"allocator_held", parts->held},
          {"mappings", parts->mappings},
          {"stacks", parts->stacks},
          {"silt", parts->silt},
          {"other", parts->other},
          {"unknown", parts->unknown}};
}

Json labels_json(const std::vector<read::Label>& labels) {
  Json json = Json::object();
  for (const read::Label& label : labels) json[label.key] = label.value;
  return json;
}

// Series are by the process's own clock and snapshots.
Json process_json(const report::ProcessLine& process) {
  Json json = {{"pid", process.pid},
               {"program", process.program},
               {"who", process.who},
               {"command", process.command},
               {"start", time_json(process.start_realtime_ns)},
               {"recording", process.path},
               {"labels", labels_json(process.labels)},
               {"snapshots", process.snapshots.size()},
               {"judged", process.judged},
               {"first_live_bytes", report::live_bytes(process.first())},
               {"last_live_bytes", report::live_bytes(process.last())},
               {"verdict", process_verdict(process)},
               {"leaks", process.leaks},
               {"growing", process.growing},
               {"bytes_per_hour", number_or_null(process.bytes_per_hour)},
               {"rss", rss_parts_json(process.last().parts)}};
  for (const report::SnapshotLine& line : process.snapshots) {
    json["elapsed_seconds"].push_back(line.elapsed_seconds);
    json["rss_bytes"].push_back(line.rss_bytes == 0 ? Json(nullptr) : Json(line.rss_bytes));
    json["live_bytes"].push_back(report::live_bytes(line));
  }
  return json;
}

}  // namespace silt::render
