// SPDX-License-Identifier: Apache-2.0
//
// See folding.h. Hook context.

#include "interposer/track/folding.h"

#include <sys/syscall.h>
#include <time.h>

#include <cstddef>

#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::track {

constinit Folding folding{};

namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMillisecond;

// What a round may take of a program's time, by how far silt is past what it wants. A slice is of
// the thread's own time: on a busy machine it would else be over before it has done anything.
struct Pace {
  uint64_t slice_ns;
  uint64_t ticks_between_slices;
  // Stacks that come again within the time between two rounds are not gone. The first also keeps
  // rounds away from programs that live for seconds, such as compilers.
  uint64_t between_rounds_ns;
};
constexpr Pace kPaces[] = {
    {3 * kMillisecond / 10, uint64_t{1} << 24, 10 * kSecond},  // a twentieth of one processor
    {9 * kMillisecond / 10, uint64_t{1} << 24, kSecond},       // three times as much
    // A third of a processor: the tree of test/programs/ever_new_stacks.cpp, which does nothing but
    // make new stacks, would else grow faster than it is folded.
    {9 * kMillisecond / 10, uint64_t{1} << 22, kSecond / 4},
};
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 26;
// Asking for the time takes a tenth of a microsecond.
constexpr NodeId kIdsBetweenClockLooks = 256;

// Smaller trees are not worth a round: 700 KB.
constexpr uint32_t kFewestNodes = 16 * 1024;
// What a processor stored is seen by the others long before this has passed.
constexpr uint64_t kStoresSettleNs = 2 * kMillisecond;
// A thread that is this long inside a hook has left it by a way that was not seen.
constexpr uint64_t kPatienceNs = 30 * kSecond;

uint64_t time_of(clockid_t clock) {
  timespec time{};
  base::system_call(SYS_clock_gettime, clock, reinterpret_cast<long>(&time));
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t now_ns() { return time_of(CLOCK_MONOTONIC); }

const Pace& pace_of(Pressure pressure) { return kPaces[static_cast<int>(pressure)]; }

}  // namespace

bool Folding::due() {
  const uint64_t ticks = base::ticks();
  if (ticks < next_look_ticks_.load(std::memory_order_relaxed)) return false;
  const bool idle = step_.load(std::memory_order_relaxed) == Step::kIdle;
  const Pace& pace = pace_of(pressure_.load(std::memory_order_relaxed));
  next_look_ticks_.store(ticks + (idle ? kTicksBetweenLooks : pace.ticks_between_slices),
                         std::memory_order_relaxed);
  if (!idle) return true;
  const uint32_t nodes = recorder.stacks.in_use();
  const uint32_t left = left_nodes_.load(std::memory_order_relaxed);
  if (nodes < kFewestNodes || nodes < left + left / 16) return false;
  const Pressure pressure =
      pressure_of(own_bytes(), known_live_bytes_.load(std::memory_order_relaxed));
  pressure_.store(pressure, std::memory_order_relaxed);
  // Where the last round found little, what is there is what lives: a round for each sixteenth of
  // it would be for nothing.
  const bool soon = pressure != Pressure::kNone && found_.load(std::memory_order_relaxed);
  if (!soon && nodes < left + left / 4) return false;
  const uint64_t ended = ended_ns_.load(std::memory_order_relaxed);
  const uint64_t now = now_ns();
  if (ended == 0) {  // the first ones have not been there for long
    ended_ns_.store(now, std::memory_order_relaxed);
    return false;
  }
  return now - ended >= pace_of(pressure).between_rounds_ns;
}

void Folding::slice(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  if (lock_.was_abandoned()) return;  // copied in the middle of a slice
  look_at_growth();
  slice_end_ns_ = time_of(CLOCK_THREAD_CPUTIME_ID) +
                  pace_of(pressure_.load(std::memory_order_relaxed)).slice_ns;
  for (;;) {  // steps that have little to do share a slice
    const Step before = step_.load(std::memory_order_relaxed);
    go_on(own);
    const Step now = step_.load(std::memory_order_relaxed);
    if (now == before || now == Step::kIdle || slice_is_over()) return;
  }
}

