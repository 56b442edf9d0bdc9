// SPDX-License-Identifier: Apache-2.0
//
// See symbol_search.h. Any context.

#include "interposer/base/symbol_search.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>

#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/base/text.h"

namespace silt::base {
namespace {

// The hash of a symbol's name in DT_GNU_HASH.
uint32_t gnu_hash(const char* name) {
  uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<uint8_t>(*name);
  return hash;
}

// How the tables are read: as they are, where nobody can unload the library meanwhile, or through
// the kernel, which says so when nothing is there.
struct Directly {
  template <typename Value>
  static bool read(const Value* from, Value* to) {
    *to = *from;
    return true;
  }
};
struct ThroughKernel {
  template <typename Value>
  static bool read(const Value* from, Value* to) {
    return read_memory(reinterpret_cast<uint64_t>(from), to, sizeof(Value)) == 0;
  }
};

struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const uint32_t* hash = nullptr;
};

template <typename Reader>
bool tables_of(const Library& library, Tables* tables) {
  const auto* entry = static_cast<const ElfW(Dyn)*>(library.dynamic);
  ElfW(Dyn) here;
  for (; entry != nullptr; ++entry) {
    if (!Reader::read(entry, &here)) return false;
    if (here.d_tag == DT_NULL) break;
    // The loader has put addresses there; those of objects that it may not write (the kernel's) are
    // still relative.
    const ElfW(Addr) value = here.d_un.d_ptr;
    const auto address = value < library.bias ? value + library.bias : value;
    if (here.d_tag == DT_SYMTAB) {
      tables->symbols = reinterpret_cast<const ElfW(Sym)*>(address);
    } else if (here.d_tag == DT_STRTAB) {
      tables->strings = reinterpret_cast<const char*>(address);
    } else if (here.d_tag == DT_GNU_HASH) {
      tables->hash = reinterpret_cast<const uint32_t*>(address);
    }
  }
  return tables->symbols != nullptr && tables->strings != nullptr && tables->hash != nullptr;
}

template <typename Reader>
bool is_name(const char* text, const char* name) {
  for (;; ++text, ++name) {
    char here;
    if (!Reader::read(text, &here) || here != *name) return false;
    if (here == '\0') return true;
  }
}

template <typename Reader>
bool find_in(const Library& library, const char* name, uint32_t hash, ElfW(Sym) * found) {
  Tables tables;
  if (!tables_of<Reader>(library, &tables)) return false;
  // buckets, index of the first symbol, words of the bloom filter, its shift; the filter; the
  // buckets; the chains: hashes whose lowest bit ends a chain
  struct Head {
    uint32_t buckets;
    uint32_t first;
    uint32_t filter_words;
    uint32_t shift;
  } head;
  if (!Reader::read(reinterpret_cast<const Head*>(tables.hash), &head)) return false;
  if (head.buckets == 0) return false;
  const uint32_t* const buckets = tables.hash + 4 + 2 * size_t{head.filter_words};
  const uint32_t* const chains = buckets + head.buckets;
  uint32_t index;
  if (!Reader::read(buckets + hash % head.buckets, &index) || index < head.first) return false;
  for (;; ++index) {
    uint32_t here;
    if (!Reader::read(chains + (index - head.first), &here)) return false;
    if ((here | 1) == (hash | 1) && Reader::read(tables.symbols + index, found) &&
        found->st_shndx != SHN_UNDEF && is_name<Reader>(tables.strings + found->st_name, name)) {
      return true;
    }
    if ((here & 1) != 0) return false;
  }
}

Library library_of(const link_map& object, bool stays) {
  return {object.l_addr, object.l_ld, stays};
}

// Of those from `object` to `end`, which is left out.
bool any_defines(const link_map* object, const link_map* end, const char* symbol) {
  const uint32_t hash = gnu_hash(symbol);
  ElfW(Sym) found;
  for (; object != end; object = object->l_next) {
    if (find_in<Directly>(library_of(*object, true), symbol, hash, &found)) return true;
  }
  return false;
}

// Whether the path ends in a file's name that begins so. A path that cannot be read to its end, or
// is longer than any, is none.
bool is_file(const char* path, const char* begin) {
  char text[256];
  const size_t wanted = length(begin);
  size_t at = 0;  // in the file's name; SIZE_MAX: it begins otherwise
  for (size_t done = 0; done < 4096; done += sizeof(text)) {
    // Not over the end of a page, since nothing may be behind it.
    for (size_t i = 0; i < sizeof(text);) {
      const auto from = reinterpret_cast<uint64_t>(path) + done + i;
      const size_t rest = sizeof(text) - i;
      const size_t of_page = kPageSize - from % kPageSize;
      const size_t size = rest < of_page ? rest : of_page;
      if (read_memory(from, text + i, size) != 0) return false;
      for (size_t k = i; k < i + size; ++k) {
        if (text[k] == '\0') return at != SIZE_MAX && at >= wanted;
        if (text[k] == '/') {
          at = 0;
        } else if (at != SIZE_MAX) {
          at = at >= wanted || text[k] == begin[at] ? at + 1 : SIZE_MAX;
        }
      }
      i += size;
    }
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

bool find_library(const char* symbol, Library* library) {
  const uint32_t hash = gnu_hash(symbol);
  ElfW(Sym) found;
  for (const link_map* object = first_library(); object != nullptr; object = object->l_next) {
    *library = library_of(*object, true);
    if (find_in<Directly>(*library, symbol, hash, &found)) return true;
  }
  return false;
}

bool find_late_library(const char* file_name, const char* symbol, Library* library) {
  constexpr size_t kMost = 1 << 16;  // a list that is changed while it is read may lead in a circle
  const uint32_t hash = gnu_hash(symbol);
  const link_map* object = first_library();
  for (size_t i = 0; object != nullptr && i < kMost; ++i) {
    link_map here;
    if (read_memory(reinterpret_cast<uint64_t>(object), &here, offsetof(link_map, l_prev)) != 0) {
      return false;
    }
    object = here.l_next;
    if (here.l_name == nullptr || !is_file(here.l_name, file_name)) continue;
    *library = library_of(here, false);
    ElfW(Sym) found;
    if (find_in<ThroughKernel>(*library, symbol, hash, &found)) return true;
  }
  return false;
}

bool find_symbol(const Library& library, const char* name, Symbol* symbol) {
  ElfW(Sym) found;
  const uint32_t hash = gnu_hash(name);
  if (library.stays ? !find_in<Directly>(library, name, hash, &found)
                    : !find_in<ThroughKernel>(library, name, hash, &found)) {
    return false;
  }
  *symbol = Symbol{library.bias + found.st_value, found.st_size};
  return true;
}

}  // namespace silt::base
