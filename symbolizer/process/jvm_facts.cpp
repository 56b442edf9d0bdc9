// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/jvm_facts.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "symbolizer/process/signal_obstacle.h"

namespace silt::process {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Whether a word of the command, or of the options, is this one.
bool has_word(const JvmFacts& facts, std::string_view word) {
  for (const auto& [text, between] :
       {std::pair<std::string_view, std::string_view>(facts.command, std::string_view("\0", 1)),
        std::pair<std::string_view, std::string_view>(facts.options,
                                                      std::string_view(" \t\n\0", 4))}) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find_first_of(between, at), text.size());
      if (text.substr(at, end - at) == word) return true;
      at = end + 1;
    }
  }
  return false;
}

}  // namespace

std::string own_pid(pid_t pid, const StatusFacts& status) {
  return std::to_string(status.namespace_pids.empty() ? pid : status.namespace_pids.back());
}

std::string jvm_socket(pid_t pid, const StatusFacts& status) {
  return proc_path(pid, "root/tmp/.java_pid") + own_pid(pid, status);
}

bool jvm_listens(pid_t pid, const StatusFacts& status) {
  struct stat file {};
  return lstat(jvm_socket(pid, status).c_str(), &file) == 0 && S_ISSOCK(file.st_mode) &&
         file.st_uid == status.user;
}

JvmFacts jvm_facts_of(pid_t pid, const StatusFacts& status) {
  JvmFacts facts;
  facts.status = status;
  facts.maps = read_proc(proc_path(pid, "maps")).value_or("");
  facts.command = read_proc(proc_path(pid, "cmdline")).value_or("");
  std::error_code ignored;
  facts.executable =
      std::filesystem::read_symlink(proc_path(pid, "exe"), ignored).filename().native();
  const std::string environment = read_proc(proc_path(pid, "environ")).value_or("");
  for (const std::string_view name :
       {"JAVA_TOOL_OPTIONS=", "JDK_JAVA_OPTIONS=", "_JAVA_OPTIONS="}) {
    for (size_t at = 0; at < environment.size();) {
      const size_t end = std::min(environment.find('\0', at), environment.size());
      const std::string_view entry(environment.data() + at, end - at);
      if (entry.starts_with(name)) facts.options += " " + std::string(entry.substr(name.size()));
      at = end + 1;
    }
  }
  for (const pid_t thread : threads_of(pid)) {
    std::string name =
        read_proc(proc_path(pid, "task/" + std::to_string(thread) + "/comm")).value_or("");
    while (name.ends_with('\n')) name.pop_back();
    facts.threads.push_back(std::move(name));
  }
  facts.socket = jvm_listens(pid, status);
  facts.asker = geteuid();
  return facts;
}

bool is_jvm(pid_t pid) {
  const auto maps = read_proc(proc_path(pid, "maps"));
  return maps && contains(*maps, "/libjvm.so");
}

std::string attach_obstacle(const JvmFacts& facts) {
  if (!contains(facts.maps, "/libjvm.so")) return "is not a Java virtual machine";
  if (contains(facts.maps, "/libj9vm")) {
    return "runs OpenJ9, which does not list its classes by HotSpot's protocol";
  }
  if (facts.asker != 0 && facts.asker != facts.status.user) return "belongs to another user";
  if (is_stopped(facts.status)) return "is stopped: let it go on (kill -CONT) and try again";
  if (has_word(facts, "-XX:+DisableAttachMechanism")) {
    return "was started with -XX:+DisableAttachMechanism, so its classes cannot be listed";
  }
  if (facts.socket) return "";
  if (has_word(facts, "-Xrs")) {
    return "was started with -Xrs and has no socket in /tmp, so its classes cannot be listed";
  }
  // HotSpot's own thread for signals, its name cut by the kernel: a program that has a machine in
  // it may catch SIGQUIT for purposes of its own. Before version 9 threads had no names; the
  // program `java` is nothing but a machine.
  const bool dispatches =
      facts.executable == "java" || std::find(facts.threads.begin(), facts.threads.end(),
                                              "Signal Dispatch") != facts.threads.end();
  if (!dispatches || (facts.status.caught >> (SIGQUIT - 1) & 1) == 0) {
    return "has a Java virtual machine that is starting or takes no SIGQUIT, so its classes cannot "
           "be listed";
  }
  return "";
}

}  // namespace silt::process
