// SPDX-License-Identifier: Apache-2.0
//
// What /proc tells about a process that is to be asked, whoever wrote it.

#include "symbolizer/process/facts.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <thread>

#include "symbolizer/process/signal_obstacle.h"

namespace silt::process {
namespace {

std::string control_bytes(uint32_t pid) {
  format::Control control{};
  std::memcpy(control.magic, format::kControlMagic, sizeof(control.magic));
  control.version = format::kControlVersion;
  control.pid = pid;
  std::memset(control.last_failure, 'x', sizeof(control.last_failure));
  return {reinterpret_cast<const char*>(&control), sizeof(control)};
}

}  // namespace

TEST_CASE("a card says which signal may be sent and where requests are looked for") {
  const auto card = parse_card("23 - /tmp/out of the way");
  REQUIRE(card);
  CHECK(card->signal == 23);
  CHECK(card->reach == format::Reach::kSignal);
  CHECK(card->folder == "/tmp/out of the way");
  REQUIRE(parse_card("0 s "));
  CHECK(parse_card("0 s ")->reach == format::Reach::kForbidden);
  CHECK(parse_card("0 s ")->folder.empty());
}

TEST_CASE("a card says that its process sleeps, and whether it can be woken") {
  const auto card = parse_card("23 Z /tmp");
  REQUIRE(card);
  CHECK(card->asleep);
  CHECK(card->reach == format::Reach::kSignal);
  REQUIRE(parse_card("0 N /tmp"));
  CHECK(parse_card("0 N /tmp")->asleep);
  CHECK(parse_card("0 N /tmp")->reach == format::Reach::kNoSignal);
  CHECK_FALSE(parse_card("23 - /tmp")->asleep);
}

TEST_CASE("a card says that its process has lost its black box") {
  for (const char* text : {"0 b /tmp", "0 B /tmp"}) {
    REQUIRE(parse_card(text));
    CHECK(parse_card(text)->reach == format::Reach::kBoxLost);
  }
}

TEST_CASE("a status says whether a filter is in force") {
  const std::string begin = "State:\tS (sleeping)\nSigCgt:\t0000000000000800\n";
  CHECK_FALSE(parse_status(begin)->filtered);
  CHECK_FALSE(parse_status(begin + "Seccomp:\t0\nSeccomp_filters:\t0\n")->filtered);
  CHECK(parse_status(begin + "Seccomp:\t2\nSeccomp_filters:\t1\n")->filtered);
}

TEST_CASE("a card that contradicts itself, or is none, is not believed") {
  for (const char* text :
       {"", "23", "23 -", "23 -/tmp", "x - /tmp", "65 - /tmp", "-1 - /tmp", "0 - /tmp", "23 s /tmp",
        "0 Z /tmp", "23 S /tmp", "23 - tmp", "23 - ../tmp"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_card(text));
  }
}

TEST_CASE("the card is found among the mappings") {
  const MapFacts facts = parse_maps(
      "7f0000000000-7f0000001000 ---s 00000000 00:01 77   /memfd:silt process: 23 - /o\\012ut "
      "(deleted)\n"
      "7f0000002000-7f0000003000 ---s 00000000 08:01 78   /out/silt.a.7/control\n"
      "7f0000004000-7f0000005000 r-xp 00000000 08:01 79   /usr/lib/libsilt.so\n");
  CHECK(facts.interposer);
  REQUIRE(facts.card);
  CHECK(facts.card->folder == "/o\nut");
  CHECK(facts.controls == std::vector<std::string>{"/out/silt.a.7/control"});
  CHECK_FALSE(parse_maps("").card);
}

TEST_CASE("a control file is believed when it is whole and the process's own") {
  const std::string bytes = control_bytes(7);
  const auto control = parse_control(bytes, 7, {});
  REQUIRE(control);
  CHECK(std::strlen(control->last_failure) == sizeof(control->last_failure) - 1);
  CHECK(parse_control(bytes, 4711, {4711, 7}));
  CHECK_FALSE(parse_control(bytes, 8, {}));
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(parse_control(std::string_view(bytes).substr(0, size), 7, {}));
  }
}

TEST_CASE("the start time stands behind a name that may hold anything") {
  const std::string numbers = "R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
  CHECK(start_in_stat("12 (a) b) " + numbers) == 4711);
  CHECK_FALSE(start_in_stat("12 (a"));
  CHECK_FALSE(start_in_stat("12 (a) R 1 2 3"));
  CHECK_FALSE(start_in_stat(""));
}

TEST_CASE("whose process it is") {
  const auto status = parse_status("State:\tS (sleeping)\nUid:\t1\t22\t3\t4\nSigCgt:\t0\n");
  REQUIRE(status);
  CHECK(status->user == 22);
  CHECK(parse_status("State:\tS\nUid:\nSigCgt:\t0\n"));
}

TEST_CASE("the state in stat stands after the name, which may hold anything") {
  CHECK(ended_in_stat("7 (a) Z 1 7"));
  CHECK(ended_in_stat("7 (a) X 1 7"));
  CHECK(ended_in_stat("7 (a) S ) Z 1 7"));
  CHECK_FALSE(ended_in_stat("7 (a) Z 1) S 1 7"));
  CHECK_FALSE(ended_in_stat("7 (a"));
  CHECK_FALSE(ended_in_stat("7 (a)"));
}

TEST_CASE("what a main thread that has ended no longer shows is its other threads'") {
  CHECK(living_path(getpid(), "maps") == proc_path(getpid(), "maps"));
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    std::thread([out = ready[1]] {
      while (!ended_in_stat(read_proc(proc_path(getpid(), "stat")).value_or(""))) usleep(1000);
      if (write(out, "r", 1) != 1) _exit(1);
      for (;;) pause();
    }).detach();
    syscall(SYS_exit, 0);  // of this thread alone
  }
  close(ready[1]);
  char letter = 0;
  const ssize_t count = read(ready[0], &letter, 1);
  close(ready[0]);
  const std::string there = living_path(child, "maps");
  const auto maps = read_proc(there);
  const auto status = status_of(child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  REQUIRE(count == 1);
  CHECK(there.starts_with(proc_path(child, "task/")));
  REQUIRE(maps);
  CHECK_FALSE(maps->empty());
  REQUIRE(status);
  CHECK(status->state != 'Z');
  CHECK(status->thread_group == child);
  CHECK(status->namespace_pids.front() == child);
  CHECK(living_path(child, "maps") == proc_path(child, "maps"));
}

}  // namespace silt::process
