// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/commands/heap_pair.h"

#include <catch2/catch.hpp>

#include "symbolizer/read/heap_growth.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::commands {
namespace {

TEST_CASE("heaps that wait are known by their names, in the order of their snapshots") {
  const test::TemporaryFolder folder;
  for (const char* name : {".heap.1.2", ".heap.0.10", ".heap.0.9", ".heap.0.9.77.tmp", ".heap.0",
                           ".heap.x.1", ".heap2.0.1", "heap.0.1", ".heap.0.99999999999"}) {
    folder.write(name, "");
  }
  std::filesystem::create_symlink(folder.path() / ".heap.0.9", folder.path() / ".heap.0.1");
  std::vector<std::string> names;
  for (const KeptHeap& heap : kept_heaps({folder.path(), ".heap"})) {
    names.push_back(heap.file.filename());
    CHECK(heap.file.filename() ==
          ".heap." + std::to_string(heap.thread) + "." + std::to_string(heap.snapshot));
  }
  CHECK(names == std::vector<std::string>{".heap.0.9", ".heap.0.10", ".heap.1.2"});
}

TEST_CASE("one heap alone tells nothing, and why there are no two is said where it is known") {
  const test::TemporaryFolder folder;
  folder.write(".heap.0.0", "");
  folder.write(".heap.1.2", "");
  const HeapPlace place{folder.path(), ".heap"};
  auto written = write_heap_growth(place, folder.path(), "");
  REQUIRE(written);
  CHECK_FALSE(*written);
  CHECK_FALSE(std::filesystem::exists(folder.path() / read::kHeapGrowthName));
  written = write_heap_growth(place, folder.path(), "there was no time left for it");
  REQUIRE(written);
  const auto heaps = read::read_heap_growth(folder.path());
  REQUIRE(heaps);
  REQUIRE(heaps->size() == 1);
  CHECK(heaps->front().why_not == "there was no time left for it");
}

TEST_CASE("two heaps that are none leave no file behind") {
  const test::TemporaryFolder folder;
  folder.write(".heap.0.0", "nonsense");
  folder.write(".heap.0.2", "nonsense");
  const auto written = write_heap_growth({folder.path(), ".heap"}, folder.path(), "");
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("cannot read heap snapshot") != std::string::npos);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
  }
  CHECK(files == 2);
}

}  // namespace
}  // namespace silt::commands
