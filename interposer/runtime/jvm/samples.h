// SPDX-License-Identifier: Apache-2.0
//
// The objects of a Java heap that were sampled and have not been found dead: for each a weak
// reference, the stack that allocated it, its class, and how many objects and bytes it stands for.
// Stacks are a tree of places, places are methods with a location, names are kept once; all of it
// in memory of silt's own. The tables only grow, but for the objects.
//
// Any thread of Java's adds; one thread alone takes away (Samples::for_batches). All-zero is valid
// and empty. Every function takes the one lock, and none calls the machine.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_SAMPLES_H_
#define SILT_INTERPOSER_RUNTIME_JVM_SAMPLES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/base/number_index.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/text_blocks.h"
#include "interposer/runtime/heap_profile.h"
#include "interposer/runtime/jvm/calls.h"

namespace silt::jvm {

// One sampled object stands for so many objects and bytes where the machine takes a sample every
// `interval` bytes on average, at distances that are exponentially distributed: an object of `size`
// is sampled with the probability 1 - e^(-size / interval). Interval 0: each object is.
struct Weight {
  double objects;
  double bytes;
};
Weight weight_of(uint64_t size, uint64_t interval);

struct Sample {
  Object weak;
  double objects;
  double bytes;
  uint32_t node;        // of its stack
  uint32_t class_name;  // number of a text
  uint32_t generation;  // code of its birth
  uint32_t serial;      // ascending, in the order of allocation
};

class Samples {
 public:
  // So many are kept at most; half of them are when there are as many.
  static constexpr size_t kMost = size_t{1} << 15;
  static constexpr uint32_t kUnknown = 0;

  // Numbers of these places, kUnknown for those not seen yet.
  void find_places(const CallFrame* frames, size_t count, uint32_t* numbers);
  // The place's number; kUnknown when there is no room.
  uint32_t add_place(const CallFrame& frame, const char* function, const char* file, uint32_t line);

  // An object with this stack, innermost place first, of which unknown ones are left out. False
  // when it was not kept.
  bool add(Object weak, const char* class_name, Weight weight, uint32_t generation,
           const uint32_t* places, size_t count);

  size_t size();
  // The serial number that the next one will have.
  uint32_t next_serial();

  // From the one thread that takes away: goes through all, some at a time. `look` gets references
  // and says of each, in `drop`, whether it is to go; those that went are given to `gone`. Neither
  // is called with the lock held.
  template <typename Look, typename Gone>
  void for_batches(Look&& look, Gone&& gone);
  // Every other one goes, and those that stay stand for twice as much. Likewise.
  template <typename Gone>
  void halve(uint64_t seed, Gone&& gone);

  // What there is of before `serial`, as a profile to be handed over; nullptr when there is no
  // memory. `totals` are the heap's own.
  runtime::Profile* make_profile(const runtime::ProfileTotals& totals, uint32_t before);

  uint64_t mapped_bytes();
  // In the child of a fork.
  void abandon();

 private:
  static constexpr size_t kBatch = 256;

  struct Place {
    Method method;
    int64_t location;
    uint32_t function;  // numbers of texts
    uint32_t file;
    uint32_t line;
  };
  struct Node {
    uint32_t parent;
    uint32_t place;
  };
  // Numbers by content: open addressing, number + 1; 0: free.
  using Index = base::NumberIndex;
  static constexpr uint64_t kFirstSlots = 4096;
  uint32_t number_of_text(const char* text);
  uint32_t place_number(const CallFrame& frame);
  uint32_t child(uint32_t parent, uint32_t place);
  bool make_samples();
  size_t copy_batch(size_t end, Object* weak);
  size_t remove(size_t begin, size_t count, const bool* drop, Object* weak);

  base::SpinLock lock_;
  Sample* samples_ = nullptr;
  size_t count_ = 0;
  uint32_t serial_ = 0;
  base::ChunkedArray<Place, 1024, 256> places_;  // from 1
  uint32_t place_count_ = 0;
  Index place_index_;
  base::ChunkedArray<Node, 1024, 1024> nodes_;  // from 1
  uint32_t node_count_ = 0;
  Index node_index_;
  base::ChunkedArray<const char*, 1024, 256> texts_;
  uint32_t text_count_ = 0;
  Index text_index_;
  base::TextBlocks<base::map_within_limit> text_blocks_;
};

template <typename Look, typename Gone>
void Samples::for_batches(Look&& look, Gone&& gone) {
  Object weak[kBatch];
  bool drop[kBatch];
  for (size_t end = size(); end != 0;) {
    const size_t count = copy_batch(end, weak);
    const size_t begin = end - count;
    look(static_cast<const Object*>(weak), count, drop);
    const size_t removed = remove(begin, count, drop, weak);
    if (removed != 0) gone(static_cast<const Object*>(weak), removed);
    end = begin;
  }
}

template <typename Gone>
void Samples::halve(uint64_t seed, Gone&& gone) {
  const uint32_t before = next_serial();
  for_batches(
      [&seed](const Object*, size_t count, bool* drop) {
        for (size_t i = 0; i < count; ++i) {
          seed = seed * 6364136223846793005 + 1442695040888963407;
          drop[i] = (seed >> 63) != 0;
        }
      },
      gone);
  const base::SpinGuard guard(lock_);
  for (size_t i = 0; i < count_; ++i) {
    if (samples_[i].serial >= before) continue;
    samples_[i].objects *= 2;
    samples_[i].bytes *= 2;
  }
}

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_SAMPLES_H_
