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

// A slice every six milliseconds or so, of the thread's own time: on a busy machine it would else
// be over before it has done anything. A twentieth of one processor while a round lasts; three
// times as much where the tree is larger than wanted.
constexpr uint64_t kSliceNs = 3 * kMillisecond / 10;
constexpr uint64_t kUrgentSliceNs = 9 * kMillisecond / 10;
constexpr uint64_t kTicksBetweenSlices = uint64_t{1} << 24;
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 26;
// Asking for the time takes a tenth of a microsecond.
constexpr NodeId kIdsBetweenClockLooks = 256;

// Smaller trees are not worth a round: 700 KB.
constexpr uint32_t kFewestNodes = 16 * 1024;
// Stacks that come again within this time are not gone. It also keeps rounds away from programs
// that live for seconds, such as compilers.
constexpr uint64_t kBetweenRoundsNs = 10 * kSecond;
constexpr uint64_t kBetweenUrgentRoundsNs = kSecond;

// Past the larger of these two the tree is folded sooner; past four times that, when nothing is
// left to be folded, recording goes over to sampling.
constexpr uint64_t kTreeBytes = uint64_t{16} << 20;
constexpr uint64_t kTreeShare = 10;  // one part in so many of the program's live memory
constexpr uint64_t kSamplingFactor = 4;

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

uint64_t wanted_tree_bytes(uint64_t live_bytes) {
  uint64_t wanted = live_bytes / kTreeShare;
  if (wanted < kTreeBytes) wanted = kTreeBytes;
  const uint64_t cap = recorder.memory_limit_bytes;
  if (cap != 0 && wanted > cap / 4) wanted = cap / 4;
  return wanted;
}

}  // namespace

uint64_t Folding::tree_bytes() {
  const uint64_t ids = recorder.stacks.id_limit();
  const uint64_t bytes =
      recorder.stacks.mapped_bytes() + recorder.counters.bytes(static_cast<StackId>(ids));
  // Ids that are free will be used before there are new ones.
  return bytes / ids * recorder.stacks.in_use();
}

// The steps know stacks of a joined runtime, but no such program has been seen through many rounds
// yet: nothing is folded any more once one is joined. A round under way stays where it is: what it has set aside is made again when it is
// seen again. A slice that is being taken just then does no harm: it ends at the wait at the
// latest, or has it behind it, and then what it gives back is in nobody's hands.
bool Folding::is_over() { return recorder.evaluator.joined.load(std::memory_order_acquire); }

bool Folding::due() {
  if (is_over()) return false;
  const uint64_t ticks = base::ticks();
  if (ticks < next_look_ticks_.load(std::memory_order_relaxed)) return false;
  const bool idle = step_.load(std::memory_order_relaxed) == Step::kIdle;
  next_look_ticks_.store(ticks + (idle ? kTicksBetweenLooks : kTicksBetweenSlices),
                         std::memory_order_relaxed);
  if (!idle) return true;
  const uint32_t nodes = recorder.stacks.in_use();
  const uint32_t left = left_nodes_.load(std::memory_order_relaxed);
  if (nodes < kFewestNodes || nodes < left + left / 16) return false;
  const bool urgent =
      tree_bytes() > wanted_tree_bytes(known_live_bytes_.load(std::memory_order_relaxed));
  urgent_.store(urgent, std::memory_order_relaxed);
  if (!urgent && nodes < left + left / 4) return false;
  uint64_t ended = ended_ns_.load(std::memory_order_relaxed);
  const uint64_t now = now_ns();
  if (ended == 0) {  // the first ones have not been there for long
    ended_ns_.store(now, std::memory_order_relaxed);
    return false;
  }
  return now - ended >= (urgent ? kBetweenUrgentRoundsNs : kBetweenRoundsNs);
}

void Folding::slice(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  if (is_over() || lock_.was_abandoned()) return;  // abandoned: copied in the middle of a slice
  slice_end_ns_ = time_of(CLOCK_THREAD_CPUTIME_ID) +
                  (urgent_.load(std::memory_order_relaxed) ? kUrgentSliceNs : kSliceNs);
  for (;;) {  // steps that have little to do share a slice
    const Step before = step_.load(std::memory_order_relaxed);
    go_on(own);
    const Step now = step_.load(std::memory_order_relaxed);
    if (now == before || now == Step::kIdle || slice_is_over()) return;
  }
}

bool Folding::round(const ThreadState* own) {
  const base::SpinGuard guard(lock_);
  in_one_go_ = true;
  gave_up_ = false;
  do go_on(own);
  while (step_.load(std::memory_order_relaxed) != Step::kIdle);
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
      if (hand_in()) begin(Step::kTidy);
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
    // Outermost frames have no caller to hand on to; there are few of them.
    if (*counted != now || parent == 0 || !settled_) keep(id);
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

bool Folding::give_back() {
  return visit_ids(limit_, [&](NodeId id) {
    if (!recorder.stacks.is_aside(id) || !recorder.stacks.give_back(id)) return;
    *counted_.find(id) = 0;
    folded_nodes_.fetch_add(1, std::memory_order_relaxed);
  });
}

bool Folding::give_up() {
  return visit_ids(limit_, [&](NodeId id) { recorder.stacks.take_back(id); });
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

void Folding::tidy() {
  recorder.stacks.tidy();
  if (aside_ != 0) recorder.stacks.unmap_old_tables(epoch_);
  left_nodes_.store(recorder.stacks.in_use(), std::memory_order_relaxed);
  known_live_bytes_.store(live_bytes_, std::memory_order_relaxed);
  ended_ns_.store(now_ns(), std::memory_order_relaxed);
  // In the first round all stacks are new.
  if (++rounds_ > 1 && recorder.bounded &&
      tree_bytes() > kSamplingFactor * wanted_tree_bytes(live_bytes_)) {
    fall_back();
  }
}

}  // namespace silt::track
