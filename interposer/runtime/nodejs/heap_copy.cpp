// SPDX-License-Identifier: Apache-2.0
//
// See heap_copy.h. Normal context, in the isolate's thread, but for what a snapshot calls.

#include "interposer/runtime/nodejs/heap_copy.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/owners/copied_process.h"
#include "interposer/owners/copy.h"
#include "interposer/owners/room.h"
#include "interposer/runtime/nodejs/heap_in_copy.h"
#include "interposer/runtime/nodejs/marked_ranges.h"
#include "interposer/snapshot/heap_wish.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/trigger.h"

namespace silt::nodejs {
namespace {

using format::HeapAnswer;
using format::HeapState;

// What V8 needs to write a heap, measured beside what the copy shares: nine to fourteen bytes for
// each of the heap, most on node 22.
constexpr uint64_t kBytesForByte = 15;

// Filled under the snapshot slot, which is held again only once its reader is done or too late.
constexpr uint32_t kOrders = 8;
constinit HeapOrder g_orders[kOrders]{};
constinit uint32_t g_next_order = 0;

const char* begin(const snapshot::HeapRequest& request) {
  HeapOrder& order = g_orders[g_next_order++ % kOrders];
  order = {snapshot::monotonic_ns() + snapshot::kHeapPatienceNs, request.path, request.sequence,
           request.thread};
  return order_heap(&order) ? nullptr
                            : "has no JavaScript thread of that number that silt has joined";
}

struct Work {
  Isolate& isolate;
  const HeapOrder& order;
  HeapAnswer& answer;
  ImportSlots wakes;  // empty when they are kept already
};

void copy_process(Work& work) {
  static constinit MarkedRanges ranges{};
  HeapAnswer& answer = work.answer;
  const uint64_t begin_ns = snapshot::monotonic_ns();
  answer.needed_bytes = answer.heap_bytes * kBytesForByte +
                        owners::room_for_any_copy(snapshot::read_resident_memory().rss);
  answer.available_bytes = owners::available_memory();
  if (answer.needed_bytes > answer.available_bytes) {
    return snapshot::say_why(answer, HeapState::kFailed, "there is not enough memory for the copy");
  }
  keep_wakes(work.wakes);
  if (!ranges.read() || !ranges.unmark()) {
    return snapshot::say_why(answer, HeapState::kFailed,
                             "the kernel does not let V8's heap be copied");
  }
  answer.limit_ns = kHeapCopyLifeNs;
  const owners::Copy copy = owners::make_copy(false, true);
  if (copy.here) {
    owners::settle_in_copy(-1, {"silt heap", kHeapCopyLifeNs, kHeapCopyLifeNs / 1'000'000'000});
    write_heap_in_copy(work.isolate, work.order, answer);
  }
  ranges.mark();
  answer.pause_ns = snapshot::monotonic_ns() - begin_ns;
  answer.copy = copy.pid;
  if (copy.error != 0) {
    snapshot::say_why(answer, HeapState::kFailed, base::error_text(copy.error));
  } else {
    answer.state = static_cast<uint32_t>(HeapState::kBegun);
  }
}

}  // namespace

void offer_heaps() { snapshot::heap_wish.begin = begin; }

void write_heap(Isolate& isolate, const HeapOrder& order) {
  if (snapshot::monotonic_ns() > order.deadline_ns) return;  // nobody waits for it any more
  const HeapOrder own = order;
  HeapAnswer answer = snapshot::new_heap_answer(HeapState::kFailed, own.thread);
  const double used = call_heap_function(isolate, nullptr);
  if (used < 0) {
    snapshot::say_why(answer, HeapState::kFailed, "the script in it did not answer");
  } else {
    answer.heap_bytes = static_cast<uint64_t>(used);
    Work work{isolate, own, answer, wakes_are_kept() ? ImportSlots{} : find_wakes()};
    constexpr uint64_t kPatienceNs = 500'000'000;
    if (!snapshot::between_snapshots(
            kPatienceNs, [](void* argument) { copy_process(*static_cast<Work*>(argument)); },
            &work)) {
      snapshot::say_why(answer, HeapState::kMissed, "a snapshot was being written");
    }
  }
  const long folder =
      snapshot::open_file(AT_FDCWD, own.folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return;
  snapshot::write_heap_answer(static_cast<int>(folder), own.sequence, answer);
  snapshot::close_file(static_cast<int>(folder));
}

}  // namespace silt::nodejs
