// SPDX-License-Identifier: Apache-2.0
//
// Control files that are damaged, somebody else's, or gone.

#include "symbolizer/process/control_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
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

}  // namespace
}  // namespace silt::process
