// SPDX-License-Identifier: Apache-2.0
//
// See data_names.h. Files are hostile as everywhere: types may go in circles and members may lie
// about where they are, so each descent has an end. Longer than 300 lines: all of it reads one
// module's symbols and debug information.

#include "symbolizer/symbolize/data_names.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "symbolizer/symbolize/demangle.h"

namespace silt::symbolize {
namespace {

constexpr int kDeepest = 16;                // members of members
constexpr size_t kMostEntries = 4'000'000;  // of debug information that are looked at
constexpr size_t kMostMembers = 4096;       // of one type

bool has_tag(Dwarf_Die* die, std::initializer_list<int> tags) {
  const int tag = dwarf_tag(die);
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

// The type behind names and qualifiers; false when there is none.
bool type_of(Dwarf_Die* die, Dwarf_Die* type) {
  Dwarf_Attribute attribute;
  if (dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) == nullptr) {
    return false;
  }
  return dwarf_peel_type(type, type) == 0;
}

std::optional<uint64_t> size_of(Dwarf_Die* type) {
  Dwarf_Word size = 0;
  if (dwarf_aggregate_size(type, &size) != 0 || size == 0) return std::nullopt;
  return size;
}

// Names of the standard library's own members: not what people look for.
bool is_reserved(const char* name) {
  return name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

std::optional<uint64_t> place_of(Dwarf_Die* member) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute) == nullptr) {
    return dwarf_hasattr(member, DW_AT_declaration) != 0 ? std::nullopt
                                                         : std::optional<uint64_t>(0);
  }
  Dwarf_Word place = 0;
  if (dwarf_formudata(&attribute, &place) != 0) return std::nullopt;
  return place;
}

// ".table_.sessions_" for the member of `type` at `offset`, as deep as names go.
std::string member_path(Dwarf_Die type, uint64_t offset) {
  std::string path;
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (has_tag(&type, {DW_TAG_array_type})) {
      Dwarf_Die element;
      if (!type_of(&type, &element)) return path;
      const auto size = size_of(&element);
      if (!size) return path;
      path += "[" + std::to_string(offset / *size) + "]";
      offset %= *size;
      type = element;
      continue;
    }
    if (!has_tag(&type, {DW_TAG_structure_type, DW_TAG_class_type})) return path;
    Dwarf_Die child;
    if (dwarf_child(&type, &child) != 0) return path;
    bool found = false;
    size_t members = 0;
    do {
      if (!has_tag(&child, {DW_TAG_member, DW_TAG_inheritance})) continue;
      if (++members > kMostMembers) return path;
      const auto place = place_of(&child);
      Dwarf_Die inner;
      if (!place || *place > offset || !type_of(&child, &inner)) continue;
      const auto size = size_of(&inner);
      if (!size || offset - *place >= *size) continue;
      const char* name = dwarf_diename(&child);
      if (dwarf_tag(&child) == DW_TAG_member && name != nullptr) {
        if (is_reserved(name)) return path;
        path += std::string(".") + name;
      }
      offset -= *place;
      type = inner;
      found = true;
      break;
    } while (dwarf_siblingof(&child, &child) == 0);
    if (!found) return path;
  }
  return path;
}

// The address, or the offset into thread-local variables, at which a variable lies.
std::optional<uint64_t> location_of(Dwarf_Die* die, bool thread_local_offset) {
  Dwarf_Attribute attribute;
  Dwarf_Op* operations = nullptr;
  size_t count = 0;
  if (dwarf_attr(die, DW_AT_location, &attribute) == nullptr ||
      dwarf_getlocation(&attribute, &operations, &count) != 0 || count == 0) {
    return std::nullopt;
  }
  if (thread_local_offset) {
    const bool is_tls = count == 2 && (operations[1].atom == DW_OP_GNU_push_tls_address ||
                                       operations[1].atom == DW_OP_form_tls_address);
    if (!is_tls) return std::nullopt;
  } else if (count != 1 || operations[0].atom != DW_OP_addr) {
    return std::nullopt;
  }
  return operations[0].number;
}

// Goes through all variables until one is the symbol's.
class VariableSearch {
 public:
  VariableSearch(uint64_t location, bool thread_local_offset)
      : location_(location), thread_local_(thread_local_offset) {}

  bool in(Dwarf_Die die, int depth = 0) {
    Dwarf_Die child;
    if (depth > kDeepest || dwarf_child(&die, &child) != 0) return false;
    do {
      if (++entries_ > kMostEntries) return false;
      const int tag = dwarf_tag(&child);
      if (tag == DW_TAG_variable) {
        const auto place = location_of(&child, thread_local_);
        if (place && *place == location_) {
          found_ = child;
          return true;
        }
      } else if (tag == DW_TAG_namespace || tag == DW_TAG_subprogram ||
                 tag == DW_TAG_lexical_block) {
        if (in(child, depth + 1)) return true;
      }
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
  }
  bool over() const { return entries_ > kMostEntries; }
  Dwarf_Die& found() { return found_; }

 private:
  const uint64_t location_;
  const bool thread_local_;
  size_t entries_ = 0;
  Dwarf_Die found_{};
};

}  // namespace

struct DataNames::Module {
  struct Symbol {
    uint64_t start = 0;
    uint64_t size = 0;
    std::string name;
  };

