// SPDX-License-Identifier: Apache-2.0
//
// See heap_growth.h. A field is a name and where its value goes; what the file has beside is left
// out, so that later versions may add to it. Nothing in it is believed: numbers of things and
// lengths of texts are bounded, and sums stay within the signed range.

#include "symbolizer/read/heap_growth.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "symbolizer/base/json_stream.h"
#include "symbolizer/base/quote.h"

namespace silt::read {
namespace {

constexpr std::string_view kSchema = "silt.heap-growth/1";
constexpr size_t kLongestName = 1024;
constexpr size_t kMostHeaps = 256;
constexpr size_t kMostItems = 1024;  // of any list
// So that sums of all of them stay within the signed range.
constexpr uint64_t kLargest = uint64_t{1} << 42;
constexpr uint64_t kLargestGrowthFile = uint64_t{64} << 20;

// Writing.

std::string json_text(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      constexpr char kDigits[] = "0123456789abcdef";
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

// A name as it is written: not longer than is read, and cut between characters.
std::string named(const std::string& text) {
  if (text.size() <= kLongestName) return json_text(text);
  size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return json_text(std::string_view(text).substr(0, end));
}

using Fields = std::initializer_list<std::pair<const char*, std::string>>;

std::string object(Fields fields) {
  std::string json = "{";
  for (const auto& [name, value] : fields) {
    if (json.size() > 1) json += ',';
    json += json_text(name) + ":" + value;
  }
  return json + "}";
}

template <typename Item, typename Text>
std::string list(const std::vector<Item>& items, const Text& text, const char* between = ",") {
  std::string json = "[";
  for (size_t i = 0; i < std::min(items.size(), kMostItems); ++i) {
    if (i != 0) json += between;
    json += text(items[i]);
  }
  return json + "]";
}

std::string number_text(uint64_t value) { return std::to_string(std::min(value, kLargest)); }

std::string kind_text(const GrownKind& kind) {
  return object({{"class", named(kind.name)},
                 {"place", named(kind.place)},
                 {"objects", number_text(kind.objects)},
                 {"bytes", number_text(kind.bytes)}});
}

std::string step_text(const HolderStep& step) {
  return object({{"label", named(step.label)},
                 {"class", named(step.what)},
                 {"place", named(step.place)},
                 {"repeats", number_text(step.repeats)}});
}

std::string holder_text(const HeapHolder& holder) {
  return object({{"name", named(holder.name)},
                 {"class", named(holder.what)},
                 {"place", named(holder.place)},
                 {"bytes", number_text(holder.bytes)},
                 {"objects", number_text(holder.objects)},
                 {"alike", number_text(holder.alike)},
                 {"retained_first", number_text(holder.retained_first)},
                 {"retained_last", number_text(holder.retained_last)},
                 {"inside", list(holder.inside, named)},
                 {"entries", list(holder.entries, kind_text)},
                 {"classes", list(holder.kinds, kind_text)},
                 {"path", list(holder.path, step_text)}});
}

std::string moment_text(const HeapMoment& moment) {
  return object({{"snapshot", number_text(moment.snapshot)},
                 {"bytes", number_text(moment.bytes)},
                 {"objects", number_text(moment.objects)}});
}

std::string heap_text(const HeapGrowth& heap) {
  return object({{"thread", number_text(heap.thread)},
                 {"why_not", named(heap.why_not)},
                 {"first", moment_text(heap.first)},
                 {"last", moment_text(heap.last)},
                 {"bytes", number_text(heap.bytes)},
                 {"objects", number_text(heap.objects)},
                 {"least_bytes", number_text(heap.least_bytes)},
                 {"more_bytes", number_text(heap.more_bytes)},
                 {"holders", list(heap.holders, holder_text, ",\n  ")}});
}

// Reading.

using Take = std::function<bool(JsonStream&)>;
struct Field {
  std::string_view name;
  Take take;
};

bool take_object(JsonStream& json, std::initializer_list<Field> fields) {
  if (!json.take('{')) return false;
  bool first = true;
  while (json.more('}', first)) {
    std::string name;
    if (!json.read_string(name, kLongestName) || !json.take(':')) return false;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& known) { return known.name == name; });
    if (!(field == fields.end() ? json.skip_value() : field->take(json))) return false;
  }
  return json.ok();
}

template <typename Item, typename TakeItem>
bool take_list(JsonStream& json, std::vector<Item>& items, const TakeItem& take_item) {
  if (!json.take('[')) return false;
  bool first = true;
  while (json.more(']', first)) {
    if (items.size() >= kMostItems) return json.fail("a list is too long");
    items.emplace_back();
    if (!take_item(json, items.back())) return false;
  }
  return json.ok();
}

bool take_text(JsonStream& json, std::string& text) { return json.read_string(text, kLongestName); }

template <typename Number>
bool take_number(JsonStream& json, Number& to, uint64_t largest = kLargest) {
  uint64_t value = 0;
  if (!json.read_unsigned(value)) return false;
  if (value > largest) return json.fail("a number_text is larger than it can be");
  to = static_cast<Number>(value);
  return true;
}

Take text(std::string& to) {
  return [&to](JsonStream& json) { return take_text(json, to); };
}
Take figure(uint64_t& to) {
  return [&to](JsonStream& json) { return take_number(json, to); };
}
Take id(uint32_t& to) {
  return [&to](JsonStream& json) { return take_number(json, to, INT32_MAX); };
}

bool take_kind(JsonStream& json, GrownKind& kind) {
  return take_object(json, {{"class", text(kind.name)},
                            {"place", text(kind.place)},
                            {"objects", figure(kind.objects)},
                            {"bytes", figure(kind.bytes)}});
}

bool take_step(JsonStream& json, HolderStep& step) {
  return take_object(json, {{"label", text(step.label)},
                            {"class", text(step.what)},
                            {"place", text(step.place)},
                            {"repeats", figure(step.repeats)}});
}

Take moment(HeapMoment& to) {
  return [&to](JsonStream& json) {
    return take_object(json, {{"snapshot", id(to.snapshot)},
                              {"bytes", figure(to.bytes)},
                              {"objects", figure(to.objects)}});
  };
}

bool take_holder(JsonStream& json, HeapHolder& holder) {
  const auto kinds = [](std::vector<GrownKind>& to) -> Take {
    return [&to](JsonStream& at) { return take_list(at, to, take_kind); };
  };
  return take_object(
      json, {{"name", text(holder.name)},
             {"class", text(holder.what)},
             {"place", text(holder.place)},
             {"bytes", figure(holder.bytes)},
             {"objects", figure(holder.objects)},
             {"alike", figure(holder.alike)},
             {"retained_first", figure(holder.retained_first)},
             {"retained_last", figure(holder.retained_last)},
             {"inside", [&](JsonStream& at) { return take_list(at, holder.inside, take_text); }},
             {"entries", kinds(holder.entries)},
             {"classes", kinds(holder.kinds)},
             {"path", [&](JsonStream& at) { return take_list(at, holder.path, take_step); }}});
}

bool take_heap(JsonStream& json, HeapGrowth& heap) {
  return take_object(
      json,
      {{"thread", id(heap.thread)},
       {"why_not", text(heap.why_not)},
       {"first", moment(heap.first)},
       {"last", moment(heap.last)},
       {"bytes", figure(heap.bytes)},
       {"objects", figure(heap.objects)},
       {"least_bytes", figure(heap.least_bytes)},
       {"more_bytes", figure(heap.more_bytes)},
       {"holders", [&](JsonStream& at) { return take_list(at, heap.holders, take_holder); }}});
}

}  // namespace

std::string heap_growth_text(const std::vector<HeapGrowth>& heaps) {
  return object({{"schema", json_text(kSchema)}, {"heaps", list(heaps, heap_text, ",\n ")}}) + "\n";
}

Result<std::vector<HeapGrowth>> parse_heap_growth(const ByteSource& source) {
  if (source.size() > kLargestGrowthFile) return Error{"it is larger than it can be"};
  JsonStream json(source);
  std::vector<HeapGrowth> heaps;
  std::string schema;
  take_object(json, {{"schema", text(schema)},
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
