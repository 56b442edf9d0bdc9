// SPDX-License-Identifier: Apache-2.0
//
// Findings of the HTML report; see the header.

#include "symbolizer/render/html_findings.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/html_chart.h"
#include "symbolizer/render/html_owners.h"
#include "symbolizer/render/html_source.h"
#include "symbolizer/render/html_tree.h"
#include "symbolizer/render/json_parts.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;
using report::StackLine;

constexpr size_t kStacksOfFinding = 20;  // listed with frames; all are in the flame graph
constexpr size_t kListedStacks = 1000;   // over all findings

// Frames of listed stacks, each once, with the source around it if it is at hand.
class FrameTable {
 public:
  FrameTable(const Report& report, bool managed)
      : report_(report),
        recording_start_(static_cast<time_t>(report.start_realtime_ns / 1000000000)),
        managed_(managed) {}

  size_t of(const symbolize::Frame& frame) {
    std::string key = frame.function;
    for (const std::string* part : {&frame.file, &frame.module, &frame.unresolved}) {
      key += '\0';
      key += *part;
    }
    key += '\0' + std::to_string(frame.line) + ":" + std::to_string(frame.call_line) +
           (frame.inlined ? "i" : "") + std::to_string(static_cast<int>(frame.kind)) +
           (frame.function.empty() ? std::to_string(number_of(frame.file_address)) : "");
    const auto [at, added] = index_.try_emplace(std::move(key), frames_.size());
    if (added) frames_.push_back(described(frame));
    return at->second;
  }

  Json& frames() { return frames_; }
  Json& sources() { return sources_; }

 private:
  Json described(const symbolize::Frame& frame) {
    Json json;
    json["text"] = clean(without_unnamed(function_text(frame)));
    json["place"] = clean(place_text(frame));
    json["kind"] = kind_word(frame.kind);
    json["inlined"] = frame.inlined;
    const Code code = code_of(frame, managed_);
    json["own"] = code == Code::kApp;
    json["code"] = code_word(code);
    if (!frame.unresolved.empty()) json["unresolved"] = clean(frame.unresolved);
    const uint32_t shown = shown_line(frame);
    if (const std::optional<Excerpt> excerpt = reader_.around(local_file(frame), shown)) {
      json["source"] = sources_.size();
      sources_.push_back({{"first", excerpt->first_line},
                          {"line", excerpt->line},
                          {"lines", excerpt->lines},
                          {"newer", recording_start_ > 0 && excerpt->modified > recording_start_}});
    }
    return json;
  }

  // Of what nobody has looked for, the path as it is.
  std::string local_file(const symbolize::Frame& frame) const {
    const auto known = report_.sources.find(report::source_path(frame));
    return known == report_.sources.end() ? frame.file : known->second.file;
  }

  const Report& report_;
  time_t recording_start_;
  bool managed_;
  SourceReader reader_;
  std::unordered_map<std::string, size_t> index_;
  Json frames_ = Json::array();
  Json sources_ = Json::array();
};

Json listed_stack(const StackLine& stack, const symbolize::Frame& site, FrameTable& frames) {
  Json json;
  json["growth_bytes"] = stack.growth_bytes;
  json["growth_blocks"] = stack.growth_blocks;
  if (stack.missing != read::Missing::kNone) json["missing"] = missing_text(stack.missing);
  const std::optional<size_t> at = report::site_in(stack.frames, site);
  json["site"] = at ? Json(*at) : Json();
  json["frames"] = Json::array();
  for (const symbolize::Frame& frame : stack.frames) json["frames"].push_back(frames.of(frame));
  return json;
}

Json finding_of(const Report& report, const Finding& finding) {
  Json json;
  json["verdict"] = report::verdict_word(finding.verdict);
  json["confidence"] = finding.confidence;
  json["heap"] = heap_word(finding.heap);
  json["site"] = clean(before_site(finding) + without_unnamed(finding_name(finding)));
  if (finding.verdict == report::Verdict::kRetained) json["site"] = clean(headline_text(finding));
  json["place"] = clean(place_text(finding.site));
  json["pace"] = clean(pace_text(finding));
  json["limit"] = limit_text(report, finding);
  json["reason"] = clean(reason_text(finding.why));
  json["owners"] = owners_for_page(finding.owners);
  json["threads"] = threads_text(finding.threads, finding.threads.size());
  json["types"] = types_text(finding.types, finding.types.size());
  json["change"] = change_word(finding.change);
  json["live_bytes"] = fitted(finding.live_bytes, report.snapshots.size());
  if (!finding.shares.empty()) {
    json["shares"] = Json::array();
    for (const report::Share& share : finding.shares) {
      json["shares"].push_back({{"process", share.process},
                                {"verdict", report::verdict_word(share.verdict)},
                                {"growth_bytes", share.growth_bytes},
                                {"bytes_per_hour", number_or_null(share.bytes_per_hour)}});
    }
  }
  return json;
}

}  // namespace

void add_findings(const Report& report, Json& json) {
  std::unordered_map<read::StackId, const StackLine*> by_id;
  for (const StackLine& stack : report.stacks) by_id.emplace(stack.id, &stack);
  FrameTable frames(report, has_managed_code(report));
  json["findings"] = Json::array();
  size_t listed = 0;
  for (const Finding& finding : report.findings) {
    Json entry = finding_of(report, finding);
    entry["stacks"] = Json::array();
    entry["stacks_total"] = finding.stacks.size();
    for (const read::StackId id : finding.stacks) {
      const auto at = by_id.find(id);
      if (at == by_id.end() || at->second->frames.empty()) continue;
      if (entry["stacks"].size() >= kStacksOfFinding || listed >= kListedStacks) break;
      entry["stacks"].push_back(listed_stack(*at->second, finding.site, frames));
      ++listed;
    }
    json["findings"].push_back(std::move(entry));
  }
  json["frames"] = std::move(frames.frames());
  json["sources"] = std::move(frames.sources());
}

}  // namespace silt::render
