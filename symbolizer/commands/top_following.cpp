// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/top_following.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <utility>

#include "symbolizer/base/log.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/top/screen.h"

namespace silt::commands {
namespace {

using top::Terminal;

// Follows one source, whose first picture is there, until the user wants something else.
class Following {
 public:
  Following(Terminal& terminal, TopSource& source, top::Picture& picture,
            std::chrono::nanoseconds interval, bool keep)
      : terminal_(terminal), source_(source), picture_(picture), interval_(interval) {
    view_.colour = terminal.live() && colour_wanted(STDOUT_FILENO);
    view_.keys = terminal.has_keys();
    view_.has_processes = view_.can_keep = source.pid().has_value();
    view_.keeps = keep;
  }

  Left run() {
    Left left = loop();
    // What is under way is waited for: it may be a snapshot that is to be removed.
    wait_for_last(left);
    source_.keep(view_.keeps);
    view_.keys = view_.inside = view_.help = false;
    size_to_terminal();
    left.lines = lines_of(picture_, view_);
    return left;
  }

  bool keeps() const { return view_.keeps; }

 private:
  // A process that does not answer is waited for some seconds: who has quit is told so, on the
  // screen that was there before.
  void wait_for_last(const Left& left) {
    using namespace std::chrono_literals;
    if (!next_.valid() || next_.wait_for(300ms) == std::future_status::ready) return;
    if (left.how == Left::How::kQuit && source_.pid()) {
      terminal_.restore();
      log::step("waiting for process " + std::to_string(*source_.pid()) +
                ", which was asked for a snapshot");
    }
    next_.wait();
  }

  // The next picture is made beside this, so that keys are answered meanwhile.
  Left loop() {
    due_ = std::chrono::steady_clock::now() + interval_;
    for (;;) {
      draw();
      switch (terminal_.wait(time_to_wait())) {
        case Terminal::Wake::kQuit:
          return {};
        case Terminal::Wake::kKey:
          for (const top::Pressed& pressed : terminal_.keys()) {
            const top::Wanted wanted = top::press(pressed, picture_, view_);
            if (wanted == top::Wanted::kQuit) return {};
            if (wanted == top::Wanted::kProcesses) return {Left::How::kProcesses, {}, {}};
          }
          break;
        case Terminal::Wake::kRedraw:
        case Terminal::Wake::kTime:
          break;
      }
      if (const auto over = advance()) return {Left::How::kOver, over, {}};
    }
  }

  std::chrono::steady_clock::duration time_to_wait() const {
    using namespace std::chrono_literals;
    if (next_.valid()) return 30ms;  // whether it is there is looked for so often
    if (view_.paused) return 24h;
    const auto rest = due_ - std::chrono::steady_clock::now();
    return std::max(rest, std::chrono::steady_clock::duration{});
  }

  // Begins the next picture when it is due, and takes it when it is there. An error ends all.
  std::optional<Error> advance() {
    using namespace std::chrono_literals;
    const auto now = std::chrono::steady_clock::now();
    if (!next_.valid()) {
      if (view_.paused || now < due_) return std::nullopt;
      due_ = std::max(due_ + interval_, now);
      source_.keep(view_.keeps);
      next_ = std::async(std::launch::async, [this] { return source_.next(); });
    }
    if (next_.wait_for(0s) != std::future_status::ready) return std::nullopt;
    Result<std::optional<top::Picture>> made = next_.get();
    if (!made) {
      if (!source_.may_answer()) return made.error();
      if (view_.trouble.empty() && !terminal_.live()) log::warning(made.error().message);
      view_.trouble = made.error().message;
      return std::nullopt;
    }
    view_.trouble.clear();
    if (*made) {
      picture_ = std::move(**made);
      changed_ = true;
    }
    return std::nullopt;
  }

  void size_to_terminal() {
    view_.width = terminal_.width();
    view_.height = terminal_.height();
  }

  void draw() {
    // Without a terminal pictures follow one another, each once.
    if (!terminal_.live() && !changed_) return;
    changed_ = false;
    size_to_terminal();
    terminal_.draw(lines_of(picture_, view_));
  }

  Terminal& terminal_;
  TopSource& source_;
  top::Picture& picture_;
  std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point due_;
  std::future<Result<std::optional<top::Picture>>> next_;
  top::View view_;
  bool changed_ = true;
};

}  // namespace

Left follow(Terminal& terminal, TopSource& source, top::Picture& picture,
            std::chrono::nanoseconds interval, bool& keep) {
  Following following(terminal, source, picture, interval, keep);
  Left left = following.run();
  keep = following.keeps();
  return left;
}

}  // namespace silt::commands
