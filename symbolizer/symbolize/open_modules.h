// SPDX-License-Identifier: Apache-2.0
//
// The files that code was loaded from: opened once each when an address in them is first asked for,
// and then asked for names and lines.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_OPEN_MODULES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_OPEN_MODULES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/symbolize/debug_lines.h"
#include "symbolizer/symbolize/function_ranges.h"
#include "symbolizer/symbolize/module_file.h"
#include "symbolizer/symbolize/symbol_table.h"

namespace silt::symbolize {

// A file that is open, or why it is not.
struct OpenModule {
  std::unique_ptr<ModuleFile> file;
  std::string reason;
  std::optional<DebugLines> lines;
  std::optional<SymbolTable> symbols;
  std::optional<FunctionRanges> ranges;
};

class OpenModules {
 public:
  using Note = std::function<void(std::string)>;

  // `note` is told what a reader should know of files without names, once a file.
  OpenModules(const Options& options, Note note) : options_(options), note_(std::move(note)) {}

  OpenModule& open(const std::string& path, const std::vector<uint8_t>& build_id);

  // Frames at an address of the file, innermost first; at least one, with a reason when it has no
  // name.
  std::vector<Frame> find(const std::string& path, const std::vector<uint8_t>& build_id,
                          FileAddress address);

 private:
  const Options& options_;
  Note note_;
  std::map<std::pair<std::string, std::vector<uint8_t>>, OpenModule> modules_;
};

// Symbols of other allocators than libc's that the file defines itself ("je_malloc", …), and of
// those that silt hooks.
std::vector<std::string> allocator_symbols(const OpenModule& module);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_OPEN_MODULES_H_
