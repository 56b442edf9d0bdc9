// SPDX-License-Identifier: Apache-2.0
//
// What is in use, in words: which heaps, and what of them is resident.

#include "symbolizer/render/memory_words.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace silt::render {
namespace {

using report::SnapshotLine;
using Texts = std::vector<std::string>;

SnapshotLine line(uint64_t live, uint64_t mapped, uint64_t rss) {
  SnapshotLine made;
  made.live_bytes = live;
  made.mapping_bytes = mapped;
  made.rss_bytes = rss;
  return made;
}

TEST_CASE("native memory alone is what is live") {
  const std::vector<SnapshotLine> lines = {line(1'000'000, 0, 9'000'000),
                                           line(2'000'000, 1'000, 10'000'000)};
  CHECK(memory_texts(lines, 2) == Texts{"native 1.0 MB → 2.0 MB", "RSS 9.0 MB → 10 MB"});
  CHECK(memory_texts(lines, 1) == Texts{"native 1.0 MB", "RSS 9.0 MB"});
  CHECK(memory_texts({}, 0).empty());
}

TEST_CASE("of a reservation the resident part stands beside, and each heap is told apart") {
  SnapshotLine reserved = line(320'000'000, 8'000'000'000, 116'000'000);
  reserved.object_bytes = 16'000'000;
  reserved.parts.emplace();
  reserved.parts->native_live = 67'000'000;
  reserved.parts->mappings = 42'000'000;
  CHECK(memory_texts({reserved}, 1) == Texts{"Python objects 16 MB",
                                             "native 320 MB (67 MB resident)",
                                             "mapped 8.0 GB (42 MB resident)", "RSS 116 MB"});
}

TEST_CASE("what is resident is not told where it is nearly all") {
  SnapshotLine touched = line(60'000'000, 0, 100'000'000);
  touched.parts.emplace();
  touched.parts->native_live = 55'000'000;
  CHECK(memory_texts({touched}, 1) == Texts{"native 60 MB", "RSS 100 MB"});
}

TEST_CASE("a heap that answered late is told from its first answer on") {
  std::vector<SnapshotLine> lines = {line(1'000'000, 0, 0), line(1'000'000, 0, 0),
                                     line(1'000'000, 0, 0)};
  lines[1].js_used_bytes = 3'000'000;
  lines[2].js_used_bytes = 4'000'000;
  CHECK(memory_texts(lines, 3) == Texts{"JS heap 3.0 MB → 4.0 MB", "native 1.0 MB → 1.0 MB"});
}

}  // namespace
}  // namespace silt::render
