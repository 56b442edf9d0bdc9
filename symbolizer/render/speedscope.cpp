// SPDX-License-Identifier: Apache-2.0
//
// For speedscope: its "sampled" profile type, with a profile each for growth, use and allocation.
// https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources

#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::StackLine;

struct Frames {
  Json list = Json::array();
  std::unordered_map<std::string, size_t> index;

  std::unordered_map<const symbolize::Frame*, size_t> known;  // lists share their frames

  size_t of(const symbolize::Frame& frame) {
    const auto [at, added] = known.try_emplace(&frame);
    if (added) at->second = new_index(frame);
    return at->second;
  }

  size_t new_index(const symbolize::Frame& frame) {
    const auto [at, added] = index.try_emplace(report::site_key(frame), list.size());
    if (added) {
      Json json;
      json["name"] = clean(function_text(frame));
      if (!frame.file.empty()) json["file"] = clean(frame.file);
      if (frame.line != 0) json["line"] = frame.line;
      list.push_back(std::move(json));
    }
    return at->second;
  }
};

Json speedscope_labels(const std::vector<read::Label>& labels) {
  Json json = Json::object();
  for (const read::Label& label : labels) json[clean(label.key)] = clean(label.value);
  return json;
}

}  // namespace

std::string render_speedscope(const report::Report& report) {
  Frames frames;
  std::vector<std::vector<size_t>> stacks;
  for (const StackLine& stack : report.stacks) {
    std::vector<size_t> list;
    for (size_t i = stack.frames.size(); i > 0; --i) list.push_back(frames.of(stack.frames[i - 1]));
    stacks.push_back(std::move(list));
  }
  const auto live = [](const StackLine& stack) {
    return stack.live_bytes.empty() ? 0.0 : static_cast<double>(stack.live_bytes.back());
  };
  const std::vector<std::pair<const char*, std::function<double(const StackLine&)>>> kinds = {
      {"growth", [](const StackLine& s) { return static_cast<double>(s.growth_bytes); }},
      {"in use", live},
      {"allocated", [](const StackLine& s) { return static_cast<double>(s.allocated_bytes); }},
  };
  Json profiles = Json::array();
  for (const auto& [name, value_of] : kinds) {
    if (report.judged_snapshots < 2 && std::string(name) == "growth") continue;
    Json samples = Json::array();
    Json weights = Json::array();
    double sum = 0;
    for (size_t i = 0; i < stacks.size(); ++i) {
      const double value = value_of(report.stacks[i]);
      if (value <= 0 || stacks[i].empty()) continue;
      samples.push_back(stacks[i]);
      weights.push_back(static_cast<uint64_t>(value));
      sum += value;
    }
    profiles.push_back({{"type", "sampled"},
                        {"name", clean(report.program) + ": " + name},
                        {"unit", "bytes"},
                        {"startValue", 0},
                        {"endValue", static_cast<uint64_t>(sum)},
                        {"samples", std::move(samples)},
                        {"weights", std::move(weights)}});
  }
  Json json;
  json["$schema"] = "https://www.speedscope.app/file-format-schema.json";
  const std::string labels = labels_text(report.labels);
  json["name"] = clean(title_text(report) + (labels.empty() ? "" : ", " + labels));
  json["exporter"] = "silt";
  json["labels"] = speedscope_labels(report.labels);
  for (const report::ProcessLine& process : report.processes) {
    json["processes"].push_back(
        {{"process", clean(process_name(process))}, {"labels", speedscope_labels(process.labels)}});
  }
  json["shared"] = {{"frames", std::move(frames.list)}};
  json["profiles"] = std::move(profiles);
  return json_text(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace silt::render
