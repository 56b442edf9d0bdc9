// SPDX-License-Identifier: Apache-2.0
//
// See import_slots.h.

#include "interposer/runtime/nodejs/import_slots.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::nodejs {
namespace {

struct Imports {
  uint64_t bias;
  const ElfW(Sym) * symbols;
  const char* strings;
  const ElfW(Rela) * tables[2];  // functions called through jumps, and everything else
  size_t counts[2];
};

Imports imports_of(const dl_phdr_info& object) {
  Imports found{};
  found.bias = object.dlpi_addr;
  const ElfW(Dyn)* entry = nullptr;
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + object.dlpi_phdr[i].p_vaddr);
    }
  }
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const uint64_t value = entry->d_un.d_val;
    const uint64_t address = value < found.bias ? value + found.bias : value;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        found.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
        break;
      case DT_STRTAB:
        found.strings = reinterpret_cast<const char*>(address);
        break;
      case DT_JMPREL:
        found.tables[0] = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_PLTRELSZ:
        found.counts[0] = value / sizeof(ElfW(Rela));
        break;
      case DT_RELA:
        found.tables[1] = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_RELASZ:
        found.counts[1] = value / sizeof(ElfW(Rela));
        break;
      default:
        break;
    }
  }
  return found;
}

bool is_libc(const char* path) {
  const char* const name = base::base_name(path);
  return base::starts_with(name, "libc.so") || base::starts_with(name, "libpthread.so") ||
         base::starts_with(name, "ld-linux") || base::starts_with(name, "linux-vdso");
}

}  // namespace

void ImportSlots::find(const char* name) {
  struct Search {
    ImportSlots* slots;
    const char* name;
  } search{this, name};
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* argument) {
        const auto& wanted = *static_cast<Search*>(argument);
        if (object->dlpi_name != nullptr && is_libc(object->dlpi_name)) return 0;
        const Imports imports = imports_of(*object);
        if (imports.symbols == nullptr || imports.strings == nullptr) return 0;
        for (int table = 0; table < 2; ++table) {
          if (imports.tables[table] == nullptr) continue;
          for (size_t i = 0; i < imports.counts[table]; ++i) {
            const ElfW(Rela)& relocation = imports.tables[table][i];
            const uint64_t symbol = ELF64_R_SYM(relocation.r_info);
            ImportSlots& slots = *wanted.slots;
            if (symbol == 0 || relocation.r_addend != 0 || slots.count_ == kMost) continue;
            const ElfW(Sym)& entry = imports.symbols[symbol];
            if (entry.st_shndx != SHN_UNDEF ||
                !base::equal(imports.strings + entry.st_name, wanted.name)) {
              continue;
            }
            slots.slots_[slots.count_++] = {wanted.name, imports.bias + relocation.r_offset};
          }
        }
        return 0;
      },
      &search);
}

void ImportSlots::lead(const char* name, void* function) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!base::equal(slots_[i].name, name)) continue;
    const uint64_t page = base::page_down(slots_[i].address);
    if (base::system_call(SYS_mprotect, static_cast<long>(page),
                          static_cast<long>(base::page_size()), PROT_READ | PROT_WRITE) == 0) {
      *reinterpret_cast<void**>(slots_[i].address) = function;
    }
  }
}

}  // namespace silt::nodejs
