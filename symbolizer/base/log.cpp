// SPDX-License-Identifier: Apache-2.0
//
// spdlog with two sinks of our own: standard error, which shares its terminal with a line that is
// rewritten, and a file that is opened as every file of silt's is. Both write at once, since the
// tool may end in a child or by a signal.

#include "symbolizer/base/log.h"

#define SPDLOG_HEADER_ONLY
#ifndef SPDLOG_FMT_EXTERNAL
#define SPDLOG_FMT_EXTERNAL
#endif
#define FMT_HEADER_ONLY
#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/terminal_line.h"

namespace silt::log {
namespace {

using Level = spdlog::level::level_enum;

std::string_view view_of(spdlog::string_view_t text) { return {text.data(), text.size()}; }

// Nobody can be told when this fails.
void write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

const char* level_name(Level level) {
  switch (level) {
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warning";
    default:
      return "error";
  }
}

// {"time":"2026-01-31T12:00:00.000Z","level":"info","name":"silt soak","text":"…"}
class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    nlohmann::ordered_json line;
    line["time"] = std::string(time.data(), time.size());
    line["level"] = level_name(message.level);
    line["name"] = std::string(view_of(message.logger_name));
    line["text"] = std::string(view_of(message.payload));
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    to.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%eZ", spdlog::pattern_time_type::utc, ""};
};

std::unique_ptr<spdlog::formatter> words(const char* pattern) {
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(int fd) : fd_(fd) {}
  ~FileSink() override { close(fd_); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_whole(fd_, {line.data(), line.size()});
  }
  void flush_() override {}

  int fd_;
};

class ErrorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ErrorSink(bool quiet, bool json)
      : quiet_(quiet), rewrites_(!quiet && !json && TerminalLine::is_possible()) {
    formatter_ = json ? std::unique_ptr<spdlog::formatter>(std::make_unique<JsonFormatter>())
                      : words("%n: %v");
  }

  void now(const std::string& text, bool at_once) {
    if (rewrites_) line_.show(text, at_once);
  }
  void wipe() { line_.wipe(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::info) {
      if (quiet_) return;
      if (rewrites_) {
        now(std::string(view_of(message.logger_name)) + ": " +
                std::string(view_of(message.payload)),
            true);
        return;
      }
    }
    line_.wipe();
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_whole(STDERR_FILENO, {line.data(), line.size()});
  }
  void flush_() override {}

  const bool quiet_;
  const bool rewrites_;
  TerminalLine line_;
};

struct Log {
  std::shared_ptr<ErrorSink> errors;
  std::unique_ptr<spdlog::logger> logger;

  void start(const Settings& settings, std::shared_ptr<FileSink> file) {
    errors = std::make_shared<ErrorSink>(settings.quiet, settings.json);
    std::vector<spdlog::sink_ptr> sinks = {errors};
    if (file) sinks.push_back(std::move(file));
    logger = std::make_unique<spdlog::logger>(settings.name, sinks.begin(), sinks.end());
    logger->set_level(settings.verbose ? spdlog::level::debug : spdlog::level::info);
  }
};

Log& the_log() {
  static Log log = [] {
    Log first;
    first.start({}, nullptr);
    return first;
  }();
  return log;
}

void say(Level level, std::string_view text) {
  const std::string clean = some_lines(text);
  the_log().logger->log(level, spdlog::string_view_t(clean.data(), clean.size()));
}

}  // namespace

std::optional<Error> open(const Settings& settings) {
  std::shared_ptr<FileSink> file;
  if (!settings.file.empty()) {
    const int fd = ::open(settings.file.c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (fd < 0) {
      const int why = errno;
      return usage_error("cannot write the log to " + in_quotes(settings.file) + ": " +
                         (why == ELOOP ? "it is a symbolic link" : errno_text(why)));
    }
    file = std::make_shared<FileSink>(fd);
    if (settings.json) {
      file->set_formatter(std::make_unique<JsonFormatter>());
    } else {
      file->set_formatter(words("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v"));
    }
  }
  the_log().start(settings, std::move(file));
  return std::nullopt;
}

void error(std::string_view text) { say(spdlog::level::err, text); }
void warning(std::string_view text) { say(spdlog::level::warn, text); }
void step(std::string_view text) { say(spdlog::level::info, text); }
void debug(std::string_view text) { say(spdlog::level::debug, text); }
bool is_verbose() { return the_log().logger->should_log(spdlog::level::debug); }

void now(std::string_view text) {
  const Log& log = the_log();
  log.errors->now(log.logger->name() + ": " + std::string(text), false);
}

void wipe() { the_log().errors->wipe(); }

void Progress::tell(const char* what, double done) const {
  if (std::chrono::steady_clock::now() - start_ < std::chrono::seconds(1)) return;
  now(std::string(what) + ", " + std::to_string(static_cast<int>(done * 100 + 0.5)) + " %");
}

}  // namespace silt::log