  std::unique_ptr<ModuleFile> file;
  std::vector<Symbol> symbols[2];  // of variables, of thread-local ones; ascending
  std::map<std::pair<uint64_t, bool>, DataName> names;
  std::map<std::pair<uint64_t, bool>, std::optional<Dwarf_Die>> types;  // by symbol

  void read_symbols();
  const Symbol* find(uint64_t address, bool thread_local_offset) const;
  std::string members(const Symbol& symbol, uint64_t address, bool thread_local_offset);
  std::string section_of(uint64_t address) const;
};

void DataNames::Module::read_symbols() {
  const int count = dwfl_module_getsymtab(file->module());
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = SHN_UNDEF;
    const char* name =
        dwfl_module_getsym_info(file->module(), i, &symbol, &address, &section, nullptr, nullptr);
    const unsigned type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || *name == '\0' || section == SHN_UNDEF || symbol.st_size == 0) continue;
    if (type == STT_OBJECT) {
      symbols[0].push_back({address, symbol.st_size, name});
    } else if (type == STT_TLS) {
      symbols[1].push_back({symbol.st_value, symbol.st_size, name});
    }
  }
  for (auto& list : symbols) {
    std::stable_sort(list.begin(), list.end(), [](const Symbol& a, const Symbol& b) {
      return a.start != b.start ? a.start < b.start : a.name.size() < b.name.size();
    });
  }
}

const DataNames::Module::Symbol* DataNames::Module::find(uint64_t address,
                                                         bool thread_local_offset) const {
  const auto& list = symbols[thread_local_offset ? 1 : 0];
  auto at = std::upper_bound(list.begin(), list.end(), address,
                             [](uint64_t value, const Symbol& s) { return value < s.start; });
  // Variables do not overlap, but for several names of one.
  const Symbol* found = nullptr;
  while (at != list.begin()) {
    --at;
    if (found != nullptr && at->start != found->start) break;
    if (address - at->start < at->size) {
      found = &*at;
    } else if (found == nullptr) {
      break;
    }
  }
  return found;
}

std::string DataNames::Module::members(const Symbol& symbol, uint64_t address,
                                       bool thread_local_offset) {
  const auto [known, added] = types.try_emplace({symbol.start, thread_local_offset});
  if (added) {
    Dwarf_Addr bias = 0;
    Dwarf* dwarf = dwfl_module_getdwarf(file->module(), &bias);
    VariableSearch search(symbol.start - (thread_local_offset ? 0 : bias), thread_local_offset);
    Dwarf_Off offset = 0;
    Dwarf_Off next = 0;
    size_t header = 0;
    while (dwarf != nullptr && !search.over() &&
           dwarf_nextcu(dwarf, offset, &next, &header, nullptr, nullptr, nullptr) == 0) {
      Dwarf_Die unit;
      if (dwarf_offdie(dwarf, offset + header, &unit) != nullptr && search.in(unit)) {
        known->second = search.found();
        break;
      }
      offset = next;
    }
  }
  Dwarf_Die type;
  if (!known->second || !type_of(&*known->second, &type)) return "";
  return member_path(type, address - symbol.start);
}

std::string DataNames::Module::section_of(uint64_t address) const {
  GElf_Addr bias = 0;
  Elf* elf = dwfl_module_getelf(file->module(), &bias);
  size_t names = 0;
  if (elf == nullptr || elf_getshdrstrndx(elf, &names) != 0) return "";
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || (header.sh_flags & SHF_ALLOC) == 0 ||
        (header.sh_flags & SHF_TLS) != 0 || address - bias - header.sh_addr >= header.sh_size) {
      continue;
    }
    const char* name = elf_strptr(elf, names, header.sh_name);
    return name == nullptr ? "" : name;
  }
  return "";
}

DataNames::DataNames(const Options& options) : options_(options) {}
DataNames::~DataNames() = default;

DataNames::Module& DataNames::module_of(const std::string& path,
                                        const std::vector<uint8_t>& build_id) {
  auto& module = modules_[path + '\0' + hex_text(build_id)];
  if (!module) {
    module = std::make_unique<Module>();
    auto opened = ModuleFile::open(path, build_id, options_);
    if (opened) {
      module->file = std::move(*opened);
      module->read_symbols();
    }
  }
  return *module;
}

const DataName& DataNames::find(const std::string& path, const std::vector<uint8_t>& build_id,
                                uint64_t address, bool thread_local_offset) {
  Module& module = module_of(path, build_id);
  const auto [known, added] = module.names.try_emplace({address, thread_local_offset});
  DataName& name = known->second;
  if (!added || !module.file) return name;
  if (!thread_local_offset) name.section = module.section_of(address);
  const Module::Symbol* symbol = module.find(address, thread_local_offset);
  if (symbol != nullptr) {
    name.variable = demangle(symbol->name) + module.members(*symbol, address, thread_local_offset);
  }
  return name;
}

std::string DataNames::function(const std::string& path, const std::vector<uint8_t>& build_id,
                                uint64_t address) {
  const Module& module = module_of(path, build_id);
  if (!module.file) return "";
  GElf_Sym symbol{};
  GElf_Off offset = 0;
  const char* const name = dwfl_module_addrinfo(module.file->module(), address, &offset, &symbol,
                                                nullptr, nullptr, nullptr);
  const bool known =
      name != nullptr && offset < symbol.st_size && GELF_ST_TYPE(symbol.st_info) == STT_FUNC;
  return known ? demangle(name) : "";
}

}  // namespace silt::symbolize
