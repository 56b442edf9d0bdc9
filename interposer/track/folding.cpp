// SPDX-License-Identifier: Apache-2.0
//
// See folding.h. Hook context.

#include "interposer/track/folding.h"

#include <sys/syscall.h>
#include <time.h>

#include <cstddef>

#include "interposer/base/clock.h"
#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::track {

constinit Folding folding{};

namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMillisecond;

// What a processor stored is seen by the others long before this has passed.
constexpr uint64_t kStoresSettleNs = 2 * kMillisecond;
// A thread that is this long inside a hook has left it by a way that was not seen.
constexpr uint64_t kPatienceNs = 30 * kSecond;

uint64_t now_ns() { return base::clock_ns(CLOCK_MONOTONIC); }

}  // namespace

void Folding::slice(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  if (lock_.was_abandoned()) return;  // copied in the middle of a slice
  pace_.look_at_growth(step_.load(std::memory_order_relaxed) >= Step::kMark, kept_.live_bytes());
  pace_.begin_slice();
  for (;;) {  // steps that have little to do share a slice
    const Step before = step_.load(std::memory_order_relaxed);
    go_on(own);
    const Step now = step_.load(std::memory_order_relaxed);
    if (now == before || now == Step::kIdle || pace_.slice_is_over()) return;
  }
}

bool Folding::round(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  pace_.set_in_one_go(true);
  gave_up_ = false;
  do {
    go_on(own);
    if (step_.load(std::memory_order_relaxed) == Step::kWait) base::system_call(SYS_sched_yield);
  } while (step_.load(std::memory_order_relaxed) != Step::kIdle);
  pace_.set_in_one_go(false);
  return !gave_up_;
}

void Folding::begin(Step step) {
  pace_.begin_step();
  step_.store(step, std::memory_order_relaxed);
}

void Folding::go_on(const ThreadState* own) {
  switch (step_.load(std::memory_order_relaxed)) {
    case Step::kIdle:
      limit_ = recorder.stacks.id_limit();
      folded_before_ = folded_nodes();
      pace_.begin_round();
      kept_.begin_round(limit_);
      begin(Step::kCount);
      break;
    case Step::kCount:
      if (kept_.count(pace_, settled_)) begin(Step::kScan);
      break;
    case Step::kScan:
      if (kept_.scan(pace_, recorder.live)) begin(Step::kScanObjects);
      break;
    case Step::kScanObjects:
      if (kept_.scan(pace_, recorder.objects)) begin(Step::kScanOthers);
      break;
    case Step::kScanOthers:
      kept_.scan_others();
      begin(Step::kMark);
      break;
    case Step::kMark:
      if (kept_.mark(pace_)) begin(Step::kSetAside);
      break;
    case Step::kSetAside:
      if (!set_aside()) break;
      // Also when nothing is aside: no hook may last over two rounds, see the header.
      epoch_ = recorder.epoch.fetch_add(1, std::memory_order_acq_rel) + 1;
      waits_since_ns_ = now_ns();
      begin(Step::kWait);
      break;
    case Step::kWait:
      if (wait(own)) {
        settled_ = true;
        begin(Step::kCheck);
      }
      check_limit_ = recorder.stacks.id_limit();
      break;
    case Step::kCheck:
      if (check()) begin(Step::kMove);
      break;
    case Step::kMove:
      if (move()) begin(Step::kGiveBack);
      break;
    case Step::kGiveBack:
      if (!give_back()) break;
      handing_in_ = first_thread_state();
      begin(Step::kHandIn);
      break;
    case Step::kHandIn:
      if (!hand_in()) break;
      begin(recorder.rules.begin_marking() ? Step::kMarkRules : Step::kTidy);
      break;
    case Step::kMarkRules:
      if (!mark_rules()) break;
      recorder.rules.forget_unmarked_guesses();
      begin(Step::kTidy);
      break;
    case Step::kTidy:
      tidy();
      begin(Step::kIdle);
      break;
    case Step::kGiveUp:
      if (!give_up()) break;
      gave_up_ = true;
      settled_ = false;
      pace_.give_up_round();
      begin(Step::kIdle);
      break;
  }
}

bool Folding::set_aside() {
  return pace_.visit_ids(limit_, [&](NodeId id) {
    if (!kept_.is_kept(id)) recorder.stacks.set_aside(id);
    const uint32_t next = index_of(id) + 1;
    if (next % CounterShard::kPageStacks != 0) return;
    recorder.counters.mark_idle(StackId{next - CounterShard::kPageStacks}, [](StackId stack) {
      return recorder.stacks.is_aside(innermost_of(stack));
    });
  });
}

bool Folding::wait(const ThreadState* own) {
  const uint64_t waited = now_ns() - waits_since_ns_;
  if (waited < kStoresSettleNs) return false;
  if (all_threads_seen_since(epoch_, own)) return true;
  if (waited > kPatienceNs) begin(Step::kGiveUp);
  return false;
}

void Folding::take_back_with_callers(NodeId id) {
  while (id != kRoot && recorder.stacks.is_aside(id)) {
    recorder.stacks.take_back(id);
    uint64_t pc;
    recorder.stacks.read_node(id, &id, &pc);
    if (is_pair(pc)) take_back_with_callers(innermost_of(native_of(pc)));
  }
}

