// SPDX-License-Identifier: Apache-2.0
//
// Ranges that are marked as not to be copied into children: the marks are taken away for one fork
// and put back, on private memory of the process's own and on nothing else.

#include "interposer/runtime/nodejs/marked_ranges.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>

#include "interposer/base/memory.h"

namespace silt::nodejs {
namespace {

constexpr size_t kBytes = 8 * base::kPageSize;

char* map_marked(int sharing) {
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  REQUIRE(madvise(memory, kBytes, MADV_DONTFORK) == 0);
  static_cast<char*>(memory)[0] = 42;
  return static_cast<char*>(memory);
}

// Whether a child has the memory: asked of the kernel, which answers by an error where there is
// none.
bool child_has(const char* memory) {
  const pid_t child = fork();
  if (child == 0) {
    unsigned char page;
    _exit(mincore(const_cast<char*>(memory), base::kPageSize, &page) == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status == 0;
}

}  // namespace

TEST_CASE("a child gets marked memory while the marks are away, and not before or after") {
  char* const memory = map_marked(MAP_PRIVATE);
  const auto ranges = std::make_unique<MarkedRanges>();
  CHECK_FALSE(child_has(memory));
  REQUIRE(ranges->read());
  REQUIRE(ranges->unmark());
  CHECK(child_has(memory));
  ranges->mark();
  CHECK_FALSE(child_has(memory));
  CHECK(memory[0] == 42);
  munmap(memory, kBytes);
}

TEST_CASE("shared memory that is marked stays marked") {
  char* const memory = map_marked(MAP_SHARED);
  const auto ranges = std::make_unique<MarkedRanges>();
  REQUIRE(ranges->read());
  REQUIRE(ranges->unmark());
  CHECK_FALSE(child_has(memory));
  ranges->mark();
  munmap(memory, kBytes);
}

TEST_CASE("ranges that went away meanwhile leave the others marked as they were") {
  char* const gone = map_marked(MAP_PRIVATE);
  char* const stays = map_marked(MAP_PRIVATE);
  const auto ranges = std::make_unique<MarkedRanges>();
  REQUIRE(ranges->read());
  munmap(gone, kBytes);
  CHECK_FALSE(ranges->unmark());
  CHECK_FALSE(child_has(stays));
  munmap(stays, kBytes);
}

}  // namespace silt::nodejs
