// SPDX-License-Identifier: Apache-2.0
//
// See threads.h. Signal context.

#include "interposer/snapshot/threads.h"

#include "interposer/base/text.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/track/counters.h"
#include "interposer/track/recorder.h"
#include "interposer/track/thread_state.h"

namespace silt::snapshot {
namespace {

using format::SectionType;
using track::Allocated;
using track::Counters;
using track::CounterShard;
using track::recorder;

// The shards that count most at a stack, largest first.
struct Makers {
  uint32_t shard[format::kMostThreadsOfStack];
  uint64_t weight[format::kMostThreadsOfStack];
  uint32_t count = 0;
  uint32_t in_all = 0;
  uint64_t sum = 0;

  void add(uint32_t number, uint64_t size) {
    ++in_all;
    sum += size;
    uint32_t at = count;
    while (at > 0 && weight[at - 1] < size) --at;
    if (at == format::kMostThreadsOfStack) return;
    if (count < format::kMostThreadsOfStack) ++count;
    for (uint32_t i = count - 1; i > at; --i) {
      shard[i] = shard[i - 1];
      weight[i] = weight[i - 1];
    }
    shard[at] = number;
    weight[at] = size;
  }
};

enum class Known : uint8_t { kAll, kNothing, kNoRow };

// Where counting began anew (a process that was armed), the folded shard takes away what the others
// had counted before (track/counters.h): it is below zero, and who counted since is not known.
Known look_up(Counters::Reader& reader, track::StackId stack, Makers* makers) {
  uint64_t bytes = 0;
  uint64_t blocks = 0;
  uint64_t negative = 0;
  uint32_t count = 0;
  uint32_t shards[Counters::kShards];
  Allocated parts[Counters::kShards];
  reader.read_parts(stack, [&](const CounterShard* shard, const Allocated& part) {
    if ((part.blocks | part.bytes) == 0) return;  // of most nodes nothing is counted
    shards[count] = recorder.counters.number_of(shard);
    parts[count++] = part;
    negative |= part.blocks | part.bytes;
    bytes += part.bytes;
    blocks += part.blocks;
  });
  if (count == 0) return Known::kNoRow;
  if (static_cast<int64_t>(negative) < 0 || blocks == 0) return Known::kNothing;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t size = bytes != 0 ? parts[i].bytes : parts[i].blocks;
    if (size != 0) makers->add(shards[i], size);
  }
  return Known::kAll;
}

// A bit for each shard in which anything was counted.
uint32_t shards_in_use(uint32_t limit) {
  uint32_t used = 0;
  for (uint32_t id = 0; id < limit; id += CounterShard::kPageStacks) {
    for (uint32_t i = 0; i < Counters::kShards; ++i) {
      if (recorder.counters.shard(i).has_page_of(track::StackId{id})) used |= uint32_t{1} << i;
    }
  }
  return used;
}

uint64_t percent(uint64_t part, uint64_t sum) {
  const auto share =
      static_cast<uint64_t>(static_cast<double>(part) * 100 / static_cast<double>(sum));
  return share == 0 ? 1 : share;
}

class Items {
 public:
  explicit Items(SectionWriter& out) : out_(out) {}

  void add(uint32_t number, const Makers& makers) {
    for (uint32_t i = 0; i < makers.count; ++i) used_ |= uint32_t{1} << makers.shard[i];
    const bool alone = makers.in_all == 1;
    if (alone && size_ != 0 && alone_ == makers.shard[0]) {
      // What lies between has no row.
      size_ = number - first_ + 1;
      return;
    }
    end();
    if (alone) {
      first_ = number;
      size_ = 1;
      alone_ = makers.shard[0];
      return;
    }
    begin(number, 1);
    out_.add_varint(makers.count);
    for (uint32_t i = 0; i < makers.count; ++i) {
      out_.add_varint(makers.shard[i]);
      out_.add_varint(percent(makers.weight[i], makers.sum));
    }
  }

  // Before a row that has none.
  void end() {
    if (size_ == 0) return;
    begin(first_, size_);
    out_.add_varint(1);
    out_.add_varint(alone_);
    size_ = 0;
  }

  // All rows of a snapshot.
  void add_all(uint32_t count, uint32_t shard) {
    first_ = 1;
    size_ = count;
    alone_ = shard;
    used_ = uint32_t{1} << shard;
  }

