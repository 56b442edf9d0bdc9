// SPDX-License-Identifier: Apache-2.0
//
// `silt heapsnapshot`: a heap snapshot of a running Node.js server, as DevTools reads it.

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/failing.h"
#include "symbolizer/commands/heap_pair.h"
#include "symbolizer/heap/redaction.h"
#include "symbolizer/process/heap_answer.h"

namespace silt::commands {
namespace {

struct HeapOptions {
  std::string pid;
  std::string output;
  std::string timeout = "10s";
  uint32_t thread = 0;
  bool redact = false;
};

// The new file, for its owner only and never through a link; removed again unless it is kept.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path),
        fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)),
        error_(fd_ < 0 ? errno : 0) {}
  ~NewFile() {
    if (fd_ < 0) return;
    close(fd_);
    if (!kept_) unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int fd() const { return fd_; }
  int error() const { return error_; }
  void keep() { kept_ = true; }

 private:
  const std::string path_;
  const int fd_;
  const int error_;
  bool kept_ = false;
};

std::optional<Error> copy_file(const std::string& from, int to) {
  const int fd = open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return Error{in_quotes(from) + " " + errno_text(errno)};
  constexpr size_t kAtOnce = size_t{1} << 30;
  ssize_t copied;
  do {
    copied = sendfile(to, fd, nullptr, kAtOnce);
  } while (copied > 0);
  const int error = errno;
  close(fd);
  if (copied < 0) return Error{"the file cannot be written: " + errno_text(error)};
  return std::nullopt;
}

std::optional<Error> redact_file(const std::string& from, int to) {
  const auto source = FileSource::open(from);
  if (!source) return source.error();
  const int fd = dup(to);
  std::FILE* const out = fd < 0 ? nullptr : fdopen(fd, "w");
  if (out == nullptr) return Error{"the file cannot be written: " + errno_text(errno)};
  bool whole = true;
  auto error = heap::redact_heap_snapshot(*source, [&](std::string_view bytes) {
    whole = whole && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
    return whole;
  });
  whole = std::fclose(out) == 0 && whole;
  if (!error && !whole) error = Error{"the file cannot be written: " + errno_text(errno)};
  return error;
}

int take(const HeapOptions& options) {
  const auto nanoseconds = parse_duration(options.timeout);
  if (!nanoseconds) {
    return fail(
        one_line("--timeout " + in_quotes(options.timeout) + " is not a time: 500ms, 10s, 1m"),
        kUsage);
  }
  const std::string& word = options.pid;
  const bool digits = !word.empty() && word.size() < 10 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(word) == 0) {
    return fail(one_line(in_quotes(word) + " is not a process id"), kUsage);
  }
  const auto pid = static_cast<pid_t>(std::stoi(word));
  std::string path = options.output;
  if (path.empty()) {
    path = word + (options.thread == 0 ? "" : ".thread-" + std::to_string(options.thread)) +
           format::kHeapFileEnd;
  }
  // Before the process is troubled.
  NewFile file(path);
  if (file.fd() < 0)
    return fail(one_line(in_quotes(path) + ": " + errno_text(file.error())), kInput);
  const double seconds = static_cast<double>(*nanoseconds) / 1e9;
  const auto taken = process::take_heap(pid, {{seconds, seconds}, options.thread});
  if (!taken) return fail(one_line(taken.error().message), kInput);
  const auto error =
      options.redact ? redact_file(taken->path, file.fd()) : copy_file(taken->path, file.fd());
  // It may hold anything that the program knows: it does not stay in the recording.
  std::error_code ignored;
  std::filesystem::remove(taken->path, ignored);
  if (error) return fail(one_line(error->message), kInput);
  file.keep();
  std::printf("%s\n", isatty(STDOUT_FILENO) == 1 ? one_line(path).c_str() : path.c_str());
  std::fflush(stdout);
  log::step(heap_taken_text(pid, *taken));
  return kDone;
}

}  // namespace

void register_heapsnapshot(CLI::App& app, int& status) {
  auto options = std::make_shared<HeapOptions>();
  CLI::App* command =
      app.add_subcommand("heapsnapshot", "take a heap snapshot of a running Node.js process");
  command->add_option("PID", options->pid, "a Node.js process that runs under silt")
      ->required()
      ->type_name("NUMBER");
  command
      ->add_option("-o,--output", options->output,
                   "the new file (default: PID.heapsnapshot in this folder)")
      ->type_name("FILE");
  command
      ->add_option("--thread", options->thread, "a worker's threadId (default: 0, the main thread)")
      ->type_name("NUMBER");
  command->add_flag("--redact", options->redact,
                    "leave out the values of strings; names of properties and classes stay");
  command
      ->add_option("--timeout", options->timeout,
                   "how long to wait until the process answers (default: 10s)")
      ->type_name("TIME");
  command->footer(
      "Prints the path of the file once it is written; DevTools (Memory, Load) and 'silt report'\n"
      "read it. A copy of the process writes it, while the process goes on.\n"
      "The file holds whatever the program has in its memory, and is for its owner only.\n"
      "Examples:\n"
      "  silt heapsnapshot 4711\n"
      "  silt heapsnapshot 4711 -o before.heapsnapshot\n"
      "  silt report before.heapsnapshot after.heapsnapshot\n"
      "\n"
      "Exit status: 0 the file was written; 2 usage; 3 it could not be written.");
  command->callback([options, &status] { status = take(*options); });
}

}  // namespace silt::commands
