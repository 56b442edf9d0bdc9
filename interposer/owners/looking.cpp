// SPDX-License-Identifier: Apache-2.0
//
// See looking.h. Signal context, under the snapshot slot; `look` and what it calls in the copy.

#include "interposer/owners/looking.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/black_box.h"
#include "interposer/base/clock.h"
#include "interposer/base/memory.h"
#include "interposer/base/own_ranges.h"
#include "interposer/base/own_stack.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/owners/block_index.h"
#include "interposer/owners/copied_process.h"
#include "interposer/owners/copy.h"
#include "interposer/owners/early_heap.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/modules.h"
#include "interposer/owners/object_kinds.h"
#include "interposer/owners/result.h"
#include "interposer/owners/room.h"
#include "interposer/owners/roots.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/owners_wish.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/taking.h"
#include "interposer/track/recorder.h"

namespace silt::owners {

constinit ObjectKinds object_kinds{};

namespace {

using format::OwnersAsked;
using format::OwnersState;
using snapshot::OwnersRequest;
using track::recorder;

// What this copy takes beside what every copy takes (room.h): four bytes a block and two bits in
// maps of them, twelve for an object that no variable leads to (cycles.h), tables of fixed size
// (queues 8 MB, paths and what is written of them 20 MB), which are within the least room, and its
// page tables.
constexpr uint64_t kBytesForBlock = 5;
constexpr uint64_t kBytesForObject = 12;
constexpr uint64_t kPageTableShare = 512;

// Private pages, those included of which the process has another version by now.
uint64_t private_bytes() {
  static constinit char buffer[2048]{};
  uint64_t bytes = 0;
  snapshot::read_lines("/proc/self/smaps_rollup", buffer, sizeof(buffer), [&](const char* line) {
    if (!base::starts_with(line, "Private_")) return;
    bytes += base::first_number(line) * 1024;
  });
  return bytes;
}

struct Seen {
  MemoryMap memory;
  LoadedModules modules;
  BlockIndex blocks;
  BlockIndex objects;
  Labels labels;
  PathTree paths;
};

bool know_kinds(Seen& seen) {
  return seen.objects.blocks() != 0 && object_kinds.start != nullptr && seen.labels.start() &&
         object_kinds.start(seen.memory, seen.objects, seen.labels);
}

bool look(const OwnersRequest& request, const Situation& situation, uint64_t begin_ns) {
  static constinit base::Range own[base::kMostOwnRanges]{};
  static constinit Seen seen{};
  const size_t own_count = base::own_ranges(own);
  if (!seen.memory.read("/proc/self/maps") || !seen.modules.read(seen.memory, own, own_count) ||
      !seen.blocks.build(recorder.live, seen.memory) ||
      !seen.objects.build(recorder.objects, seen.memory) || !seen.paths.start()) {
    return false;
  }
  const bool kinds_known = know_kinds(seen);
  Marker marker(seen.blocks, seen.memory, seen.paths);
  if (!marker.start(kinds_known ? &seen.objects : nullptr)) return false;
  Roots roots(situation, seen.memory, seen.modules, seen.blocks, seen.objects, kinds_known, marker);
  const size_t own_now = base::own_ranges(own);  // with what was mapped here
  if (!roots.mark(own, own_now)) return false;
  const int file = open_written(request);
  if (file < 0) return false;
  Result result{*request.numbers, seen.blocks,  kinds_known ? &seen.objects : nullptr,
                seen.labels,      seen.memory,  marker,
                seen.paths,       seen.modules, {}};
  result.facts.flags = (roots.hidden() ? uint32_t{format::kOwnersMemoryHidden} : 0) |
                       (seen.paths.full() ? uint32_t{format::kOwnersPathsFull} : 0);
  result.facts.threads = roots.threads();
  result.facts.blocks = seen.blocks.blocks();
  result.facts.bytes = seen.blocks.bytes();
  result.facts.root_bytes = marker.root_bytes();
  result.facts.cpu_ns = base::clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  result.facts.elapsed_ns = snapshot::monotonic_ns() - begin_ns;
  result.facts.private_bytes = private_bytes();
  return add_to_snapshot(request, file, result);
}

OwnersAsked begin(const OwnersRequest& request) {
  OwnersAsked asked{};
  asked.limit_ns = kLongestLifeNs;
  if (recorder.sample_interval_bytes.load(std::memory_order_relaxed) != 0 ||
      recorder.fell_back.load(std::memory_order_relaxed)) {
    asked.state = static_cast<uint32_t>(OwnersState::kSampled);
    return asked;
  }
  // A copy would look at tables that the process goes on with.
  if (base::black_box.is_open()) {
    asked.state = static_cast<uint32_t>(OwnersState::kRefused);
    asked.error = EOPNOTSUPP;
    return asked;
  }
  asked.needed_bytes = request.live_blocks * kBytesForBlock +
                       request.live_objects * kBytesForObject +
                       room_for_any_copy(request.rss_bytes) + request.rss_bytes / kPageTableShare;
  asked.available_bytes = available_memory();
  if (asked.needed_bytes > asked.available_bytes) {
    asked.state = static_cast<uint32_t>(OwnersState::kNoMemory);
    return asked;
  }
  take_in(false);
  if (request.if_small && (copy_is_there() || is_memory_promised())) return asked;
  Situation situation{};
  situation.process = static_cast<int32_t>(base::system_call(SYS_getpid));
  situation.thread = static_cast<int32_t>(base::system_call(SYS_gettid));
  situation.program_frame = request.program_frame;
  situation.own_stack_end = request.own_stack_end;
  situation.own_stack_begin = reinterpret_cast<uint64_t>(__builtin_frame_address(0)) & ~uint64_t{7};
  situation.thread_pointer = arch::thread_pointer();
  situation.heaps_marked = snapshot::runtimes.mark_their_heaps;
  situation.early_heap_end = early_heap_end();
  situation.armed = (snapshot::recording_flags() & format::kFlagArmed) != 0;
  const uint64_t begin_ns = snapshot::monotonic_ns();
  const Copy copy = make_copy(request.process_ends, !request.if_small);
  if (copy.here) {
    settle_in_copy(request.folder);
    end_copy(look(request, situation, begin_ns) ? 0 : 1);
  }
  asked.pause_ns = snapshot::monotonic_ns() - begin_ns;
  asked.child = static_cast<uint32_t>(copy.pid);
  asked.error = copy.error;
  asked.state =
      static_cast<uint32_t>(copy.error == 0 ? OwnersState::kBegun : OwnersState::kRefused);
  return asked;
}

}  // namespace

void start_owners() {
  snapshot::owners_wish.begin = begin;
  snapshot::owners_wish.await = [] { take_in(true); };
  snapshot::owners_wish.clear_up = [] { take_in(false); };
  snapshot::owners_wish.leave_to_parent = forget_copy;
}

}  // namespace silt::owners
