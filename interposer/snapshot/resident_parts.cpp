// SPDX-License-Identifier: Apache-2.0
//
// One pass over the mappings, in order of addresses; see the header.

#include "interposer/snapshot/resident_parts.h"

#include <time.h>

#include "interposer/base/arch.h"
#include "interposer/base/black_box.h"
#include "interposer/base/clock.h"
#include "interposer/base/maps_line.h"
#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/resident_pages.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using base::MapsLine;
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
// former.
constexpr uint64_t kLargestData = 1024 * 1024;

// A WebAssembly module may ask for more memory at any time, at the same address: 8 GB or more are
// reserved behind it. Nothing else that a runtime marks is followed by so much; a cage for a heap
// has 4 GB.
constexpr uint64_t kSmallestReservation = uint64_t{4} << 30;

constinit uint64_t g_smaps_ns_per_megabyte = 0;  // as measured last, 0: not yet

class Division {
 public:
  Division(ResidentParts& parts, ResidentPages& pages) : parts_(parts), pages_(pages) {}

  // With the resident size and the mark of a runtime's heap where they are known.
  void add(const MapsLine& area, const uint64_t* resident, bool marked) {
    const bool accessible = area.readable || area.writable;
    const bool of_file = area.inode != 0;
    const bool small = area.end - area.start <= kLargestGuard;
    const bool behind_guard = guard_end_ == area.start;
    const bool behind_file = file_end_ == area.start;
    if (!accessible && !of_file && marked_end_ == area.start &&
        area.end - area.start >= kSmallestReservation) {
      parts_.web_assembly += marked_bytes_;
    }
    marked_end_ = 0;
    guard_end_ = !accessible && !of_file && small ? area.end : 0;
    file_end_ = of_file ? area.end : 0;
    if (of_file || !area.is_private) {
      if (area.is_private && area.writable) written_files_ += area.end - area.start;
      return;
    }
    if (base::starts_with(area.path, "[v") || (!accessible && resident == nullptr)) return;
    const uint64_t bytes = resident != nullptr ? *resident : pages_.resident(area.start, area.end);
    if (marked) {
      parts_.of(RssKind::kManagedHeap) += bytes;
      marked_end_ = accessible ? area.end : 0;
      marked_bytes_ = bytes;
    } else if (base::starts_with(area.path, "[stack")) {
      parts_.of(RssKind::kStack) += bytes;
    } else if (base::starts_with(area.path, "[heap]")) {
      parts_.of(RssKind::kAllocator) += bytes;
    } else if (behind_file &&
               (area.end - area.start <= kLargestData || area.end < arch::mapped_from())) {
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
  uint64_t recorded_in(const MapsLine& area, uint64_t bytes) {
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
  ResidentPages& pages_;
  uint64_t guard_end_ = 0;  // of the area before, if it is a guard; if it is a file's
  uint64_t file_end_ = 0;
  uint64_t marked_end_ = 0;  // of the area before, if it is a runtime's; its resident bytes
  uint64_t marked_bytes_ = 0;
  uint64_t written_files_ = 0;
};

bool is_header(const char* line) {
  return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

void divide_by_maps(Division& division, ResidentPages& pages) {
  static constinit char buffer[16 * 1024]{};
  read_lines("/proc/self/maps", buffer, sizeof(buffer), [&](const char* line) {
    MapsLine area;
    if (!pages.late() && base::parse_maps_line(line, &area)) division.add(area, nullptr, false);
  });
}

void divide_by_smaps(Division& division) {
  static constinit char buffer[16 * 1024]{};
  static constinit char header[512]{};
  MapsLine area{};
  bool open = false;
  uint64_t resident = 0;
  read_lines("/proc/self/smaps", buffer, sizeof(buffer), [&](const char* line) {
    if (is_header(line)) {
      base::TextWriter(header, sizeof(header)).add(line);
      open = base::parse_maps_line(header, &area);
      resident = 0;
    } else if (base::starts_with(line, "Rss:")) {
      resident = base::first_number(line) * 1024;
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

// `in_box`: what of silt's own lies in the black box, which is a file.
uint64_t own_resident(ResidentPages& pages, uint64_t* in_box) {
  uint64_t bytes = 0;
  for (const base::MappedRange& range : base::mapped_ranges) {
    const uint64_t start = range.start.load(std::memory_order_acquire);
    const uint64_t size = range.size.load(std::memory_order_acquire);
    if (start == 0 || size == 0) continue;
    const bool boxed = base::black_box.holds(reinterpret_cast<const void*>(start));
    (boxed ? *in_box : bytes) += pages.resident(start, start + size);
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
  ResidentPages pages(parts.has_managed ? kSmapsPatienceNs : kPatienceNs);
  uint64_t in_box = 0;
  const uint64_t own = own_resident(pages, &in_box);
  Division division(parts, pages);
  if (parts.has_managed) {
    const uint64_t begin = base::clock_ns(CLOCK_THREAD_CPUTIME_ID);
    divide_by_smaps(division);
    g_smaps_ns_per_megabyte =
        (base::clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / ((totals.rss >> 20) + 1) + 1;
  } else {
    divide_by_maps(division, pages);
  }
  // Silt's tables lie among the allocator's mappings.
  uint64_t& allocator = parts.of(RssKind::kAllocator);
  parts.of(RssKind::kSilt) = own;
  allocator -= own < allocator ? own : allocator;
  make_add_up(parts, totals, division, pages.late());
  uint64_t& files = parts.of(RssKind::kFile);
  if (in_box > files) in_box = files;
  files -= in_box;
  parts.of(RssKind::kSilt) += in_box;
  const uint64_t managed = parts.of(RssKind::kManagedHeap);
  if (parts.web_assembly > managed) parts.web_assembly = managed;
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
  if (parts.has_managed) {
    const format::RssEntry entry{static_cast<uint32_t>(RssKind::kWebAssembly), 0,
                                 parts.web_assembly};
    out.add(&entry, sizeof(entry));
    ++count;
  }
  out.end(count);
}

}  // namespace silt::snapshot