  uint32_t count() const { return count_; }
  uint32_t used() const { return used_; }  // a bit for each shard

 private:
  void begin(uint32_t number, uint32_t size) {
    out_.add_varint(number - next_);
    out_.add_varint(size - 1);
    next_ = number + size;
    ++count_;
  }

  SectionWriter& out_;
  uint32_t count_ = 0;
  uint32_t used_ = 0;
  uint32_t next_ = 1;
  uint32_t first_ = 0;  // of a run that is not written yet
  uint32_t size_ = 0;   // of that, 0: none
  uint32_t alone_ = 0;
};
static_assert(Counters::kShards <= 32);

bool is_large(track::StackId stack, const LiveCounts& live, uint64_t least) {
  static constinit LiveCounts::Count counts[256]{};
  uint64_t bytes = 0;
  const uint32_t generations = live.of_stack(stack, counts);
  for (uint32_t i = 0; i < generations; ++i) bytes += counts[i].bytes;
  return bytes >= least;
}

// At most 15 bytes, and a line end.
void add_name(Strings& strings, int32_t thread, format::ThreadEntry* entry) {
  base::TextBuffer<48> path;
  path.add("/proc/self/task/").add_decimal(static_cast<uint64_t>(thread)).add("/comm");
  char name[32];
  const long size = read_small_file(path.c_str(), name, sizeof(name));
  if (size <= 0) return;
  if (name[size - 1] == '\n') name[size - 1] = '\0';
  entry->name = strings.add(name);
}

// Of shard numbers that no thread has: those of the rest.
format::ThreadEntry entry_of(Strings& strings, uint32_t number) {
  format::ThreadEntry entry{0, format::kThreadRest, 0, 0};
  for (const track::ThreadState* state = track::first_thread_state(); state != nullptr;
       state = state->next) {
    if (state->shared_shard || recorder.counters.number_of(state->shard) != number) continue;
    const int32_t thread = track::owner_of(*state);
    const bool own = state == track::thread_local_part.state;  // see write_costs
    const bool runs = own || track::is_alive(thread);
    entry.id = static_cast<uint32_t>(thread);
    entry.flags =
        (runs ? 0u : format::kThreadEnded) |
        (state->counted_by.load(std::memory_order_relaxed) > 1 ? uint32_t{format::kThreadSeveral}
                                                               : 0u);
    if (runs) add_name(strings, thread, &entry);
  }
  return entry;
}

void add_rows(Tables& tables, const LiveCounts& live, Items& items) {
  constexpr uint64_t kLarge = 1000;  // of compact snapshots' rows: this part of all that lives
  const NodeNumbers& numbers = tables.numbers();
  const uint64_t least =
      tables.base() == nullptr ? 0 : tables.totals().native.live_bytes / kLarge + 1;
  Counters::Reader reader(recorder.counters);
  for (uint32_t number = 1; number <= numbers.count(); ++number) {
    const track::NodeId id = numbers.node(number);
    if (id == track::kRoot) continue;
    const track::StackId stack = track::stack_at(id);
    Makers makers;
    const Known known = look_up(reader, stack, &makers);
    if (known == Known::kNoRow) continue;
    // Nobody asks who allocated what is freed again, and that is most stacks.
    const bool told = live.any_of_stack(stack) &&
                      (number > numbers.count_of_base() || is_large(stack, live, least));
    if (known == Known::kAll && told)
      items.add(number, makers);
    else
      items.end();
  }
}

}  // namespace

void write_threads(SectionWriter& out, Strings& strings, Tables& tables, const LiveCounts& live) {
  const NodeNumbers& numbers = tables.numbers();
  out.begin(SectionType::kThreadStacks);
  Items items(out);
  const uint32_t used = shards_in_use(numbers.limit());
  if ((used & (used - 1)) == 0 && used != 0 && used >> Counters::kFoldedShard == 0) {
    // A program with one thread is not looked through.
    items.add_all(numbers.count(), static_cast<uint32_t>(__builtin_ctz(used)));
  } else {
    add_rows(tables, live, items);
  }
  items.end();
  out.end(items.count());
  uint32_t threads = 0;
  out.begin(SectionType::kThreads);
  for (; items.used() >> threads != 0; ++threads) {
    const format::ThreadEntry entry = entry_of(strings, threads);
    out.add(&entry, sizeof(entry));
  }
  out.end(threads);
}

}  // namespace silt::snapshot
