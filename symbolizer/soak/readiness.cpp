// SPDX-License-Identifier: Apache-2.0
//
// See the header. A port of this machine is tried on both loopback addresses.

#include "symbolizer/soak/readiness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/soak/seen.h"

namespace silt::soak {
namespace {

using std::chrono::steady_clock;

constexpr double kReadyInterval = 0.2;  // between two tries

bool port_answers(int port) {
  const auto connects = [](int family, const sockaddr* address, socklen_t size) {
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool good = connect(fd, address, size) == 0;
    close(fd);
    return good;
  };
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(static_cast<uint16_t>(port));
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = four.sin_port;
  six.sin6_addr = in6addr_loopback;
  return connects(AF_INET, reinterpret_cast<sockaddr*>(&four), sizeof four) ||
         connects(AF_INET6, reinterpret_cast<sockaddr*>(&six), sizeof six);
}

}  // namespace

std::optional<Error> wait_ready(Running& running, const Task& task) {
  SeenProcesses seen;
  const Moment end = running.started() + seconds(task.ready_seconds);
  // "port 8080" did not "answer".
  const auto until = [&](const std::string& what, const char* verb,
                         const std::function<bool()>& holds) -> std::optional<Error> {
    while (running.take_events()) {
      if (holds()) return std::nullopt;
      const Moment now = steady_clock::now();
      if (now >= end) {
        return Error{what + " did not " + verb + " within " + format_duration(task.ready_seconds) +
                     running.log_tail()};
      }
      log::now("waiting for " + what + " to " + verb);
      running.pause(std::min<steady_clock::duration>(end - now, seconds(kReadyInterval)));
    }
    if (!running.program_runs()) return running.program_ended_early("before it was ready");
    return std::nullopt;
  };
  std::optional<Error> failure =
      until("the program", "load silt", [&] { return !seen.look(running.tree(), 0).empty(); });
  if (!failure && task.ready_port != 0) {
    failure = until("port " + std::to_string(task.ready_port), "answer",
                    [&] { return port_answers(task.ready_port); });
  }
  if (!failure && !task.ready.empty()) {
    failure = until("the --ready command", "succeed",
                    [&] { return running.ready_command_says_yes(end); });
  }
  if (!failure && task.wait_seconds > 0 && running.going_on() &&
      !running.wait(steady_clock::now() + seconds(task.wait_seconds),
                    [] { return std::string("waiting before the load"); }) &&
      !running.program_runs()) {
    failure = running.program_ended_early("before it was ready");
  }
  return failure;
}

}  // namespace silt::soak
