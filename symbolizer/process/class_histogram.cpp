// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/class_histogram.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

namespace silt::process {
namespace {

// So that no sum runs over: of all rows of a table.
constexpr uint64_t kMostOfAll = uint64_t{1} << 60;

struct Row {
  uint64_t number = 0;
  uint64_t objects = 0;
  uint64_t bytes = 0;
  std::string_view name;
  std::string_view module;
};

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

bool take_count(std::string_view& text, uint64_t& value) {
  skip_spaces(text);
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > kMostOfAll) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return true;
}

// "   1:         23456        1234567  [B (java.base@17.0.15)"
std::optional<Row> parse_row(std::string_view line) {
  Row row;
  if (!take_count(line, row.number) || !line.starts_with(':')) return std::nullopt;
  line.remove_prefix(1);
  if (!line.starts_with(' ') || !take_count(line, row.objects)) return std::nullopt;
  if (!line.starts_with(' ') || !take_count(line, row.bytes)) return std::nullopt;
  if (!line.starts_with(' ')) return std::nullopt;
  skip_spaces(line);
  const size_t module = line.rfind(" (");
  if (line.ends_with(')') && module != std::string_view::npos) {
    row.module = line.substr(module + 2, line.size() - module - 3);
    line = line.substr(0, module);
  }
  if (line.empty()) return std::nullopt;
  row.name = line;
  return row;
}

// "Total         32363        3185696"
bool parse_total(std::string_view line, uint64_t& objects, uint64_t& bytes) {
  constexpr std::string_view kTotal = "Total ";
  if (!line.starts_with(kTotal)) return false;
  line.remove_prefix(kTotal.size());
  if (!take_count(line, objects) || !line.starts_with(' ') || !take_count(line, bytes)) {
    return false;
  }
  skip_spaces(line);
  return line.empty();
}

// Without what is different at each start: "Main$$Lambda$14/0x0000000800c03000" (17),
// "Main$$Lambda/0x00007f0a5c000a00" (21), "Reflect$$FastClass/123456" (8).
std::string_view lasting_name(std::string_view name) {
  const size_t address = name.find("/0x");
  if (address != std::string_view::npos) name = name.substr(0, address);
  constexpr std::string_view kLambda = "$$Lambda";
  const size_t lambda = name.find(kLambda);
  if (lambda != std::string_view::npos) name = name.substr(0, lambda + kLambda.size());
  return name;
}

// What collectors since version 19 put in place of dead objects that they leave where they are.
bool is_filler(std::string_view name) {
  constexpr std::array<std::string_view, 3> kFillers = {"[Ljdk.internal.vm.FillerElement;",
                                                        "jdk.internal.vm.FillerArray",
                                                        "jdk.internal.vm.FillerObject"};
  return std::find(kFillers.begin(), kFillers.end(), name) != kFillers.end();
}

}  // namespace

bool is_own_class(std::string_view name, std::string_view module) {
  // Of arrays what they are made of counts.
  while (name.starts_with('[')) {
    name.remove_prefix(1);
    if (name.starts_with('[')) continue;
    if (name.size() == 1) return false;  // of numbers
    if (name.starts_with('L')) name.remove_prefix(1);
  }
  constexpr std::array<std::string_view, 2> kModules = {"java.", "jdk."};
  if (std::any_of(kModules.begin(), kModules.end(),
                  [module](std::string_view begin) { return module.starts_with(begin); })) {
    return false;
  }
  if (!module.empty()) return true;
  constexpr std::array<std::string_view, 7> kPackages = {"java.",    "javax.",       "jdk.", "sun.",
                                                         "com.sun.", "internal.vm.", "<"};
  return std::none_of(kPackages.begin(), kPackages.end(),
                      [name](std::string_view begin) { return name.starts_with(begin); });
}

Result<ClassHistogram> parse_class_histogram(std::string_view text) {
  ClassHistogram histogram;
  std::unordered_map<std::string_view, size_t> by_name;
  uint64_t rows = 0, objects = 0, bytes = 0, last = kMostOfAll;
  uint64_t dead_objects = 0, dead_bytes = 0;
  bool total = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    uint64_t total_objects = 0, total_bytes = 0;
    if (rows > 0 && parse_total(line, total_objects, total_bytes) && total_objects == objects &&
        total_bytes == bytes) {
      total = true;
      break;
    }
    const auto row = parse_row(line);
    if (!row || row->number != rows + 1 || row->bytes > last) continue;
    ++rows;
    last = row->bytes;
    objects += row->objects;
    bytes += row->bytes;
    if (objects > kMostOfAll || bytes > kMostOfAll) return Error{"its figures are too large"};
    const std::string_view name = lasting_name(row->name);
    if (is_filler(name)) {
      dead_objects += row->objects;
      dead_bytes += row->bytes;
      continue;
    }
    const auto [at, added] = by_name.try_emplace(name, histogram.classes.size());
    if (added) {
      histogram.classes.emplace_back();
      histogram.classes.back().name = name;
      histogram.classes.back().classes = 0;
    }
    read::ClassCount& one = histogram.classes[at->second];
    one.own = one.own || is_own_class(name, row->module);
    ++one.classes;
    one.objects += row->objects;
    one.bytes += row->bytes;
  }
  if (rows == 0) return Error{"it is no table of classes"};
  if (!total) return Error{"its rows do not add up to its total"};
  histogram.objects = objects - dead_objects;
  histogram.bytes = bytes - dead_bytes;
  std::stable_sort(
      histogram.classes.begin(), histogram.classes.end(),
      [](const read::ClassCount& a, const read::ClassCount& b) { return a.bytes > b.bytes; });
  return histogram;
}

}  // namespace silt::process
