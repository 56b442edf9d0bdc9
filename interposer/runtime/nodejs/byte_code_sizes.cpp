// SPDX-License-Identifier: Apache-2.0
//
// See byte_code_sizes.h. The file is read piece by piece: nothing of it stays mapped, and one that
// is cut short meanwhile does no harm.

#include "interposer/runtime/nodejs/byte_code_sizes.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::nodejs {
namespace {

constexpr char kTable[] = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE";
constexpr char kInProgram[] = "napi_module_register";
constexpr uint8_t kWide = 0;
constexpr uint8_t kExtraWide = 1;
constexpr size_t kLeastCodes = 100;

class File {
 public:
  File()
      : descriptor_(base::system_call(
            SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/exe"), O_RDONLY | O_CLOEXEC)) {
  }
  ~File() {
    if (descriptor_ >= 0) base::system_call(SYS_close, descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool read(uint64_t at, void* into, size_t size) const {
    return descriptor_ >= 0 &&
           base::system_call(SYS_pread64, descriptor_, reinterpret_cast<long>(into),
                             static_cast<long>(size),
                             static_cast<long>(at)) == static_cast<long>(size);
  }

 private:
  long descriptor_;
};

// Visits symbols of a table in the file until visit(symbol) returns false.
template <typename Visit>
void visit_symbols(const File& file, const Elf64_Shdr& table, Visit&& visit) {
  constexpr size_t kSymbols = 2048;
  auto* const symbols =
      static_cast<Elf64_Sym*>(base::map_within_limit(kSymbols * sizeof(Elf64_Sym)));
  if (symbols == nullptr) return;
  const uint64_t count = table.sh_size / sizeof(Elf64_Sym);
  bool more = true;
  for (uint64_t at = 0; more && at < count; at += kSymbols) {
    const size_t here = count - at < kSymbols ? count - at : kSymbols;
    if (!file.read(table.sh_offset + at * sizeof(Elf64_Sym), symbols, here * sizeof(Elf64_Sym))) {
      break;
    }
    for (size_t i = 0; more && i < here; ++i) more = visit(symbols[i]);
  }
  base::unmap_memory(symbols, kSymbols * sizeof(Elf64_Sym));
}

// Among the symbols of the program's file that the loader does not know.
bool find_local(base::Symbol* found) {
  const File file;
  Elf64_Ehdr header;
  if (!file.read(0, &header, sizeof(header)) || header.e_shentsize != sizeof(Elf64_Shdr) ||
      __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return false;
  }
  Elf64_Shdr table{};
  Elf64_Shdr names{};
  for (uint64_t i = 0; i < header.e_shnum && table.sh_type != SHT_SYMTAB; ++i) {
    if (!file.read(header.e_shoff + i * sizeof(table), &table, sizeof(table))) return false;
  }
  if (table.sh_type != SHT_SYMTAB || table.sh_link >= header.e_shnum ||
      !file.read(header.e_shoff + table.sh_link * sizeof(names), &names, sizeof(names))) {
    return false;
  }
  bool known = false;
  visit_symbols(file, table, [&](const Elf64_Sym& symbol) {
    if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_size < 3 * kLeastCodes ||
        symbol.st_size > 3 * 256 || symbol.st_size % 3 != 0) {
      return true;
    }
    char name[sizeof(kTable)];
    if (!file.read(names.sh_offset + symbol.st_name, name, sizeof(name))) return true;
    known = __builtin_memcmp(name, kTable, sizeof(name)) == 0;
    if (known) *found = {symbol.st_value, symbol.st_size};
    return !known;
  });
  return known;
}

}  // namespace

bool ByteCodeSizes::set(const uint8_t* table, size_t size) {
  count_ = 0;
  const size_t count = size / kRows;
  if (size % kRows != 0 || count < kLeastCodes || count > kMostCodes) return false;
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t code = 0; code < count; ++code) {
      const uint8_t bytes = table[row * count + code];
      // Wider operands take more, what widens takes one, and no byte code takes nothing.
      if (bytes == 0 || (row > 0 && bytes < sizes_[row - 1][code])) return false;
      if (code <= kExtraWide && bytes != 1) return false;
      sizes_[row][code] = bytes;
    }
  }
  count_ = count;
  return true;
}

bool ByteCodeSizes::take(uint64_t address, uint64_t size) {
  uint8_t table[kRows * kMostCodes];
  return size <= sizeof(table) && base::read_memory(address, table, size) == 0 && set(table, size);
}

bool ByteCodeSizes::find() {
  base::Library library;
  base::Symbol symbol;
  if (base::find_library(kTable, &library) && base::find_symbol(library, kTable, &symbol)) {
    return take(symbol.address, symbol.size);
  }
  return base::find_library(kInProgram, &library) && find_local(&symbol) &&
         take(library.bias + symbol.address, symbol.size);
}

size_t ByteCodeSizes::size_at(const uint8_t* code, size_t size, size_t at) const {
  size_t row = 0;
  size_t prefix = 0;
  if (at < size && code[at] <= kExtraWide) {
    row = code[at] == kWide ? 1 : 2;
    prefix = 1;
  }
  if (at + prefix >= size || code[at + prefix] >= count_) return 0;
  const size_t bytes = prefix + sizes_[row][code[at + prefix]];
  return bytes <= size - at ? bytes : 0;
}

}  // namespace silt::nodejs
