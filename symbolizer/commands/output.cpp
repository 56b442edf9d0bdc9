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
#include <map>
#include <string_view>
#include <utility>

#include "symbolizer/base/quote.h"

namespace silt::commands {
namespace {

using Render = std::string (*)(const report::Report&);

const std::map<std::string, Render>& formats() {
  static const std::map<std::string, Render> kFormats = {
      {"folded", render::render_folded},
      {"github", render::render_github},
      {"html", render::render_html},
      {"json", render::render_json},
      {"junit", render::render_junit},
      {"markdown", render::render_markdown},
      {"pprof", render::render_pprof},
      {"sarif", render::render_sarif},
      {"speedscope", render::render_speedscope},
  };
  return kFormats;
}

// What people call files of each format; the longer endings first.
constexpr std::pair<std::string_view, const char*> kEndings[] = {
    {".speedscope.json", "speedscope"},
    {".sarif.json", "sarif"},
    {".pb.gz", "pprof"},
    {".json", "json"},
    {".html", "html"},
    {".htm", "html"},
    {".md", "markdown"},
    {".sarif", "sarif"},
    {".xml", "junit"},
    {".pprof", "pprof"},
    {".folded", "folded"},
};

// The format that a file's name implies; text where it implies none.
std::string format_of(std::string_view path) {
  for (const auto& [ending, format] : kEndings) {
    if (path.size() > ending.size() && path.ends_with(ending)) return format;
  }
  return "text";
}

constexpr size_t kNarrowest = 40;
constexpr size_t kWidest = 120;

// COLUMNS, as with ls, then the terminal, then 80.
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

void add_output_options(CLI::App& app, OutputOptions& options) {
  std::vector<std::string> names = {"text"};
  for (const auto& [name, render] : formats()) names.push_back(name);
  app.add_option("--format,-f", options.format, "what to write")
      ->check(CLI::IsMember(names))
      ->check([](const std::string& format) {
        return format == "html" ? render::html_unavailable() : std::string();
      })
      ->capture_default_str();
  app.add_option("--output,-o", options.path,
                 "write to this file instead of standard output; without --format its ending "
                 "chooses the format: .html, .json, .md, .sarif, .xml (junit), .pb.gz (pprof), "
                 ".folded, .speedscope.json")
      ->type_name("FILE");
  app.parse_complete_callback([&app, &options] {
    if (app.count("--format") != 0) return;
    options.format = format_of(options.path);
    if (options.format == "html" && !render::html_unavailable().empty()) {
      throw CLI::ValidationError("--output", render::html_unavailable());
    }
  });
  app.add_flag("--full", options.full, "text: every stack of each finding, and all of its frames");
}

bool shows_all_stacks(const std::string& format) {
  return format == "folded" || format == "pprof" || format == "speedscope" || format == "html";
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

std::string rendered(const report::Report& report, const OutputOptions& options) {
  const auto at = formats().find(options.format);
  if (at != formats().end()) return at->second(report);
  return render::render_text(report, text_options(options));
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
