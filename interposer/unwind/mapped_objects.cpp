// SPDX-License-Identifier: Apache-2.0
//
// See mapped_objects.h. The table only grows: a writer, under the lock, fills an entry and then
// counts it, so that a reader needs no lock. An entry that no longer holds is marked gone, and its
// place is not used again. Any context.

#include "interposer/unwind/mapped_objects.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/maps_line.h"
#include "interposer/base/memory.h"
#include "interposer/base/open_files.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/base/text_blocks.h"

namespace silt::unwind {
namespace {

constexpr const char* kKernelObject = "[vdso]";

// Its path is there until the next line is read.
struct Mapping : base::MapsLine {
  bool of_kernel;

  bool holds(uint64_t address) const { return address >= start && address < end; }
  bool is_of_same_file(const Mapping& other) const {
    return inode == other.inode && device == other.device && of_kernel == other.of_kernel;
  }
  bool begins_object() const { return of_kernel || (inode != 0 && offset == 0); }
  bool is_anonymous() const { return inode == 0 && !of_kernel; }
};

// An object, or with no link name a range in which there is none.
struct Entry {
  uint64_t start;
  uint64_t end;
  uint64_t device;
  uint64_t inode;
  const void* eh_frame_header;
  link_map link;  // l_addr and l_name only
  std::atomic<bool> gone;
  bool seen;  // by recheck
};

// Programs with a thousand libraries exist; ranges of made code that grow leave several entries.
constinit base::ChunkedArray<Entry, 256, 128> g_entries{};
constinit std::atomic<uint32_t> g_count{0};
constinit base::SpinLock g_lock;
// Under the lock, because hooks have little stack.
constexpr size_t kLongestLine = 4096 + 128;
constinit char g_text[2 * kLongestLine]{};
constinit char g_path[kLongestLine]{};
// Of the object that is read; linkers make some ten.
constexpr size_t kMostSegments = 64;
constinit ElfW(Phdr) g_segments[kMostSegments]{};
constinit base::TextBlocks<base::map_within_limit> g_names{};

Mapping parse(const char* line) {
  Mapping mapping{};
  if (!base::parse_maps_line(line, &mapping)) return Mapping{};
  mapping.of_kernel = base::equal(mapping.path, kKernelObject);
  return mapping;
}

// Calls visit(mapping) for each, ascending, until it says false. Under the lock.
template <typename Visit>
void visit_mappings(Visit&& visit) {
  const long fd = base::open_listed(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return;
  size_t used = 0;
  for (bool more = true; more;) {
    const long got = base::system_call(SYS_read, fd, reinterpret_cast<long>(g_text + used),
                                       static_cast<long>(sizeof(g_text) - 1 - used));
    if (got == -EINTR) continue;
    if (got <= 0) break;
    used += static_cast<size_t>(got);
    size_t begin = 0;
    for (size_t i = 0; more && i < used; ++i) {
      if (g_text[i] != '\n') continue;
      g_text[i] = '\0';
      more = visit(parse(g_text + begin));
      begin = i + 1;
    }
    if (begin == 0 && used == sizeof(g_text) - 1) break;  // no line is so long
    __builtin_memmove(g_text, g_text + begin, used - begin);
    used -= begin;
  }
  base::close_listed(static_cast<int>(fd));
}

const char* keep_name(const char* name) {
  constexpr const char* kDeleted = " (deleted)";
  size_t size = base::length(name);
  const size_t mark = base::length(kDeleted);
  if (size > mark && base::equal(name + size - mark, kDeleted)) size -= mark;
  char* const kept = g_names.take(size + 1);
  if (kept == nullptr) return "";
  base::TextWriter(kept, size + 1).add(name, size);
  return kept;
}

const Entry* find_entry(uint64_t address) {
  for (uint32_t i = g_count.load(std::memory_order_acquire); i > 0; --i) {
    const Entry& entry = g_entries[i - 1];
    if (address - entry.start < entry.end - entry.start &&
        !entry.gone.load(std::memory_order_relaxed)) {
      return &entry;
    }
  }
  return nullptr;
}

// Whether the file's part at that address is there as the loader puts it. Under the lock.
bool is_mapped(const Mapping& first, uint64_t address, uint64_t file_offset) {
  bool found = false;
  visit_mappings([&](const Mapping& mapping) {
    if (!mapping.holds(address)) return mapping.start <= address;
    found = mapping.readable && mapping.is_of_same_file(first) &&
            mapping.offset + (address - mapping.start) == file_offset;
    return false;
  });
  return found;
}

// Fills `entry` when the file whose first page is mapped by `first` is a loaded object that holds
// `address`, which `holder` maps. Programs map ELF files to read them, too: the pc and the unwind
// table must lie where the loader would have put them.
bool read_object(const Mapping& first, const Mapping& holder, uint64_t address, Entry* entry) {
  if (!first.readable || first.end - first.start < sizeof(ElfW(Ehdr))) return false;
  // Nobody keeps the object from being unloaded since its line was read.
  ElfW(Ehdr) header;
  if (!read_mapped_memory(reinterpret_cast<const void*>(first.start), &header, sizeof(header)) ||
      __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(ElfW(Phdr)) ||
      header.e_phoff > first.end - first.start ||
      header.e_phnum > (first.end - first.start - header.e_phoff) / sizeof(ElfW(Phdr)) ||
      header.e_phnum > kMostSegments ||
      !read_mapped_memory(reinterpret_cast<const void*>(first.start + header.e_phoff), g_segments,
                          header.e_phnum * sizeof(ElfW(Phdr)))) {
    return false;
  }
  bool begun = false;
  bool holds = false;
  uint64_t bias = 0;
  uint64_t table = 0;
  entry->start = first.start;
  entry->end = first.start;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const ElfW(Phdr)& segment = g_segments[i];
    if (segment.p_type == PT_GNU_EH_FRAME) table = segment.p_vaddr;
    if (segment.p_type != PT_LOAD) continue;
    if (!begun) {
      if (segment.p_offset >= base::page_size()) return false;
      bias = first.start - (segment.p_vaddr - segment.p_offset);
      begun = true;
    }
    const uint64_t start = bias + segment.p_vaddr;
    if (start + segment.p_memsz > entry->end) entry->end = start + segment.p_memsz;
    if (address - start < segment.p_memsz) {
      holds = holder.is_anonymous() || holder.of_kernel ||
              holder.offset + (address - holder.start) == segment.p_offset + (address - start);
    }
  }
  if (!holds) return false;
  entry->end = base::page_up(entry->end);
  entry->eh_frame_header = nullptr;
  for (unsigned i = 0; table != 0 && i < header.e_phnum; ++i) {
    const ElfW(Phdr)& segment = g_segments[i];
    if (segment.p_type != PT_LOAD || table - segment.p_vaddr >= segment.p_filesz) continue;
    const uint64_t place = bias + table;
    if (first.of_kernel || is_mapped(first, place, segment.p_offset + table - segment.p_vaddr)) {
      entry->eh_frame_header = reinterpret_cast<const void*>(place);
    }
  }
  const uint64_t program = getauxval(AT_PHDR);
  entry->link.l_addr = bias;
  entry->link.l_name =
      const_cast<char*>(program - entry->start < entry->end - entry->start
                            ? ""
                            : keep_name(first.of_kernel ? "linux-vdso.so.1" : g_path));
  return true;
}

// The range around `address`, as a new entry. Under the lock.
void look_up(uint64_t address) {
  Mapping first{};   // of the file whose mappings are being seen
  Mapping holder{};  // end 0: not seen
  Mapping around{};  // a run of mappings without a file
  visit_mappings([&](const Mapping& mapping) {
    const bool found = holder.end != 0;
    if (found && !(around.end != 0 && mapping.is_anonymous() && mapping.start == around.end)) {
      return false;
    }
    if (!found && mapping.begins_object()) {
      first = mapping;
      base::TextWriter(g_path, sizeof(g_path)).add(mapping.path);
    }
    if (!mapping.is_anonymous()) {
      around.end = 0;
    } else {
      if (mapping.start != around.end) around.start = mapping.start;
      around.end = mapping.end;
    }
    if (mapping.holds(address)) holder = mapping;
    return mapping.start <= address || holder.end != 0;
  });
  if (holder.end == 0) return;
  const uint32_t count = g_count.load(std::memory_order_relaxed);
  Entry* const entry = g_entries.ensure(count);
  if (entry == nullptr) return;
  // Some of an object's pages have no file any more (text that was moved to huge pages).
  const bool may_be_object = first.end != 0 && holder.executable &&
                             (holder.is_anonymous() || first.is_of_same_file(holder));
  if (!may_be_object || !read_object(first, holder, address, entry)) {
    entry->start = holder.is_anonymous() ? around.start : holder.start;
    entry->end = holder.is_anonymous() ? around.end : holder.end;
    entry->link.l_name = nullptr;
  }
  entry->device = first.device;
  entry->inode = first.inode;
  g_count.store(count + 1, std::memory_order_release);
}

}  // namespace

bool read_mapped_memory(const void* from, void* into, size_t size_bytes) {
  const long result = base::read_memory(reinterpret_cast<uint64_t>(from), into, size_bytes);
  if (result == 0 || result == -EFAULT) return result == 0;
  __builtin_memcpy(into, from, size_bytes);  // a sandbox forbids to ask the kernel
  return true;
}

bool find_mapped_object(uint64_t address, Object* object) {
  const Entry* entry = find_entry(address);
  if (entry == nullptr) {
    const base::SpinGuard guard(g_lock);
    entry = find_entry(address);
    if (entry == nullptr) look_up(address);
    entry = find_entry(address);
  }
  if (entry == nullptr || entry->link.l_name == nullptr) return false;
  *object = Object{entry->start, entry->end, entry->eh_frame_header, &entry->link};
  return true;
}

void recheck_mapped_objects() {
  const base::SpinGuard guard(g_lock);
  const uint32_t count = g_count.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; ++i) g_entries[i].seen = false;
  visit_mappings([&](const Mapping& mapping) {
    for (uint32_t i = 0; i < count; ++i) {
      Entry& entry = g_entries[i];
      if (entry.start != mapping.start || entry.link.l_name == nullptr) continue;
      if (entry.device == mapping.device && entry.inode == mapping.inode) entry.seen = true;
    }
    return true;
  });
  for (uint32_t i = 0; i < count; ++i) {
    if (!g_entries[i].seen) g_entries[i].gone.store(true, std::memory_order_relaxed);
  }
}

void hold_mapped_objects() { g_lock.lock(); }
void release_mapped_objects() { g_lock.unlock(); }

}  // namespace silt::unwind