// The tree grows on while a round is under way.
void Folding::look_at_growth() {
  const uint64_t bytes = other_bytes_ + bytes_of_node_ * recorder.stacks.in_use();
  const bool scanned = step_.load(std::memory_order_relaxed) >= Step::kMark;
  const uint64_t live_bytes =
      scanned ? live_bytes_ : known_live_bytes_.load(std::memory_order_relaxed);
  const Pressure pressure = pressure_of(bytes, live_bytes);
  if (pressure > pressure_.load(std::memory_order_relaxed)) {
    pressure_.store(pressure, std::memory_order_relaxed);
  }
  // (What is alive may have grown with it: that has to be known first.)
  if (scanned && rounds_ > 1 && recorder.bounded && is_too_much(bytes, live_bytes)) fall_back();
}

bool Folding::round(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  in_one_go_ = true;
  gave_up_ = false;
  do {
    go_on(own);
    if (step_.load(std::memory_order_relaxed) == Step::kWait) base::system_call(SYS_sched_yield);
  } while (step_.load(std::memory_order_relaxed) != Step::kIdle);
  in_one_go_ = false;
  return !gave_up_;
}

void Folding::begin(Step step) {
  at_ = 1;
  step_.store(step, std::memory_order_relaxed);
}

void Folding::go_on(const ThreadState* own) {
  switch (step_.load(std::memory_order_relaxed)) {
    case Step::kIdle:
      limit_ = recorder.stacks.id_limit();
      live_bytes_ = 0;
      aside_ = 0;
      folded_before_ = folded_nodes();
      measure();
      cursor_ = {};
      begin(Step::kCount);
      break;
    case Step::kCount:
      if (count()) begin(Step::kScan);
      break;
    case Step::kScan:
      if (!scan(recorder.live)) break;
      cursor_ = {};
      begin(Step::kScanObjects);
      break;
    case Step::kScanObjects:
      if (scan(recorder.objects)) begin(Step::kScanOthers);
      break;
    case Step::kScanOthers:
      scan_others();
      begin(Step::kMark);
      break;
    case Step::kMark:
      if (mark()) begin(Step::kSetAside);
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
      ended_ns_.store(now_ns(), std::memory_order_relaxed);
      left_nodes_.store(recorder.stacks.in_use(), std::memory_order_relaxed);
      begin(Step::kIdle);
      break;
  }
}

bool Folding::slice_is_over() const {
  return !in_one_go_ && time_of(CLOCK_THREAD_CPUTIME_ID) > slice_end_ns_;
}

bool Folding::time_is_up(NodeId id) const {
  return id % kIdsBetweenClockLooks == 0 && slice_is_over();
}

// From where the step has come to; true when it has come to the end.
template <typename Visit>
bool Folding::visit_ids(NodeId limit, Visit&& visit) {
  while (at_ < limit) {
    visit(at_++);
    if (time_is_up(at_)) return false;
  }
  return true;
}

bool Folding::is_kept(NodeId id) {
  const uint64_t* const word = kept_.find(id / 64);
  return id >= limit_ || word == nullptr || (*word >> id % 64 & 1) != 0;
}

void Folding::keep(NodeId id) {
  uint64_t* const word = kept_.find(id / 64);
  if (id < limit_ && word != nullptr) *word |= uint64_t{1} << id % 64;
}

bool Folding::is_restored(NodeId id) {
  const std::atomic<uint64_t>* const word = restored_.find(id / 64);
  // Where there was no memory for it nothing is known.
  return word == nullptr || (word->load(std::memory_order_acquire) >> id % 64 & 1) != 0;
}

