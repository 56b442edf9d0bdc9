// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/compiled_places.h"

#include <algorithm>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/symbolize/jit_name.h"

namespace silt::symbolize {
namespace {

// A recording that names ever new files makes nobody read them all.
constexpr size_t kMostScripts = 1000;
constexpr size_t kLargestScript = size_t{32} << 20;
// V8 inlines calls of calls, but not deeply.
constexpr uint32_t kDeepestInlining = 12;
constexpr size_t kMostParts = 100;

std::string key_of(const std::string& file, uint32_t line, uint32_t column) {
  std::string key = file + ":" + std::to_string(line);
  if (column != 0) key += ":" + std::to_string(column);
  return key;
}

}  // namespace

CompiledPlaces::CompiledPlaces(const JitMap& map, CalleesOf callees_of)
    : map_(map), callees_of_(std::move(callees_of)) {}

CompiledPlaces::~CompiledPlaces() = default;

const ScriptText* CompiledPlaces::script_of(const std::string& file) {
  if (!file.starts_with('/')) return nullptr;
  const auto known = scripts_.find(file);
  if (known != scripts_.end()) return known->second.get();
  if (scripts_.size() >= kMostScripts) return nullptr;
  std::unique_ptr<ScriptText>& script = scripts_[file];
  Result<std::string> text = read_text_file(file);
  if (text && text->size() <= kLargestScript) {
    script = std::make_unique<ScriptText>(std::move(*text));
  }
  return script.get();
}

// As V8 calls the function in entries of its own.
std::string CompiledPlaces::known_name(const std::string& file, ScriptText::LineColumn place) {
  if (!names_are_read_) {
    names_are_read_ = true;
    for (uint32_t entry = 0; entry < map_.size(); ++entry) {
      const std::string_view name = map_.name(entry);
      if (name.find(" /") == name.npos && name.find(" file://") == name.npos) continue;
      const Frame frame = parse_jit_name(name);
      if (frame.kind != FrameKind::kJavaScript || frame.line == 0) continue;
      names_.try_emplace(key_of(frame.file, frame.line, frame.column), entry);
    }
  }
  // Versions before 20 have no columns.
  for (const uint32_t column : {place.column, 0u}) {
    const auto entry = names_.find(key_of(file, place.line, column));
    if (entry == names_.end()) continue;
    return parse_jit_name(map_.name(entry->second)).function;
  }
  return {};
}

Frame CompiledPlaces::frame_of(const std::string& file, const ScriptText& script,
                               uint32_t function) {
  Frame frame;
  frame.kind = FrameKind::kJavaScript;
  frame.file = file;
  const auto place = script.place_of(script.functions()[function].begin);
  frame.line = place.line;
  frame.column = place.column;
  frame.function = known_name(file, place);
  if (frame.function.empty()) frame.function = script.functions()[function].name;
  if (frame.function.empty()) frame.function = "(anonymous)";
  return frame;
}

bool CompiledPlaces::mentions(const Part& part, uint32_t callee) {
  const auto [known, added] = mentions_.try_emplace({part.script, part.function, callee}, false);
  if (added) {
    known->second = part.script->mentions(part.function, part.script->functions()[callee].name);
  }
  return known->second;
}

// The function that holds this offset and is called by one whose code is there, by its text or,
// with `seen`, because a stack had it; nothing when there are several.
std::optional<CompiledPlaces::Part> CompiledPlaces::part_with(const Code& code, uint32_t offset,
                                                              bool seen) {
  std::optional<Part> found;
  const auto take = [&](const ScriptText* script, uint32_t function, uint32_t caller,
                        const std::string& file) {
    if (found && (found->script != script || found->function != function)) return false;
    if (!found) found = Part{script, function, caller, frame_of(file, *script, function)};
    return true;
  };
  for (uint32_t i = 0; i < code.parts.size(); ++i) {
    const Part& part = code.parts[i];
    const auto here = part.script->function_at(offset);
    if (here && !seen) {
      const bool called = part.script->is_within(*here, part.function) || mentions(part, *here);
      if (called && !take(part.script, *here, i, part.frame.file)) return std::nullopt;
    }
    if (!seen) continue;
    for (const Frame& callee : callees_of_(part.frame)) {
      const ScriptText* const script = script_of(callee.file);
      const auto there = script == nullptr ? std::nullopt : script->function_at(offset);
      if (!there) continue;
      const auto place = script->place_of(script->functions()[*there].begin);
      if (place.line != callee.line) continue;
      if (callee.column != 0 && place.column != callee.column) continue;
      if (!take(script, *there, i, callee.file)) return std::nullopt;
    }
  }
  return found;
}

bool CompiledPlaces::is_in(const Code& code, size_t position, uint32_t part) {
  const auto offset = static_cast<uint32_t>(code.positions[position].script_offset);
  return code.parts_at[position] == part &&
         code.parts[part].script->function_at(offset) == code.parts[part].function;
}

// Whether a part was added.
bool CompiledPlaces::find_part(Code& code, bool seen) {
  bool added = false;
  for (size_t i = 0; i < code.positions.size() && code.parts.size() < kMostParts; ++i) {
    if (code.parts_at[i] != kNone) continue;
    const auto offset = static_cast<uint32_t>(code.positions[i].script_offset);
    for (uint32_t part = 0; part < code.parts.size() && code.parts_at[i] == kNone; ++part) {
      if (code.parts[part].script->function_at(offset) == code.parts[part].function) {
        code.parts_at[i] = part;
      }
    }
    if (code.parts_at[i] != kNone) continue;
    std::optional<Part> part = part_with(code, offset, seen);
    if (!part) continue;
    code.parts_at[i] = static_cast<uint32_t>(code.parts.size());
    code.parts.push_back(std::move(*part));
    added = true;
    if (seen) break;
  }
  return added;
}

void CompiledPlaces::find_parts(Code& code) {
  code.parts_at.assign(code.positions.size(), kNone);
  // A stack that was seen may have left out what was inlined between two functions: what the texts
  // tell goes before.
  while (find_part(code, false) || find_part(code, true)) {
  }
  // What is inlined of node's own and of files that are not here: it follows its call, at the first
  // place at which it stands.
  for (size_t i = 0; i < code.positions.size(); ++i) {
    if (code.parts_at[i] != kNone) continue;
    size_t first = 0;
    while (code.positions[first].script_offset != code.positions[i].script_offset) ++first;
    if (first < i) {
      code.parts_at[i] = code.parts_at[first];
    } else if (i > 0) {
      code.parts_at[i] = code.parts_at[i - 1];
    }
  }
}

const CompiledPlaces::Code& CompiledPlaces::code_of(uint32_t entry) {
  const auto [known, added] = codes_.try_emplace(entry);
  Code& code = known->second;
  if (!added) return code;
  Frame frame = parse_jit_name(map_.name(entry));
  if (frame.kind != FrameKind::kJavaScript || frame.line == 0) return code;
  std::vector<JitMap::Position> positions = map_.positions(entry);
  if (positions.empty()) return code;
  if (positions.back().script_offset == JitMap::kNowhere) {
    code.end = positions.back().code_offset;
    positions.pop_back();
  }
  const ScriptText* const script = script_of(frame.file);
  if (script == nullptr || positions.empty()) return code;
  if (is_one_function(map_.name(entry))) {
    const bool fits =
        std::all_of(positions.begin(), positions.end(), [&](const JitMap::Position& position) {
          return script->stands_in(position.script_offset, frame.line, frame.column);
        });
    if (!fits) return code;
    code.positions = std::move(positions);
    code.script = script;
    return code;
  }
  // The first is that of the function itself.
  const uint64_t begin = positions.front().script_offset;
  const auto function = begin < kNone ? script->function_from(static_cast<uint32_t>(begin))
                                      : std::optional<uint32_t>();
  if (!function) return code;
  const auto place = script->place_of(static_cast<uint32_t>(begin));
  if (place.line != frame.line || (frame.column != 0 && place.column != frame.column)) return code;
  frame.column = place.column;  // which versions before 20 do not tell
  code.positions = std::move(positions);
  code.parts.push_back({script, *function, kNone, std::move(frame)});
  find_parts(code);
  return code;
}

Frame CompiledPlaces::frame_of_one(const Code& code, uint32_t entry, size_t at) const {
  Frame frame = parse_jit_name(map_.name(entry));
  const auto place = code.script->place_of(static_cast<uint32_t>(code.positions[at].script_offset));
  frame.call_line = place.line;
  frame.call_column = place.column;
  if (frame.column == 0) {
    frame.column = code.script->column_of(code.positions[at].script_offset, frame.line);
  }
  return frame;
}

std::optional<size_t> CompiledPlaces::position_at(const Code& code, uint64_t offset) {
  if (offset >= code.end) return std::nullopt;
  const auto next = std::upper_bound(
      code.positions.begin(), code.positions.end(), offset,
      [](uint64_t at, const JitMap::Position& position) { return at < position.code_offset; });
  if (next == code.positions.begin()) return std::nullopt;
  return static_cast<size_t>(next - code.positions.begin()) - 1;
}

size_t CompiledPlaces::first_with(const Code& code, uint64_t script_offset) {
  size_t at = 0;
  while (code.positions[at].script_offset != script_offset) ++at;
  return at;
}

// From the part at a position outwards; empty where that is not known.
std::vector<Frame> CompiledPlaces::chain(const Code& code, size_t at) {
  std::vector<Frame> frames;
  uint32_t part = code.parts_at[at];
  while (part != kNone && frames.size() < kDeepestInlining) {
    Frame frame = code.parts[part].frame;
    frame.inlined = code.parts[part].caller != kNone;
    // Its own last place before the call that it makes.
    while (at > 0 && !is_in(code, at, part)) --at;
    if (is_in(code, at, part)) {
      const auto place = code.parts[part].script->place_of(
          static_cast<uint32_t>(code.positions[at].script_offset));
      frame.call_line = place.line;
      frame.call_column = place.column;
    }
    frames.push_back(std::move(frame));
    part = code.parts[part].caller;
    // What is rarely needed is compiled behind the rest, away from the calls around it.
    at = first_with(code, code.positions[at].script_offset);
  }
  if (part != kNone) frames.clear();
  return frames;
}

std::vector<Frame> CompiledPlaces::frames(uint32_t entry, MemoryAddress address) {
  const Code& code = code_of(entry);
  const auto at = position_at(code, map_.offset_in(entry, address));
  std::vector<Frame> frames;
  if (at && code.script != nullptr) return {frame_of_one(code, entry, *at)};
  if (at) frames = chain(code, *at);
  if (frames.empty()) frames.push_back(parse_jit_name(map_.name(entry)));
  return frames;
}

std::vector<std::vector<Frame>> CompiledPlaces::candidates(uint32_t entry, MemoryAddress address) {
  std::vector<std::vector<Frame>> candidates;
  const Code& code = code_of(entry);
  const auto at = position_at(code, map_.offset_in(entry, address));
  if (!at || *at == 0 || code.script != nullptr) return candidates;
  const uint64_t begin = code.positions[0].script_offset;
  if (code.positions[*at].script_offset != begin) return candidates;
  // What follows it there stands for what follows it in the code that is often run.
  size_t end = 1;
  while (code.positions[end].script_offset != begin) ++end;
  if (*at + 1 < code.positions.size()) {
    // Its last place there: what is computed ahead of a loop stands in more than one.
    size_t next = end;
    while (next > 1 &&
           code.positions[next - 1].script_offset != code.positions[*at + 1].script_offset) {
      --next;
    }
    if (next > 1) end = next - 1;
  }
  std::vector<uint32_t> parts;
  for (size_t i = end; i-- > 1;) {
    const uint32_t part = code.parts_at[i];
    if (part == kNone || std::find(parts.begin(), parts.end(), part) != parts.end()) continue;
    parts.push_back(part);
    candidates.push_back(chain(code, i));
    if (candidates.back().empty()) candidates.pop_back();
  }
  return candidates;
}

}  // namespace silt::symbolize
