// SPDX-License-Identifier: Apache-2.0
//
// A fork; the error comes through a pipe.

#include "symbolizer/commands/work_apart.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>

#include "symbolizer/base/byte_source.h"

namespace silt::commands {
namespace {

// The kernel's order when memory is short; that of most processes is 0.
void be_first_to_end() {
  constexpr char kFirst[] = "1000";
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, kFirst, sizeof kFirst - 1) < 0) {
    // Then it is one process among others.
  }
  close(fd);
}

[[noreturn]] void work_here(int answer, const std::function<std::optional<Error>()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  be_first_to_end();
  std::optional<Error> error;
  try {
    error = work();
  } catch (const std::exception& failure) {
    error = Error{failure.what()};
  }
  size_t written = 0;
  while (error && written < error->message.size()) {
    const ssize_t count =
        write(answer, error->message.data() + written, error->message.size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  _exit(error ? 1 : 0);
}

std::string read_all(int fd) {
  std::string text;
  char buffer[1024];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

std::optional<Error> work_apart(const std::function<std::optional<Error>()>& work) {
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) != 0) return Error{errno_text(errno)};
  const pid_t child = fork();
  if (child == 0) work_here(answer[1], work);
  const int failure = errno;
  close(answer[1]);
  const std::string text = child < 0 ? "" : read_all(answer[0]);
  close(answer[0]);
  if (child < 0) return Error{errno_text(failure)};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return Error{WTERMSIG(status) == SIGKILL
                     ? "there was not enough memory for it"
                     : "it ended by signal " + std::to_string(WTERMSIG(status))};
  }
  if (WEXITSTATUS(status) != 0) return Error{text.empty() ? "it failed" : text};
  return std::nullopt;
}

}  // namespace silt::commands
