// SPDX-License-Identifier: Apache-2.0
//
// Which waits go on after a signal's handler, by what the kernel tells of them.

#include "symbolizer/process/quiet_thread.h"

#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <string>

namespace silt::process {
namespace {

std::string call(long number, const std::string& arguments) {
  return std::to_string(number) + " " + arguments + " 0x7ffe00 0x7f0011\n";
}

TEST_CASE("a wait for a lock or a condition without a time limit goes on") {
  CHECK(waits_restartably(call(SYS_futex, "0x7f5540 0x189 0x0 0x0 0x0 0xffffffff")));
  CHECK(waits_restartably(call(SYS_futex, "0x7f5540 0x80 0x2 0x0 0x0 0x0")));
}

TEST_CASE("a wait for a child goes on") {
  CHECK(waits_restartably(call(SYS_wait4, "0xffffffff 0x7ffc 0x0 0x0 0x0 0x0")));
}

TEST_CASE("a wait with a time limit, another futex call, or poll does not") {
  CHECK_FALSE(waits_restartably(call(SYS_futex, "0x7f5540 0x189 0x0 0x7ffd10 0x0 0xffffffff")));
  CHECK_FALSE(waits_restartably(call(SYS_futex, "0x7f5540 0x86 0x1 0x0 0x0 0x0")));
  CHECK_FALSE(waits_restartably(call(SYS_poll, "0x7f5540 0x1 0xffffffff 0x0 0x0 0x0")));
}

TEST_CASE("a wait that goes on in a hook is told from one that does not") {
  CHECK(waits_in_hook(call(SYS_clock_nanosleep, "0x0 0x0 0x7ffe40 0x7ffe40 0x0 0x0")));
  CHECK(waits_in_hook(call(SYS_rt_sigsuspend, "0x7ffe40 0x8 0x0 0x0 0x0 0x0")));
  CHECK(waits_in_hook(call(SYS_epoll_pwait, "0x4 0x7ffe40 0x1 0xffffffff 0x0 0x0")));
  CHECK(waits_in_hook(call(SYS_ppoll, "0x7f5540 0x1 0x0 0x0 0x0 0x0")));
  CHECK_FALSE(waits_in_hook(call(SYS_futex, "0x7f5540 0x189 0x0 0x7ffd10 0x0 0xffffffff")));
  CHECK_FALSE(waits_in_hook(call(SYS_connect, "0x4 0x7ffe40 0x10 0x0 0x0 0x0")));
  CHECK_FALSE(waits_in_hook("running\n"));
  CHECK_FALSE(waits_in_hook(""));
}

TEST_CASE("what cannot be understood is no such wait") {
  CHECK_FALSE(waits_restartably("running\n"));
  CHECK_FALSE(waits_restartably(""));
  CHECK_FALSE(waits_restartably("-1 0x7ffe00 0x7f0011"));
  CHECK_FALSE(waits_restartably(std::to_string(SYS_futex) + " 0x1"));
}

}  // namespace
}  // namespace silt::process