bool Folding::check() {
  Counters::Reader reader(recorder.counters);
  return pace_.visit_ids(check_limit_, [&](NodeId id) {
    NodeId caller;
    uint64_t pc;
    if (!recorder.stacks.read_node(id, &caller, &pc)) return;
    if (!recorder.stacks.is_aside(id)) {
      if (is_pair(pc)) take_back_with_callers(innermost_of(native_of(pc)));
      return take_back_with_callers(caller);
    }
    if (kept_.is_in_use_again(id, reader.read(stack_at(id)).blocks)) take_back_with_callers(id);
  });
}

bool Folding::move() {
  return pace_.visit_ids(limit_, [&](NodeId id) {
    if (!recorder.stacks.is_aside(id)) return;
    NodeId caller;
    uint64_t pc;
    recorder.stacks.read_node(id, &caller, &pc);
    // What was mapped, or a runtime's block, stays told from what was allocated.
    const uint64_t mark = pc == kMarkerMapping ? pc : is_pair(pc) ? with_native(pc, 0) : 0;
    const bool is_mark = pc == mark;
    NodeId stays = caller;
    while (stays != kRoot && recorder.stacks.is_aside(stays)) {
      recorder.stacks.read_node(stays, &stays, &pc);
    }
    if (mark != 0) stays = is_mark && stays == caller ? kRoot : recorder.stacks.child(stays, mark);
    const bool any = recorder.counters.read(stack_at(id)).blocks != 0;
    if (stays == kRoot || !recorder.counters.move(stack_at(id), stack_at(stays)))
      return take_back_with_callers(id);
    if (any) folded_stacks_.fetch_add(1, std::memory_order_relaxed);
  });
}

// Where nothing of a page is left its memory goes, as after a start that made many stacks.
bool Folding::give_back_page(NodeId first) {
  const uint32_t begin = index_of(first);
  if (begin + StackTable::kPageNodes > limit_ || !recorder.stacks.withdraw_page(first)) {
    return false;
  }
  uint32_t aside = 0;
  for (uint32_t id = begin; id < begin + StackTable::kPageNodes; ++id) {
    if (recorder.stacks.is_aside(NodeId{id})) ++aside;
    kept_.forget(NodeId{id});
  }
  recorder.counters.empty_page_of(stack_at(first));
  recorder.stacks.give_back_page(first);
  folded_nodes_.fetch_add(aside, std::memory_order_relaxed);
  return true;
}

bool Folding::give_back() {
  return pace_.visit_ids(limit_, [&](NodeId id) {
    if (index_of(id) % StackTable::kPageNodes == 0) give_back_page(id);
    if (index_of(id) % CounterShard::kPageStacks == 0) {
      recorder.counters.give_back_idle_pages(stack_at(id));
    }
    if (!recorder.stacks.is_aside(id) || !recorder.stacks.give_back(id)) return;
    kept_.forget(id);
    folded_nodes_.fetch_add(1, std::memory_order_relaxed);
  });
}

bool Folding::give_up() {
  return pace_.visit_ids(limit_, [&](NodeId id) {
    if (recorder.stacks.is_aside(id)) recorder.stacks.take_back(id);
  });
}

// States of threads that have ended: their counters are added to the folded ones', a page at a
// time, and what they remember of stacks goes.
bool Folding::hand_in() {
  for (; handing_in_ != nullptr; handing_in_ = handing_in_->next, pace_.begin_step()) {
    ThreadState& state = *handing_in_;
    if (!take_ended_state(state)) continue;
    base::release_pages(&state, offsetof(ThreadState, epoch));
    const bool from_begin = pace_.at() == 0;  // else it may have had an owner meanwhile
    bool up = false;
    while (!state.shared_shard && pace_.at() < recorder.stacks.id_limit() && !up) {
      recorder.counters.hand_in(state.shard, StackId{pace_.at()});
      pace_.go_to(pace_.at() + CounterShard::kPageStacks - pace_.at() % CounterShard::kPageStacks);
      up = pace_.slice_is_over();
    }
    if (from_begin && !up) state.counted_by.store(0, std::memory_order_relaxed);
    give_back_state(state);
    if (up) return false;
  }
  return true;
}

// Of code that nobody describes, as compilers at run time make and drop it: a rule that no stack
// has is derived again when it is needed.
bool Folding::mark_rules() {
  return pace_.visit_ids(recorder.stacks.id_limit(), [&](NodeId id) {
    NodeId caller;
    uint64_t pc;
    if (recorder.stacks.read_node(id, &caller, &pc)) recorder.rules.mark(pc);
  });
}

void Folding::tidy() {
  recorder.stacks.tidy();
  recorder.stacks.unmap_old_tables(epoch_);
  recorder.rules.unmap_old_tables(epoch_);
  if (recorder.tidy_runtime != nullptr) recorder.tidy_runtime(epoch_);
  pace_.end_round(kept_.live_bytes(), folded_nodes() - folded_before_);
}

}  // namespace silt::track
