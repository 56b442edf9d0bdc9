// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/open_modules.h"

#include <elf.h>
#include <gelf.h>

#include <string_view>

#include "interposer/format/hooks.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/symbolize/demangle.h"

namespace silt::symbolize {
namespace {

// Beside malloc and its kin, which silt hooks.
constexpr const char* kAllocatorSymbols[] = {
    "je_malloc",    "je_free",    "tc_malloc", "tc_free", "mi_malloc",       "mi_free",
    "_rjem_malloc", "_rjem_free", "rpmalloc",  "rpfree",  "scalable_malloc", "scalable_free"};

bool is_program(Dwfl_Module* module) {
  GElf_Addr bias = 0;
  Elf* const elf = dwfl_module_getelf(module, &bias);
  size_t count = 0;
  if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) return false;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) != nullptr &&
        segment.p_type == PT_INTERP) {
      return true;
    }
  }
  return false;
}

// The function by which the code of a library calls an allocator that was linked into it; empty:
// none is known. What a library gives to everybody as malloc is hooked; a name of its own beside it
// leads into the same allocator.
std::string_view allocator_inside(Dwfl_Module* module) {
  std::string_view found;
  const int count = dwfl_module_getsymtab(module);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = SHN_UNDEF;
    const char* const name =
        dwfl_module_getsym_info(module, i, &symbol, &address, &section, nullptr, nullptr);
    if (name == nullptr || section == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) {
      continue;
    }
    const std::string_view text = name;
    if (text == "malloc") {
      if (GELF_ST_BIND(symbol.st_info) != STB_LOCAL) return {};
      found = text;
    } else if (found.empty() && text.ends_with("malloc")) {
      for (const std::string_view known : kAllocatorSymbols) {
        if (text == known) found = text;
      }
    }
  }
  return found;
}

}  // namespace

OpenModule& OpenModules::open(const std::string& path, const std::vector<uint8_t>& build_id) {
  const auto [entry, added] = modules_.try_emplace({path, build_id});
  OpenModule& module = entry->second;
  if (!added) return module;
  if (path == "[vdso]" || path.starts_with("linux-vdso") || path.starts_with("linux-gate")) {
    module.reason = "the kernel's vDSO has no file";
    return module;
  }
  auto file = ModuleFile::open(path, build_id, options_);
  if (!file) {
    module.reason = file.error().message;
    note_("no names from " + in_quotes(path) + ": " + module.reason);
    return module;
  }
  module.file = std::move(*file);
  module.lines.emplace(module.file->module());
  module.symbols.emplace(module.file->module());
  module.ranges.emplace(module.file->module());
  if (const std::string_view inside = allocator_inside(module.file->module());
      !inside.empty() && !is_program(module.file->module())) {
    note_("the library " + in_quotes(path) + " has its own allocator (" + std::string(inside) +
          "): what it allocates that way was not seen, only the memory that it maps; silt looks "
          "into the program's own file only");
  }
  if (!module.lines->available()) {
    note_(module.symbols->empty()
              ? "no names from " + in_quotes(path) +
                    ": it has neither debug information nor symbols"
              : "no lines from " + in_quotes(path) + ": it has no debug information, only symbols");
  }
  if (build_id.empty()) {
    note_(in_quotes(path) +
          " was recorded without a build-id: its names are right if it is still the "
          "same file");
  }
  return module;
}

std::vector<Frame> OpenModules::find(const std::string& path, const std::vector<uint8_t>& build_id,
                                     FileAddress address) {
  OpenModule& module = open(path, build_id);
  std::vector<Frame> frames;
  if (module.file) {
    if (module.lines->available()) frames = module.lines->find(address);
    if (frames.empty()) frames.emplace_back();
    Frame& function = frames.back();
    if (function.function.empty()) {
      const std::string_view symbol = module.symbols->find(address);
      function.linkage_name = symbol;
      if (!symbol.empty()) function.function = demangle(symbol);
    }
  } else {
    frames.emplace_back();
  }
  std::string reason = module.reason;
  if (reason.empty()) {
    reason = module.lines->available() || !module.symbols->empty()
                 ? "no symbol covers this address"
                 : "neither debug information nor symbols";
  }
  for (Frame& frame : frames) {
    frame.module = path;
    frame.build_id = hex_text(build_id);
    frame.file_address = address;
    if (frame.function.empty()) frame.unresolved = reason;
    if (frame.function.empty() && module.ranges) {
      frame.function_address = module.ranges->begin_of(address).value_or(FileAddress{});
      if (frame.function_address != FileAddress{} &&
          module.ranges->is_operator_new(frame.function_address)) {
        frame.function = "operator new";
        frame.unresolved.clear();
      }
    }
  }
  return frames;
}

std::vector<std::string> allocator_symbols(const OpenModule& module) {
  std::vector<std::string> found;
  if (!module.file) return found;
  const auto look_for = [&](std::string_view name) {
    if (module.symbols->defines(name)) found.emplace_back(name);
  };
  for (const format::Hook& hook : format::kHooks) {
    if (hook.kind == format::HookKind::kAllocate || hook.kind == format::HookKind::kRelease) {
      look_for(hook.symbol);
    }
  }
  for (const char* name : kAllocatorSymbols) look_for(name);
  return found;
}

}  // namespace silt::symbolize
