// SPDX-License-Identifier: Apache-2.0
//
// Names of files and folders.

#include "symbolizer/read/recording_folder.h"

#include <catch2/catch.hpp>

#include "symbolizer/read/recording.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::read {
namespace {

TEST_CASE("snapshots are files of digits only") {
  CHECK(is_snapshot_name("000.silt"));
  CHECK(is_snapshot_name("12345.silt"));
  CHECK_FALSE(is_snapshot_name(".silt"));
  CHECK_FALSE(is_snapshot_name("1a.silt"));
  CHECK_FALSE(is_snapshot_name("000.silt.tmp"));
  CHECK_FALSE(is_snapshot_name("control"));
}

TEST_CASE("recordings are folders named after program and pid") {
  CHECK(is_recording_name("silt.redis-server.17"));
  CHECK(is_recording_name("silt.python3.11.17"));
  CHECK_FALSE(is_recording_name("silt.17"));
  CHECK_FALSE(is_recording_name("silt.node.x"));
  CHECK_FALSE(is_recording_name("salt.node.1"));
}

TEST_CASE("snapshot files come in the order of their numbers") {
  const test::TemporaryFolder folder;
  for (const char* name : {"1000.silt", "999.silt", "002.silt", "control", "perf-1.map"}) {
    folder.write(name, "x");
  }
  const auto files = snapshot_files(folder.path());
  REQUIRE(files.ok());
  REQUIRE(files->size() == 3);
  CHECK((*files)[0].filename() == "002.silt");
  CHECK((*files)[1].filename() == "999.silt");
  CHECK((*files)[2].filename() == "1000.silt");
}

TEST_CASE("the recording with the newest snapshot comes first") {
  const test::TemporaryFolder folder;
  const auto now = std::filesystem::file_time_type::clock::now();
  const auto old = folder.write("silt.a.1/000.silt", "x");
  const auto recent = folder.write("silt.b.2/000.silt", "x");
  folder.write("other/000.silt", "x");
  std::filesystem::last_write_time(old, now - std::chrono::hours(2));
  std::filesystem::last_write_time(recent, now - std::chrono::hours(1));
  const auto found = find_recordings(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].filename() == "silt.b.2");
  CHECK(found[1].filename() == "silt.a.1");
}

TEST_CASE("a recording without a snapshot counts only where there is no other") {
  const test::TemporaryFolder folder;
  folder.write("silt.a.1/control", "x");
  REQUIRE(find_recordings(folder.path()).size() == 1);
  folder.write("silt.b.2/000.silt", "x");
  const auto found = find_recordings(folder.path());
  REQUIRE(found.size() == 1);
  CHECK(found[0].filename() == "silt.b.2");
}

TEST_CASE("a folder that does not exist has no recordings") {
  CHECK(find_recordings("/nonexistent/folder").empty());
}

TEST_CASE("a JIT map is taken only as a regular file") {
  const test::TemporaryFolder folder;
  folder.write("perf-5.map", "");
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "perf-6.map");
  CHECK(find_jit_map(folder.path(), 5) == folder.path() / "perf-5.map");
  CHECK(find_jit_map(folder.path(), 6).empty());
  CHECK(find_jit_map(folder.path(), 7).empty());
}

}  // namespace
}  // namespace silt::read
