// SPDX-License-Identifier: Apache-2.0
//
// See modules.h. Hook context.

#include "interposer/track/modules.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/snapshot.h"
#include "interposer/unwind/object.h"

namespace silt::track {
namespace {

struct Segments {
  const ElfW(Phdr) * first = nullptr;
  size_t count = 0;
};

// The program headers of an object. The main program's come from the kernel, because the loader
// knows a program that is not relocated segment by segment only.
Segments segments_of(uint64_t start, bool main) {
  if (main) {
    return Segments{reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR)), getauxval(AT_PHNUM)};
  }
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(start);
  if (__builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return Segments{};
  return Segments{reinterpret_cast<const ElfW(Phdr)*>(start + header->e_phoff), header->e_phnum};
}

// Whether the loader means the noted module by an object of which code is on a stack, so that its
// name can be read. The loader may give the next library the same addresses and the same link_map.
bool is_same(const ModuleRecord& module, const unwind::Object& object) {
  if (module.main) return true;
  if (object.link_map != module.link_map || object.start != module.start ||
      object.end != module.end || object.eh_frame_header != module.eh_frame_header) {
    return false;
  }
  const char* const name = static_cast<const link_map*>(object.link_map)->l_name;
  const size_t size = base::length(name);
  const size_t known = base::length(module.path);  // a relative name has a folder before it
  return known == 0 || (size <= known && base::equal(module.path + known - size, name));
}

// The whole range of a program that the loader knows in pieces.
void widen_range(const Segments& segments, ModuleRecord* module) {
  for (size_t i = 0; i < segments.count; ++i) {
    const ElfW(Phdr)& segment = segments.first[i];
    if (segment.p_type != PT_LOAD) continue;
    const uint64_t start = base::page_down(module->load_bias + segment.p_vaddr);
    const uint64_t end = module->load_bias + segment.p_vaddr + segment.p_memsz;
    if (start < module->start) module->start = start;
    if (end > module->end) module->end = end;
  }
}

// Reads the GNU build-id out of the note segment, which is in memory with the code.
void read_build_id(const Segments& segments, ModuleRecord* module) {
  for (size_t i = 0; i < segments.count; ++i) {
    if (segments.first[i].p_type != PT_NOTE) continue;
    uint64_t at = module->load_bias + segments.first[i].p_vaddr;
    const uint64_t notes_end = at + segments.first[i].p_memsz;
    if (at < module->start || notes_end > module->end) continue;
    while (at + sizeof(ElfW(Nhdr)) <= notes_end) {
      const auto* const note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const uint64_t name = at + sizeof(*note);
      const uint64_t description = name + ((note->n_namesz + 3ul) & ~3ul);
      const uint64_t next = description + ((note->n_descsz + 3ul) & ~3ul);
      if (next > notes_end || next <= at) break;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          __builtin_memcmp(reinterpret_cast<const void*>(name), "GNU", 4) == 0 &&
          note->n_descsz <= sizeof(module->build_id)) {
        base::copy_bytes(module->build_id, reinterpret_cast<const void*>(description),
                         note->n_descsz);
        module->build_id_size = note->n_descsz;
        return;
      }
      at = next;
    }
  }
}

}  // namespace

const char* Modules::keep_text(const char* folder, const char* text) {
  const size_t folder_size = base::length(folder);
  const size_t size = folder_size + base::length(text) + 2;
  char* const kept = texts_.take(size);
  if (kept == nullptr) return "";
  base::TextWriter writer(kept, size);
  if (folder_size != 0) writer.add(folder).add('/');
  writer.add(text);
  return kept;
}

ModuleRecord* Modules::find_open(uint64_t address) {
  for (uint32_t i = count_.load(std::memory_order_relaxed); i > 0; --i) {
    ModuleRecord& module = records_[i - 1];
    if (address - module.start < module.end - module.start &&
        !module.unloaded.load(std::memory_order_relaxed)) {
      return &module;
    }
  }
  return nullptr;
}

void Modules::close(ModuleRecord* module, uint32_t node_count) {
  // (A birth is the sum of two numbers that grow; they are read one after the other.)
  module->end_node = node_count > module->first_node ? node_count : module->first_node;
  module->unloaded.store(true, std::memory_order_release);
  for (uint32_t i = 0; in_box_ && i < count(); ++i) {
    if (&records_[i] == module) copy_to_box(i);
  }
}

// The record behind those known is filled.
void Modules::add(uint32_t known) {
  count_.store(known + 1, std::memory_order_release);
  if (in_box_) copy_to_box(known);
}

