// SPDX-License-Identifier: Apache-2.0
//
// What may be read: exactly the pages that the kernel says can be, however they lie, and asked
// anew after forget.

#include "interposer/unwind/stack_region.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <random>

#include "interposer/base/memory.h"

namespace silt::unwind {
namespace {

using base::kPageSize;

class Pages {
 public:
  explicit Pages(size_t count) : size_(count * kPageSize) {
    void* const at = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    low_ = reinterpret_cast<uint64_t>(at);
  }
  ~Pages() { munmap(reinterpret_cast<void*>(low_), size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void allow(size_t page, int protection = PROT_READ | PROT_WRITE) {
    REQUIRE(mprotect(reinterpret_cast<void*>(at(page)), kPageSize, protection) == 0);
  }
  uint64_t at(size_t page) const { return low_ + page * kPageSize; }

 private:
  uint64_t low_ = 0;
  size_t size_;
};

}  // namespace

TEST_CASE("own stack and heap can be read, unmapped and unaligned addresses cannot") {
  StackRegions regions{};
  alignas(8) uint64_t local[4] = {};
  const auto here = reinterpret_cast<uint64_t>(local);
  CHECK(regions.readable(here));
  CHECK(regions.readable(here + 8));
  for (uint64_t i = 1; i < 8; ++i) CHECK_FALSE(regions.readable(here + i));
  CHECK_FALSE(regions.readable(0));
  CHECK_FALSE(regions.readable(8));
  CHECK_FALSE(regions.readable(UINT64_MAX - 7));
  CHECK_FALSE(regions.readable(uint64_t{1} << 47));
  CHECK_FALSE(regions.readable(uint64_t{1} << 63));
  CHECK_FALSE(regions.readable(0xffff'8000'0000'0000));
}

TEST_CASE("a region never reaches over a page that cannot be read") {
  Pages pages(8);
  for (const size_t page : {0, 1, 2, 4, 5, 7}) pages.allow(page);
  StackRegions regions{};
  CHECK(regions.readable(pages.at(1)));
  CHECK(regions.readable(pages.at(5)));
  CHECK(regions.readable(pages.at(0)));
  CHECK(regions.readable(pages.at(2) + kPageSize - 8));
  CHECK_FALSE(regions.readable(pages.at(3)));
  CHECK_FALSE(regions.readable(pages.at(3) + kPageSize - 8));
  CHECK(regions.readable(pages.at(4)));
  CHECK(regions.readable(pages.at(7)));
  CHECK_FALSE(regions.readable(pages.at(6)));
}

TEST_CASE("a page that is only readable can be read, one that is only executable may not") {
  Pages pages(3);
  pages.allow(0, PROT_READ);
  StackRegions regions{};
  CHECK(regions.readable(pages.at(0)));
  CHECK_FALSE(regions.readable(pages.at(1)));
}

TEST_CASE("after forget a page is asked for again") {
  Pages pages(2);
  pages.allow(0);
  StackRegions regions{};
  CHECK(regions.readable(pages.at(0)));
  pages.allow(0, PROT_NONE);
  regions.forget();
  CHECK_FALSE(regions.readable(pages.at(0)));
}

TEST_CASE("random questions about random pages are answered as the kernel would") {
  std::mt19937_64 random(4);
  for (int round = 0; round < 30; ++round) {
    constexpr size_t kCount = 300;
    Pages pages(kCount);
    std::vector<bool> allowed(kCount);
    for (size_t i = 0; i < kCount; ++i) {
      allowed[i] = random() % 8 != 0;
      if (allowed[i]) pages.allow(i);
    }
    StackRegions regions{};
    for (int i = 0; i < 2000; ++i) {
      const size_t page = random() % kCount;
      const uint64_t address = pages.at(page) + 8 * (random() % 512);
      REQUIRE(regions.readable(address) == allowed[page]);
    }
  }
}

}  // namespace silt::unwind
