// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/base/terminal_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "symbolizer/base/columns.h"
#include "symbolizer/base/quote.h"

namespace silt {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(200);

size_t columns_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
}

}  // namespace

bool TerminalLine::is_possible() {
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(STDERR_FILENO) == 1;
}

void TerminalLine::show(std::string_view text, bool at_once) {
  const auto time = std::chrono::steady_clock::now();
  if (shown_ && !at_once && time - last_ < kRedraw) return;
  last_ = time;
  shown_ = true;
  const std::string clean = one_line(text);
  const std::string line(first_columns(clean, columns_of_terminal() - 1));
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

void TerminalLine::wipe() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace silt
