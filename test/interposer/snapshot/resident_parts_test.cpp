// SPDX-License-Identifier: Apache-2.0
//
// The test's own memory, divided: what is made resident on purpose appears in its kind, and the
// parts are the kernel's sum.

#include "interposer/snapshot/resident_parts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "interposer/base/memory.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using format::RssKind;

constexpr uint64_t kMegabyte = 1 << 20;

// Where a sanitizer's shadow of terabytes is mapped, counting pages takes longer than a snapshot
// may: then most is unknown, and only the sum is right.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* kOfOwnMemory = "[.shadow]";
#else
constexpr const char* kOfOwnMemory = "[parts]";
#endif

ResidentParts parts_now(bool node = false) {
  return read_resident_parts(read_resident_memory(), node);
}

// Resident memory of one kind more than before, in megabytes.
int64_t more(ResidentParts& now, ResidentParts& before, RssKind kind) {
  return (static_cast<int64_t>(now.of(kind)) - static_cast<int64_t>(before.of(kind))) /
         static_cast<int64_t>(kMegabyte);
}

char* map_pages(uint64_t size) {
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  return static_cast<char*>(memory);
}

}  // namespace

TEST_CASE("parts of resident memory add up to the kernel's sum") {
  for (const bool node : {false, true}) {
    const ResidentMemory totals = read_resident_memory();
    const ResidentParts parts = read_resident_parts(totals, node);
    REQUIRE(parts.known);
    uint64_t sum = 0;
    for (const uint64_t bytes : parts.bytes) sum += bytes;
    CHECK(sum == totals.anonymous + totals.file + totals.shared);
  }
}

TEST_CASE("memory of the program is the allocator's, silt's own is silt's", kOfOwnMemory) {
  ResidentParts before = parts_now();
  char* const pages = map_pages(64 * kMegabyte);
  std::memset(pages, 1, 24 * kMegabyte);  // not all that is mapped is resident
  auto* const own = static_cast<char*>(base::map_memory(32 * kMegabyte));
  REQUIRE(own != nullptr);
  std::memset(own, 1, 16 * kMegabyte);
  ResidentParts now = parts_now();
  CHECK(more(now, before, RssKind::kAllocator) >= 23);
  CHECK(more(now, before, RssKind::kAllocator) <= 25);
  CHECK(more(now, before, RssKind::kSilt) == 16);
  munmap(pages, 64 * kMegabyte);
  base::unmap_memory(own, 32 * kMegabyte);
  CHECK(more(now = parts_now(), before, RssKind::kSilt) == 0);
}

TEST_CASE("a recorded mapping is told from the allocator's memory", kOfOwnMemory) {
  ResidentParts before = parts_now();
  char* const pages = map_pages(48 * kMegabyte);
  std::memset(pages, 1, 48 * kMegabyte);
  const auto start = reinterpret_cast<uint64_t>(pages);
  track::recorder.mappings.insert({start, start + 32 * kMegabyte, track::StackId{1}, 0, true});
  ResidentParts now = parts_now();
  track::recorder.mappings.remove(start, start + 32 * kMegabyte);
  munmap(pages, 48 * kMegabyte);
  CHECK(more(now, before, RssKind::kMapping) == 32);
  CHECK(more(now, before, RssKind::kAllocator) >= 15);
  CHECK(more(now, before, RssKind::kAllocator) <= 17);
}

TEST_CASE("memory that is marked as V8 marks its heap is V8's") {
  char* const pages = map_pages(16 * kMegabyte);
  std::memset(pages, 1, 16 * kMegabyte);
  REQUIRE(madvise(pages, 16 * kMegabyte, MADV_DONTFORK) == 0);
  ResidentParts node = parts_now(true);
  ResidentParts other = parts_now(false);
  munmap(pages, 16 * kMegabyte);
  REQUIRE(node.has_managed);
  CHECK(node.of(RssKind::kManagedHeap) == 16 * kMegabyte);
  CHECK_FALSE(other.has_managed);
  CHECK(other.of(RssKind::kManagedHeap) == 0);
}

TEST_CASE("memory of a WebAssembly module is told by what is reserved behind it") {
  for (const uint64_t reserved : {uint64_t{6} << 30, uint64_t{2} << 30}) {
    CAPTURE(reserved);
    void* const space =
        mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(space != MAP_FAILED);
    REQUIRE(madvise(space, reserved, MADV_DONTFORK) == 0);
    REQUIRE(mprotect(space, 16 * kMegabyte, PROT_READ | PROT_WRITE) == 0);
    std::memset(space, 1, 3 * kMegabyte);
    ResidentParts parts = parts_now(true);
    munmap(space, reserved);
    REQUIRE(parts.has_managed);
    CHECK(parts.of(RssKind::kManagedHeap) >= 3 * kMegabyte);
    if (reserved > uint64_t{4} << 30) {
      // A huge page may be resident as a whole.
      CHECK(parts.web_assembly >= 3 * kMegabyte);
      CHECK(parts.web_assembly <= 16 * kMegabyte);
    } else {
      CHECK(parts.web_assembly == 0);
    }
  }
}

TEST_CASE("a thread's stack is a stack", kOfOwnMemory) {
  ResidentParts before = parts_now();
  std::atomic<int> state{0};
  std::thread thread([&state] {
    volatile char room[4 * kMegabyte];
    for (uint64_t i = 0; i < sizeof(room); i += 4096) room[i] = 1;
    state = 1;
    state.notify_all();
    state.wait(1);
    room[0] = 2;
  });
  state.wait(0);
  ResidentParts now = parts_now();
  state = 2;
  state.notify_all();
  thread.join();
  CHECK(more(now, before, RssKind::kStack) >= 4);
}

}  // namespace silt::snapshot
