// SPDX-License-Identifier: Apache-2.0
//
// One pass over the mappings, in order of addresses; see the header.

#include "interposer/snapshot/resident_parts.h"

#include <sys/syscall.h>
#include <time.h>

#include <cstring>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using base::kPageSize;
using format::RssKind;

// Time of this thread, in which other threads and programs do not count.
constexpr uint64_t kPatienceNs = 5'000'000;
// Reading smaps may take so long where a runtime marks its heaps: it collects garbage first.
constexpr uint64_t kSmapsPatienceNs = 60'000'000;
// Measured on Linux 6.18: 45 ns for a resident kilobyte, 20 us for a mapping.
constexpr uint64_t kSmapsNsPerKilobyte = 60;
constexpr uint64_t kSmapsNsAtLeast = 6'000'000;
// Memory behind a guard of at most this size is a thread's stack.
constexpr uint64_t kLargestGuard = 64 * 1024;

// Behind a library's file its zeroed data lie, or whatever was mapped there before: small is the
// former. Programs themselves lie below this address.
constexpr uint64_t kLargestData = 1024 * 1024;
constexpr uint64_t kMmapRegion = 0x7000'0000'0000;

constinit uint64_t g_smaps_ns_per_megabyte = 0;  // as measured last, 0: not yet

uint64_t thread_ns() {
  struct timespec now {};
  base::system_call(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, reinterpret_cast<long>(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Counts resident pages until the time is up.
class Pages {
 public:
  explicit Pages(uint64_t patience_ns) : end_ns_(thread_ns() + patience_ns) {}

  bool late() const { return late_; }

  uint64_t resident(uint64_t start, uint64_t end) {
    uint64_t pages = 0;
    start &= ~(kPageSize - 1);
    end = (end + kPageSize - 1) & ~(kPageSize - 1);
    while (start < end && !late_) {
      const uint64_t size = end - start < kPiece ? end - start : kPiece;
      pages += count(start, size);
      start += size;
      unchecked_ += size;
      if (unchecked_ < kPiece / 4) continue;
      unchecked_ = 0;
      late_ = thread_ns() > end_ns_;
    }
    return pages * kPageSize;
  }

 private:
  static constexpr uint64_t kPiece = uint64_t{16} << 20;

  static uint64_t count(uint64_t start, uint64_t size) {
    static constinit unsigned char answers[kPiece / kPageSize]{};
    if (base::system_call(SYS_mincore, static_cast<long>(start), static_cast<long>(size),
                          reinterpret_cast<long>(answers)) != 0) {
      return 0;  // unmapped meanwhile
    }
    const uint64_t pages = size / kPageSize;
    uint64_t resident = 0;
    uint64_t i = 0;
    for (; i + 8 <= pages; i += 8) {
      uint64_t eight;
      std::memcpy(&eight, answers + i, sizeof(eight));
      resident += (eight & 0x0101010101010101) * 0x0101010101010101 >> 56;
    }
    for (; i < pages; ++i) resident += answers[i] & 1;
    return resident;
  }

  const uint64_t end_ns_;
  uint64_t unchecked_ = 0;
  bool late_ = false;
};

struct Area {
  uint64_t start;
  uint64_t end;
  const char* permissions;
  bool file;
  const char* name;  // "[heap]", or empty
};

bool is_private(const Area& area) { return area.permissions[3] == 'p'; }

class Division {
 public:
  Division(ResidentParts& parts, Pages& pages) : parts_(parts), pages_(pages) {}

  // With the resident size and the mark of a runtime's heap where they are known.
  void add(const Area& area, const uint64_t* resident, bool marked) {
    const bool accessible = area.permissions[0] == 'r' || area.permissions[1] == 'w';
    const bool small = area.end - area.start <= kLargestGuard;
    const bool behind_guard = guard_end_ == area.start;
    const bool behind_file = file_end_ == area.start;
    guard_end_ = !accessible && !area.file && small ? area.end : 0;
    file_end_ = area.file ? area.end : 0;
    if (area.file || !is_private(area)) {
      if (is_private(area) && area.permissions[1] == 'w') written_files_ += area.end - area.start;
      return;
    }
    if (base::starts_with(area.name, "[v") || (!accessible && resident == nullptr)) return;
    const uint64_t bytes = resident != nullptr ? *resident : pages_.resident(area.start, area.end);
    if (marked) {
      parts_.of(RssKind::kManagedHeap) += bytes;
    } else if (base::starts_with(area.name, "[stack")) {
      parts_.of(RssKind::kStack) += bytes;
    } else if (base::starts_with(area.name, "[heap]")) {
      parts_.of(RssKind::kAllocator) += bytes;
    } else if (behind_file && (area.end - area.start <= kLargestData || area.end < kMmapRegion)) {
      parts_.of(RssKind::kOther) += bytes;  // the zeroed data of the module before it
    } else {
      const uint64_t mapped = recorded_in(area, bytes);
      parts_.of(RssKind::kMapping) += mapped;
      parts_.of(behind_guard && mapped == 0 ? RssKind::kStack : RssKind::kAllocator) +=
          bytes - mapped;
    }
  }

  uint64_t written_files() const { return written_files_; }

 private:
  // How much of the area's resident memory are mappings that the program made itself.
  uint64_t recorded_in(const Area& area, uint64_t bytes) {
    const base::SpinGuard guard(track::recorder.mappings.lock());
    uint64_t mapped = 0;
    track::recorder.mappings.scan(area.start, [&](const track::MappingRange& range) {
      if (range.start >= area.end) return false;
      const uint64_t start = range.start > area.start ? range.start : area.start;
      const uint64_t end = range.end < area.end ? range.end : area.end;
      if (start == area.start && end == area.end) {
        mapped = bytes;
        return false;
      }
      mapped += pages_.resident(start, end);
      return true;
    });
    return mapped < bytes ? mapped : bytes;
  }

  ResidentParts& parts_;
  Pages& pages_;
  uint64_t guard_end_ = 0;  // of the area before, if it is a guard; if it is a file's
  uint64_t file_end_ = 0;
  uint64_t written_files_ = 0;
};

bool is_header(const char* line) {
  return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

// "start-end rwxp offset dev inode   path"; false when it is none.
bool parse_header(const char* line, Area& area) {
  const char* at;
  area.start = base::parse_hexadecimal(line, &at);
  if (*at != '-') return false;
  area.end = base::parse_hexadecimal(at + 1, &at);
  if (*at != ' ' || base::length(at) < 6 || area.end <= area.start) return false;
  area.permissions = at + 1;
  at += 6;
  for (int field = 0; field < 2; ++field) {  // to the inode
    while (*at != '\0' && *at != ' ') ++at;
    while (*at == ' ') ++at;
  }
  area.file = *at != '0';
  while (*at != '\0' && *at != ' ') ++at;
  while (*at == ' ') ++at;
  area.name = at;
  return true;
}

void divide_by_maps(Division& division, Pages& pages) {
  static constinit char buffer[16 * 1024]{};
  read_lines("/proc/self/maps", buffer, sizeof(buffer), [&](const char* line) {
    Area area{};
    if (!pages.late() && parse_header(line, area)) division.add(area, nullptr, false);
  });
}

void divide_by_smaps(Division& division) {
  static constinit char buffer[16 * 1024]{};
  static constinit char header[512]{};
  Area area{};
  bool open = false;
  uint64_t resident = 0;
  read_lines("/proc/self/smaps", buffer, sizeof(buffer), [&](const char* line) {
    if (is_header(line)) {
      base::TextWriter(header, sizeof(header)).add(line);
      open = parse_header(header, area);
      resident = 0;
    } else if (base::starts_with(line, "Rss:")) {
      while (*line != '\0' && (*line < '0' || *line > '9')) ++line;
      const char* end;
      resident = base::parse_decimal(line, &end) * 1024;
    } else if (open && base::starts_with(line, "VmFlags:")) {
      bool marked = false;
      for (; *line != '\0'; ++line) marked = marked || base::starts_with(line, " dc");
      division.add(area, &resident, marked);
      open = false;
    }
  });
}

uint64_t smaps_cost_ns(const ResidentMemory& totals) {
  if (g_smaps_ns_per_megabyte != 0) return (totals.rss >> 20) * g_smaps_ns_per_megabyte;
  return kSmapsNsAtLeast + (totals.rss >> 10) * kSmapsNsPerKilobyte;
}

uint64_t own_resident(Pages& pages) {
  uint64_t bytes = 0;
  for (const base::MappedRange& range : base::mapped_ranges) {
    const uint64_t start = range.start.load(std::memory_order_acquire);
    const uint64_t size = range.size.load(std::memory_order_acquire);
    if (start != 0 && size != 0) bytes += pages.resident(start, start + size);
  }
  return bytes;
}

// The kernel's sums are right; mapping by mapping, memory that came or went meanwhile is not.
void make_add_up(ResidentParts& parts, const ResidentMemory& totals, const Division& division,
                 bool late) {
  uint64_t divided = 0;
  for (const uint64_t bytes : parts.bytes) divided += bytes;
  parts.of(RssKind::kFile) = totals.file + totals.shared;
  if (divided > totals.anonymous) {
    uint64_t excess = divided - totals.anonymous;
    for (const RssKind kind : {RssKind::kAllocator, RssKind::kMapping, RssKind::kManagedHeap,
                               RssKind::kOther, RssKind::kSilt, RssKind::kStack}) {
      const uint64_t taken = excess < parts.of(kind) ? excess : parts.of(kind);
      parts.of(kind) -= taken;
      excess -= taken;
    }
    return;
  }
  uint64_t rest = totals.anonymous - divided;
  if (late) {
    parts.of(RssKind::kUnknown) = rest;
    return;
  }
  // Pages of files that were written are anonymous to the kernel.
  const uint64_t written = rest < division.written_files() ? rest : division.written_files();
  parts.of(RssKind::kFile) += written;
  parts.of(RssKind::kOther) += rest - written;
}

}  // namespace

ResidentParts read_resident_parts(const ResidentMemory& totals, bool marked) {
  ResidentParts parts{};
  parts.known = totals.anonymous != 0;
  if (!parts.known) return parts;
  parts.has_managed = marked && smaps_cost_ns(totals) <= kSmapsPatienceNs;
  Pages pages(parts.has_managed ? kSmapsPatienceNs : kPatienceNs);
  const uint64_t own = own_resident(pages);
  Division division(parts, pages);
  if (parts.has_managed) {
    const uint64_t begin = thread_ns();
    divide_by_smaps(division);
    g_smaps_ns_per_megabyte = (thread_ns() - begin) / ((totals.rss >> 20) + 1) + 1;
  } else {
    divide_by_maps(division, pages);
  }
  // Silt's tables lie among the allocator's mappings.
  uint64_t& allocator = parts.of(RssKind::kAllocator);
  parts.of(RssKind::kSilt) = own;
  allocator -= own < allocator ? own : allocator;
  make_add_up(parts, totals, division, pages.late());
  return parts;
}

void write_resident_parts(SectionWriter& out, const ResidentParts& parts) {
  if (!parts.known) return;
  out.begin(format::SectionType::kRss);
  uint32_t count = 0;
  for (uint32_t kind = 1; kind < ResidentParts::kKinds; ++kind) {
    if (kind == static_cast<uint32_t>(RssKind::kManagedHeap) && !parts.has_managed) continue;
    const format::RssEntry entry{kind, 0, parts.bytes[kind]};
    out.add(&entry, sizeof(entry));
    ++count;
  }
  out.end(count);
}

}  // namespace silt::snapshot
