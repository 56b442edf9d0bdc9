// SPDX-License-Identifier: Apache-2.0
//
// See process_info.h. Signal context.

#include "interposer/snapshot/process_info.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>

#include "interposer/base/arch.h"
#include "interposer/base/clock.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/cgroup_memory.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {

constinit ProcessInfo process_info{};

namespace {

// "Name:    1234 kB"
uint64_t kilobytes_after(const char* line) { return base::first_number(line) * 1024; }

// The path of the main program. When the loader was executed itself, with the program as its
// argument, the kernel's idea of the executable is the loader; it then has no base of its own, and
// has put the program's name where the kernel puts it.
long read_executable(char* out, size_t size) {
  base::TextBuffer<32> link;
  long program = -1;
  if (getauxval(AT_BASE) == 0) {
    const auto* const name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    if (name != nullptr) program = open_file(AT_FDCWD, name, O_PATH | O_CLOEXEC);
  }
  if (program >= 0)
    link.add("/proc/self/fd/").add_decimal(static_cast<uint64_t>(program));
  else
    link.add("/proc/self/exe");
  const long result =
      base::system_call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>(link.c_str()),
                        reinterpret_cast<long>(out), static_cast<long>(size));
  if (program >= 0) close_file(static_cast<int>(program));
  return result;
}

// Without /proc there is still the name that execve was given.
void name_by_how_it_was_called(char* out, size_t size) {
  const auto* const name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (name == nullptr) return;
  if (name[0] != '/') {
    const long folder =
        base::system_call(SYS_getcwd, reinterpret_cast<long>(out), static_cast<long>(size));
    if (folder <= 0 || static_cast<size_t>(folder) + base::length(name) + 1 > size) {
      out[0] = '\0';
      return;
    }
    out += folder - 1;
    size -= static_cast<size_t>(folder) - 1;
    *out++ = '/';
    --size;
  }
  base::TextWriter(out, size).add(name);
}

// As `ps` names the process: the last part of what was executed. A link (Debian's redis-server is
// one to redis-check-rdb) and a script have names of their own; /proc/self/exe knows neither. ps
// cuts it to 15 letters. Where a descriptor was executed its number is no name.
const char* name_of_program(const char* executable) {
  const auto* const called = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  const char* const name = called != nullptr ? base::base_name(called) : "";
  const char* end;
  base::parse_decimal(name, &end);
  return *end != '\0' ? name : base::base_name(executable);
}

}  // namespace

uint64_t monotonic_ns() { return base::clock_ns(CLOCK_MONOTONIC); }
uint64_t realtime_ns() { return base::clock_ns(CLOCK_REALTIME); }

void read_process_info() {
  ProcessInfo& info = process_info;
  info.start_realtime_ns = realtime_ns();
  info.start_monotonic_ns = monotonic_ns();
  info.start_ticks = base::ticks();
  const long size = read_executable(info.executable, sizeof(info.executable) - 1);
  info.executable[size > 0 ? size : 0] = '\0';
  if (size <= 0) name_by_how_it_was_called(info.executable, sizeof(info.executable));
  const char* const name = name_of_program(info.executable);
  base::TextWriter program(info.program, sizeof(info.program));
  for (const char* c = name; *c != '\0'; ++c) {
    const bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
                       (*c >= 'a' && *c <= 'z') || *c == '-' || *c == '_' || *c == '.' || *c == '+';
    program.add(plain ? *c : '_');
  }
  if (program.size() == 0) program.add("unknown");
  const long command = read_small_file("/proc/self/cmdline", info.command, sizeof(info.command));
  for (long i = 0; i + 1 < command; ++i) {
    if (info.command[i] == '\0') info.command[i] = ' ';
  }
  const long folder = base::system_call(SYS_getcwd, reinterpret_cast<long>(info.working_directory),
                                        sizeof(info.working_directory));
  if (folder <= 0) info.working_directory[0] = '\0';
}

ResidentMemory read_resident_memory() {
  ResidentMemory memory{};
  static constinit char buffer[2048]{};  // under the snapshot slot; small stacks are real
  read_lines("/proc/thread-self/status", buffer, sizeof(buffer), [&memory](const char* line) {
    if (base::starts_with(line, "VmRSS:"))
      memory.rss = kilobytes_after(line);
    else if (base::starts_with(line, "RssAnon:"))
      memory.anonymous = kilobytes_after(line);
    else if (base::starts_with(line, "RssFile:"))
      memory.file = kilobytes_after(line);
    else if (base::starts_with(line, "RssShmem:"))
      memory.shared = kilobytes_after(line);
  });
  return memory;
}

uint64_t resident_now() {
  char text[96];
  if (read_small_file("/proc/thread-self/statm", text, sizeof(text)) <= 0) return 0;
  const char* at;
  base::parse_decimal(text, &at);
  while (*at == ' ') ++at;
  return base::parse_decimal(at, &at) * base::page_size();
}

uint64_t memory_limit() {
  ProcessInfo& info = process_info;
  if (info.memory_limit_known) return info.memory_limit_bytes;
  cgroup_memory.find("/proc/self/cgroup", "/sys/fs/cgroup");
  info.memory_limit_bytes = cgroup_memory.limit();
  info.memory_limit_known = true;
  return info.memory_limit_bytes;
}

}  // namespace silt::snapshot
