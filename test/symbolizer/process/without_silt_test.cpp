// SPDX-License-Identifier: Apache-2.0
//
// What is said to who asks a process that silt is not in.

#include "symbolizer/process/without_silt.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace silt::process {
namespace {

using namespace std::string_literals;

std::string all_of(const Stranger& process) {
  std::string text;
  for (const std::string& line : what_helps(process)) text += line + "\n";
  return text;
}

Stranger node() {
  Stranger process;
  process.pid = 77;
  process.executable = "/usr/bin/node";
  process.command = "node\0server.js\0"s;
  process.caught = uint64_t{1} << (SIGUSR1 - 1);
  return process;
}

}  // namespace

TEST_CASE("Node.js can be asked through its inspector, when it listens for the signal") {
  CHECK_THAT(all_of(node()), Catch::Contains("kill -USR1 77") && Catch::Contains("127.0.0.1:9229"));
  Stranger deaf = node();
  deaf.caught = 0;
  CHECK_THAT(all_of(deaf), !Catch::Contains("USR1") && Catch::Contains("next time"));
}

TEST_CASE("a Node.js that writes heap snapshots by signal is told that signal") {
  for (const std::string& command : {"node\0--heapsnapshot-signal=SIGUSR2\0server.js\0"s,
                                     "node\0--heapsnapshot-signal\0USR2\0server.js\0"s}) {
    Stranger process = node();
    process.command = command;
    CHECK_THAT(all_of(process), Catch::Contains("kill -USR2 77") && !Catch::Contains("inspect"));
  }
  Stranger process = node();
  process.node_options = "--max-old-space-size=64 --heapsnapshot-signal=SIGHUP";
  CHECK_THAT(all_of(process), Catch::Contains("kill -HUP 77"));
  // What is no signal comes from the process, and is not repeated.
  process.node_options = "--heapsnapshot-signal=9;reboot";
  CHECK_THAT(all_of(process), !Catch::Contains("reboot") && Catch::Contains("kill -USR1 77"));
}

TEST_CASE("Python and Java have their own ways, others a new start") {
  Stranger process;
  process.pid = 77;
  process.executable = "/usr/bin/python3.11";
  CHECK_THAT(all_of(process), Catch::Contains("memray attach 77"));
  process.executable = "/opt/app/server";
  process.maps = "7f00-7f01 r-xp 0 08:01 5 /usr/lib/jvm/lib/server/libjvm.so\n";
  CHECK_THAT(all_of(process), Catch::Contains("jcmd 77 GC.class_histogram"));
  process.maps.clear();
  const std::string plain = all_of(process);
  CHECK_THAT(plain, !Catch::Contains("now:") && Catch::Contains("silt run"));
  CHECK_THAT(plain, Catch::Contains("SILT_START=asleep") && !Catch::Contains("systemctl"));
}

TEST_CASE("a service is to be started anew by its manager") {
  Stranger process;
  process.cgroup = "0::/system.slice/shop.service\n";
  CHECK_THAT(all_of(process), Catch::Contains("systemctl edit shop.service"));
  process.cgroup = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run.scope\n";
  CHECK_THAT(all_of(process), !Catch::Contains("systemctl"));
}

TEST_CASE("where a new start would not help either, that is said instead") {
  Stranger process;
  process.obstacle = "it is statically linked, so that nothing can be preloaded";
  CHECK_THAT(all_of(process),
             Catch::Contains("would not help: it is statically") && !Catch::Contains("silt run"));
}

}  // namespace silt::process
