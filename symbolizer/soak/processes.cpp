// SPDX-License-Identifier: Apache-2.0
//
// A child asks the kernel to be ended with its parent: a soak that is killed leaves nothing behind.

#include "symbolizer/soak/processes.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"

namespace silt::soak {
namespace {

void set_streams(const ChildSetup& setup) {
  if (!setup.input || isatty(STDIN_FILENO) == 1) {
    const int nothing = open("/dev/null", O_RDONLY);
    if (nothing > 0) {
      dup2(nothing, STDIN_FILENO);
      close(nothing);
    }
  }
  int out = STDERR_FILENO;
  if (!setup.log.empty()) {
    const int log = open(setup.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0) out = log;
  }
  dup2(out, STDOUT_FILENO);
  if (out != STDERR_FILENO) dup2(out, STDERR_FILENO);
}

}  // namespace

Result<Child> start_child(const ChildSetup& setup, const std::function<void()>& become) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Error{"cannot start a process: " + errno_text(errno)};
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    set_streams(setup);
    sigprocmask(SIG_SETMASK, &setup.signal_mask, nullptr);
    become();
    _exit(127);
  }
  setpgid(pid, pid);  // whoever of the two comes first
  Child child;
  child.pid = pid;
  return child;
}

std::string end_text(int wait_status) {
  if (WIFEXITED(wait_status)) return "with status " + std::to_string(WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  const char* name = sigabbrev_np(signal);
  return "by signal " + (name != nullptr ? "SIG" + std::string(name) : std::to_string(signal));
}

std::string last_lines(const std::string& path, size_t most) {
  constexpr std::streamoff kTail = 16384;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  std::deque<std::string> lines;
  std::string line;
  while (std::getline(file, line)) {
    lines.push_back(line);
    if (lines.size() > most) lines.pop_front();
  }
  std::string text;
  for (const std::string& one : lines) {
    const std::string quoted = in_quotes(one);  // control characters made harmless
    text += "  | " + quoted.substr(1, quoted.size() - 2) + "\n";
  }
  return text;
}

}  // namespace silt::soak
