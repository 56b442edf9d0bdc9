// SPDX-License-Identifier: Apache-2.0
//
// See symbol_search.h. Any context.

#include "interposer/base/symbol_search.h"

#include <elf.h>
#include <link.h>

#include <cstdint>

#include "interposer/base/text.h"

namespace silt::base {
namespace {

// The hash of a symbol's name in DT_GNU_HASH.
uint32_t gnu_hash(const char* name) {
  uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<uint8_t>(*name);
  return hash;
}

struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const uint32_t* hash = nullptr;
  bool old_hash = false;
};

Tables tables_of(const link_map& object) {
  Tables tables;
  for (const ElfW(Dyn)* entry = object.l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    // The loader has put addresses there; those of objects that it may not write (the kernel's) are
    // still relative.
    const ElfW(Addr) value = entry->d_un.d_ptr;
    const auto address = value < object.l_addr ? value + object.l_addr : value;
    if (entry->d_tag == DT_SYMTAB) {
      tables.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
    } else if (entry->d_tag == DT_STRTAB) {
      tables.strings = reinterpret_cast<const char*>(address);
    } else if (entry->d_tag == DT_HASH) {
      tables.old_hash = true;
    } else if (entry->d_tag == DT_GNU_HASH) {
      tables.hash = reinterpret_cast<const uint32_t*>(address);
    }
  }
  return tables;
}

const ElfW(Sym) * find_in(const link_map& object, const char* name, uint32_t hash) {
  const Tables tables = tables_of(object);
  if (tables.symbols == nullptr || tables.strings == nullptr || tables.hash == nullptr)
    return nullptr;
  // buckets, index of the first symbol, words of the bloom filter, its shift; the filter; the
  // buckets; the chains: hashes whose lowest bit ends a chain
  const uint32_t bucket_count = tables.hash[0];
  const uint32_t first = tables.hash[1];
  const uint32_t* const buckets = tables.hash + 4 + 2 * tables.hash[2];
  const uint32_t* const chains = buckets + bucket_count;
  if (bucket_count == 0) return nullptr;
  uint32_t index = buckets[hash % bucket_count];
  if (index < first) return nullptr;
  for (;; ++index) {
    const uint32_t here = chains[index - first];
    const ElfW(Sym)& symbol = tables.symbols[index];
    if ((here | 1) == (hash | 1) && symbol.st_shndx != SHN_UNDEF &&
        equal(tables.strings + symbol.st_name, name)) {
      return &symbol;
    }
    if ((here & 1) != 0) return nullptr;
  }
}

// Of those from `object` to `end`, which is left out.
bool any_defines(const link_map* object, const link_map* end, const char* symbol) {
  const uint32_t hash = gnu_hash(symbol);
  for (; object != end; object = object->l_next) {
    if (find_in(*object, symbol, hash) != nullptr) return true;
  }
  return false;
}

// The list of the namespace that the program is in, which is where a preload is.
const link_map* first_library() { return _r_debug.r_map; }

const link_map* this_library() {
  const link_map* object = first_library();
  while (object != nullptr && object->l_ld != _DYNAMIC) object = object->l_next;
  return object;
}

}  // namespace

bool is_defined(const char* symbol) { return any_defines(first_library(), nullptr, symbol); }

bool is_defined_before_this_library(const char* symbol) {
  return any_defines(first_library(), this_library(), symbol);
}

bool is_defined_after_this_library(const char* symbol) {
  const link_map* const own = this_library();
  return own != nullptr && any_defines(own->l_next, nullptr, symbol);
}

bool find_symbol(const char* name, Symbol* found) {
  const uint32_t hash = gnu_hash(name);
  for (const link_map* object = first_library(); object != nullptr; object = object->l_next) {
    const ElfW(Sym)* const symbol = find_in(*object, name, hash);
    if (symbol == nullptr) continue;
    *found = Symbol{object->l_addr + symbol->st_value, symbol->st_size};
    return true;
  }
  return false;
}

}  // namespace silt::base
