// SPDX-License-Identifier: Apache-2.0
//
// `silt top`: where a running program's memory grows, now. Of a process it takes the snapshots
// itself; of a recording it follows those that others take.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/process/snapshot_request.h"
#include "symbolizer/read/recording_folder.h"
#include "symbolizer/top/screen.h"
#include "symbolizer/top/terminal.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;

constexpr double kPatience = 10;  // seconds for one snapshot

constexpr const char* kExamples = R"(
Of a process, each picture is a snapshot that stays in its recording, for 'silt report' afterwards.
Growth counts from the first snapshot that top took, of a recording from its first.
Keys: q or Ctrl-C quits, space pauses and goes on, s sorts by growth, by pace now, by what is live.

Examples:
  silt top 4711
  silt top --interval 10s $(pidof -s nginx)
  silt top silt.shop.4711         while 'silt run --every 5s' or 'silt dump' adds to it
  silt top --once silt.shop.4711  one picture, for a script

Exit status: 0 done, also when the process has ended; 2 usage; 3 no snapshot could be had.
)";

struct TopOptions {
  std::string target;
  std::string interval = "2s";
  bool once = false;
};

int fail(const std::string& message, int status) {
  log::error(message);
  return status;
}

std::optional<pid_t> as_pid(const std::string& word) {
  const bool digits = !word.empty() && word.size() < 10 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(word) == 0) return std::nullopt;
  return static_cast<pid_t>(std::stoi(word));
}

// The snapshots in view: only the first, the previous and the latest are ever read.
class Source {
 public:
  explicit Source(const std::string& target) : pid_(as_pid(target)), folder_(target) {}

  // Takes or finds new snapshots. The first call must find one, later ones may not.
  std::optional<Error> advance() {
    if (pid_) {
      const Result<std::string> path = process::request_snapshot(*pid_, {kPatience, kPatience});
      if (!path) return path.error();
      add(*path);
      ++count_;
      return std::nullopt;
    }
    const auto files = read::snapshot_files(folder_);
    if (!files) return files.error();
    if (files->empty()) return Error{"no snapshot in " + in_quotes(folder_)};
    if (files->size() == count_) return std::nullopt;
    count_ = files->size();
    kept_.clear();
    kept_.push_back(files->front());
    for (size_t i = std::max<size_t>(1, files->size() - std::min<size_t>(2, files->size()));
         i < files->size(); ++i) {
      kept_.push_back((*files)[i]);
    }
    changed_ = true;
    return std::nullopt;
  }

  bool take_change() { return std::exchange(changed_, false); }
  Result<top::Picture> picture(top::Sites& sites) const {
    const auto recording = read::read_snapshots(kept_);
    if (!recording) return recording.error();
    return top::picture_of(*recording, count_, sites);
  }

 private:
  void add(const std::string& path) {
    // Another recording: the process has become another program.
    if (!kept_.empty() && kept_.front().parent_path() != fs::path(path).parent_path()) {
      kept_.clear();
      count_ = 0;
    }
    if (kept_.size() == 3) kept_.erase(kept_.begin() + 1);
    kept_.emplace_back(path);
    changed_ = true;
  }

  std::optional<pid_t> pid_;
  fs::path folder_;
  std::vector<fs::path> kept_;
  size_t count_ = 0;
  bool changed_ = false;
};

void take_key(char key, top::Shape& shape) {
  switch (key) {
    case ' ':
    case 'p':
      shape.paused = !shape.paused;
      break;
    case 's':
      shape.order = shape.order == top::Order::kLive
                        ? top::Order::kGrowth
                        : static_cast<top::Order>(static_cast<uint8_t>(shape.order) + 1);
      break;
    default:
      break;
  }
}

int run_top(const TopOptions& options) {
  const auto interval = parse_duration(options.interval);
  if (!interval || *interval == 0) {
    return fail("--interval " + in_quotes(options.interval) + " is not a time: 500ms, 2s, 1m",
                kUsage);
  }
  Source source(options.target);
  if (const auto error = source.advance()) return fail(error->message, kInput);
  top::Sites sites;
  Result<top::Picture> picture = source.picture(sites);
  if (!picture) return fail(picture.error().message, kInput);
  source.take_change();
  if (options.once) {
    top::Shape shape;
    for (const std::string& line : top::lines_of(*picture, shape))
      std::printf("%s\n", line.c_str());
    return kDone;
  }
  std::vector<std::string> lines;
  std::optional<Error> over;
  {
    top::Terminal terminal;
    top::Shape shape;
    const auto draw = [&] {
      shape.width = terminal.width();
      shape.height = terminal.height();
      shape.colour = terminal.live() && colour_wanted(STDOUT_FILENO);
      shape.keys = terminal.has_keys();
      lines = top::lines_of(*picture, shape);
      terminal.draw(lines);
    };
    draw();
    const auto pause = std::chrono::nanoseconds(*interval);
    auto due = std::chrono::steady_clock::now() + pause;
    for (;;) {
      const auto now = std::chrono::steady_clock::now();
      constexpr std::chrono::steady_clock::duration kLong = std::chrono::hours(24);
      const top::Terminal::Wake wake = terminal.wait(
          shape.paused ? kLong : std::max(due - now, std::chrono::steady_clock::duration{}));
      if (wake == top::Terminal::Wake::kQuit) break;
      if (wake == top::Terminal::Wake::kKey) {
        take_key(terminal.key(), shape);
        draw();
        continue;
      }
      if (wake == top::Terminal::Wake::kRedraw) {
        draw();
        continue;
      }
      if (shape.paused) continue;
      due = std::max(due + pause, std::chrono::steady_clock::now());
      over = source.advance();
      if (over) break;
      if (!source.take_change()) continue;
      Result<top::Picture> next = source.picture(sites);
      if (!next) {
        over = next.error();
        break;
      }
      picture = std::move(next);
      draw();
    }
    shape.keys = false;
    lines = top::lines_of(*picture, shape);
    if (!terminal.live()) lines.clear();  // they are there already
    terminal.restore();
  }
  // The last picture stays in view after the screen of top is gone.
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  if (over) fail(over->message, kDone);  // the process has ended, as a rule
  return kDone;
}

}  // namespace

void register_top(CLI::App& app, int& status) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = app.add_subcommand("top", "a live view of what grows");
  command
      ->add_option("PID|RECORDING", options->target, "a process under silt, or a recording folder")
      ->required()
      ->type_name("");
  command->add_option("--interval,-n", options->interval, "time between updates")
      ->capture_default_str()
      ->type_name("TIME");
  command->add_flag("--once", options->once, "print the figures once and end; needs no terminal");
  command->footer(kExamples);
  command->callback([options, &status] { status = run_top(*options); });
}

}  // namespace silt::commands
