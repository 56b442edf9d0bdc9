// SPDX-License-Identifier: Apache-2.0
//
// The report of heap snapshots for programs: schema "silt.heap/1". Keys are only ever added; what
// is unknown is null.

#include <nlohmann/json.hpp>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/heap.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json kinds_of(const std::vector<heap::Kind>& kinds) {
  Json list = Json::array();
  for (const heap::Kind& kind : kinds) {
    list.push_back({{"class", kind.name},
                    {"place", text_or_null(kind.place)},
                    {"objects", kind.objects},
                    {"bytes", kind.bytes}});
  }
  return list;
}

Json finding_of(const heap::Finding& finding, bool grows, size_t heaps) {
  Json path = Json::array();
  for (const heap::PathStep& step : finding.path) {
    path.push_back({{"label", text_or_null(step.label)},
                    {"class", step.what},
                    {"place", text_or_null(step.place)},
                    {"repeats", step.repeats}});
  }
  Json json;
  json["name"] = text_or_null(finding.name);
  json["class"] = finding.what;
  json["place"] = text_or_null(finding.place);
  json["growth_bytes"] = grows ? Json(finding.bytes) : Json(nullptr);
  json["growth_objects"] = grows ? Json(finding.objects) : Json(nullptr);
  json["grew_each_time"] = heaps > 2 ? Json(finding.each_time) : Json(nullptr);
  json["owners"] = finding.owners;
  json["retained_bytes"] = finding.retained_bytes;
  json["inside"] = finding.inside;
  json["entries"] = kinds_of(finding.entries);
  json["classes"] = kinds_of(finding.kinds);
  json["path"] = std::move(path);
  return json;
}

}  // namespace

std::string render_heap_json(const heap::HeapReport& report) {
  const bool grows = report.heaps.size() > 1;
  Json json;
  json["schema"] = "silt.heap/1";
  json["snapshots"] = Json::array();
  for (const heap::HeapLine& heap : report.heaps) {
    json["snapshots"].push_back({{"file", heap.file},
                                 {"bytes", heap.bytes},
                                 {"objects", heap.objects},
                                 {"weakly_kept_bytes", heap.unkept_bytes}});
  }
  json["growth_bytes"] = grows ? Json(report.growth_bytes) : Json(nullptr);
  json["growth_objects"] = grows ? Json(report.growth_objects) : Json(nullptr);
  json["engine_growth_bytes"] = grows ? Json(report.own_bytes) : Json(nullptr);
  json["findings"] = Json::array();
  for (const heap::Finding& finding : report.findings) {
    json["findings"].push_back(finding_of(finding, grows, report.heaps.size()));
  }
  json["notes"] = report.notes;
  // Names may hold any bytes: what is not UTF-8 becomes the replacement character.
  return json_text(json.dump(1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace silt::render
