// SPDX-License-Identifier: Apache-2.0
//
// See roots.h. Longer than 300 lines: each kind of root takes a few lines, and their order is one
// decision.

#include "interposer/owners/roots.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/owners/copied_process.h"
#include "interposer/owners/cycles.h"
#include "interposer/owners/sorting.h"
#include "interposer/owners/thread_stack.h"
#include "interposer/track/recorder.h"

namespace silt::owners {
namespace {

using base::page_down;
using base::page_up;
using format::RootKind;
using track::recorder;

alignas(64) constinit uint64_t g_copy[64 * 1024 / sizeof(uint64_t)]{};

// With all of AVX-512 and AMX; the frame lies at the end of the stack that the handler runs on.
constexpr uint64_t kLargestSignalFrame = 32 * 1024;

uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

}  // namespace

bool Roots::claim(uint64_t start, uint64_t end) {
  if (claim_count_ == claim_room_) return false;
  claims_[claim_count_++] = {page_down(start), page_up(end)};
  return true;
}

void Roots::scan(const Marker::RootPlace& place, uint64_t start, uint64_t end) {
  start = (start + 7) & ~uint64_t{7};
  end &= ~uint64_t{7};
  while (start < end) {
    const Area* const area = memory_.find(start);
    if (area == nullptr) {
      start = page_up(start + 1);
      continue;
    }
    const uint64_t stop = smaller(area->end, end);
    if (area->is_plain()) {
      scan_plain(place, start, stop);
    } else if (area->readable && area->is_private) {
      scan_copied(place, 0, start, stop);
    }
    start = stop;
  }
}

// Pages that were never written hold nothing. To ask which those are takes longer than to read a
// few words, of which there may be some between any two blocks.
void Roots::scan_plain(const Marker::RootPlace& place, uint64_t start, uint64_t end) {
  if (end - start < base::page_size()) {
    marker_.roots(place, start, reinterpret_cast<const uint64_t*>(start), (end - start) / 8);
    return;
  }
  const uint64_t piece_size = base::PopulatedPages::kMostPages * base::page_size();
  base::PopulatedPages populated;
  for (uint64_t piece = page_down(start); piece < end; piece += piece_size) {
    const uint64_t size = smaller(piece_size, end - piece);
    populated.visit_runs(
        reinterpret_cast<const void*>(piece), size, [&](size_t first, size_t last) {
          const uint64_t from = larger(piece + first, start);
          const uint64_t to = smaller(piece + last, end);
          if (from >= to) return;
          marker_.roots(place, from, reinterpret_cast<const uint64_t*>(from), (to - from) / 8);
        });
  }
}

// Of the copy itself with process 0: by the kernel, page by page where some are missing.
void Roots::scan_copied(const Marker::RootPlace& place, int32_t process, uint64_t start,
                        uint64_t end) {
  size_t step = sizeof(g_copy);
  while (start < end) {
    const size_t size = smaller(step, end - start);
    iovec to{g_copy, size};
    iovec from{reinterpret_cast<void*>(start), size};
    const long got =
        process == 0 ? read_copied(start, g_copy, size)
                     : base::system_call(SYS_process_vm_readv, process, reinterpret_cast<long>(&to),
                                         1, reinterpret_cast<long>(&from), 1, 0);
    if (got <= 0) {
      if (got != -14) {  // not EFAULT: the kernel does not want to
        hidden_ = true;
        return;
      }
      start = page_up(start + 1);
      continue;
    }
    marker_.roots(place, start, g_copy, static_cast<size_t>(got) / 8);
    start += static_cast<uint64_t>(got) & ~uint64_t{7};
    if ((got & ~7L) == 0) break;
  }
}

void Roots::mark_modules() {
  for (size_t i = 0; i < modules_.count(); ++i) {
    const LoadedModule& module = modules_.at(i);
    // glibc's allocator keeps pointers to what lies between blocks, the end of one among it.
    const Marker::RootPlace place{RootKind::kData, static_cast<uint32_t>(i), 0, module.is_libc,
                                  nullptr};
    for (size_t r = 0; r < module.ranges; ++r) {
      scan(place, module.data[r].start, module.data[r].end);
      claim(module.data[r].start, module.data[r].end);
    }
  }
}

// The thread that was asked stands where silt's own stack was entered, with a frame record.
void Roots::walk(int32_t thread, const Standing& standing, uint64_t stack_end) {
  if (thread == situation_.thread) {
    frames_.walk(unwind::caller_of(situation_.program_frame), stack_end);
  } else if (standing.pc != 0) {
    frames_.walk({standing.pc + 1, standing.stack_pointer, 0}, stack_end);
  }
}

void Roots::mark_thread(int32_t thread, uint64_t thread_pointer, bool stale) {
  const uint64_t tls_bytes = modules_.tls_bytes() + kSpareTlsBytes;
  const Area* const area = memory_.find(thread_pointer);
  if (area == nullptr || !area->is_plain()) return;
  uint64_t low = area->start;
  LiveBlock block;
  // A stack that the program provided itself may be a part of something larger.
  if (blocks_.find(thread_pointer, &block)) low = larger(low, block.begin);
  recorder.mappings.scan(thread_pointer, [&](const track::MappingRange& range) {
    if (range.start <= thread_pointer) low = larger(low, range.start);
    return false;
  });
  const uint64_t tls_low =
      larger(low, arch::thread_memory_begin(thread_pointer, tls_bytes) & ~uint64_t{7});
  const uint64_t top =
      smaller(area->end, page_up(arch::thread_memory_end(thread_pointer, tls_bytes)));
  uint64_t stack_end = tls_low;
  if (thread == situation_.process) {  // the main thread's stack lies elsewhere
    low = stack_end = 0;
    for (size_t i = memory_.count(); i-- > 0;) {
      if (!base::equal(memory_.at(i).path, "[stack]")) continue;
      low = memory_.at(i).start;
      stack_end = memory_.at(i).end;
      break;
    }
  }
  Standing standing{reinterpret_cast<uint64_t>(situation_.program_frame.record()), 0};
  if (thread != situation_.thread) standing = standing_of(situation_.process, thread);
  uint64_t pointer = standing.stack_pointer;
  frames_.clear();
  if (pointer >= low + arch::kRedZoneBytes && pointer < stack_end) {
    if (!stale && memory_.readable(pointer, stack_end)) walk(thread, standing, stack_end);
    if (thread != situation_.thread) pointer -= arch::kRedZoneBytes;
  } else {
    pointer = low;  // on another stack, or not known: all of it
  }
  base::Range vectors{pointer, pointer};  // of a signal's frame
  if (thread == situation_.thread) {
    const uint64_t near = smaller(stack_end, pointer + kLargestSignalFrame);
    if (memory_.readable(pointer, near)) find_vector_registers(pointer, near, &vectors);
  }
  const auto place = static_cast<uint32_t>(thread);
  if (stale) {
    PathId shared = 0;
    scan({RootKind::kStaleStack, place, 0, false, &shared}, low, pointer);
    scan({RootKind::kStaleStack, place, 0, false, &shared}, vectors.start, vectors.end);
    return;
  }
  ++threads_;
  scan({RootKind::kThreadLocal, place, thread_pointer, false, nullptr}, tls_low, top);
  const Marker::RootPlace stack{RootKind::kStack, place, 0, false, nullptr, false, &frames_};
  scan(stack, pointer, vectors.start);
  scan(stack, vectors.end, stack_end);
  claim(low, stack_end);
  claim(tls_low, top);
}

void Roots::mark_threads(bool stale) {
  const uint64_t own_local = reinterpret_cast<uint64_t>(&track::thread_local_part);
  const uint64_t distance = situation_.thread_pointer - own_local;
  for (track::ThreadState* state = track::first_thread_state(); state != nullptr;
       state = state->next) {
    const int32_t thread = track::owner_of(*state);
    const auto local = reinterpret_cast<uint64_t>(state->local.load(std::memory_order_relaxed));
    if (thread == 0 || local == 0) continue;
    if (thread != situation_.thread && !track::is_alive(thread)) continue;
    mark_thread(thread, local + distance, stale);
  }
  if (stale) return;
  PathId shared = 0;
  scan({RootKind::kRegister, static_cast<uint32_t>(situation_.thread), 0, false, &shared},
       situation_.own_stack_begin, situation_.own_stack_end);
}

// The lock was taken before the copy was made: the table is whole.
void Roots::mark_mappings() {
  recorder.mappings.scan(0, [&](const track::MappingRange& range) {
    claim(range.start, range.end);
    // What blocks are cut out of is an allocator's.
    if (blocks_.any_begins_in(range.start, range.end) ||
        objects_.any_begins_in(range.start, range.end)) {
      return true;
    }
    PathId shared = 0;
    scan({RootKind::kMapping, track::index_of(range.stack), 0, false, &shared}, range.start,
         range.end);
    return true;
  });
}

// Those that nothing has reached, where they are marked at all: each is a root for blocks.
bool Roots::mark_objects() {
  if (objects_.blocks() == 0) return true;
  const uint32_t stacks = recorder.stacks.id_limit();
  auto* const roots = static_cast<PathId*>(base::map_memory(stacks * sizeof(PathId)));
  if (roots == nullptr) return false;
  objects_.visit([&](const LiveBlock& object) {
    const uint64_t end = (object.begin + object.size) & ~uint64_t{7};
    const uint32_t stack = track::index_of(object.stack);
    if (stack >= stacks || object.begin >= end || !memory_.readable(object.begin, end)) {
      return;
    }
    if (kinds_known_ && marker_.path_of_object(object.number) != 0) return;
    marker_.roots({RootKind::kObject, stack, 0, false, &roots[stack], true}, object.begin,
                  reinterpret_cast<const uint64_t*>(object.begin), (end - object.begin) / 8);
  });
  return true;
}

bool Roots::mark_garbage() {
  Cycles cycles(objects_, memory_, marker_);
  if (!cycles.find()) return false;
  if (cycles.objects() == 0) return true;
  const bool off = object_kinds.collector_is_off != nullptr && object_kinds.collector_is_off();
  cycles.mark(marker_.add_root(RootKind::kGarbage, off ? 1 : 0));
  return true;
}

// Runtimes keep forks from getting their heaps (MADV_DONTFORK). It is read in the process itself,
// which goes on meanwhile: what it moves just then is missed, but nothing in it points to what is
// lost.
void Roots::mark_not_copied() {
  base::TextBuffer<40> path;
  path.add("/proc/").add_decimal(static_cast<uint64_t>(situation_.process)).add("/maps");
  MemoryMap theirs;
  if (!theirs.read(path.c_str())) {
    hidden_ = true;
    return;
  }
  PathId shared = 0;
  const RootKind kind = situation_.heaps_marked ? RootKind::kManagedHeap : RootKind::kMapping;
  for (size_t i = 0; i < theirs.count(); ++i) {
    const Area& area = theirs.at(i);
    if (!area.is_plain() || !area.writable || memory_.find(area.start) != nullptr) continue;
    scan_copied({kind, 0, 0, false, &shared}, situation_.process, area.start, area.end);
  }
}

// What lies between blocks is free or an allocator's, but for blocks that are not known.
void Roots::mark_other_range(uint64_t start, uint64_t end, bool with_blocks) {
  PathId shared = 0;
  const Marker::RootPlace place{RootKind::kOther, 0, 0, false, &shared};
  if (!blocks_.any_begins_in(start, end) && !objects_.any_begins_in(start, end)) {
    return scan(place, start, end);
  }
  if (!with_blocks) return;
  uint64_t gap = start;
  for (uint64_t at = start; at < end;) {
    LiveBlock block;
    if (!blocks_.find(at, &block) && !objects_.find(at, &block)) {
      // From one to the next: a gigabyte may lie between them.
      const uint64_t next = smaller(blocks_.next_begin(at, end), objects_.next_begin(at, end));
      at = larger(next, at + 8);
      continue;
    }
    scan(place, gap, at);
    at = gap = larger((block.begin + block.size + 7) & ~uint64_t{7}, at + 8);
  }
  scan(place, gap, end);
}

void Roots::mark_others() {
  sort(claims_, claim_count_,
       [](const base::Range& a, const base::Range& b) { return a.start < b.start; });
  size_t next = 0;
  for (size_t i = 0; i < memory_.count(); ++i) {
    const Area& area = memory_.at(i);
    const bool heap = base::equal(area.path, "[heap]");
    if (!area.is_plain() || !area.writable || (area.path[0] == '[' && !heap)) continue;
    uint64_t area_end = area.end;
    if (heap && !situation_.armed) area_end = smaller(area_end, situation_.early_heap_end);
    uint64_t at = area.start;
    while (next > 0 && claims_[next - 1].end > at) --next;
    while (at < area_end) {
      while (next < claim_count_ && claims_[next].end <= at) ++next;
      const uint64_t gap_end =
          next < claim_count_ ? smaller(larger(claims_[next].start, at), area_end) : area_end;
      if (gap_end > at) mark_other_range(at, gap_end, heap || situation_.armed);
      at = gap_end;
      if (next < claim_count_ && claims_[next].start <= at) at = larger(at, claims_[next].end);
    }
  }
}

bool Roots::mark(const base::Range* own, size_t own_count) {
  size_t states = 0;
  for (const auto* s = track::first_thread_state(); s != nullptr; s = s->next) ++states;
  claim_room_ = own_count + modules_.count() * LoadedModule::kMostRanges +
                recorder.mappings.count() + 2 * states + 16;
  claims_ = static_cast<base::Range*>(base::map_memory(claim_room_ * sizeof(base::Range)));
  if (claims_ == nullptr) return false;
  for (size_t i = 0; i < own_count; ++i) claim(own[i].start, own[i].end);
  if (kinds_known_) {
    // Names come before addresses, however long the way from them is.
    object_kinds.visit_variables(marker_.variables(), false);
    marker_.follow();
  }
  mark_modules();
  mark_threads(false);
  if (!kinds_known_ && !mark_objects()) return false;
  mark_mappings();
  if (situation_.heaps_marked) mark_not_copied();
  marker_.follow();
  if (kinds_known_) {
    // Before what only may hold pointers: a stale word keeps nothing from being garbage.
    if (!mark_garbage()) return false;
    object_kinds.visit_variables(marker_.variables(), true);
    marker_.follow();
    if (!mark_objects()) return false;
  }
  marker_.follow();
  mark_threads(true);
  // What the process has mapped since the copy was made is among it, and points to what names lead
  // to as well.
  if (!situation_.heaps_marked) mark_not_copied();
  mark_others();
  marker_.follow();
  return true;
}

}  // namespace silt::owners
