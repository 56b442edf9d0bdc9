// SPDX-License-Identifier: Apache-2.0
//
// The report for programs: schema "silt.report/1". Unknown values are null, never invented. Keys
// are only ever added.

#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/json_parts.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

// Names may hold any bytes: what is not UTF-8 becomes the replacement character.
std::string indented(const Json& json) {
  return json_text(json.dump(1, ' ', false, Json::error_handler_t::replace));
}
std::string line_of(const Json& json) {
  return json_text(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json frame_of(const symbolize::Frame& frame) {
  Json json;
  json["function"] = text_or_null(frame.function);
  json["file"] = text_or_null(frame.file);
  json["line"] = frame.line == 0 ? Json(nullptr) : Json(frame.line);
  json["column"] = frame.column == 0 ? Json(nullptr) : Json(frame.column);
  if (frame.call_line != 0) {
    json["call_line"] = frame.call_line;
    json["call_column"] = frame.call_column;
  }
  if (!frame.generated.empty()) json["generated"] = frame.generated;
  json["module"] = text_or_null(frame.module);
  json["build_id"] = text_or_null(frame.build_id);
  json["offset"] = frame.module.empty() ? Json(nullptr) : Json(number_of(frame.file_address));
  json["function_offset"] = frame.function_address == FileAddress{}
                                ? Json(nullptr)
                                : Json(number_of(frame.function_address));
  json["inlined"] = frame.inlined;
  json["kind"] = kind_word(frame.kind);
  json["unresolved"] = text_or_null(frame.unresolved);
  return json;
}

Json owners_of(const std::vector<report::OwnerLine>& owners) {
  Json json = Json::array();
  for (const report::OwnerLine& owner : owners) {
    json.push_back({{"kind", owner.kind},
                    {"name", text_or_null(owner.name)},
                    {"path", owner.path},
                    {"blocks", owner.blocks},
                    {"bytes", owner.bytes},
                    {"share", owner.share}});
    if (owner.what.empty()) continue;
    json.back()["class"] = owner.what;
    json.back()["place"] = text_or_null(owner.place);
    json.back()["alike"] = owner.alike;
    json.back()["way"] = owner.way;
  }
  return json;
}

Json heap_growth_of(const report::HeapGrowthLine& line) {
  return {{"pid", line.pid},
          {"thread", line.thread},
          {"snapshots", {line.first_snapshot, line.last_snapshot}},
          {"heap_bytes", {line.first_bytes, line.last_bytes}},
          {"growth_bytes", line.growth_bytes},
          {"growth_objects", line.growth_objects},
          {"least_bytes", line.least_bytes},
          {"owners", owners_of(line.owners)}};
}

Json finding_of(const report::Finding& finding) {
  Json json;
  json["verdict"] = report::verdict_word(finding.verdict);
  json["confidence"] = finding.confidence;
  json["heap"] = heap_word(finding.heap);
  json["growth_bytes"] = finding.growth_bytes;
  json["growth_blocks"] = finding.growth_blocks;
  json["bytes_per_hour"] = number_or_null(finding.bytes_per_hour);
  json["blocks_per_hour"] = number_or_null(finding.blocks_per_hour);
  json["bytes_per_work"] = number_or_null(finding.bytes_per_work);
  json["seconds_to_limit"] = number_or_null(finding.seconds_to_limit);
  json["stacks"] = finding.stacks;
  json["site"] = finding.whole.empty() ? frame_of(finding.site) : Json(nullptr);
  if (!finding.whole.empty()) {
    json["whole"] = finding.whole;
    json["leads"] = finding.leads;
  }
  json["headline"] = text_or_null(headline_text(finding));
  json["reason"] = reason_text(finding.why);
  json["live_bytes"] = finding.live_bytes;
  if (!finding.owners.empty()) json["owners"] = owners_of(finding.owners);
  if (!finding.threads.empty()) json["threads"] = threads_json(finding.threads);
  if (!finding.types.empty()) json["types"] = types_json(finding.types);
  if (finding.change != report::Change::kNotCompared) {
    json["change"] = change_word(finding.change);
    json["baseline_bytes_per_hour"] = number_or_null(finding.baseline_bytes_per_hour);
  }
  if (!finding.shares.empty()) {
    json["processes"] = Json::array();
    for (const report::Share& share : finding.shares) {
      json["processes"].push_back({{"process", share.process},
                                   {"verdict", report::verdict_word(share.verdict)},
                                   {"growth_bytes", share.growth_bytes},
                                   {"bytes_per_hour", number_or_null(share.bytes_per_hour)}});
    }
  }
  return json;
}

// Texts of frames, each made once: a frame stands in thousands of stacks, which share it.
class FrameTexts {
 public:
  const std::string& of(const symbolize::Frame& frame) {
    const auto [at, added] = texts_.try_emplace(&frame);
    if (added) at->second = line_of(frame_of(frame));
    return at->second;
  }

 private:
  std::unordered_map<const symbolize::Frame*, std::string> texts_;
};

// Everything but the frames, which are far too many to be values first.
Json stack_of(const report::StackLine& stack, bool several) {
  Json json;
  json["id"] = number_of(stack.id);
  json["heap"] = heap_word(stack.heap);
  json["verdict"] = report::verdict_word(stack.verdict);
  json["live_bytes"] = stack.live_bytes;
  json["live_blocks"] = stack.live_blocks;
  json["allocated_bytes"] = stack.allocated_bytes;
  json["allocated_blocks"] = stack.allocated_blocks;
  json["growth_bytes"] = stack.growth_bytes;
  json["growth_blocks"] = stack.growth_blocks;
  json["missing"] = text_or_null(missing_text(stack.missing));
  if (several) json["process"] = stack.process;
  if (!stack.owners.empty()) json["owners"] = owners_of(stack.owners);
  if (!stack.threads.empty()) json["threads"] = threads_json(stack.threads);
  if (!stack.types.empty()) json["types"] = types_json(stack.types);
  return json;
}

// A line each: {…,"frames":[…]}
void append_stacks(std::string& text, const report::Report& report) {
  const std::vector<report::StackLine>& stacks = report.stacks;
  FrameTexts frames;
  size_t size = text.size();
  for (const report::StackLine& stack : stacks) {
    size += 300 + 24 * stack.live_bytes.size();  // about
    for (const symbolize::Frame& frame : stack.frames) size += frames.of(frame).size() + 1;
  }
  text.reserve(size);  // it may be gigabytes: not twice that while it grows
  const char* before_stack = "\n  ";
  for (const report::StackLine& stack : stacks) {
    text += before_stack;
    before_stack = ",\n  ";
    text += line_of(stack_of(stack, !report.processes.empty()));
    text.back() = ',';  // the object goes on
    text += "\"frames\":[";
    const char* before_frame = "";
    for (const symbolize::Frame& frame : stack.frames) {
      text += before_frame;
      text += frames.of(frame);
      before_frame = ",";
    }
    text += "]}";
  }
}

}  // namespace

std::string render_json(const report::Report& report) {
  Json json;
  json["schema"] = "silt.report/1";
  json["process"] = {{"pid", report.pid},
                     {"program", report.program},
                     {"command", report.command},
                     {"start", time_json(report.start_realtime_ns)},
                     {"labels", labels_json(report.labels)}};
  if (!report.processes.empty()) {
    json["processes"] = Json::array();
    for (const report::ProcessLine& process : report.processes) {
      json["processes"].push_back(process_json(process));
    }
  }
  json["sampling_interval_bytes"] = report.sampling_interval_bytes;
  json["memory_limit_bytes"] =
      report.memory_limit_bytes == 0 ? Json(nullptr) : Json(report.memory_limit_bytes);
  json["smallest_detectable"] = {
      {"blocks_per_hour", number_or_null(report.detectable_blocks_per_hour)},
      {"bytes_per_hour", number_or_null(report.detectable_bytes_per_hour)},
      {"script_bytes_per_hour", number_or_null(report.detectable_script_bytes_per_hour)},
      {"whole_bytes_per_hour", number_or_null(report.detectable_whole_bytes_per_hour)}};
  json["snapshots"] = Json::array();
  for (const report::SnapshotLine& line : report.snapshots) {
    json["snapshots"].push_back(
        {{"sequence", line.sequence},
         {"time", time_json(line.realtime_ns)},
         {"elapsed_seconds", line.elapsed_seconds},
         {"rss_bytes", line.rss_bytes == 0 ? Json(nullptr) : Json(line.rss_bytes)},
         {"live_bytes", line.live_bytes},
         {"live_blocks", line.live_blocks},
         {"allocated_bytes", line.allocated_bytes},
         {"allocated_blocks", line.allocated_blocks},
         {"mapping_bytes", line.mapping_bytes},
         {"js_used_bytes", line.js_used_bytes == 0 ? Json(nullptr) : Json(line.js_used_bytes)},
         {"rss", rss_parts_json(line.parts)}});
    if (line.java_bytes != 0) {
      json["snapshots"].back()["java_live_bytes"] = line.java_bytes;
    }
    if (line.object_blocks != 0) {
      Json& snapshot = json["snapshots"].back();
      snapshot["python_live_bytes"] = line.object_bytes;
      snapshot["python_live_blocks"] = line.object_blocks;
      if (line.parts) snapshot["rss"]["python_objects"] = line.parts->objects;
    }
  }
  json["findings"] = Json::array();
  for (const report::Finding& finding : report.findings) {
    json["findings"].push_back(finding_of(finding));
  }
  for (const report::HeapGrowthLine& line : report.heap_growth) {
    json["heap_growth"].push_back(heap_growth_of(line));
  }
  std::string text = indented(json);
  text.resize(text.rfind("\n}"));  // the object goes on
  text += ",\n \"stacks\": [";
  append_stacks(text, report);
  text += "\n ],";
  json = Json();
  json["stacks_total"] = report.stacks_total;
  json["honesty"] = report.honesty;
  json["notes"] = report.notes;
  text += indented(json).substr(1);
  text += '\n';
  return text;
}

}  // namespace silt::render
