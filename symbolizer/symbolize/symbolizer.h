// SPDX-License-Identifier: Apache-2.0
//
// pc -> function, file, line, inlined frames. "No symbol" is a value with a reason, not an error.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SYMBOLIZER_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SYMBOLIZER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/frame_list.h"

namespace silt::symbolize {

struct Options {
  bool debuginfod = false;  // ask debuginfod servers; off unless the user says so
  std::vector<std::filesystem::path> debug_folders;  // besides the system's
};

struct DataName {
  std::string variable;  // demangled, with its members; empty: not known
  std::string section;   // ".bss"; empty: not known
};

// Resolves lazily and remembers: only what is shown is ever looked up. Not thread-safe.
class Symbolizer {
 public:
  Symbolizer(const read::Recording& recording, Options options);
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // Frames for one node of the recording's tree, innermost (most deeply inlined) first; at least
  // one. `node` also says which module was mapped at the pc when the stack was seen.
  const FrameList& node_frames(read::NodeId node);

  // Which module, by index into Recording::modules, holds the pc of this node; cheap, no names.
  std::optional<uint32_t> module_of(read::NodeId node) const;

  // Which allocator symbols the main binary defines itself ("malloc", "je_malloc", ...), for the
  // note that tells why little is seen.
  std::vector<std::string> allocator_symbols_in_main();

  // The variable that lies at an address of a module's file, see data_names.h.
  DataName data_name(const std::string& path, const std::vector<uint8_t>& build_id,
                     uint64_t address, bool thread_local_offset);
  // The function that holds an address of a module's file, demangled; empty: not known.
  std::string function_name(const std::string& path, const std::vector<uint8_t>& build_id,
                            uint64_t address);

  // Return addresses into this function lie behind the first and up to the second; both 0: no
  // module defines it.
  std::pair<uint64_t, uint64_t> code_of(const FunctionInModule& function);

  // Of compiled code of a script that does not tell from which function it came: which it may be,
  // likeliest first (CompiledPlaces::candidates); none where node_frames is sure.
  std::vector<FrameList> candidates(read::NodeId node);

  // Says where in its function the innermost call of a node stands, which the node does not tell by
  // itself. Before anybody asks for its frames.
  void put_call_place(read::NodeId node, uint32_t line, uint32_t column);

  // All frames of a stack, innermost first.
  FrameList stack_frames(const read::Stack& stack);

  // Notes gathered so far: missing debug information by module, changed build-ids, and so on.
  const std::vector<std::string>& notes() const;

 private:
  struct State;
  class DataNames& names_of_modules();

  std::unique_ptr<State> state_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SYMBOLIZER_H_
