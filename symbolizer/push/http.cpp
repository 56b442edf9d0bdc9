// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/push/http.h"

#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>

#include "symbolizer/base/byte_source.h"

namespace silt::push {
namespace {

using std::chrono::steady_clock;

// Who answers with more says nothing that we want to know.
constexpr size_t kLargestAnswer = 64 * 1024;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

class Deadline {
 public:
  explicit Deadline(double seconds)
      : end_(steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                       std::chrono::duration<double>(seconds))) {}

  // Whether the socket became ready before the end.
  bool wait(int fd, short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd one{fd, events, 0};
      const int count = poll(&one, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
      if (count > 0) return true;
      if (count < 0 && errno != EINTR) return false;
    }
  }

 private:
  steady_clock::time_point end_;
};

Error timed_out() { return Error{"no answer in time"}; }

struct Addresses {
  addrinfo* first = nullptr;
  ~Addresses() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

// A socket that is connected, of the first address that takes us; or -1 and why not.
int connect_to(const Url& url, const Deadline& deadline, Error& why) {
  // A tool that is linked statically must not load the name services of a system with another libc.
  if (getauxval(AT_BASE) == 0) __nss_configure_lookup("hosts", "files dns");
  Addresses addresses;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int found = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &addresses.first);
  if (found != 0) {
    why = Error{std::string("its host is not known: ") + gai_strerror(found)};
    return -1;
  }
  for (const addrinfo* at = addresses.first; at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      why = Error{"no socket: " + errno_text(errno)};
      continue;
    }
    int error = connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      if (!deadline.wait(fd, POLLOUT)) {
        close(fd);
        why = timed_out();
        return -1;
      }
      socklen_t size = sizeof(error);
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) return fd;
    close(fd);
    why = Error{"cannot connect: " + errno_text(error)};
  }
  return -1;
}

std::optional<Error> send_all(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!deadline.wait(fd, POLLOUT)) return timed_out();
    } else if (errno != EINTR) {
      return Error{"cannot send: " + errno_text(errno)};
    }
  }
  return std::nullopt;
}

std::optional<std::string> header_of(std::string_view head, std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    at += 2;
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view line = head.substr(at, end - at);
    const size_t colon = line.find(':');
    if (colon == wanted.size() &&
        std::equal(wanted.begin(), wanted.end(), line.begin(),
                   [&](char a, char b) { return lower(a) == lower(b); })) {
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      return std::string(value);
    }
    at = end == head.size() ? std::string_view::npos : end;
  }
  return std::nullopt;
}

// How many bytes the whole answer has, where it says so.
std::optional<size_t> whole_size(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const auto length = header_of(bytes.substr(0, end), "content-length");
  size_t size = 0;
  if (!length) return std::nullopt;
  const auto [stop, error] = std::from_chars(length->data(), length->data() + length->size(), size);
  if (error != std::errc() || size > kLargestAnswer) return std::nullopt;
  return end + 4 + size;
}

// Until it is whole, ends, or is long enough. A server that has read the request may answer before
// it has taken all of it and reset the connection; what came until then counts.
Result<std::string> receive(int fd, const Deadline& deadline) {
  std::string bytes;
  char buffer[8192];
  while (bytes.size() < kLargestAnswer) {
    const auto size = whole_size(bytes);
    if (size && bytes.size() >= *size) break;
    const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    if (got > 0) {
      bytes.append(buffer, static_cast<size_t>(got));
    } else if (got == 0) {
      break;
    } else if (errno == EAGAIN) {
      if (!deadline.wait(fd, POLLIN)) return timed_out();
    } else if (errno != EINTR) {
      if (!bytes.empty()) break;
      return Error{"cannot read the answer: " + errno_text(errno)};
    }
  }
  return bytes;
}

bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// The content of a body in chunks, as far as it is there.
std::string unchunked(std::string_view body) {
  std::string text;
  for (;;) {
    size_t size = 0;
    const auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), size, 16);
    const size_t line = body.find("\r\n");
    if (error != std::errc() || size == 0 || line == std::string_view::npos) return text;
    body.remove_prefix(line + 2);
    text += body.substr(0, size);
    if (body.size() < size + 2) return text;
    body.remove_prefix(size + 2);
  }
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      !std::all_of(line.begin(), line.begin() + static_cast<long>(colon), is_token)) {
    return Error{"expected NAME: VALUE"};
  }
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (std::any_of(value.begin(), value.end(),
                  [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; })) {
    return Error{"its value has control characters"};
  }
  return std::pair(std::string(line.substr(0, colon)), std::string(value));
}

Result<Response> parse_response(std::string_view bytes) {
  if (!bytes.starts_with("HTTP/1.") || bytes.size() < 12 || bytes[8] != ' ') {
    return Error{bytes.empty() ? "it closed the connection without an answer"
                               : "what answers is no HTTP server"};
  }
  Response response;
  const auto [stop, error] = std::from_chars(bytes.data() + 9, bytes.data() + 12, response.status);
  if (error != std::errc() || stop != bytes.data() + 12 || response.status < 100) {
    return Error{"what answers is no HTTP server"};
  }
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return Error{"its answer was cut short"};
  const std::string_view head = bytes.substr(0, end);
  response.location = header_of(head, "location").value_or("");
  response.body = bytes.substr(end + 4);
  if (header_of(head, "transfer-encoding").value_or("") == "chunked") {
    response.body = unchunked(response.body);
  }
  return response;
}

Result<Response> post(const Url& url, const Request& request, double seconds) {
  const Deadline deadline(seconds);
  Error why;
  const Socket socket(connect_to(url, deadline, why));
  if (socket.fd() < 0) return why;
  std::string head = "POST " + url.path + request.target + " HTTP/1.1\r\nHost: " + url.authority() +
                     "\r\nContent-Length: " + std::to_string(request.body.size()) +
                     "\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) head += name + ": " + value + "\r\n";
  head += "\r\n";
  auto failure = send_all(socket.fd(), head, deadline);
  if (!failure) failure = send_all(socket.fd(), request.body, deadline);
  const Result<std::string> bytes = receive(socket.fd(), deadline);
  // Who refuses a body that is too large says so, and does not read it to its end.
  if (failure && (!bytes || bytes->empty())) return *failure;
  if (!bytes) return bytes.error();
  return parse_response(*bytes);
}

}  // namespace silt::push
