// SPDX-License-Identifier: Apache-2.0
//
// A load that fails after it has run for a while (a client that counts an error) was a load all the
// same; only failures within seconds count towards giving up.

#include "symbolizer/soak/load.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "symbolizer/base/quantity.h"

namespace silt::soak {
namespace {

using std::chrono::steady_clock;

constexpr auto kQuick = std::chrono::seconds(2);
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(500);
constexpr auto kPause = std::chrono::milliseconds(10);  // a command that does nothing is no burden
constexpr size_t kMostQuickFailures = 3;
constexpr size_t kLogLines = 8;
constexpr int kNotExecutable = 126;  // exit statuses of a shell
constexpr int kNotFound = 127;

}  // namespace

Load::Load(std::string command, std::string log, pid_t program, const sigset_t& signal_mask,
           double patience_seconds)
    : command_(std::move(command)),
      log_(std::move(log)),
      program_(program),
      signal_mask_(signal_mask),
      patience_(patience_seconds) {}

// As long as the program may be starting. What the shell cannot run will not work later either.
bool Load::may_still_work() const {
  const int status = WIFEXITED(last_failure_) ? WEXITSTATUS(last_failure_) : 0;
  return !has_worked_ && status != kNotExecutable && status != kNotFound &&
         steady_clock::now() - first_started_ < patience_;
}

bool Load::keep_going() {
  if (stopped_ || child_.running()) return true;
  if (quick_failures_ >= kMostQuickFailures && !may_still_work()) return false;
  const auto now = steady_clock::now();
  const auto pause = quick_failures_ > 0 ? kPauseAfterFailure : kPause;
  if (runs_ > 0 && now < started_ + pause) return true;
  const Result<Child> started = start_child({log_, false, signal_mask_}, [this] {
    setenv("SILT_SOAK_PID", std::to_string(program_).c_str(), 1);
    execl("/bin/sh", "sh", "-c", command_.c_str(), static_cast<char*>(nullptr));
  });
  if (!started) {
    cannot_start_ = started.error().message;
    return false;
  }
  child_ = *started;
  started_ = now;
  if (runs_ == 0) first_started_ = now;
  ++runs_;
  return true;
}

void Load::ended(pid_t pid, int wait_status) {
  if (pid != child_.pid) return;
  child_.wait_status = wait_status;
  if (stopped_) return;
  const bool quick = steady_clock::now() - started_ < kQuick;
  has_worked_ = has_worked_ || wait_status == 0 || !quick;
  if (wait_status == 0) {
    quick_failures_ = 0;
    return;
  }
  ++failures_;
  last_failure_ = wait_status;
  quick_failures_ = quick ? quick_failures_ + 1 : 0;
  if (failures_ <= kMostQuickFailures) {
    const std::string tail = last_lines(log_, kLogLines);
    news_.push_back(
        "the load ended " + end_text(wait_status) +
        (tail.empty() ? "" : "; the last it said:\n" + tail.substr(0, tail.size() - 1)));
  }
}

void Load::stop() {
  stopped_ = true;
  has_worked_ = has_worked_ || (child_.running() && steady_clock::now() - started_ >= kQuick);
  // The group exists as long as its leader was not reaped.
  if (child_.running()) kill(-child_.pid, SIGTERM);
}

void Load::kill_now() {
  if (child_.running()) kill(-child_.pid, SIGKILL);
}

std::string Load::why_given_up() const {
  if (!cannot_start_.empty()) return "the load could not be started: " + cannot_start_;
  return "the load failed " + std::to_string(quick_failures_) + " times in a row, at last " +
         end_text(last_failure_);
}

std::vector<std::string> Load::take_news() { return std::exchange(news_, {}); }

std::vector<std::string> Load::notes() const {
  if (failures_ == 0) return {};
  return {format_count(static_cast<double>(failures_)) + " of " +
          format_counted(static_cast<double>(runs_), "run") + " of the load failed, the last one " +
          end_text(last_failure_)};
}

}  // namespace silt::soak
