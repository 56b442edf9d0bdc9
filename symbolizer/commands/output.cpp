// SPDX-License-Identifier: Apache-2.0
//
// Formats and files; see the header.

#include "symbolizer/commands/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include "symbolizer/base/quote.h"
#include "symbolizer/render/render.h"

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

std::string rendered(const report::Report& report, const OutputOptions& options) {
  const auto at = formats().find(options.format);
  if (at != formats().end()) return at->second(report);
  render::TextOptions text;
  const bool to_terminal = options.path.empty() || options.path == "-";
  text.colour = to_terminal && colour_wanted(STDOUT_FILENO);
  text.width = to_terminal ? terminal_width(STDOUT_FILENO) : 80;
  text.full = options.full;
  return render::render_text(report, text);
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
  const std::string temporary = path + "." + std::to_string(getpid()) + ".tmp";
  FILE* file = std::fopen(temporary.c_str(), "wbe");
  // A device or a pipe in a folder we cannot write to: straight to it.
  const bool direct = file == nullptr;
  if (direct) file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return failed("cannot write to");
  bool good = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  good = std::fclose(file) == 0 && good;
  if (good && !direct) good = std::rename(temporary.c_str(), path.c_str()) == 0;
  if (good) return std::nullopt;
  const Error error = failed("cannot write");
  if (!direct) std::remove(temporary.c_str());
  return error;
}

}  // namespace silt::commands
