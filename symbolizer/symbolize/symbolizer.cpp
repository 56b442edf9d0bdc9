// SPDX-License-Identifier: Apache-2.0
//
// Longer than 300 lines: all ways in to one look-up and what it remembers.
//
// A pc is looked up where it lay: in a module, else in the JIT map, else in a file that was mapped
// without the loader (V8 maps its builtins a second time that way). Answers are kept by pc, since
// one pc stands in many stacks.

#include "symbolizer/symbolize/symbolizer.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/read/module_index.h"
#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/symbolize/compiled_places.h"
#include "symbolizer/symbolize/data_names.h"
#include "symbolizer/symbolize/jit_map.h"
#include "symbolizer/symbolize/jit_name.h"
#include "symbolizer/symbolize/open_modules.h"
#include "symbolizer/symbolize/seen_calls.h"
#include "symbolizer/symbolize/source_places.h"

namespace silt::symbolize {
namespace {

constexpr uint64_t kLargestJitMap = uint64_t{512} << 20;
constexpr uint32_t kNoModule = UINT32_MAX;
constexpr uint32_t kNoCode = UINT32_MAX;

std::string marker_reason(uint64_t pc) {
  switch (static_cast<format::Marker>(pc)) {
    case format::Marker::kMapping:
      return "an anonymous mapping";
    case format::Marker::kTruncated:
      return "outer frames are missing: the stack is deeper than the limit";
    case format::Marker::kBroken:
      return "outer frames are missing: the stack could not be walked further";
    case format::Marker::kOverflow:
      return "the stack was not kept: a table was full";
    case format::Marker::kManaged:
      return "the JavaScript heap";
  }
  return "not an address";
}

// A runtime names what it knows; V8's profiler as its map of compiled code does.
Frame script_frame(const read::ScriptFrame& place) {
  Frame frame;
  if (place.kind == read::ScriptKind::kPython || place.kind == read::ScriptKind::kPhp) {
    frame.kind =
        place.kind == read::ScriptKind::kPython ? FrameKind::kPython : FrameKind::kPhp;
    frame.function = place.function;
    frame.file = place.file;
    frame.line = place.line;
    if (frame.function.empty()) frame.unresolved = "the function was not kept";
    return frame;
  }
  if (place.kind == read::ScriptKind::kJava) {
    frame.kind = FrameKind::kJava;
    frame.function = place.function;
    frame.file = place.file;
    frame.line = place.line;
    if (frame.function.empty()) frame.unresolved = "the machine did not name it";
    return frame;
  }
  frame.kind = FrameKind::kJavaScript;
  frame.function = place.function.empty() ? "(anonymous)" : place.function;
  frame.file = path_of_url(place.file);
  frame.line = place.line;
  frame.column = place.column;
  return frame;
}

}  // namespace

struct Symbolizer::State {
  std::unique_ptr<DataNames> data_names;  // made when it is first asked
  State(const read::Recording& a_recording, Options an_options)
      : recording(a_recording), options(std::move(an_options)), index(a_recording.modules) {}

  struct Place {
    uint64_t pc;
    uint32_t module;
    uint32_t code;  // entry of the JIT map
    auto operator<=>(const Place&) const = default;
  };

  std::vector<Frame> look_up(const Place& place);
  std::vector<Frame> look_up_outside_modules(MemoryAddress address, uint32_t code);
  const JitMap& map_of_jit_code();
  CompiledPlaces& compiled_code();
  Frame script_function(read::NodeId node);
  void put_source(Frame& frame) {
    sources.put_source(frame, [this](std::string text) { note(std::move(text)); });
  }
  uint32_t code_at(read::NodeId node);
  const read::Mapping* mapping_at(MemoryAddress address) const;
  void note(std::string text) {
    if (std::find(notes.begin(), notes.end(), text) == notes.end())
      notes.push_back(std::move(text));
  }

