// SPDX-License-Identifier: Apache-2.0
//
// Several names may have one address (malloc and __libc_malloc): the one with a size, then the more
// public, then the plainer one is shown.

#include "symbolizer/symbolize/symbol_table.h"

#include <algorithm>
#include <cstring>

namespace silt::symbolize {
namespace {

// A symbol without a size ends where the next begins, but hand-written code is not endless.
constexpr uint64_t kLargestUnsized = 1 << 20;

uint8_t rank_of(const GElf_Sym& symbol, const char* name) {
  const unsigned binding = GELF_ST_BIND(symbol.st_info);
  unsigned rank = symbol.st_size == 0 ? 128 : 0;
  rank += binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 32 : 64;
  const size_t underscores = name[0] == '_' && name[1] == 'Z' ? 0 : std::strspn(name, "_");
  return static_cast<uint8_t>(rank + std::min<size_t>(underscores, 31));
}

}  // namespace

SymbolTable::SymbolTable(Dwfl_Module* module) {
  const int count = dwfl_module_getsymtab(module);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = SHN_UNDEF;
    const char* name =
        dwfl_module_getsym_info(module, i, &symbol, &address, &section, nullptr, nullptr);
    const unsigned type = GELF_ST_TYPE(symbol.st_info);
    const bool code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
    if (name == nullptr || *name == '\0' || !code || section == SHN_UNDEF || section == SHN_ABS) {
      continue;
    }
    if (type == STT_NOTYPE && (*name == '$' || symbol.st_name == 0)) continue;
    const uint64_t end = address + std::min(symbol.st_size, UINT64_MAX - address);
    symbols_.push_back({address, end, end, name, rank_of(symbol, name)});
    names_.push_back(name);
  }
  std::sort(names_.begin(), names_.end(),
            [](const char* a, const char* b) { return std::strcmp(a, b) < 0; });
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    if (a.start != b.start) return a.start < b.start;
    if (a.rank != b.rank) return a.rank < b.rank;
    const size_t a_size = std::strlen(a.name), b_size = std::strlen(b.name);
    return a_size != b_size ? a_size < b_size : std::strcmp(a.name, b.name) < 0;
  });
  symbols_.erase(std::unique(symbols_.begin(), symbols_.end(),
                             [](const Symbol& a, const Symbol& b) { return a.start == b.start; }),
                 symbols_.end());
  for (size_t i = 0; i < symbols_.size(); ++i) {
    Symbol& symbol = symbols_[i];
    if (symbol.end == symbol.start) {
      const uint64_t next = i + 1 < symbols_.size() ? symbols_[i + 1].start : UINT64_MAX;
      symbol.end = symbol.start + std::min(kLargestUnsized, next - symbol.start);
    }
    symbol.last_end = i == 0 ? symbol.end : std::max(symbol.end, symbols_[i - 1].last_end);
  }
}

std::string_view SymbolTable::find(FileAddress file_address) const {
  const uint64_t address = number_of(file_address);
  auto next =
      std::upper_bound(symbols_.begin(), symbols_.end(), address,
                       [](uint64_t value, const Symbol& symbol) { return value < symbol.start; });
  while (next != symbols_.begin()) {
    --next;
    if (address < next->end) return next->name;
    if (address >= next->last_end) break;
  }
  return {};
}

std::optional<SymbolTable::Range> SymbolTable::range_of(std::string_view name) const {
  for (const Symbol& symbol : symbols_) {
    if (symbol.name == name) return Range{FileAddress{symbol.start}, FileAddress{symbol.end}};
  }
  return std::nullopt;
}

bool SymbolTable::defines(std::string_view name) const {
  const auto found =
      std::lower_bound(names_.begin(), names_.end(), name,
                       [](const char* a, std::string_view b) { return std::string_view(a) < b; });
  return found != names_.end() && *found == name;
}

}  // namespace silt::symbolize
