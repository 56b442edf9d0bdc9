// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/debug_names.h"

#include <dwarf.h>

#include <cstdlib>
#include <string>

#include "symbolizer/symbolize/demangle.h"

namespace silt::symbolize {
namespace {

const char* text_attribute(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  return dwarf_attr_integrate(&die, name, &attribute) != nullptr ? dwarf_formstring(&attribute)
                                                                 : nullptr;
}

uint32_t number_attribute(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(&die, name, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0 ||
      value > UINT32_MAX) {
    return 0;
  }
  return static_cast<uint32_t>(value);
}

bool is_cplusplus(Dwarf_Die& die) {
  Dwarf_Die unit;
  if (dwarf_diecu(&die, &unit, nullptr, nullptr) == nullptr) return false;
  switch (dwarf_srclang(&unit)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
      return true;
    default:
      return false;
  }
}

// The DIE that declares what this one is an instance of, where that says more about its scope.
Dwarf_Die declaration_of(Dwarf_Die die) {
  for (int hop = 0; hop < 8; ++hop) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (dwarf_attr(&die, DW_AT_abstract_origin, &attribute) == nullptr &&
        dwarf_attr(&die, DW_AT_specification, &attribute) == nullptr) {
      break;
    }
    if (dwarf_formref_die(&attribute, &next) == nullptr) break;
    die = next;
  }
  return die;
}

// `name` behind the names of the scopes around it: only where there is no linkage name to ask.
std::string qualified(Dwarf_Die& die, const char* name) {
  std::string result = name;
  if (!is_cplusplus(die)) return result;
  Dwarf_Die declaration = declaration_of(die);
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&declaration, &scopes);
  for (int i = 1; i < count; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (!is_scope(tag) && tag != DW_TAG_subprogram) continue;
    const char* scope = dwarf_diename(&scopes[i]);
    result.insert(0, scope != nullptr          ? std::string(scope) + "::"
                     : tag == DW_TAG_namespace ? "(anonymous namespace)::"
                                               : "(anonymous)::");
  }
  std::free(scopes);
  return result;
}

}  // namespace

bool is_scope(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
      return true;
    default:
      return false;
  }
}

void set_function(Dwarf_Die& die, Frame& frame) {
  const char* linkage = text_attribute(die, DW_AT_linkage_name);
  if (linkage == nullptr) linkage = text_attribute(die, DW_AT_MIPS_linkage_name);
  if (linkage != nullptr && *linkage != '\0') {
    frame.linkage_name = linkage;
    frame.function = demangle(linkage);
    return;
  }
  const char* name = dwarf_diename(&die);
  if (name != nullptr && *name != '\0') frame.function = qualified(die, name);
}

// A relative path is relative to the folder of the compilation.
void set_file(Dwarf_Die& unit, const char* file, Frame& frame) {
  frame.file = file;
  if (*file == '/') return;
  const char* folder = text_attribute(unit, DW_AT_comp_dir);
  if (folder != nullptr && *folder == '/') frame.folder = folder;
}

void set_line(Dwarf_Die& unit, Dwarf_Addr address, Frame& frame) {
  Dwarf_Line* line = dwarf_getsrc_die(&unit, address);
  if (line == nullptr) return;
  int number = 0, column = 0;
  const char* file = dwarf_linesrc(line, nullptr, nullptr);
  if (file != nullptr) set_file(unit, file, frame);
  if (dwarf_lineno(line, &number) == 0 && number > 0) frame.line = static_cast<uint32_t>(number);
  if (dwarf_linecol(line, &column) == 0 && column > 0) {
    frame.column = static_cast<uint32_t>(column);
  }
}

void set_call_site(Dwarf_Die& inlined, Dwarf_Die& unit, Frame& frame) {
  const uint32_t index = number_attribute(inlined, DW_AT_call_file);
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (dwarf_getsrcfiles(&unit, &files, &count) == 0 && index < count) {
    const char* file = dwarf_filesrc(files, index, nullptr, nullptr);
    if (file != nullptr) set_file(unit, file, frame);
  }
  frame.line = number_attribute(inlined, DW_AT_call_line);
  frame.column = number_attribute(inlined, DW_AT_call_column);
}

}  // namespace silt::symbolize
