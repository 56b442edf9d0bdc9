// SPDX-License-Identifier: Apache-2.0
//
// What a reader has to know of how a JavaScript heap was looked at.

#include "symbolizer/runtime/nodejs/words.h"

#include <catch2/catch.hpp>

#include "symbolizer/report/build.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::runtime::nodejs {
namespace {

std::vector<std::string> notes_of(uint64_t first, uint64_t later) {
  test::RecordingBuilder process;
  process.allocate(process.script_stack({{"add", "/app.js", 5, 3}}), 1, 10, 400);
  for (int i = 0; i < 5; ++i) {
    process.values().managed_heaps[0].sampling_interval_bytes = i < 2 ? first : later;
    process.take_snapshot(i + 1);
  }
  const read::Recording recording = process.recording();
  report::Report report;
  report.snapshots.resize(recording.snapshots.size());
  return notes(recording, report);
}

TEST_CASE("it is said from when on a heap was sampled more rarely") {
  CHECK(notes_of(65536, 65536).empty());
  const std::vector<std::string> told = notes_of(65536, 262144);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("from snapshot 2 on one in 262 kB and not in 66 kB"));
}

}  // namespace
}  // namespace silt::runtime::nodejs
