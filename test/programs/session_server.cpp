// SPDX-License-Identifier: Apache-2.0
//
// A small real HTTP server with a leak of the kind that reaches production: a visitor without a
// session cookie gets a session, and nothing ever removes one. Crawlers and load generators never
// send the cookie back, so the table grows by one entry a request. Beside it stands a page cache
// that is healthy: it fills to its bound and then replaces its oldest pages.
//
// Two worker threads, each with its own listening socket on one loopback port and an epoll loop;
// HTTP/1.1 with keep-alive. Ends on SIGTERM or SIGINT, or after the given time.
//
// With a bound on sessions, the oldest makes room for a new one: the leak is mended, all else is the
// same.
//
// usage: session_server PORT SECONDS [MOST-SESSIONS]
//        (PORT 0: any; prints `listening on 127.0.0.1:PORT`)

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

std::atomic<bool> stopping{false};
void on_stop(int) { stopping.store(true, std::memory_order_relaxed); }

struct Session {
  uint64_t visits = 0;
  std::string address;
  std::vector<std::string> pages;
};

class SessionTable {
 public:
  // With `most` 0 nothing removes sessions: this is the leak.
  explicit SessionTable(size_t most) : most_(most) {}

  // The session of this cookie, or a new one.
  std::pair<std::string, uint64_t> visit(std::string_view cookie, std::string_view page) {
    const std::lock_guard lock(mutex_);
    auto place = sessions_.find(std::string(cookie));
    if (place == sessions_.end()) place = sessions_.emplace(next_token(), create(page)).first;
    forget_oldest(place->first);
    return {place->first, ++place->second->visits};
  }

 private:
  void forget_oldest(const std::string& newest) {
    if (most_ == 0 || sessions_.size() == by_age_.size()) return;
    by_age_.push_back(newest);
    if (by_age_.size() <= most_) return;
    sessions_.erase(by_age_.front());
    by_age_.pop_front();
  }

  std::unique_ptr<Session> create(std::string_view page) {
    auto session = std::make_unique<Session>();
    session->address = "a visitor from 127.0.0.1 without a cookie";
    session->pages.reserve(4);
    session->pages.emplace_back(page);
    return session;
  }

  std::string next_token() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    char token[40];
    std::snprintf(token, sizeof token, "%016llx%016llx", static_cast<unsigned long long>(state_),
                  static_cast<unsigned long long>(++count_));
    return token;
  }

  std::mutex mutex_;
  uint64_t state_ = 88172645463325252u;
  uint64_t count_ = 0;
  const size_t most_;
  std::map<std::string, std::unique_ptr<Session>> sessions_;
  std::deque<std::string> by_age_;  // tokens, only when there is a bound
};

class PageCache {
 public:
  std::string get(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(path);
    if (found != index_.end()) {
      pages_.splice(pages_.begin(), pages_, found->second);
      return pages_.front().second;
    }
    pages_.emplace_front(path, render(path));
    index_[path] = pages_.begin();
    if (pages_.size() > kPages) {
      index_.erase(pages_.back().first);
      pages_.pop_back();
    }
    return pages_.front().second;
  }

 private:
  static constexpr size_t kPages = 64;
  static std::string render(const std::string& path) {
    std::string page = "<!doctype html><title>" + path + "</title><ul>";
    for (int i = 0; i < 20; ++i) page += "<li>" + path + " item " + std::to_string(i);
    return page + "</ul>\n";
  }

  using Page = std::pair<std::string, std::string>;
  std::mutex mutex_;
  std::list<Page> pages_;
  std::unordered_map<std::string, std::list<Page>::iterator> index_;
};

class Server {
 public:
  explicit Server(size_t most_sessions) : sessions_(most_sessions) {}

  // Answers one request; `head` is the request up to its empty line.
  std::string answer(std::string_view head) {
    const size_t space = head.find(' ');
    const size_t end = space == head.npos ? space : head.find(' ', space + 1);
    if (end == head.npos) return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    const std::string path(head.substr(space + 1, std::min<size_t>(end - space - 1, 200)));
    const auto [token, visits] = sessions_.visit(cookie_of(head), path);
    const std::string page = cache_.get(path);
    return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: session=" + token +
           "\r\nX-Visits: " + std::to_string(visits) +
           "\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page;
  }

 private:
  static std::string_view cookie_of(std::string_view head) {
    constexpr std::string_view kField = "session=";
    const size_t start = head.find(kField);
    if (start == head.npos) return {};
    return head.substr(start + kField.size(), 32);
  }

  SessionTable sessions_;
  PageCache cache_;
};

int listen_on(uint16_t port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_fd < 0 ||
      bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket_fd, 512) != 0) {
    std::perror("session_server: cannot listen");
    std::exit(1);
  }
  return socket_fd;
}

class Worker {
 public:
  Worker(Server& server, int listen_fd)
      : server_(server), listen_fd_(listen_fd), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
    watch(listen_fd_);
  }

  void run() {
    epoll_event events[64];
    while (!stopping.load(std::memory_order_relaxed)) {
      const int count = epoll_wait(epoll_fd_, events, 64, 100);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listen_fd_) {
          accept_connection();
        } else {
          serve(events[i].data.fd);
        }
      }
    }
    for (const auto& [fd, input] : connections_) close(fd);
    close(epoll_fd_);
    close(listen_fd_);
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_connection() {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.emplace(fd, std::string());
    watch(fd);
  }

  void serve(int fd) {
    char buffer[4096];
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    std::string& input = connections_[fd];
    if (size > 0) input.append(buffer, static_cast<size_t>(size));
    bool open = size > 0 && input.size() < 65536;
    for (size_t end = 0; open && (end = input.find("\r\n\r\n")) != input.npos;) {
      const std::string response = server_.answer(std::string_view(input).substr(0, end));
      input.erase(0, end + 4);
      open = send(fd, response.data(), response.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(response.size());
    }
    if (!open) {
      close(fd);
      connections_.erase(fd);
    }
  }

  Server& server_;
  int listen_fd_;
  int epoll_fd_;
  std::unordered_map<int, std::string> connections_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: session_server PORT SECONDS [MOST-SESSIONS]\n");
    return 2;
  }
  const auto seconds = std::chrono::seconds(std::atoi(argv[2]));
  signal(SIGTERM, on_stop);
  signal(SIGINT, on_stop);

  Server server(argc == 4 ? static_cast<size_t>(std::atol(argv[3])) : 0);
  const int first_fd = listen_on(static_cast<uint16_t>(std::atoi(argv[1])));
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(first_fd, reinterpret_cast<sockaddr*>(&address), &length);
  const uint16_t port = ntohs(address.sin_port);
  const int second_fd = listen_on(port);

  std::thread first([&server, first_fd] { Worker(server, first_fd).run(); });
  std::thread second([&server, second_fd] { Worker(server, second_fd).run(); });
  std::printf("listening on 127.0.0.1:%u\n", port);
  std::fflush(stdout);

  const auto end = std::chrono::steady_clock::now() + seconds;
  while (!stopping.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  stopping.store(true, std::memory_order_relaxed);
  first.join();
  second.join();
  return 0;
}
