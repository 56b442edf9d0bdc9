// SPDX-License-Identifier: Apache-2.0
//
// The program's own file, as far as its functions' names go: the running file's symbol tables, or
// where those were stripped, the debug file that its build-id names (/usr/lib/debug/.build-id).
// Files are held against what is mapped, and every offset in them against their size: what does not
// fit is as good as missing. Normal context, while there is one thread.

#ifndef SILT_INTERPOSER_DETOUR_PROGRAM_H_
#define SILT_INTERPOSER_DETOUR_PROGRAM_H_

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

namespace silt::detour {

// A file that is mapped, privately and to be read.
class MappedFile {
 public:
  MappedFile() = default;
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  bool open(const char* path);
  int descriptor() const { return descriptor_; }
  // `count` items at `offset`; nullptr when the file has not as many there.
  template <typename Item>
  const Item* items(uint64_t offset, uint64_t count) const {
    if (data_ == nullptr || offset > size_ || offset % alignof(Item) != 0) return nullptr;
    if (count > (size_ - offset) / sizeof(Item)) return nullptr;
    return reinterpret_cast<const Item*>(data_ + offset);
  }

 private:
  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
  int descriptor_ = -1;
};

struct Function {
  const char* name;
  uint64_t address;  // in memory
  uint64_t size;     // bytes, 0: not told
  unsigned type;     // STT_FUNC, STT_GNU_IFUNC
};

// Where functions are: the one segment of the program that is code and cannot be written.
struct Text {
  uint64_t start;
  uint64_t end;
  uint64_t file_offset;  // of `start`, which begins a page as this does
};

class Program {
 public:
  // False where the file that runs cannot be read, or is not what is mapped.
  bool open();
  // Of the functions that both tables have, each may come twice.
  template <typename Visit>
  void visit_functions(Visit&& visit) const {
    visit_table(file_, SHT_DYNSYM, visit);
    if (!visit_table(file_, SHT_SYMTAB, visit)) visit_table(debug_file_, SHT_SYMTAB, visit);
  }
  // False where `address` is in no such segment.
  bool find_text(uint64_t address, Text* text) const;
  // Its code is written to when it is loaded.
  bool has_text_relocations() const { return has_text_relocations_; }
  uint64_t start() const { return start_; }  // the lowest address of its segments
  int descriptor() const { return file_.descriptor(); }

 private:
  void open_debug_file(const ElfW(Phdr) & notes);

  template <typename Visit>
  bool visit_table(const MappedFile& file, uint32_t kind, Visit&& visit) const {
    const auto* const header = file.items<ElfW(Ehdr)>(0, 1);
    if (header == nullptr || header->e_shentsize != sizeof(ElfW(Shdr))) return false;
    const auto* const sections = file.items<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
    bool found = false;
    for (unsigned i = 0; sections != nullptr && i < header->e_shnum; ++i) {
      const ElfW(Shdr)& section = sections[i];
      if (section.sh_type != kind || section.sh_link >= header->e_shnum) continue;
      const ElfW(Shdr)& strings = sections[section.sh_link];
      const uint64_t count = section.sh_size / sizeof(ElfW(Sym));
      const auto* const symbols = file.items<ElfW(Sym)>(section.sh_offset, count);
      const auto* const names = file.items<char>(strings.sh_offset, strings.sh_size);
      if (symbols == nullptr || names == nullptr || strings.sh_size == 0) continue;
      if (names[strings.sh_size - 1] != '\0') continue;
      found = true;
      for (uint64_t k = 0; k < count; ++k) {
        const ElfW(Sym)& symbol = symbols[k];
        const unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if (type != STT_FUNC && type != STT_GNU_IFUNC) continue;
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= strings.sh_size) continue;
        visit(Function{names + symbol.st_name, bias_ + symbol.st_value, symbol.st_size, type});
      }
    }
    return found;
  }

  MappedFile file_;
  MappedFile debug_file_;
  const ElfW(Phdr) * segments_ = nullptr;
  size_t segment_count_ = 0;
  uint64_t bias_ = 0;
  uint64_t start_ = 0;
  bool has_text_relocations_ = false;
};

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_PROGRAM_H_