bool Folding::count() {
  Counters::Reader reader(recorder.counters);
  return visit_ids(limit_, [&](NodeId id) {
    if (id == 1 || id % 64 == 0) {
      uint64_t* const word = kept_.ensure(id / 64);
      if (word != nullptr) *word = 0;
      std::atomic<uint64_t>* const restored = restored_.ensure(id / 64);
      if (restored != nullptr) restored->store(0, std::memory_order_relaxed);
    }
    NodeId parent;
    uint64_t pc;
    uint32_t* const counted = counted_.ensure(id);
    if (!recorder.stacks.read_node(id, &parent, &pc) || counted == nullptr) return keep(id);
    uint32_t now = static_cast<uint32_t>(reader.read(id).blocks) + 1;
    if (now == 0) now = 1;
    // Outermost frames have no caller to hand on to; there are few of them. (A runtime's blocks
    // that were made outside of its functions have each native stack.)
    const bool outermost = parent == 0 && !(is_pair(pc) && native_of(pc) != 0);
    if (*counted != now || outermost || !settled_) keep(id);
    *counted = now;
  });
}

void Folding::note_live(StackId stack, uint64_t bytes) {
  keep(stack);
  live_bytes_ += bytes;
}

bool Folding::scan(LiveTable& live) {
  return live.scan_from(
      &cursor_, [&](const Block& block) { note_live(block.stack, block.size_bytes); },
      [&] { return slice_is_over(); });
}

void Folding::scan_others() {
  if (recorder.sampled.in_use()) {
    recorder.sampled.scan([&](const SampledBlock& block) {
      note_live(block.stack, block.weight * block.size_bytes);
    });
  }
  const base::SpinGuard guard(recorder.mappings.lock());
  recorder.mappings.scan(0, [this](const MappingRange& range) {
    note_live(range.stack, range.end - range.start);
    return true;
  });
}

void Folding::keep_callers(NodeId id) {
  for (;;) {
    NodeId caller;
    uint64_t pc;
    recorder.stacks.read_node(id, &caller, &pc);
    if (is_pair(pc) && native_of(pc) != 0 && !is_kept(native_of(pc))) {
      keep(native_of(pc));
      keep_callers(native_of(pc));  // none of which refers to another
    }
    if (caller == 0 || is_kept(caller)) return;
    keep(caller);
    id = caller;
  }
}

bool Folding::mark() {
  return visit_ids(limit_, [&](NodeId id) {
    if (is_kept(id)) keep_callers(id);
  });
}

