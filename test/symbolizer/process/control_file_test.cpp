// SPDX-License-Identifier: Apache-2.0
//
// Control files that are damaged, somebody else's, or gone.

#include "symbolizer/process/control_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>

#include "test/symbolizer/temporary_folder.h"

namespace silt::process {
namespace {

TEST_CASE("a snapshot lies beside the control file, under its number") {
  CHECK(snapshot_path("/tmp/silt.app.7/control", 3) == "/tmp/silt.app.7/003.silt");
  CHECK(snapshot_path("/tmp/silt.app.7/control", 1234) == "/tmp/silt.app.7/1234.silt");
}

TEST_CASE("a file that is no control file says nothing") {
  const test::TemporaryFolder folder;
  const StatusFacts status;
  for (const std::string& text : {std::string(), std::string("hello"), std::string(4096, 'x')}) {
    CHECK_FALSE(read_control(getpid(), folder.write("control", text), status));
  }
  CHECK_FALSE(read_control(getpid(), folder.path() / "none", status));
}

TEST_CASE("requests go to the folder of a control file that was cut short, else nowhere") {
  const test::TemporaryFolder folder;
  MapFacts maps;
  CHECK(folder_for_requests(getpid(), maps, std::nullopt).empty());
  maps.controls = {folder.write("control", "")};
  CHECK(folder_for_requests(getpid(), maps, std::nullopt) == folder.path().native());
  // Somebody else's file is long enough.
  maps.controls = {folder.write("other", std::string(sizeof(format::Control), 'x'))};
  CHECK(folder_for_requests(getpid(), maps, std::nullopt).empty());
}

TEST_CASE("a folder that was deleted is not there") {
  const test::TemporaryFolder folder;
  CHECK(folder_exists(getpid(), (folder.path() / "control").native()));
  CHECK_FALSE(folder_exists(getpid(), (folder.path() / "gone" / "control").native()));
}

TEST_CASE("a process that has ended is told by what it left, if that was written since") {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  const pid_t pid = 4321;
  StatusFacts status;
  status.namespace_pids = {pid, 7};
  const auto asked = fs::file_time_type::clock::now();
  const auto found = [&] { return find_left_control(pid, folder.path(), status, asked); };
  const auto leave = [&](const std::string& name, uint32_t owner) {
    format::Control control{};
    std::memcpy(control.magic, format::kControlMagic, sizeof(control.magic));
    control.version = format::kControlVersion;
    control.pid = owner;
    control.completed = 1;
    fs::create_directory(folder.path() / name);
    folder.write(name + "/control", {reinterpret_cast<const char*>(&control), sizeof(control)});
    return fs::path(folder.write(name + "/000.silt", "x"));
  };
  CHECK_FALSE(found());
  leave("silt.app.8", 8);  // another's
  leave("other.7", 7);
  const fs::path snapshot = leave("silt.app.7", 7);
  REQUIRE(found());
  CHECK(found()->path == folder.path() / "silt.app.7" / "control");
  CHECK(found()->control.completed == 1);
  fs::last_write_time(snapshot, asked - std::chrono::hours(1));
  CHECK_FALSE(found());  // of an earlier process of the same number
  CHECK_FALSE(find_left_control(pid, "", status, asked));
}

}  // namespace
}  // namespace silt::process
