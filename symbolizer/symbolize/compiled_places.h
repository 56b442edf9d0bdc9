// SPDX-License-Identifier: Apache-2.0
//
// Which line of which function a piece of compiled JavaScript came from, inlined functions
// included. V8 tells an offset into a script for each piece, and not into which: that of the
// function that was compiled, or of one that was inlined there. It is in the function whose text
// holds the offset; of several that could be, in the one that is known to be called from there:
// because it stands within the other, because the other's text has its name, or because it was seen
// called from there while it was not compiled yet. What remains unsure is left with the function
// whose code came just before. Of code into which nothing is inlined, byte code and what V8's
// baseline compiler makes of it, each place is the function's own.
//
// Texts are those of this machine. One that does not fit what V8 said, since the file has changed
// or is not the one that ran, is not used.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_COMPILED_PLACES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_COMPILED_PLACES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/address.h"
#include "symbolizer/symbolize/frame.h"
#include "symbolizer/symbolize/jit_map.h"
#include "symbolizer/symbolize/script_text.h"

namespace silt::symbolize {

class CompiledPlaces {
 public:
  // Functions that were seen called by this one, as frames with function, file, line and column.
  using CalleesOf = std::function<const std::vector<Frame>&(const Frame&)>;

  // The map must outlive it.
  CompiledPlaces(const JitMap& map, CalleesOf callees_of);
  ~CompiledPlaces();

  // Frames for the code at an address of this entry, innermost (most deeply inlined) first; at
  // least one, the last of which is the function that was compiled.
  std::vector<Frame> frames(uint32_t entry, MemoryAddress address);
  // Memory for an object is asked for out of line where the space at hand is used up, behind the
  // code that is often run; V8 tells no place for that. Where it only follows the check of the
  // stack's limit there, this tells whose it may be, likeliest first, each as `frames` would; none
  // where `frames` is sure.
  std::vector<std::vector<Frame>> candidates(uint32_t entry, MemoryAddress address);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Part {  // a function whose code is in there
    const ScriptText* script;
    uint32_t function;
    uint32_t caller;  // the part into which it was inlined; kNone: the one that was compiled
    Frame frame;
  };
  struct Code {
    std::vector<JitMap::Position> positions;
    uint64_t end = UINT64_MAX;           // of what is told
    const ScriptText* script = nullptr;  // of one function's code, which has no parts
    std::vector<uint32_t> parts_at;      // for each position; kNone: unknown
    std::vector<Part> parts;
  };

  // Whether the place itself is in this part's text, and does not only follow it.
  static bool is_in(const Code& code, size_t position, uint32_t part);
  static std::optional<size_t> position_at(const Code& code, uint64_t offset);
  static size_t first_with(const Code& code, uint64_t script_offset);
  static std::vector<Frame> chain(const Code& code, size_t at);
  const Code& code_of(uint32_t entry);
  Frame frame_of_one(const Code& code, uint32_t entry, size_t at) const;
  void find_parts(Code& code);
  bool find_part(Code& code, bool seen);
  std::optional<Part> part_with(const Code& code, uint32_t offset, bool seen);
  bool mentions(const Part& part, uint32_t callee);
  Frame frame_of(const std::string& file, const ScriptText& script, uint32_t function);
  const ScriptText* script_of(const std::string& file);
  std::string known_name(const std::string& file, ScriptText::LineColumn place);

  const JitMap& map_;
  const CalleesOf callees_of_;
  std::map<uint32_t, Code> codes_;
  std::map<std::tuple<const ScriptText*, uint32_t, uint32_t>, bool> mentions_;
  std::map<std::string, std::unique_ptr<ScriptText>> scripts_;
  std::unordered_map<std::string, uint32_t> names_;  // `file:line` or `file:line:column` -> entry
  bool names_are_read_ = false;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_COMPILED_PLACES_H_