void Modules::copy_to_box(uint32_t index) {
  format::BoxModule* const copy = box_.ensure(index);
  if (copy == nullptr) return;
  const ModuleRecord& module = records_[index];
  const bool unloaded = module.unloaded.load(std::memory_order_relaxed);
  copy->flags = (module.main ? uint32_t{format::kModuleMain} : 0) |
                (unloaded ? uint32_t{format::kModuleUnloaded} : 0);
  copy->start = module.start;
  copy->end = module.end;
  copy->load_bias = module.load_bias;
  copy->first_node = module.first_node;
  copy->end_node = module.end_node;
  copy->build_id_size = module.build_id_size;
  base::copy_bytes(copy->build_id, module.build_id, sizeof(copy->build_id));
  base::TextWriter(copy->path, sizeof(copy->path)).add(module.path);
  __atomic_store_n(&copy->there, 1, __ATOMIC_RELEASE);
}

void Modules::keep_in_box() {
  in_box_ = true;
  box_.keep_in_box({format::BoxKind::kModules, 0});
  for (uint32_t i = 0; i < count(); ++i) copy_to_box(i);
}

// Nodes that are made from now on belong to what is loaded, whatever births there were.
void Modules::begin_anew() {
  for (uint32_t i = 0; i < count(); ++i) {
    ModuleRecord& module = records_[i];
    module.first_node = 0;
    if (module.unloaded.load(std::memory_order_relaxed)) module.end_node = 0;
  }
  box_.abandon_chunks(count());
}

Modules::Closed Modules::note(uint64_t pc, uint32_t node_count) {
  unwind::Object object;
  if (!unwind::find_object(pc - 1, &object)) return Closed{};
  const ModuleRecord* const open = find_open(pc - 1);
  if (open != nullptr && open->link_map != nullptr && is_same(*open, object)) return Closed{};
  const uint32_t known = count_.load(std::memory_order_relaxed);
  Closed closed;
  for (uint32_t i = 0; i < known; ++i) {
    ModuleRecord& old = records_[i];
    if (old.start >= object.end || old.end <= object.start) continue;
    if (old.unloaded.load(std::memory_order_relaxed)) continue;
    if (&old != open && still_loaded(old)) continue;
    if (old.link_map != nullptr) {
      if (closed.end == 0 || old.start < closed.start) closed.start = old.start;
      if (old.end > closed.end) closed.end = old.end;
    }
    close(&old, node_count);
  }
  ModuleRecord* const module = records_.ensure(known);
  if (module == nullptr) return closed;
  const auto* const link = static_cast<const link_map*>(object.link_map);
  module->start = object.start;
  module->end = object.end;
  module->load_bias = link->l_addr;
  module->link_map = link;
  module->eh_frame_header = object.eh_frame_header;
  module->first_node = node_count;
  module->end_node = UINT32_MAX;
  module->main = link->l_name == nullptr || link->l_name[0] == '\0';
  if (module->main) {
    module->path = executable_ == nullptr ? "" : executable_;
  } else if (link->l_name[0] == '/' || base::starts_with(link->l_name, "linux-vdso")) {
    module->path = keep_text("", link->l_name);
  } else {
    static constinit char folder[4096]{};  // one writer at a time; too large for small stacks
    const long result =
        base::system_call(SYS_getcwd, reinterpret_cast<long>(folder), sizeof(folder));
    module->path = keep_text(result > 0 ? folder : "", link->l_name);
  }
  const Segments segments = segments_of(object.start, module->main);
  if (module->main) widen_range(segments, module);
  read_build_id(segments, module);
  add(known);
  return closed;
}

Modules::Closed Modules::note_copy(uint64_t start, uint64_t end, uint64_t original,
                                   uint32_t node_count) {
  unwind::Object object;
  if (unwind::find_object(start, &object)) return Closed{};
  const Closed closed = note(original + 1, node_count);
  const ModuleRecord* const source = find_open(original);
  if (source == nullptr || source->link_map == nullptr) return closed;
  const uint64_t bias = source->load_bias + (start - original);
  uint32_t first_node = 0;
  const uint32_t known = count_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < known; ++i) {
    ModuleRecord& other = records_[i];
    if (other.start >= end || other.end <= start) continue;
    const bool open = !other.unloaded.load(std::memory_order_relaxed);
    if (open && other.link_map != nullptr) return closed;
    if (open && other.start == start && other.end == end && other.load_bias == bias) return closed;
    if (open) close(&other, node_count);
    if (other.end_node > first_node) first_node = other.end_node;
  }
  ModuleRecord* const copy = records_.ensure(known);
  if (copy == nullptr) return closed;
  copy->start = start;
  copy->end = end;
  copy->load_bias = bias;
  copy->first_node = first_node;
  copy->end_node = UINT32_MAX;
  copy->path = source->path;
  copy->build_id_size = source->build_id_size;
  base::copy_bytes(copy->build_id, source->build_id, sizeof(copy->build_id));
  add(known);
  return closed;
}

bool Modules::still_loaded(const ModuleRecord& module) {
  if (module.main || module.link_map == nullptr) return true;
  unwind::Object object;
  return unwind::find_object(module.start, &object) && object.start == module.start &&
         object.link_map == module.link_map && object.end == module.end &&
         object.eh_frame_header == module.eh_frame_header;
}

}  // namespace silt::track
