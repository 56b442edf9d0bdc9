// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/export_labels.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "symbolizer/render/escape.h"

namespace silt::render {
namespace {

constexpr std::string_view kOwnNames[] = {"program", "pid",     "recording", "part",
                                          "heap",    "verdict", "site",      "place",
                                          "finding", "le",      "quantile"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string label_name(std::string_view key) {
  std::string name;
  for (const char c : key) name += is_letter(c) || is_digit(c) ? c : '_';
  const bool own =
      std::find(std::begin(kOwnNames), std::end(kOwnNames), name) != std::end(kOwnNames);
  if (name.empty() || own || is_digit(name.front()) || name.starts_with("__")) {
    name.insert(0, "label_");
  }
  return name;
}

std::vector<std::vector<read::Label>> export_labels(const std::vector<Exported>& all) {
  const auto folder = [](const Exported& one) {
    return clean(std::filesystem::path(one.path).filename().string());
  };
  std::map<std::string, size_t> count;
  for (const Exported& one : all) ++count[folder(one)];
  std::vector<std::vector<read::Label>> result;
  for (const Exported& one : all) {
    std::vector<read::Label> labels = {{"program", clean(one.report.program)},
                                       {"pid", std::to_string(one.report.pid)}};
    labels.push_back({"recording", count[folder(one)] == 1 ? folder(one) : clean(one.path)});
    for (const read::Label& label : one.report.labels) {
      const std::string name = label_name(label.key);
      if (read::find_label(labels, name) == nullptr) labels.push_back({name, clean(label.value)});
    }
    result.push_back(std::move(labels));
  }
  return result;
}

}  // namespace silt::render
