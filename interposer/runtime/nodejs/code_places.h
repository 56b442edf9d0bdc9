// SPDX-License-Identifier: Apache-2.0
//
// Which code lies where now: start address -> name. V8 does not tell what it throws away, but what
// comes to lie in its place is proof: no two live pieces of code begin in the same 32 bytes
// (machine code is aligned to as many, and an array of byte code has a longer header), so code that
// is added ends whatever began where it lies. What is kept is thus bounded by the memory that code
// ever took, however long a program compiles. Whoever changes it holds a lock; `find` needs none:
// a slot's name is stored before its start. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_CODE_PLACES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_CODE_PLACES_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/memory.h"

namespace silt::nodejs {

class CodePlaces {
 public:
  struct Place {
    std::atomic<uint64_t> start;  // 0: free, 1: was taken once
    std::atomic<uint32_t> name;
    uint32_t owner;  // the isolate, 0: several have it
    std::atomic<uint32_t> size;
  };

  // The place where code starts; nullptr when there is none. Another thread may change it
  // meanwhile: who has read it looks at its start again.
  const Place* find(uint64_t start) const {
    for (const Table* table = table_.load(std::memory_order_acquire); table != nullptr;) {
      for (uint64_t i = hash(start) & table->mask;; i = (i + 1) & table->mask) {
        const uint64_t at = table->places[i].start.load(std::memory_order_acquire);
        if (at == start) return &table->places[i];
        if (at == 0) break;
      }
      const Table* const newer = table_.load(std::memory_order_acquire);
      if (newer == table) break;
      table = newer;
    }
    return nullptr;
  }
  Place* find(uint64_t start) {
    return const_cast<Place*>(static_cast<const CodePlaces*>(this)->find(start));
  }

  // Calls dropped(name) for all that ends; false when there is no memory.
  template <typename Dropped>
  bool put(uint64_t start, uint32_t size, uint32_t name, uint32_t owner, Dropped&& dropped) {
    // Code of a megabyte is rare, and to look at all of it would take long.
    const uint64_t looked = size < kMostLooked ? size : kMostLooked;
    const uint64_t end = (start + looked - 1) / kGranule;
    for (uint64_t at = start / kGranule; at <= end; ++at) drop_at(at, dropped);
    if (!make_room()) return false;
    Table* const table = table_.load(std::memory_order_relaxed);
    uint64_t i = hash(start) & table->mask;
    while (table->places[i].start.load(std::memory_order_relaxed) > kGone) {
      i = (i + 1) & table->mask;
    }
    Place& place = table->places[i];
    if (place.start.load(std::memory_order_relaxed) == 0) ++taken_;
    place.name.store(name, std::memory_order_relaxed);
    place.owner = owner;
    place.size.store(size, std::memory_order_relaxed);
    place.start.store(start, std::memory_order_release);
    ++count_;
    return true;
  }

  template <typename Dropped>
  void drop(Place* place, Dropped&& dropped) {
    const uint32_t name = place->name.load(std::memory_order_relaxed);
    // In one order with the marks that readers set before they look again.
    place->start.store(kGone, std::memory_order_seq_cst);
    --count_;
    dropped(name);
  }

  template <typename Visit>
  void for_each(Visit&& visit) {
    Table* const table = table_.load(std::memory_order_relaxed);
    for (uint64_t i = 0; table != nullptr && i <= table->mask; ++i) {
      if (table->places[i].start.load(std::memory_order_relaxed) > kGone) visit(table->places[i]);
    }
  }

  uint64_t count() const { return count_; }
  uint64_t mapped_bytes() const {
    const Table* const table = table_.load(std::memory_order_relaxed);
    return (table == nullptr ? 0 : bytes_of(table->mask + 1)) +
           (spare_ == nullptr ? 0 : bytes_of(spare_places_));
  }

 private:
  static constexpr uint64_t kGone = 1;
  static constexpr uint64_t kGranule = 32;
  static constexpr uint64_t kMostLooked = uint64_t{1} << 20;
  static constexpr uint64_t kFirstPlaces = 4096;

  struct Table {
    uint64_t mask;
    Place places[];
  };

  static uint64_t hash(uint64_t start) { return start / kGranule * 0x9e3779b97f4a7c15 >> 32; }

  template <typename Dropped>
  void drop_at(uint64_t granule, Dropped&& dropped) {
    Table* const table = table_.load(std::memory_order_relaxed);
    if (table == nullptr) return;
    for (uint64_t i = hash(granule * kGranule) & table->mask;; i = (i + 1) & table->mask) {
      const uint64_t at = table->places[i].start.load(std::memory_order_relaxed);
      if (at == 0) return;
      if (at > kGone && at / kGranule == granule) drop(&table->places[i], dropped);
    }
  }

  static size_t bytes_of(uint64_t places) { return sizeof(Table) + places * sizeof(Place); }

  bool make_room() {
    Table* const old = table_.load(std::memory_order_relaxed);
    if (old != nullptr && taken_ * 2 <= old->mask) return true;
    uint64_t places = kFirstPlaces;
    while (places < count_ * 4) places *= 2;
    // The table before the last one serves again, where it is as large: it holds nothing. Others
    // are left to readers that may still look at them, without their pages.
    Table* table = spare_;
    if (table == nullptr || spare_places_ != places) {
      table = static_cast<Table*>(base::map_memory(bytes_of(places)));
      if (table == nullptr) return old != nullptr && taken_ * 8 < old->mask * 7;
    }
    table->mask = places - 1;
    for (uint64_t i = 0; old != nullptr && i <= old->mask; ++i) {
      const Place& from = old->places[i];
      const uint64_t start = from.start.load(std::memory_order_relaxed);
      if (start <= kGone) continue;
      uint64_t at = hash(start) & table->mask;
      while (table->places[at].start.load(std::memory_order_relaxed) != 0) {
        at = (at + 1) & table->mask;
      }
      Place& to = table->places[at];
      to.name.store(from.name.load(std::memory_order_relaxed), std::memory_order_relaxed);
      to.owner = from.owner;
      to.size.store(from.size.load(std::memory_order_relaxed), std::memory_order_relaxed);
      to.start.store(start, std::memory_order_relaxed);
    }
    taken_ = count_;
    table_.store(table, std::memory_order_release);
    spare_ = old;
    if (old != nullptr) {
      spare_places_ = old->mask + 1;
      // A reader in here finds nothing, and looks at the new one. The mask stays: it is read.
      for (uint64_t i = 0; i <= old->mask; ++i) {
        old->places[i].start.store(0, std::memory_order_relaxed);
      }
      base::release_pages(old->places, spare_places_ * sizeof(Place));
    }
    return true;
  }

  std::atomic<Table*> table_{nullptr};
  Table* spare_ = nullptr;
  uint64_t spare_places_ = 0;
  uint64_t taken_ = 0;  // places that are not free, of code that is there or gone
  uint64_t count_ = 0;  // of code that is there
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_CODE_PLACES_H_
