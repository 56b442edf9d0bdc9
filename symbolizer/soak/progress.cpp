// SPDX-License-Identifier: Apache-2.0
//
// Lines are cut to the terminal's width: a wrapped line could not be rewritten.

#include "symbolizer/soak/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "symbolizer/base/quote.h"

namespace silt::soak {
namespace {

constexpr char kPrefix[] = "silt soak: ";
constexpr auto kRedraw = std::chrono::milliseconds(200);

size_t columns_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
}

bool can_rewrite() {
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(STDERR_FILENO) == 1;
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(can_rewrite()) {}

Progress::~Progress() { wipe(); }

void Progress::wipe() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void Progress::warn(const std::string& text) {
  wipe();
  std::fprintf(stderr, "%s%s\n", kPrefix, text.c_str());
}

void Progress::step(const std::string& text) {
  if (quiet_) return;
  if (terminal_) {
    last_ = {};
    now(text);
  } else {
    std::fprintf(stderr, "%s%s\n", kPrefix, some_lines(text).c_str());
  }
}

void Progress::now(const std::string& text) {
  if (quiet_ || !terminal_) return;
  const auto time = std::chrono::steady_clock::now();
  if (shown_ && time - last_ < kRedraw) return;
  last_ = time;
  shown_ = true;
  const std::string line = (kPrefix + one_line(text)).substr(0, columns_of_terminal() - 1);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

}  // namespace silt::soak
