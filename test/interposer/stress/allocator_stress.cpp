// SPDX-License-Identifier: Apache-2.0
//
// A program that allocates and frees at random through every entry point, from many threads that
// free each other's blocks, come and go, and checks that no block is ever overwritten. It keeps
// books of its own, one function for each entry point, and says at the end what silt must say.
//
// usage: allocator_stress SEED STEPS [SAMPLING_INTERVAL]
// With an interval it also says by how much estimates may vary: `variance FUNCTION …`, in the order
// of `expect`.

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "test/interposer/stress/books.h"
#include "test/interposer/stress/entry_points.h"
#include "test/programs/truth.h"

namespace {

constexpr size_t kPage = 4096;

struct Held {
  std::atomic<bool> busy{false};
  Entry entry{};
  unsigned char* address = nullptr;
  size_t size = 0;
};
Held slots[3000];

// Too much for one block; no compiler may know it.
volatile size_t too_much = SIZE_MAX / 2;

using Random = std::mt19937_64;

size_t random_size(Random& random, bool may_be_zero) {
  const uint64_t dice = random() % 1000;
  const size_t least = may_be_zero && interval == 0 ? 0 : 8;
  if (dice < 800) return least + random() % 300;
  if (dice < 970) return least + random() % 5000;
  if (dice < 998) return 60'000 + random() % 20'000;  // around the border of large blocks
  return 200'000 + random() % 300'000;                // mapped by the allocator
}

void enter(Books& books, Held& slot, Entry entry, void* address, size_t size) {
  VICTIM_CHECK(address != nullptr || size == 0);
  slot.entry = entry;
  slot.address = static_cast<unsigned char*>(address);
  slot.size = size;
  books.add(entry, size);
  if (size > 0) {
    slot.address[0] = static_cast<unsigned char>(size);
    slot.address[size - 1] = static_cast<unsigned char>(size);
  }
}

void check_untouched(const Held& slot, size_t size) {
  if (size == 0) return;
  VICTIM_CHECK(slot.address[0] == static_cast<unsigned char>(slot.size));
  if (size == slot.size) {
    VICTIM_CHECK(slot.address[size - 1] == static_cast<unsigned char>(slot.size));
  }
}

void allocate(Books& books, Held& slot, Random& random) {
  const auto entry = static_cast<Entry>(random() % kEntries);
  const size_t size = random_size(random, entry != k_strndup);
  const size_t pages = (1 + random() % 40) * kPage;
  switch (entry) {
    case k_malloc:
      return enter(books, slot, entry, by_malloc(size), size);
    case k_calloc:
      return enter(books, slot, entry, by_calloc(size), size);
    case k_realloc:
      return enter(books, slot, entry, by_realloc(nullptr, size), size);
    case k_reallocarray:
      return enter(books, slot, entry, by_reallocarray(nullptr, size), size);
    case k_posix_memalign:
      return enter(books, slot, entry, by_posix_memalign(size), size);
    case k_aligned_alloc:
      return enter(books, slot, entry, by_aligned_alloc(size), size);
    case k_memalign:
      return enter(books, slot, entry, by_memalign(size), size);
    case k_valloc:
      return enter(books, slot, entry, by_valloc(size), size);
    case k_pvalloc:
      return enter(books, slot, entry, by_pvalloc(size), size);
    case k_new:
      return enter(books, slot, entry, by_new(size), size);
    case k_new_array:
      return enter(books, slot, entry, by_new_array(size), size);
    case k_new_nothrow:
      return enter(books, slot, entry, by_new_nothrow(size), size);
    case k_new_aligned:
      return enter(books, slot, entry, by_new_aligned(size), size);
    case k_new_array_aligned:
      return enter(books, slot, entry, by_new_array_aligned(size), size);
    case k_new_array_nothrow:
      return enter(books, slot, entry, by_new_array_nothrow(size), size);
    case k_new_aligned_nothrow:
      return enter(books, slot, entry, by_new_aligned_nothrow(size), size);
    case k_new_array_aligned_nothrow:
      return enter(books, slot, entry, by_new_array_aligned_nothrow(size), size);
    case k_strndup:
      return enter(books, slot, entry, by_strndup(size), size);
    case k_mmap:
    case k_mremap:
      return enter(books, slot, k_mmap, by_mmap(pages), pages);
    case kEntries:
      break;
  }
}

bool by_free(Entry entry) { return entry <= k_pvalloc || entry == k_strndup; }

void release(Books& books, Held& slot, Random& random) {
  check_untouched(slot, slot.size);
  books.strike(slot.entry, slot.size);
  void* const block = slot.address;
  const bool sized = random() % 2 == 0;
  switch (slot.entry) {
    case k_new:
      if (sized)
        ::operator delete(block, slot.size);
      else
        ::operator delete(block);
      break;
    case k_new_array:
      if (sized)
        ::operator delete[](block, slot.size);
      else
        ::operator delete[](block);
      break;
    case k_new_nothrow:
      ::operator delete(block, std::nothrow);
      break;
    case k_new_aligned:
      if (sized)
        ::operator delete(block, slot.size, kAlignment);
      else
        ::operator delete(block, kAlignment);
      break;
    case k_new_array_aligned:
      if (sized)
        ::operator delete[](block, slot.size, kAlignment);
      else
        ::operator delete[](block, kAlignment);
      break;
    case k_new_array_nothrow:
      ::operator delete[](block, std::nothrow);
      break;
    case k_new_aligned_nothrow:
      ::operator delete(block, kAlignment, std::nothrow);
      break;
    case k_new_array_aligned_nothrow:
      ::operator delete[](block, kAlignment, std::nothrow);
      break;
    case k_mmap:
    case k_mremap:
      VICTIM_CHECK(munmap(block, slot.size) == 0);
      break;
    default:
      // realloc to nothing frees, and returns nothing.
      if (slot.size > 0 && random() % 10 == 0)
        VICTIM_CHECK(by_realloc(block, 0) == nullptr);
      else
        free(block);
  }
  slot.address = nullptr;
}

void resize(Books& books, Held& slot, Random& random) {
  Held before;
  before.entry = slot.entry;
  before.address = slot.address;
  before.size = slot.size;
  if (!by_free(slot.entry)) {
    if (slot.entry != k_mmap && slot.entry != k_mremap) return release(books, slot, random);
    const size_t pages = (1 + random() % 40) * kPage;
    books.strike(before.entry, before.size);
    enter(books, slot, k_mremap, by_mremap(slot.address, slot.size, pages), pages);
    return;
  }
  if (random() % 8 == 0) {
    // Fails, and the block is what it was.
    VICTIM_CHECK(by_realloc(slot.address, too_much / 2) == nullptr);
    VICTIM_CHECK(reallocarray(slot.address, too_much, 3) == nullptr);
    return check_untouched(slot, slot.size);
  }
  const size_t size = 1 + random_size(random, false);
  const bool array = random() % 2 == 0;
  void* const block = array ? by_reallocarray(slot.address, size) : by_realloc(slot.address, size);
  VICTIM_CHECK(block != nullptr);
  before.address = static_cast<unsigned char*>(block);
  check_untouched(before, size < before.size ? 1 : before.size);
  books.strike(before.entry, before.size);
  enter(books, slot, array ? k_reallocarray : k_realloc, block, size);
}

void fail() {
  VICTIM_CHECK(by_malloc(too_much / 2) == nullptr);
  VICTIM_CHECK(by_calloc(too_much / 2) == nullptr);
  VICTIM_CHECK(calloc(too_much, 3) == nullptr);
  void* block = nullptr;
  VICTIM_CHECK(posix_memalign(&block, 3, 100) == EINVAL);
  VICTIM_CHECK(::operator new(too_much / 2, std::nothrow) == nullptr);
  VICTIM_CHECK(::operator new[](too_much / 2, std::nothrow) == nullptr);
  VICTIM_CHECK(::operator new(too_much / 2, kAlignment, std::nothrow) == nullptr);
  VICTIM_CHECK(::operator new[](too_much / 2, kAlignment, std::nothrow) == nullptr);
  free(nullptr);
}

VICTIM_FRAME void act(Books& books, Random& random) {
  Held& slot = slots[random() % (sizeof(slots) / sizeof(slots[0]))];
  if (slot.busy.exchange(true, std::memory_order_acquire)) return;
  const uint64_t dice = random() % 200;
  if (dice == 0) fail();
  if (slot.address == nullptr)
    allocate(books, slot, random);
  else if (dice < 60)
    resize(books, slot, random);
  else
    release(books, slot, random);
  slot.busy.store(false, std::memory_order_release);
  VICTIM_STAY();
}

// Many different stacks.
VICTIM_FRAME void go_down(Books& books, Random& random, uint64_t path) {
  if (path <= 1) {
    act(books, random);
  } else if (path % 2 == 0) {
    go_down(books, random, path / 2);
  } else {
    char bytes[50];
    VICTIM_KEEP(bytes);
    go_down(books, random, path / 2);
  }
  VICTIM_STAY();
}

void work(Books& books, uint64_t seed, long steps) {
  Random random(seed);
  for (long i = 0; i < steps; ++i) go_down(books, random, random() % 4000);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const uint64_t seed = strtoull(arguments[1], nullptr, 10);
  const long steps = strtol(arguments[2], nullptr, 10);
  memset(letters, 'x', sizeof letters);
  interval = count > 3 ? strtod(arguments[3], nullptr) : 0;
  Books total;
  // More threads at once than have counters of their own; then others take over what they left.
  constexpr unsigned kThreads[] = {3, 20, 6};
  for (unsigned round = 0; round < 3; ++round) {
    std::vector<Books> books(kThreads[round]);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads[round]; ++t) {
      threads.emplace_back(work, std::ref(books[t]), seed * 1000 + round * 100 + t,
                           steps / 3 / kThreads[round]);
    }
    if (round == 1) ready("running");
    for (std::thread& thread : threads) thread.join();
    for (const Books& part : books) total.add(part);
  }
  for (unsigned entry = 0; entry < kEntries; ++entry) {
    const Book& book = total.of[entry];
    expect_in(kFunctions[entry], entry == k_mmap || entry == k_mremap ? "mapping" : "native",
              book.allocated_blocks - book.freed_blocks, book.allocated_bytes - book.freed_bytes,
              book.allocated_blocks, book.allocated_bytes);
    if (interval == 0) continue;
    double live_blocks = 0;
    double live_bytes = 0;
    for (const Held& slot : slots) {
      if (slot.address == nullptr || slot.entry != entry) continue;
      const double variance = variance_of(slot.entry, slot.size);
      live_blocks += variance;
      live_bytes += variance * static_cast<double>(slot.size) * static_cast<double>(slot.size);
    }
    char text[256];
    const int size =
        snprintf(text, sizeof text, "variance %s %.0f %.0f %.0f %.0f\n", kFunctions[entry],
                 live_blocks, live_bytes, book.variance_blocks, book.variance_bytes);
    victim_say(text, static_cast<size_t>(size));
  }
  ready("done");
  return 0;
}
