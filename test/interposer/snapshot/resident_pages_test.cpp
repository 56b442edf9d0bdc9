// SPDX-License-Identifier: Apache-2.0
//
// Resident pages: those that were touched, and no others; nothing more once the time is up.

#include "interposer/snapshot/resident_pages.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>

#include "interposer/base/memory.h"

namespace silt::snapshot {
namespace {

using base::kPageSize;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr size_t kPages = 64;

struct Mapped {
  char* memory = static_cast<char*>(
      mmap(nullptr, kPages* kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  Mapped() {
    REQUIRE(memory != MAP_FAILED);
    madvise(memory, kPages * kPageSize, MADV_NOHUGEPAGE);
  }
  ~Mapped() { munmap(memory, kPages * kPageSize); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  uint64_t at(size_t page) const { return reinterpret_cast<uint64_t>(memory) + page * kPageSize; }
};

}  // namespace

TEST_CASE("pages count from when they are touched, in whichever part they are asked for") {
  const Mapped mapped;
  ResidentPages pages(10 * kSecond);
  CHECK(pages.resident(mapped.at(0), mapped.at(kPages)) == 0);
  for (const size_t page : {0, 3, 4, 17, 63}) mapped.memory[page * kPageSize] = 1;
  CHECK(pages.resident(mapped.at(0), mapped.at(kPages)) == 5 * kPageSize);
  CHECK(pages.resident(mapped.at(3), mapped.at(5)) == 2 * kPageSize);
  // Whole pages, whatever the ends are.
  CHECK(pages.resident(mapped.at(3) + 100, mapped.at(4) + 1) == 2 * kPageSize);
  CHECK(pages.resident(mapped.at(5), mapped.at(17)) == 0);
  CHECK_FALSE(pages.late());
}

TEST_CASE("memory that is gone by the time it is asked about has no pages") {
  uint64_t start;
  {
    const Mapped mapped;
    start = mapped.at(0);
  }
  ResidentPages pages(10 * kSecond);
  CHECK(pages.resident(start, start + kPages * kPageSize) == 0);
}

TEST_CASE("when the time is up no more is looked at") {
  // Far more than can be asked about in no time; none of it is there.
  constexpr uint64_t kMuch = uint64_t{1} << 30;
  void* const much =
      mmap(nullptr, kMuch, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(much != MAP_FAILED);
  const auto start = reinterpret_cast<uint64_t>(much);
  ResidentPages pages(0);
  CHECK(pages.resident(start, start + kMuch) == 0);
  CHECK(pages.late());
  const Mapped mapped;
  mapped.memory[0] = 1;
  CHECK(pages.resident(mapped.at(0), mapped.at(1)) == 0);
  munmap(much, kMuch);
}

}  // namespace silt::snapshot
