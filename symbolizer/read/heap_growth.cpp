// SPDX-License-Identifier: Apache-2.0
//
// See heap_growth.h.

#include "symbolizer/read/heap_growth.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "symbolizer/base/json_stream.h"
#include "symbolizer/read/json_fields.h"

namespace silt::read {
namespace {

constexpr std::string_view kSchema = "silt.heap-growth/1";
constexpr size_t kMostHeaps = 256;

// Writing.

std::string kind_text(const GrownKind& kind) {
  return json_object({{"class", json_name(kind.name)},
                      {"place", json_name(kind.place)},
                      {"objects", json_number(kind.objects)},
                      {"bytes", json_number(kind.bytes)}});
}

std::string step_text(const HolderStep& step) {
  return json_object({{"label", json_name(step.label)},
                      {"class", json_name(step.what)},
                      {"place", json_name(step.place)},
                      {"repeats", json_number(step.repeats)}});
}

std::string holder_text(const HeapHolder& holder) {
  return json_object({{"name", json_name(holder.name)},
                      {"class", json_name(holder.what)},
                      {"place", json_name(holder.place)},
                      {"bytes", json_number(holder.bytes)},
                      {"objects", json_number(holder.objects)},
                      {"alike", json_number(holder.alike)},
                      {"retained_first", json_number(holder.retained_first)},
                      {"retained_last", json_number(holder.retained_last)},
                      {"inside", json_list(holder.inside, json_name)},
                      {"entries", json_list(holder.entries, kind_text)},
                      {"classes", json_list(holder.kinds, kind_text)},
                      {"path", json_list(holder.path, step_text)}});
}

std::string moment_text(const HeapMoment& moment) {
  return json_object({{"snapshot", json_number(moment.snapshot)},
                      {"bytes", json_number(moment.bytes)},
                      {"objects", json_number(moment.objects)}});
}

std::string heap_text(const HeapGrowth& heap) {
  return json_object({{"thread", json_number(heap.thread)},
                      {"why_not", json_name(heap.why_not)},
                      {"first", moment_text(heap.first)},
                      {"last", moment_text(heap.last)},
                      {"bytes", json_number(heap.bytes)},
                      {"objects", json_number(heap.objects)},
                      {"least_bytes", json_number(heap.least_bytes)},
                      {"more_bytes", json_number(heap.more_bytes)},
                      {"holders", json_list(heap.holders, holder_text, ",\n  ")}});
}

// Reading.

bool take_kind(JsonStream& json, GrownKind& kind) {
  return take_object(json, {{"class", into_text(kind.name)},
                            {"place", into_text(kind.place)},
                            {"objects", into_figure(kind.objects)},
                            {"bytes", into_figure(kind.bytes)}});
}

bool take_step(JsonStream& json, HolderStep& step) {
  return take_object(json, {{"label", into_text(step.label)},
                            {"class", into_text(step.what)},
                            {"place", into_text(step.place)},
                            {"repeats", into_figure(step.repeats)}});
}

Take moment(HeapMoment& to) {
  return [&to](JsonStream& json) {
    return take_object(json, {{"snapshot", into_id(to.snapshot)},
                              {"bytes", into_figure(to.bytes)},
                              {"objects", into_figure(to.objects)}});
  };
}

bool take_holder(JsonStream& json, HeapHolder& holder) {
  const auto kinds = [](std::vector<GrownKind>& to) -> Take {
    return [&to](JsonStream& at) { return take_list(at, to, take_kind); };
  };
  return take_object(
      json, {{"name", into_text(holder.name)},
             {"class", into_text(holder.what)},
             {"place", into_text(holder.place)},
             {"bytes", into_figure(holder.bytes)},
             {"objects", into_figure(holder.objects)},
             {"alike", into_figure(holder.alike)},
             {"retained_first", into_figure(holder.retained_first)},
             {"retained_last", into_figure(holder.retained_last)},
             {"inside", [&](JsonStream& at) { return take_list(at, holder.inside, take_text); }},
             {"entries", kinds(holder.entries)},
             {"classes", kinds(holder.kinds)},
             {"path", [&](JsonStream& at) { return take_list(at, holder.path, take_step); }}});
}

bool take_heap(JsonStream& json, HeapGrowth& heap) {
  return take_object(
      json,
      {{"thread", into_id(heap.thread)},
       {"why_not", into_text(heap.why_not)},
       {"first", moment(heap.first)},
       {"last", moment(heap.last)},
       {"bytes", into_figure(heap.bytes)},
       {"objects", into_figure(heap.objects)},
       {"least_bytes", into_figure(heap.least_bytes)},
       {"more_bytes", into_figure(heap.more_bytes)},
       {"holders", [&](JsonStream& at) { return take_list(at, heap.holders, take_holder); }}});
}

}  // namespace

std::string heap_growth_text(const std::vector<HeapGrowth>& heaps) {
  return json_object(
             {{"schema", json_text(kSchema)}, {"heaps", json_list(heaps, heap_text, ",\n ")}}) +
         "\n";
}

Result<std::vector<HeapGrowth>> parse_heap_growth(const ByteSource& source) {
  if (source.size() > kLargestFieldsFile) return Error{"it is larger than it can be"};
  JsonStream json(source);
  std::vector<HeapGrowth> heaps;
  std::string schema;
  take_object(json, {{"schema", into_text(schema)},
                     {"heaps", [&](JsonStream& at) { return take_list(at, heaps, take_heap); }}});
  if (!json.ok()) return json.error();
  if (!json.at_end()) return Error{"something follows its end"};
  if (schema != kSchema) return Error{"its schema is not " + std::string(kSchema)};
  if (heaps.size() > kMostHeaps) return Error{"it has more heaps than any process"};
  return heaps;
}

Result<std::vector<HeapGrowth>> read_heap_growth(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kHeapGrowthName;
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (error || !std::filesystem::is_regular_file(status)) return std::vector<HeapGrowth>();
  const auto source = FileSource::open(path);
  if (!source) return source.error();
  return parse_heap_growth(*source);
}

}  // namespace silt::read
