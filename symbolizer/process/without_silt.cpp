// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/without_silt.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/program_file.h"

namespace silt::process {
namespace {

namespace fs = std::filesystem;

enum class Kind { kNodejs, kPython, kJava, kOther };

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Kind kind_of(const Stranger& process) {
  const std::string name = fs::path(process.executable).filename();
  if (name == "node" || name == "nodejs" || has(process.maps, "/libnode.so")) return Kind::kNodejs;
  if (name.starts_with("python") || has(process.maps, "/libpython3")) return Kind::kPython;
  if (name == "java" || has(process.maps, "/libjvm.so")) return Kind::kJava;
  return Kind::kOther;
}

// The signal named by node's --heapsnapshot-signal, among its arguments or in NODE_OPTIONS.
std::optional<std::string> heap_signal(const Stranger& process) {
  constexpr std::string_view kOption = "--heapsnapshot-signal";
  for (const std::string& text : {process.command, process.node_options}) {
    size_t at = text.find(kOption);
    if (at == std::string::npos) continue;
    at += kOption.size();
    if (at >= text.size() || (text[at] != '=' && text[at] != ' ' && text[at] != '\0')) continue;
    const size_t end = text.find_first_of(std::string_view(" \0", 2), at + 1);
    std::string signal = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (signal.starts_with("SIG")) signal = signal.substr(3);
    if (parse_signal(signal)) return signal;
  }
  return std::nullopt;
}

void add_nodejs(const Stranger& process, std::vector<std::string>& lines) {
  const std::string pid = std::to_string(process.pid);
  if (const auto signal = heap_signal(process)) {
    lines.push_back("now: 'kill -" + *signal + " " + pid +
                    "' makes it write a heap snapshot into its working folder; do that twice, some "
                    "load apart, and 'silt report A.heapsnapshot B.heapsnapshot' tells what grew");
  } else if ((process.caught >> (SIGUSR1 - 1) & 1) != 0) {
    lines.push_back(
        "now: 'kill -USR1 " + pid +
        "' opens its inspector on 127.0.0.1:9229, to anybody on this machine; take two heap "
        "snapshots with 'node inspect -p " +
        pid +
        "' (takeHeapSnapshot()) or chrome://inspect, some load apart: 'silt report A.heapsnapshot "
        "B.heapsnapshot' tells what grew");
  }
  if (!heap_signal(process)) {
    lines.push_back(
        "next time: NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2 makes it write one on request");
  }
}

// nginx.service of .../system.slice/nginx.service; empty when it is none.
std::string unit_of(std::string_view cgroup) {
  constexpr std::string_view kEnding = ".service";
  const size_t end = cgroup.rfind(kEnding);
  if (end == std::string_view::npos) return "";
  const size_t begin = cgroup.rfind('/', end);
  if (begin == std::string_view::npos) return "";
  const std::string_view unit = cgroup.substr(begin + 1, end + kEnding.size() - begin - 1);
  // A user's own manager holds everything that user started.
  return unit.starts_with("user@") ? "" : std::string(unit);
}

}  // namespace

std::vector<std::string> what_helps(const Stranger& process) {
  std::vector<std::string> lines;
  switch (kind_of(process)) {
    case Kind::kNodejs:
      add_nodejs(process, lines);
      break;
    case Kind::kPython:
      lines.push_back("now: 'memray attach " + std::to_string(process.pid) +
                      "' records it from now on, if memray is installed there, and gdb or lldb");
      break;
    case Kind::kJava:
      lines.push_back("now: 'jcmd " + std::to_string(process.pid) +
                      " GC.class_histogram', twice, some load apart, tells which classes grow");
      break;
    case Kind::kOther:
      break;
  }
  if (!process.obstacle.empty()) {
    lines.push_back("starting it anew would not help: " + process.obstacle);
    return lines;
  }
  const std::string unit = unit_of(process.cgroup);
  lines.push_back("start it anew with 'silt run PROGRAM', or with LD_PRELOAD=…/libsilt.so" +
                  (unit.empty() ? std::string() : " by 'systemctl edit " + unit + "'"));
  lines.push_back(
      "where it may not be started again soon: SILT_START=asleep beside it costs next to nothing, "
      "and 'silt arm PID' wakes it when it is needed");
  return lines;
}

std::vector<std::string> what_helps(pid_t pid) {
  Stranger process;
  process.pid = pid;
  std::error_code error;
  process.executable = fs::read_symlink(living_path(pid, "exe"), error).native();
  process.command = read_proc(living_path(pid, "cmdline")).value_or("");
  process.cgroup = read_proc(living_path(pid, "cgroup")).value_or("");
  process.maps = read_proc(living_path(pid, "maps")).value_or("");
  const std::string environment = read_proc(living_path(pid, "environ")).value_or("");
  constexpr std::string_view kNodeOptions = "NODE_OPTIONS=";
  for (size_t at = 0; at < environment.size();) {
    const size_t end = std::min(environment.find('\0', at), environment.size());
    const std::string_view entry(environment.data() + at, end - at);
    if (entry.starts_with(kNodeOptions)) process.node_options = entry.substr(kNodeOptions.size());
    at = end + 1;
  }
  if (const auto status = read_proc(living_path(pid, "status"))) {
    if (const auto facts = parse_status(*status)) process.caught = facts->caught;
  }
  const Obstacle obstacle = recording_obstacle(living_path(pid, "exe"));
  if (!obstacle.partly) process.obstacle = obstacle.text;
  return what_helps(process);
}

}  // namespace silt::process
