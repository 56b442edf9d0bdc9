// SPDX-License-Identifier: Apache-2.0
//
// See program.h. Normal context.

#include "interposer/detour/program.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::detour {
namespace {

// The loader's entry for the program, whose segments the kernel told. A loader that was started by
// its name runs the program as its first object, and those segments are its own: nullptr.
const link_map* main_object(const ElfW(Phdr) * segments, size_t count) {
  const link_map* const first = _r_debug.r_map;
  if (first == nullptr) return nullptr;
  for (size_t i = 0; i < count; ++i) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    const uint64_t dynamic = first->l_addr + segments[i].p_vaddr;
    return dynamic == reinterpret_cast<uint64_t>(first->l_ld) ? first : nullptr;
  }
  return nullptr;
}

bool wants_text_relocations(const ElfW(Dyn) * entry) {
  for (; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_TEXTREL) return true;
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
  }
  return false;
}

}  // namespace

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    base::system_call(SYS_munmap, reinterpret_cast<long>(data_), static_cast<long>(size_));
  }
  if (descriptor_ >= 0) base::system_call(SYS_close, descriptor_);
}

bool MappedFile::open(const char* path) {
  const long fd = base::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path),
                                    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (base::is_error(fd)) return false;
  descriptor_ = static_cast<int>(fd);
  struct stat status {};
  if (base::system_call(SYS_fstat, fd, reinterpret_cast<long>(&status)) != 0 ||
      !S_ISREG(status.st_mode) || status.st_size <= 0) {
    return false;
  }
  const long mapped = base::system_call(SYS_mmap, 0, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (base::is_error(mapped)) return false;
  data_ = reinterpret_cast<const uint8_t*>(mapped);
  size_ = static_cast<uint64_t>(status.st_size);
  const auto* const header = items<ElfW(Ehdr)>(0, 1);
  return header != nullptr && __builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
         header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == arch::kElfMachine;
}

bool Program::open() {
  segments_ = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  segment_count_ = getauxval(AT_PHNUM);
  if (segments_ == nullptr || getauxval(AT_PHENT) != sizeof(ElfW(Phdr))) return false;
  const link_map* const object = main_object(segments_, segment_count_);
  if (object == nullptr || !file_.open("/proc/self/exe")) return false;
  bias_ = object->l_addr;
  has_text_relocations_ = wants_text_relocations(object->l_ld);
  // The file is the one that runs: its segments are those of the process.
  const auto* const header = file_.items<ElfW(Ehdr)>(0, 1);
  if (header->e_phnum != segment_count_ || header->e_phentsize != sizeof(ElfW(Phdr))) return false;
  const auto* const told = file_.items<ElfW(Phdr)>(header->e_phoff, segment_count_);
  if (told == nullptr ||
      __builtin_memcmp(told, segments_, segment_count_ * sizeof(ElfW(Phdr))) != 0) {
    return false;
  }
  const bool stripped = !visit_table(file_, SHT_SYMTAB, [](const Function&) {});
  bool begun = false;
  for (size_t i = 0; i < segment_count_; ++i) {
    const ElfW(Phdr)& segment = segments_[i];
    if (segment.p_type == PT_LOAD && !begun) {
      start_ = bias_ + segment.p_vaddr;
      begun = true;
    }
    if (segment.p_type == PT_NOTE && stripped) open_debug_file(segment);
  }
  return begun;
}

// .note.gnu.build-id: sizes of name and text, the type, "GNU", the id.
void Program::open_debug_file(const ElfW(Phdr) & notes) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(bias_ + notes.p_vaddr);
  for (uint64_t at = 0; at + sizeof(ElfW(Nhdr)) <= notes.p_memsz;) {
    ElfW(Nhdr) note;
    __builtin_memcpy(&note, bytes + at, sizeof(note));
    const uint64_t name = at + sizeof(note);
    const uint64_t text = name + ((uint64_t{note.n_namesz} + 3) & ~uint64_t{3});
    const uint64_t align = notes.p_align == 8 ? 8 : 4;
    at = (text + note.n_descsz + align - 1) & ~(align - 1);
    if (at > notes.p_memsz + align || note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
        text + note.n_descsz > notes.p_memsz || note.n_descsz < 4 || note.n_descsz > 64) {
      continue;
    }
    base::TextBuffer<256> path;
    path.add("/usr/lib/debug/.build-id/");
    constexpr char kDigits[] = "0123456789abcdef";
    for (uint64_t i = 0; i < note.n_descsz; ++i) {
      path.add(kDigits[bytes[text + i] >> 4]).add(kDigits[bytes[text + i] & 15]);
      if (i == 0) path.add('/');
    }
    path.add(".debug");
    if (debug_file_.descriptor() < 0) debug_file_.open(path.c_str());
  }
}

bool Program::find_text(uint64_t address, Text* text) const {
  for (size_t i = 0; i < segment_count_; ++i) {
    const ElfW(Phdr)& segment = segments_[i];
    const uint64_t start = bias_ + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || address < start || address - start >= segment.p_filesz) {
      continue;
    }
    if (segment.p_flags != (PF_R | PF_X)) return false;
    const uint64_t before = start % base::kPageSize;
    *text = Text{start - before, start + segment.p_filesz, segment.p_offset - before};
    return true;
  }
  return false;
}

}  // namespace silt::detour
