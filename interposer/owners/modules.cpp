// SPDX-License-Identifier: Apache-2.0
//
// See modules.h.

#include "interposer/owners/modules.h"

#include <elf.h>

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/owners/copied_process.h"
#include "interposer/snapshot/process_info.h"

namespace silt::owners {
namespace {

constexpr size_t kMostHeaders = 64;

using base::page_down;

bool lies_in(uint64_t address, const base::Range* ranges, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (address >= ranges[i].start && address < ranges[i].end) return true;
  }
  return false;
}

bool read_whole(uint64_t address, void* into, size_t size) {
  return read_copied(address, into, size) == static_cast<long>(size);
}

void read_build_id(uint64_t address, uint64_t size, format::OwnersModule* entry) {
  static constinit char notes[1024]{};
  if (size > sizeof(notes)) size = sizeof(notes);
  if (!read_whole(address, notes, size)) return;
  for (uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= size;) {
    Elf64_Nhdr note;
    base::copy_bytes(&note, notes + at, sizeof(note));
    const uint64_t name = at + sizeof(note);
    const uint64_t text = name + ((uint64_t{note.n_namesz} + 3) & ~uint64_t{3});
    const uint64_t end = text + ((uint64_t{note.n_descsz} + 3) & ~uint64_t{3});
    if (end > size) return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        base::starts_with(notes + name, "GNU") && note.n_descsz <= sizeof(entry->build_id)) {
      base::copy_bytes(entry->build_id, notes + text, note.n_descsz);
      entry->build_id_size = note.n_descsz;
      return;
    }
    at = end;
  }
}

// The module whose file begins at `start` in memory; false when it is none.
bool read_module(uint64_t start, LoadedModule* module) {
  Elf64_Ehdr header;
  static constinit Elf64_Phdr segments[kMostHeaders]{};
  if (!read_whole(start, &header, sizeof(header))) return false;
  const unsigned char magic[] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64};
  for (size_t i = 0; i < sizeof(magic); ++i) {
    if (header.e_ident[i] != magic[i]) return false;
  }
  if ((header.e_type != ET_DYN && header.e_type != ET_EXEC) || header.e_phnum == 0 ||
      header.e_phnum > kMostHeaders || header.e_phentsize != sizeof(Elf64_Phdr) ||
      !read_whole(start + header.e_phoff, segments, header.e_phnum * sizeof(Elf64_Phdr))) {
    return false;
  }
  bool any = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    if (segments[i].p_type != PT_LOAD || any) continue;
    if (page_down(segments[i].p_offset) != 0) return false;
    module->entry.load_bias = start - page_down(segments[i].p_vaddr);
    any = true;
  }
  if (!any) return false;
  const uint64_t bias = module->entry.load_bias;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr& segment = segments[i];
    const uint64_t begin = bias + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0 && segment.p_memsz != 0 &&
        module->ranges < LoadedModule::kMostRanges) {
      module->data[module->ranges++] = {begin, begin + segment.p_memsz};
    } else if (segment.p_type == PT_TLS) {
      const uint64_t align = segment.p_align == 0 ? 1 : segment.p_align;
      module->entry.tls_size = (segment.p_memsz + align - 1) / align * align;
    } else if (segment.p_type == PT_NOTE && module->entry.build_id_size == 0) {
      read_build_id(begin, segment.p_filesz, &module->entry);
    }
  }
  return true;
}

}  // namespace

bool LoadedModules::read(const MemoryMap& memory, const base::Range* own, size_t own_count) {
  modules_ = static_cast<LoadedModule*>(base::map_memory(kMost * sizeof(LoadedModule)));
  if (modules_ == nullptr) return false;
  for (size_t i = 0; i < memory.count() && count_ < kMost; ++i) {
    const Area& area = memory.at(i);
    if (!area.of_file || area.offset != 0 || !area.readable) continue;
    LoadedModule module{};
    if (!read_module(area.start, &module)) continue;
    tls_bytes_ += module.entry.tls_size + 64;
    if (lies_in(area.start, own, own_count)) continue;
    module.path = area.path;
    const char* const name = base::base_name(area.path);
    module.is_libc = base::starts_with(name, "libc.so.") || base::starts_with(name, "libc-2.");
    if (base::equal(area.path, snapshot::process_info.executable)) {
      module.entry.flags = format::kModuleMain;
    }
    modules_[count_++] = module;
  }
  return true;
}

void LoadedModules::write(snapshot::SectionWriter& out) const {
  out.begin(format::SectionType::kOwnersModules);
  uint32_t text = 0;
  for (size_t i = 0; i < count_; ++i) {
    format::OwnersModule entry = at(i).entry;
    entry.path = text;
    text += static_cast<uint32_t>(base::length(at(i).path) + 1);
    out.add(&entry, sizeof(entry));
  }
  out.end(static_cast<uint32_t>(count_));
  out.begin(format::SectionType::kOwnersTexts);
  for (size_t i = 0; i < count_; ++i) out.add(at(i).path, base::length(at(i).path) + 1);
  out.end(text);
}

}  // namespace silt::owners
