// SPDX-License-Identifier: Apache-2.0
//
// --work in each of its forms.

#include "symbolizer/commands/work_file.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test/symbolizer/temporary_folder.h"

namespace silt::commands {
namespace {

// Snapshots after so many seconds.
read::Recording recording_at(const std::vector<double>& seconds) {
  read::Recording recording;
  for (const double at : seconds) {
    recording.snapshots.emplace_back();
    recording.snapshots.back().meta.elapsed_ns = static_cast<uint64_t>(at * 1e9);
  }
  return recording;
}

TEST_CASE("one number is work done at a steady pace from the first snapshot to the last") {
  const auto work = work_at_snapshots("900", recording_at({1, 2, 4}));
  REQUIRE(work.ok());
  CHECK(work.value() == std::vector<double>{0, 300, 900});
}

TEST_CASE("a file has a count a snapshot, or points between which work is linear") {
  const test::TemporaryFolder folder;
  const auto counts = folder.write("counts", "# requests\n10\n20\n\n60\n");
  CHECK(work_at_snapshots(counts, recording_at({1, 2, 4})).value() ==
        std::vector<double>{10, 20, 60});
  const auto points = folder.write("points", "0 0\n10 100\n");
  CHECK(work_at_snapshots(points, recording_at({1, 5, 20})).value() ==
        std::vector<double>{10, 50, 100});
}

TEST_CASE("a file that cannot be understood is named with its line") {
  const test::TemporaryFolder folder;
  const auto message = [&](const char* text) {
    return work_at_snapshots(folder.write("work", text), recording_at({1, 2})).error().message;
  };
  CHECK_THAT(message("10\nmany\n"), Catch::Contains("line 2"));
  CHECK_THAT(message("1 2 3\n"), Catch::Contains("line 1"));
  CHECK_THAT(message("10\n"), Catch::Contains("two counts"));
  CHECK_FALSE(work_at_snapshots("0", recording_at({1, 2})).ok());
  CHECK_FALSE(work_at_snapshots((folder.path() / "none").native(), recording_at({1, 2})).ok());
}

}  // namespace
}  // namespace silt::commands
