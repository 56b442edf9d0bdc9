// SPDX-License-Identifier: Apache-2.0
//
// Calls of an imported function are led elsewhere in a copy of the process, and stay what they are
// in the process itself.

#include "interposer/runtime/nodejs/import_slots.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace silt::nodejs {
namespace {

pid_t nobody() { return 77'777; }

// Whether a call of getppid in a copy that leads `led` elsewhere arrives there.
bool arrives(const ImportSlots& slots, const char* led) {
  const pid_t child = fork();
  if (child == 0) {
    slots.lead(led, reinterpret_cast<void*>(nobody));
    _exit(getppid() == nobody() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status == 0;
}

}  // namespace

TEST_CASE("a call is led elsewhere in the copy alone, and only that of the name given") {
  ImportSlots slots;
  slots.find("getppid");
  slots.find("getpgrp");
  CHECK(arrives(slots, "getppid"));
  CHECK_FALSE(arrives(slots, "getpgrp"));
  CHECK(getppid() != nobody());
}

TEST_CASE("what nobody imports is found nowhere") {
  ImportSlots slots;
  slots.find("no_library_has_a_function_of_this_name");
  CHECK_FALSE(arrives(slots, "no_library_has_a_function_of_this_name"));
}

}  // namespace silt::nodejs