  const read::Recording& recording;
  const Options options;
  const read::ModuleIndex index;
  OpenModules modules{options, [this](std::string text) { note(std::move(text)); }};
  std::map<Place, FrameList> places;
  std::unordered_map<read::NodeId, const FrameList*> nodes;
  std::unordered_map<read::NodeId, FrameList> called_at;  // put_call_place
  std::optional<JitMap> jit_map;
  std::unique_ptr<CompiledPlaces> compiled;
  std::optional<SeenCalls> seen_calls;
  SourcePlaces sources;
  std::vector<std::string> notes;
};

const JitMap& Symbolizer::State::map_of_jit_code() {
  if (!jit_map) {
    jit_map.emplace();
    if (!recording.jit_map.empty()) {
      auto source = FileSource::open(recording.jit_map);
      if (!source) {
        note("cannot read " + in_quotes(recording.jit_map) + ": " + source.error().message);
      } else if (source->size() > kLargestJitMap) {
        note("cannot use " + in_quotes(recording.jit_map) + ": it is larger than 512 MiB");
      } else if (source->is_mostly_holes()) {
        note("cannot use " + in_quotes(recording.jit_map) + ": most of it is holes");
      } else if (auto text = source->read(0, source->size())) {
        jit_map.emplace(std::move(*text));
      } else {
        note("cannot read " + in_quotes(recording.jit_map) + ": " + text.error().message);
      }
    }
  }
  return *jit_map;
}

uint32_t Symbolizer::State::code_at(read::NodeId node) {
  const uint64_t pc = recording.nodes[node].pc;
  return map_of_jit_code().find_entry(lookup_address(pc), recording.birth(node)).value_or(kNoCode);
}

// Without a line where it is none.
Frame Symbolizer::State::script_function(read::NodeId node) {
  const uint64_t pc = recording.nodes[node].pc;
  if (pc < format::kFirstRealPc || index.find(lookup_address(pc), recording.birth(node))) return {};
  if (pc >= read::kScriptPc) return script_frame(recording.script_frames[pc - read::kScriptPc]);
  const uint32_t code = code_at(node);
  return code == kNoCode ? Frame() : parse_jit_name(map_of_jit_code().name(code));
}

CompiledPlaces& Symbolizer::State::compiled_code() {
  if (!compiled) {
    compiled = std::make_unique<CompiledPlaces>(
        map_of_jit_code(), [this](const Frame& caller) -> const std::vector<Frame>& {
          if (!seen_calls) {
            seen_calls.emplace(recording,
                               [this](read::NodeId node) { return script_function(node); });
          }
          return seen_calls->of(caller);
        });
  }
  return *compiled;
}

const read::Mapping* Symbolizer::State::mapping_at(MemoryAddress memory_address) const {
  const uint64_t address = number_of(memory_address);
  auto next = std::upper_bound(
      recording.mappings.begin(), recording.mappings.end(), address,
      [](uint64_t value, const read::Mapping& mapping) { return value < mapping.start; });
  if (next == recording.mappings.begin()) return nullptr;
  --next;
  return address < next->end ? &*next : nullptr;
}

std::vector<Frame> Symbolizer::State::look_up_outside_modules(MemoryAddress address,
                                                              uint32_t code) {
  if (code != kNoCode) return compiled_code().frames(code, address);

  const read::Mapping* mapping = mapping_at(address);
  Frame frame;
  if (mapping == nullptr) {
    frame.unresolved = "the address was not mapped at the last snapshot (unloaded or freed code)";
    return {frame};
  }
  if (!mapping->path.starts_with('/') || mapping->path.starts_with("/memfd:") ||
      mapping->path.starts_with("/dev/")) {
    frame.kind = FrameKind::kJit;
    frame.unresolved = recording.jit_map.empty()
                           ? "JIT code, and the recording has no map of it"
                           : "JIT code that the recording's map does not list";
    return {frame};
  }
  // The loader knows the file too, or does not; its build-id is recorded only if it does.
  std::vector<uint8_t> build_id;
  for (const read::Module& module : recording.modules) {
    if (module.path == mapping->path) build_id = module.build_id;
  }
  OpenModule& module = modules.open(mapping->path, build_id);
  const uint64_t offset = mapping->file_offset + (number_of(address) - mapping->start);
  const auto file_address =
      module.file ? module.file->address_of_offset(offset) : std::optional<FileAddress>();
  if (file_address) return modules.find(mapping->path, build_id, *file_address);
  frame.module = mapping->path;
  frame.unresolved = module.file ? "the address is not in a segment of its file" : module.reason;
  return {frame};
}

std::vector<Frame> Symbolizer::State::look_up(const Place& place) {
  std::vector<Frame> frames;
  const uint64_t pc = place.pc;
  const MemoryAddress address = lookup_address(pc);
  if (pc < format::kFirstRealPc) {
    frames.emplace_back().unresolved = marker_reason(pc);
  } else if (pc >= read::kScriptPc) {
    frames.push_back(script_frame(recording.script_frames[pc - read::kScriptPc]));
  } else if (place.module == kNoModule) {
    frames = look_up_outside_modules(address, place.code);
  } else {
    const read::Module& module = recording.modules[place.module];
    frames = modules.find(module.path, module.build_id, in_file(address, module.load_bias));
  }
  for (Frame& frame : frames) {
    frame.pc = pc < read::kScriptPc ? pc : 0;
    put_source(frame);
  }
  return frames;
}

Symbolizer::Symbolizer(const read::Recording& recording, Options options)
    : state_(std::make_unique<State>(recording, std::move(options))) {}

Symbolizer::~Symbolizer() = default;

DataNames& Symbolizer::names_of_modules() {
  if (!state_->data_names) state_->data_names = std::make_unique<DataNames>(state_->options);
  return *state_->data_names;
}

DataName Symbolizer::data_name(const std::string& path, const std::vector<uint8_t>& build_id,
                               uint64_t address, bool thread_local_offset) {
  return names_of_modules().find(path, build_id, address, thread_local_offset);
}

std::string Symbolizer::function_name(const std::string& path, const std::vector<uint8_t>& build_id,
                                      uint64_t address) {
  return names_of_modules().function(path, build_id, address);
}

std::optional<uint32_t> Symbolizer::module_of(read::NodeId node) const {
  const uint64_t pc = state_->recording.nodes[node].pc;
  if (pc < format::kFirstRealPc || pc >= read::kScriptPc) return std::nullopt;
  return state_->index.find(lookup_address(pc), state_->recording.birth(node));
}

const FrameList& Symbolizer::node_frames(read::NodeId node) {
  const auto [entry, added] = state_->nodes.try_emplace(node, nullptr);
  if (!added) return *entry->second;
  const uint64_t pc = state_->recording.nodes[node].pc;
  State::Place place{pc, module_of(node).value_or(kNoModule), kNoCode};
  if (place.module == kNoModule && pc >= format::kFirstRealPc && pc < read::kScriptPc) {
    place.code = state_->code_at(node);
  }
  const auto [known, is_new] = state_->places.try_emplace(place);
  if (is_new) known->second = state_->look_up(place);
  entry->second = &known->second;
  return known->second;
}

std::pair<uint64_t, uint64_t> Symbolizer::code_of(const FunctionInModule& function) {
  for (const read::Module& module : state_->recording.modules) {
    const std::string_view name = std::string_view(module.path).substr(module.path.rfind('/') + 1);
    if (!module.main && !name.starts_with(function.library)) continue;
    const OpenModule& open = state_->modules.open(module.path, module.build_id);
    const auto range = open.symbols ? open.symbols->range_of(function.linkage_name) : std::nullopt;
    if (!range) continue;
    return {number_of(range->start) + module.load_bias, number_of(range->end) + module.load_bias};
  }
  return {0, 0};
}

std::vector<FrameList> Symbolizer::candidates(read::NodeId node) {
  std::vector<FrameList> candidates;
  const uint64_t pc = state_->recording.nodes[node].pc;
  if (module_of(node) || pc < format::kFirstRealPc || pc >= read::kScriptPc) return candidates;
  const uint32_t code = state_->code_at(node);
  if (code == kNoCode) return candidates;
  for (std::vector<Frame>& frames : state_->compiled_code().candidates(code, lookup_address(pc))) {
    for (Frame& frame : frames) state_->put_source(frame);
    candidates.emplace_back(std::move(frames));
  }
  return candidates;
}

void Symbolizer::put_call_place(read::NodeId node, uint32_t line, uint32_t column) {
  const FrameList& frames = node_frames(node);
  std::vector<Frame> told(frames.begin(), frames.end());
  told.front().call_line = line;
  told.front().call_column = column;
  state_->called_at[node] = std::move(told);
  state_->nodes[node] = &state_->called_at[node];
}

FrameList Symbolizer::stack_frames(const read::Stack& stack) {
  FrameList frames;
  for (const read::NodeId node : read::StackNodes(state_->recording, stack)) {
    frames.append(node_frames(node));
  }
  return frames;
}

std::vector<std::string> Symbolizer::allocator_symbols_in_main() {
  for (const read::Module& module : state_->recording.modules) {
    if (module.main) return allocator_symbols(state_->modules.open(module.path, module.build_id));
  }
  return {};
}

const std::vector<std::string>& Symbolizer::notes() const { return state_->notes; }

}  // namespace silt::symbolize
