// SPDX-License-Identifier: Apache-2.0
//
// Formats and files; see the header.

#include "symbolizer/commands/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "symbolizer/base/quote.h"
#include "symbolizer/render/formats.h"

namespace silt::commands {
namespace {

// Why this build does not have a format; "" when it has.
std::string why_not(std::string_view name) {
  const render::Format* const format = render::find_format(name);
  return format == nullptr || format->why_not == nullptr ? std::string() : format->why_not();
}

constexpr size_t kNarrowest = 40;
constexpr size_t kWidest = 120;

// /dev/stdout, /dev/fd/3 and links to them name a descriptor of this process: opening it by that
// name would begin a file anew that others have written to. -1: no such name.
int own_descriptor(const std::string& path) {
  constexpr int kMostLinks = 40;
  std::string name = path;
  for (int i = 0; i < kMostLinks; ++i) {
    if (name == "/dev/stdout") return STDOUT_FILENO;
    if (name == "/dev/stderr") return STDERR_FILENO;
    const std::string own = "/proc/" + std::to_string(getpid()) + "/fd/";
    for (const std::string& folder :
         {std::string("/dev/fd/"), std::string("/proc/self/fd/"), own}) {
      if (name.rfind(folder, 0) != 0 || name.size() == folder.size()) continue;
      const std::string digits = name.substr(folder.size());
      if (digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos)
        continue;
      return std::atoi(digits.c_str());
    }
    std::error_code error;
    const std::filesystem::path to = std::filesystem::read_symlink(name, error);
    if (error) return -1;
    name = (std::filesystem::path(name).parent_path() / to).lexically_normal();
  }
  return -1;
}

// What a name stands for: a file that a link points to is written there, and stays linked.
std::filesystem::path link_target(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) return path;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  return error ? std::filesystem::path(path) : target;
}

bool write_whole(std::string_view bytes, int fd) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

size_t terminal_width(int fd) {
  if (const char* text = std::getenv("COLUMNS")) {
    char* end = nullptr;
    const long wanted = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && wanted > 0 && wanted < 10000) {
      return std::clamp(static_cast<size_t>(wanted), kNarrowest, kWidest);
    }
  }
  winsize size{};
  if (isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::clamp<size_t>(size.ws_col, kNarrowest, kWidest);
  }
  return 80;
}

void add_output_options(CLI::App& app, OutputOptions& options) {
  std::vector<std::string> names;
  std::string endings;
  for (const render::Format& format : render::formats()) {
    names.emplace_back(format.name);
    if (format.endings.size() == 0) continue;
    const std::string_view ending = *format.endings.begin();
    endings += (endings.empty() ? "" : ", ") + std::string(ending);
    if (ending.find(format.name) == std::string_view::npos) {
      endings += " (" + std::string(format.name) + ")";
    }
  }
  app.add_option("--format,-f", options.format, "output format")
      ->check(CLI::IsMember(names))
      ->check([](const std::string& name) { return why_not(name); })
      ->capture_default_str();
  app.add_option("--output,-o", options.path,
                 "write to this file instead of standard output; without --format the file's "
                 "ending chooses the format: " +
                     endings)
      ->type_name("FILE");
  app.parse_complete_callback([&app, &options] {
    if (app.count("--format") != 0) return;
    options.format = render::format_of_file(options.path).name;
    const std::string why = why_not(options.format);
    if (!why.empty()) throw CLI::ValidationError("--output", why);
  });
  app.add_flag("--full", options.full, "text: every stack of each finding, with all its frames");
}

bool shows_all_stacks(const std::string& format) {
  const render::Format* const known = render::find_format(format);
  return known != nullptr && known->all_stacks;
}

bool colour_wanted(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* forced = std::getenv("CLICOLOR_FORCE");
  if (forced != nullptr && *forced != '\0' && std::strcmp(forced, "0") != 0) return true;
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(fd) == 1;
}

render::TextOptions text_options(const OutputOptions& options) {
  render::TextOptions text;
  const bool to_terminal = options.path.empty() || options.path == "-";
  text.colour = to_terminal && colour_wanted(STDOUT_FILENO);
  text.width = to_terminal ? terminal_width(STDOUT_FILENO) : 80;
  text.full = options.full;
  return text;
}

std::optional<Error> cannot_render(const report::Report& report, const OutputOptions& options) {
  const render::Format* const format = render::find_format(options.format);
  if (format == nullptr || format->why_not_of == nullptr) return std::nullopt;
  const std::string why = format->why_not_of(report);
  if (why.empty()) return std::nullopt;
  return Error{"--format " + options.format + ": " + why};
}

std::string rendered(const report::Report& report, const OutputOptions& options) {
  const render::Format* const format = render::find_format(options.format);
  return (format != nullptr ? format->render : render::render_text)(report, text_options(options));
}

std::optional<Error> write_output(const std::string& bytes, const std::string& path) {
  const auto failed = [&path](const char* what) {
    return Error{std::string(what) + " " +
                 (path.empty() || path == "-" ? "standard output" : in_quotes(path)) + ": " +
                 std::strerror(errno)};
  };
  if (path.empty() || path == "-") {
    const bool good = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
                      std::fflush(stdout) == 0;
    if (!good) return failed("cannot write to");
    return std::nullopt;
  }
  if (const int fd = own_descriptor(path); fd >= 0) {
    std::fflush(stdout);
    if (write_whole(bytes, fd)) return std::nullopt;
    return failed("cannot write to");
  }
  std::error_code error;
  const std::filesystem::path target = link_target(path);
  const auto status = std::filesystem::status(target, error);
  const bool there = std::filesystem::exists(status);
  // A device, a pipe, a socket is what it is and not a place for a file.
  if (there && !std::filesystem::is_regular_file(status)) {
    const int fd = open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return failed("cannot write to");
    const bool good = write_whole(bytes, fd);
    const int why = errno;
    if (close(fd) == 0 && good) return std::nullopt;
    if (!good) errno = why;
    return failed("cannot write to");
  }
  // Beside it, under a name that nobody has: what others put there is not followed.
  const std::string temporary = target.native() + "." + std::to_string(getpid()) + ".tmp";
  constexpr mode_t kAsUmaskSays = 0666;
  int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kAsUmaskSays);
  // A file in a folder we cannot write to: straight to it.
  const bool direct = fd < 0;
  if (direct) fd = open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kAsUmaskSays);
  if (fd < 0) return failed("cannot write to");
  bool good = write_whole(bytes, fd);
  int why = errno;
  if (close(fd) != 0 && good) {
    good = false;
    why = errno;
  }
  if (good && !direct) {
    if (there) {
      std::filesystem::permissions(temporary, status.permissions(), error);
    }
    good = std::rename(temporary.c_str(), target.c_str()) == 0;
    why = errno;
  }
  if (good) return std::nullopt;
  errno = why;
  const Error failure = failed("cannot write");
  if (!direct) std::remove(temporary.c_str());
  return failure;
}

}  // namespace silt::commands