bool Folding::set_aside() {
  return visit_ids(limit_, [&](NodeId id) {
    if (is_kept(id)) return;
    recorder.stacks.set_aside(id);
    ++aside_;
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
  while (id != 0 && recorder.stacks.is_aside(id)) {
    recorder.stacks.take_back(id);
    uint64_t pc;
    recorder.stacks.read_node(id, &id, &pc);
    if (is_pair(pc)) take_back_with_callers(native_of(pc));
  }
}

bool Folding::check() {
  Counters::Reader reader(recorder.counters);
  return visit_ids(check_limit_, [&](NodeId id) {
    NodeId caller;
    uint64_t pc;
    if (!recorder.stacks.read_node(id, &caller, &pc)) return;
    if (!recorder.stacks.is_aside(id)) {
      if (is_pair(pc)) take_back_with_callers(native_of(pc));
      return take_back_with_callers(caller);
    }
    uint32_t now = static_cast<uint32_t>(reader.read(id).blocks) + 1;
    if (now == 0) now = 1;
    const uint32_t* const counted = counted_.find(id);
    if (counted == nullptr || *counted != now || is_restored(id)) take_back_with_callers(id);
  });
}

bool Folding::move() {
  return visit_ids(limit_, [&](NodeId id) {
    if (!recorder.stacks.is_aside(id)) return;
    NodeId caller;
    uint64_t pc;
    recorder.stacks.read_node(id, &caller, &pc);
    // What was mapped, or a runtime's block, stays told from what was allocated.
    const uint64_t mark = pc == kMarkerMapping ? pc : is_pair(pc) ? with_native(pc, 0) : 0;
    const bool is_mark = pc == mark;
    NodeId stays = caller;
    while (stays != 0 && recorder.stacks.is_aside(stays)) {
      recorder.stacks.read_node(stays, &stays, &pc);
    }
    if (mark != 0) stays = is_mark && stays == caller ? 0 : recorder.stacks.child(stays, mark);
    const bool any = recorder.counters.read(id).blocks != 0;
    if (stays == 0 || !recorder.counters.move(id, stays)) return take_back_with_callers(id);
    if (any) folded_stacks_.fetch_add(1, std::memory_order_relaxed);
  });
}

// Where nothing of a page is left its memory goes, as after a start that made many stacks. What the
// shards have counted there cancels out.
bool Folding::give_back_page(NodeId first) {
  if (first + StackTable::kPageNodes > limit_ || !recorder.stacks.withdraw_page(first)) {
    return false;
  }
  uint32_t aside = 0;
  for (NodeId id = first; id < first + StackTable::kPageNodes; ++id) {
    if (recorder.stacks.is_aside(id)) ++aside;
    uint32_t* const counted = counted_.find(id);
    if (counted != nullptr) *counted = 0;
  }
  recorder.counters.empty_page_of(first);
  recorder.stacks.give_back_page(first);
  folded_nodes_.fetch_add(aside, std::memory_order_relaxed);
  return true;
}

bool Folding::give_back() {
  return visit_ids(limit_, [&](NodeId id) {
    if (id % StackTable::kPageNodes == 0) give_back_page(id);
    if (!recorder.stacks.is_aside(id) || !recorder.stacks.give_back(id)) return;
    *counted_.find(id) = 0;
    folded_nodes_.fetch_add(1, std::memory_order_relaxed);
  });
}

bool Folding::give_up() {
  return visit_ids(limit_, [&](NodeId id) {
    if (recorder.stacks.is_aside(id)) recorder.stacks.take_back(id);
  });
}

// States of threads that have ended: their counters are added to the folded ones', a page at a
// time, and what they remember of stacks goes.
bool Folding::hand_in() {
  for (; handing_in_ != nullptr; handing_in_ = handing_in_->next, at_ = 1) {
    ThreadState& state = *handing_in_;
    if (!take_ended_state(state)) continue;
    base::release_pages(&state, offsetof(ThreadState, epoch));
    bool up = false;
    while (!state.shared_shard && at_ < recorder.stacks.id_limit() && !up) {
      recorder.counters.hand_in(state.shard, at_);
      at_ += CounterShard::kPageStacks - at_ % CounterShard::kPageStacks;
      up = slice_is_over();
    }
    give_back_state(state);
    if (up) return false;
  }
  return true;
}

// Of code that nobody describes, as compilers at run time make and drop it: a rule that no stack
// has is derived again when it is needed.
bool Folding::mark_rules() {
  return visit_ids(recorder.stacks.id_limit(), [&](NodeId id) {
    NodeId caller;
    uint64_t pc;
    if (recorder.stacks.read_node(id, &caller, &pc)) recorder.rules.mark(pc);
  });
}

void Folding::measure() {
  const uint64_t tree = tree_bytes();
  other_bytes_ = own_bytes() - tree;
  bytes_of_node_ = tree / (recorder.stacks.in_use() + 1);
}

void Folding::tidy() {
  recorder.stacks.tidy();
  recorder.stacks.unmap_old_tables(epoch_);
  recorder.rules.unmap_old_tables(epoch_);
  if (recorder.tidy_runtime != nullptr) recorder.tidy_runtime(epoch_);
  const uint32_t left = recorder.stacks.in_use();
  left_nodes_.store(left, std::memory_order_relaxed);
  found_.store(folded_nodes() - folded_before_ > left / 16, std::memory_order_relaxed);
  known_live_bytes_.store(live_bytes_, std::memory_order_relaxed);
  ended_ns_.store(now_ns(), std::memory_order_relaxed);
  measure();
  // In the first round all stacks are new.
  if (++rounds_ > 1 && recorder.bounded && is_too_much(own_bytes(), live_bytes_)) fall_back();
}

}  // namespace silt::track
