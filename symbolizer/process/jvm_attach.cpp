// SPDX-License-Identifier: Apache-2.0
//
// See jvm_attach.h. The folders in which the file and the socket lie are the process's, and anybody
// may write to /tmp: no link is followed, what is there must be of the process's user, and who
// listens on the socket is asked of the kernel.

#include "symbolizer/process/jvm_attach.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/askable.h"
#include "symbolizer/process/attach_file.h"
#include "symbolizer/process/handle.h"
#include "symbolizer/process/jvm_facts.h"
#include "symbolizer/process/signal_obstacle.h"

namespace silt::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Moment = steady_clock::time_point;

constexpr auto kBetweenAttachLooks = milliseconds(20);
// A table of fifty thousand classes has some five megabytes.
constexpr size_t kLongestAnswer = size_t{64} << 20;
// HotSpot's own tools wait ten seconds for the socket; a loaded machine takes longer.
constexpr auto kSocketPatience = std::chrono::seconds(30);

// Closed with its scope.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Connection& operator=(Connection&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class AskingJvm {
 public:
  AskingJvm(pid_t pid, double seconds, const std::function<bool()>& goes_on)
      : pid_(pid),
        handle_(pid),
        end_(steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                       std::chrono::duration<double>(seconds))),
        goes_on_(goes_on) {}

  Result<std::string> run(const std::string& request) {
    // After the handle: what is read now is about its process as long as that is alive.
    const auto status = find_process(pid_);
    if (!status) return status.error();
    status_ = *status;
    const JvmFacts facts = jvm_facts_of(pid_, status_);
    if (const std::string obstacle = attach_obstacle(facts); !obstacle.empty()) {
      return about(pid_, obstacle);
    }
    bool busy = false;
    auto connection = facts.socket ? connect_to(&busy) : Result<Connection>(Error{});
    if (!connection && !busy) {
      // The socket is nobody's any more, or there is none yet.
      JvmFacts without = facts;
      without.socket = false;
      if (const std::string obstacle = attach_obstacle(without); !obstacle.empty()) {
        return about(pid_, obstacle);
      }
      connection = wake();
    }
    if (!connection) return connection.error();
    return converse(*connection, request);
  }

 private:
  bool patient() const { return steady_clock::now() < end_ && (!goes_on_ || goes_on_()); }

  Error late(const char* what) const {
    if (handle_.has_ended()) return about(pid_, "ended while it was asked for its classes");
    return about(pid_, what);
  }

  // Has the machine make its socket, and connects to it.
  Result<Connection> wake() {
    const AttachFile file(pid_, status_);
    if (!file.there()) {
      return about(pid_,
                   "cannot be asked for its classes: no file can be made in its working folder or "
                   "its /tmp: " +
                       errno_text(file.error()));
    }
    // Once more, right before: it must still catch the signal, and be the same process.
    const auto now = status_of(pid_);
    constexpr uint64_t kQuit = uint64_t{1} << (SIGQUIT - 1);
    if (!now || (now->caught & kQuit) == 0 || is_stopped(*now) || handle_.has_ended()) {
      return about(pid_, "is in no state to be asked for its classes");
    }
    if (const int error = handle_.send(SIGQUIT, 0); error != 0) {
      return about(pid_, "cannot be asked for its classes: " + errno_text(error));
    }
    const Moment end = std::min(end_, steady_clock::now() + kSocketPatience);
    for (;;) {
      if (jvm_listens(pid_, status_)) {
        bool busy = false;
        auto connection = connect_to(&busy);
        if (connection || busy) return connection;
      }
      if (steady_clock::now() >= end || !patient() || handle_.has_ended()) {
        return late("did not answer HotSpot's attach protocol in time");
      }
      std::this_thread::sleep_for(kBetweenAttachLooks);
    }
  }

  // `busy`, where it fails: the machine listens.
  Result<Connection> connect_to(bool* busy) const {
    *busy = false;
    const std::string path = jvm_socket(pid_, status_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return about(pid_, "has too long a path to /tmp");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Connection fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return about(pid_, "cannot be asked: " + errno_text(errno));
    // A machine that listens must not be woken: it would write its threads to standard output.
    while (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      const int error = errno;
      if (error == EINTR) continue;
      *busy = error == EAGAIN;
      if (!*busy) return about(pid_, "cannot be asked for its classes: " + errno_text(error));
      // Others are waiting to ask it.
      if (!patient()) return late("does not take a question: it is busy");
      std::this_thread::sleep_for(kBetweenAttachLooks);
    }
    *busy = false;
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid != pid_ ||
        peer.uid != status_.user) {
      return about(pid_, "is not the one that listens on " + in_quotes(path));
    }
    return fd;
  }

  // Waits until the connection is ready for `events`; false: no longer.
  bool ready(const Connection& connection, short events) const {
    constexpr int kTick = 100;  // milliseconds
    while (patient()) {
      pollfd wanted{connection.get(), events, 0};
      const int count = poll(&wanted, 1, kTick);
      if (count > 0) return true;
      if (count < 0 && errno != EINTR) return false;
    }
    return false;
  }

  Result<std::string> converse(const Connection& connection, std::string_view request) const {
    while (!request.empty()) {
      if (!ready(connection, POLLOUT)) return late("does not take a question: it is busy");
      const ssize_t count = send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count < 0) return refused();
      request.remove_prefix(static_cast<size_t>(count));
    }
    std::string answer;
    std::array<char, 65536> buffer;
    for (;;) {
      if (!ready(connection, POLLIN)) {
        return late("did not list its classes in time: its heap is large, or it is busy");
      }
      const ssize_t count = ::read(connection.get(), buffer.data(), buffer.size());
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count < 0) return refused();
      if (count == 0) break;
      if (answer.size() + static_cast<size_t>(count) > kLongestAnswer) {
        return about(pid_, "answers more than any table of classes has");
      }
      answer.append(buffer.data(), static_cast<size_t>(count));
    }
    if (answer.empty()) return refused();
    auto text = attach_answer(answer);
    if (!text) return about(pid_, text.error().message);
    return text;
  }

  // HotSpot hangs up on others than its user; before version 9 on root as well.
  Error refused() const {
    return late("refused the question: silt must run as the same user and group as it does");
  }

  const pid_t pid_;
  const ProcessHandle handle_;
  const Moment end_;
  const std::function<bool()>& goes_on_;
  StatusFacts status_;
};

}  // namespace

std::string attach_request(std::string_view command, const std::vector<std::string>& arguments) {
  constexpr size_t kArguments = 3;
  std::string request = "1";
  request += '\0';
  request += command;
  request += '\0';
  for (size_t i = 0; i < kArguments; ++i) {
    if (i < arguments.size()) request += arguments[i];
    request += '\0';
  }
  return request;
}

Result<std::string> attach_answer(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const std::string_view status = bytes.substr(0, end);
  const std::string_view text =
      end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
  const bool number = !status.empty() && status.size() <= 10 &&
                      status.find_first_not_of("-0123456789") == std::string_view::npos;
  if (!number) return Error{"does not answer as HotSpot does"};
  if (status == "0") return std::string(text);
  constexpr size_t kEnough = 200;
  const std::string_view why = text.substr(0, std::min(text.find('\n'), kEnough));
  return Error{"refused the question: " + one_line(why.empty() ? status : why)};
}

Result<std::string> ask_jvm(pid_t pid, std::string_view command,
                            const std::vector<std::string>& arguments, double seconds,
                            const std::function<bool()>& goes_on) {
  return AskingJvm(pid, seconds, goes_on).run(attach_request(command, arguments));
}

}  // namespace silt::process
