// SPDX-License-Identifier: Apache-2.0
//
// Filters are run as the kernel would run them, and what it would punish is known beforehand.

#include "interposer/base/sandbox.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <random>
#include <vector>

#include "interposer/base/arch.h"

namespace silt::base {
namespace {

using Program = std::vector<sock_filter>;

uint32_t run(const Program& program, long number, std::vector<uint64_t> arguments = {}) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch::kAuditArchitecture;
  for (size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  uint32_t words[sizeof(data) / 4];
  std::memcpy(words, &data, sizeof(data));
  return run_filter(program.data(), program.size(), words);
}

const sock_filter kLoadNumber = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
sock_filter answer(uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }

}  // namespace

TEST_CASE("a filter allows the calls that it lists") {
  const Program program{kLoadNumber, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 1, 0),
                        answer(SECCOMP_RET_KILL_THREAD), answer(SECCOMP_RET_ALLOW)};
  CHECK(run(program, SYS_read) == SECCOMP_RET_ALLOW);
  CHECK(run(program, SYS_openat) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("whether a handler could return under a filter is known beforehand") {
  const auto returns_under = [](uint32_t action) {
    Program program{kLoadNumber, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 0, 1),
                    answer(action), answer(SECCOMP_RET_ALLOW)};
    const sock_fprog code{static_cast<unsigned short>(program.size()), program.data()};
    Sandbox::Filter* const filter = Sandbox::copy(&code);
    REQUIRE(filter != nullptr);
    const bool returns = Sandbox::lets_handlers_return(filter);
    Sandbox::discard(filter);
    return returns;
  };
  CHECK(returns_under(SECCOMP_RET_ALLOW));
  CHECK(returns_under(SECCOMP_RET_LOG));
  CHECK_FALSE(returns_under(SECCOMP_RET_KILL_PROCESS));
  CHECK_FALSE(returns_under(SECCOMP_RET_KILL_THREAD));
  CHECK_FALSE(returns_under(SECCOMP_RET_TRAP));
  CHECK_FALSE(returns_under(SECCOMP_RET_ERRNO | EPERM));
  CHECK_FALSE(Sandbox::lets_handlers_return(nullptr));
}

TEST_CASE("a filter sees both halves of each argument") {
  const auto low = static_cast<uint32_t>(offsetof(seccomp_data, args) + 2 * 8);
  const Program program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low), BPF_STMT(BPF_MISC | BPF_TAX, 0),
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low + 4),
                        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), BPF_STMT(BPF_RET | BPF_A, 0)};
  CHECK(run(program, 0, {0, 0, uint64_t{7} << 32 | 5}) == 12);
}

TEST_CASE("what the kernel would not run kills") {
  CHECK(run({}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({kLoadNumber}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64)}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2)}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_STMT(BPF_LD | BPF_MEM, 16)}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_STMT(BPF_ST, 16)}, 0) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), answer(SECCOMP_RET_ALLOW)}, 0) ==
        SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_JUMP(BPF_JMP | BPF_JA, UINT32_MAX, 0, 0), answer(SECCOMP_RET_ALLOW)}, 0) ==
        SECCOMP_RET_KILL_PROCESS);
  CHECK(run({BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 200, 200), answer(SECCOMP_RET_ALLOW)}, 0) ==
        SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("any bytes are run to an end") {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    Program program(1 + random() % 30);
    for (sock_filter& instruction : program) {
      instruction.code = static_cast<uint16_t>(random() % 256);
      instruction.jt = static_cast<uint8_t>(random() % 8);
      instruction.jf = static_cast<uint8_t>(random() % 8);
      instruction.k = random() % 3 == 0 ? random() : random() % 20;
    }
    run(program, random() % 400, {random(), random()});
  }
  SUCCEED();
}

#ifndef __SANITIZE_THREAD__  // whose threads would not survive the filter
TEST_CASE("the kernel answers as foreseen") {
  // Random arithmetic on the number of the call and its arguments, which ends in one of a thousand
  // errors; each is asked of the kernel in a child.
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Program program{kLoadNumber};
    const uint16_t operations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR,
                                   BPF_XOR, BPF_LSH, BPF_RSH, BPF_DIV};
    for (unsigned i = random() % 20; i > 0; --i) {
      const uint16_t operation = operations[random() % 9];
      const bool shift = operation == BPF_LSH || operation == BPF_RSH;
      program.push_back(BPF_STMT(
          static_cast<uint16_t>(BPF_ALU | operation | BPF_K),
          shift ? static_cast<uint32_t>(random() % 32) : static_cast<uint32_t>(random() | 1)));
      if (random() % 3 == 0) {
        program.push_back(BPF_STMT(BPF_ST, static_cast<uint32_t>(random() % 2)));
        program.push_back(BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, static_cast<uint32_t>(random())));
        program.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0));
        program.push_back(BPF_STMT(BPF_MISC | BPF_TAX, 0));
      }
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, static_cast<uint32_t>(random()), 0, 1));
      program.push_back(BPF_STMT(BPF_ALU | BPF_NEG, 0));
    }
    program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3ff));
    program.push_back(BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO));
    program.push_back(BPF_STMT(BPF_MISC | BPF_TAX, 0));
    // Only for one call that does not exist; the child needs others to end.
    Program whole{kLoadNumber, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1000, 1, 0),
                  answer(SECCOMP_RET_ALLOW)};
    whole.insert(whole.end(), program.begin(), program.end());
    whole.push_back(BPF_STMT(BPF_RET | BPF_A, 0));
    const uint32_t foreseen = run(whole, 1000);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const sock_fprog filter{static_cast<unsigned short>(whole.size()), whole.data()};
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
          prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
        _exit(99);
      }
      const long result = syscall(1000);
      const auto error = static_cast<uint32_t>(result == -1 ? errno : 0);
      _exit(error == (foreseen & SECCOMP_RET_DATA) ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 99) return;  // not allowed here
    CHECK(status == 0);
  }
}
#endif

TEST_CASE("of several filters the strictest counts, and only what harms is held back") {
  Sandbox own;
  const long none[6]{};
  CHECK_FALSE(own.active());
  const auto add = [&](uint32_t verdict) {
    Program program{kLoadNumber, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
                    answer(verdict), answer(SECCOMP_RET_ALLOW)};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    own.add(Sandbox::copy(&filter));
  };
  for (const uint32_t harmless : {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_ERRNO | 1u,
                                  SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF}) {
    add(harmless);
    CHECK(own.active());
    CHECK(own.survives(SYS_openat, none));
  }
  add(SECCOMP_RET_TRAP);
  CHECK_FALSE(own.survives(SYS_openat, none));
  CHECK(own.survives(SYS_mmap, none));
  own.add_strict();
  CHECK_FALSE(own.survives(SYS_mmap, none));
  CHECK(own.survives(SYS_write, none));
  CHECK(own.counter_forbidden());
  own.take_back_strict();
  CHECK(own.survives(SYS_mmap, none));
  CHECK_FALSE(own.counter_forbidden());
}

TEST_CASE("a filter that could not be copied is believed to allow next to nothing") {
  Sandbox own;
  const long none[6]{};
  const sock_fprog empty{0, nullptr};
  const sock_fprog nowhere{100, reinterpret_cast<sock_filter*>(8)};
  CHECK(Sandbox::copy(&empty) == nullptr);
  CHECK(Sandbox::copy(&nowhere) == nullptr);
  CHECK(Sandbox::copy(reinterpret_cast<const sock_fprog*>(8)) == nullptr);
  own.add(nullptr);
  CHECK_FALSE(own.survives(SYS_openat, none));
}

}  // namespace silt::base
