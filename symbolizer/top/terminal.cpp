// SPDX-License-Identifier: Apache-2.0
//
// Signals are read, not handled, so that the terminal is restored on the ordinary way out. Stopping
// by Ctrl-Z is off: the shell would be left on the wrong screen.

#include "symbolizer/top/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace silt::top {
namespace {

constexpr char kEnter[] = "\033[?1049h\033[?25l";  // alternate screen, no cursor
constexpr char kLeave[] = "\033[?25h\033[?1049l";

winsize size_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

Terminal::Terminal() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&taken, signal);
  sigprocmask(SIG_BLOCK, &taken, &mask_before_);
  signals_ = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  const char* kind = std::getenv("TERM");
  live_ = isatty(STDOUT_FILENO) == 1 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
  if (live_ && isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    keys_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
}

Terminal::~Terminal() {
  restore();
  if (signals_ >= 0) close(signals_);
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Terminal::restore() {
  if (drawn_ && live_) std::fputs(kLeave, stdout);
  std::fflush(stdout);
  drawn_ = false;
  if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  keys_ = false;
}

size_t Terminal::width() const {
  const winsize size = live_ ? size_of_terminal() : winsize{};
  return size.ws_col >= 20 ? size.ws_col : 80;
}

size_t Terminal::height() const {
  const winsize size = live_ ? size_of_terminal() : winsize{};
  return size.ws_row >= 5 ? size.ws_row : 24;
}

void Terminal::draw(const std::vector<std::string>& lines) {
  std::string text;
  if (live_) {
    if (!drawn_) text += kEnter;
    text += "\033[H";
    // No newline after the last line: it would scroll.
    for (size_t i = 0; i < lines.size(); ++i) {
      text += (i > 0 ? "\n" : "") + lines[i] + "\033[K";
    }
    text += "\033[J";
  } else {
    if (drawn_) text += '\n';
    for (const std::string& line : lines) text += line + '\n';
  }
  drawn_ = true;
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) != 0) quit_ = true;  // nobody reads any more
}

Terminal::Wake Terminal::wait(std::chrono::steady_clock::duration longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(end - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration{}));
    pollfd events[2] = {{signals_, POLLIN, 0}, {keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
    if (!quit_) poll(events, 2, static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    bool resized = false;
    pressed_.clear();
    signalfd_siginfo info{};
    while (signals_ >= 0 && ::read(signals_, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGWINCH) {
        resized = true;
      } else {
        quit_ = true;
      }
    }
    if ((events[1].revents & (POLLIN | POLLHUP)) != 0) {
      char bytes[256];
      const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (count <= 0) quit_ = quit_ || (events[1].revents & POLLHUP) != 0;
      if (count > 0) pressed_ = keys_in({bytes, static_cast<size_t>(count)});
    }
    if (quit_) return Wake::kQuit;
    if (!pressed_.empty()) return Wake::kKey;
    if (resized) return Wake::kRedraw;
    if (std::chrono::steady_clock::now() >= end) return Wake::kTime;
  }
}

}  // namespace silt::top
