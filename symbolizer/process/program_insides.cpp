// SPDX-License-Identifier: Apache-2.0
//
// See the header. Sizes in the file are claims: nothing is read that is larger than programs have.

#include "symbolizer/process/program_insides.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace silt::process {
namespace {

template <typename T>
std::optional<T> read_one(const ByteSource& source, uint64_t offset) {
  const auto bytes = source.read(offset, sizeof(T));
  if (!bytes) return std::nullopt;
  T value;
  std::memcpy(&value, bytes->data(), sizeof(T));
  return value;
}

std::optional<Elf64_Shdr> section_of(const ByteSource& source, const Elf64_Ehdr& header,
                                     uint64_t index) {
  if (header.e_shentsize != sizeof(Elf64_Shdr)) return std::nullopt;
  return read_one<Elf64_Shdr>(source, header.e_shoff + index * sizeof(Elf64_Shdr));
}

// The names by which allocators are called that are linked into programs: plain, jemalloc as it is
// configured by default and in Rust, mimalloc, tcmalloc, rpmalloc.
constexpr std::string_view kAllocators[] = {"malloc",    "je_malloc", "_rjem_malloc",
                                            "mi_malloc", "tc_malloc", "rpmalloc"};
// A browser's symbols are 50 MB; a search of more would be felt at the start.
constexpr uint64_t kLargestTable = uint64_t{128} << 20;

// The first of kAllocators that the table defines as a function.
std::string allocator_in(const ByteSource& source, const Elf64_Shdr& table,
                         const Elf64_Shdr& names) {
  if (table.sh_size > kLargestTable || names.sh_size > kLargestTable) return "";
  const auto symbols = source.read(table.sh_offset, table.sh_size);
  const auto text = source.read(names.sh_offset, names.sh_size);
  if (!symbols || !text) return "";
  for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols->size(); at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, symbols->data() + at, sizeof symbol);
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
    if (symbol.st_name >= text->size()) continue;
    const std::string_view rest = std::string_view(*text).substr(symbol.st_name);
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (std::find(std::begin(kAllocators), std::end(kAllocators), name) != std::end(kAllocators)) {
      return std::string(name);
    }
  }
  return "";
}

}  // namespace

bool is_go_program(const ByteSource& program) {
  // The table of functions, which Go's runtime itself needs; of position-independent programs in
  // .data.rel.ro. Where there are no section headers: the mark that `go version FILE` looks for,
  // where what can be written begins.
  constexpr std::string_view kSections[] = {".gopclntab", ".data.rel.ro.gopclntab"};
  constexpr std::string_view kMark = "\xff Go buildinf:";
  constexpr uint64_t kWindow = 64 * 1024;
  const auto header = read_one<Elf64_Ehdr>(program, 0);
  if (!header) return false;
  for (unsigned i = 0; i < header->e_shnum && header->e_shstrndx < header->e_shnum; ++i) {
    const auto names = section_of(program, *header, header->e_shstrndx);
    const auto section = section_of(program, *header, i);
    if (!names || !section || section->sh_name >= names->sh_size) break;
    for (const std::string_view wanted : kSections) {
      const auto name = program.read(names->sh_offset + section->sh_name, wanted.size());
      if (name && *name == wanted) return true;
    }
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return false;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    const auto segment =
        read_one<Elf64_Phdr>(program, header->e_phoff + uint64_t{i} * sizeof(Elf64_Phdr));
    if (!segment) return false;
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) == 0) continue;
    const auto bytes = program.read(segment->p_offset, std::min(segment->p_filesz, kWindow));
    if (bytes && bytes->find(kMark) != std::string::npos) return true;
  }
  return false;
}

InnerAllocator inner_allocator_of(const ByteSource& program) {
  const auto header = read_one<Elf64_Ehdr>(program, 0);
  if (!header) return {};
  // What is in .dynsym is there for libraries, too; .symtab has both, and may be stripped.
  for (const uint32_t kind : {uint32_t{SHT_DYNSYM}, uint32_t{SHT_SYMTAB}}) {
    for (unsigned i = 0; i < header->e_shnum; ++i) {
      const auto table = section_of(program, *header, i);
      if (!table) return {};
      if (table->sh_type != kind || table->sh_link >= header->e_shnum) continue;
      const auto names = section_of(program, *header, table->sh_link);
      if (!names) return {};
      const std::string found = allocator_in(program, *table, *names);
      if (!found.empty()) return {found, kind == SHT_DYNSYM && found == "malloc"};
    }
  }
  return {};
}

}  // namespace silt::process
