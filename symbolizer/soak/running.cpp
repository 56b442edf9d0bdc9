// SPDX-License-Identifier: Apache-2.0
//
// One thread and one loop: signals are blocked and read from a descriptor, so that a request to end
// and the end of a process arrive between steps and never within one.

#include "symbolizer/soak/running.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/family.h"
#include "symbolizer/process/launch.h"

namespace silt::soak {
namespace {

using std::chrono::steady_clock;

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr double kKillPatience = 60;  // seconds; a loaded machine is slow, not broken
constexpr size_t kProgramLogLines = 12;
// Mean bytes between samples of a JavaScript heap: a soak is short and wants to know. A server that
// allocates 500 MB a second spends 8 % more on it than at the usual 256 KiB.
constexpr const char* kNodeInterval = "32K";

}  // namespace

Running::Running(const Task& task)
    : task_(task), program_log_(task.show_output ? "" : (task.folder / "program.log").native()) {
  // What an earlier program of this process started is none of ours.
  for (const pid_t pid : process::children_of(getpid())) strangers_.insert(pid);
  prctl(PR_GET_CHILD_SUBREAPER, &reaper_before_);
  // Nor is what those leave behind: with them about, no orphans are taken in.
  if (strangers_.empty()) prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Running::~Running() { prctl(PR_SET_CHILD_SUBREAPER, reaper_before_); }

std::optional<Error> Running::start_program() {
  const Result<Child> started = start_child({program_log_, true, signals_.mask_before()}, [this] {
    // Node.js: the same place is to have the same name in each run, whatever V8 would inline.
    setenv("SILT_NODE_INLINING", "0", 0);
    setenv("SILT_NODE_INTERVAL", kNodeInterval, 0);
    // Nobody else waits for the program, and the look at its classes collects garbage anyway.
    setenv("SILT_JAVA_PAUSE", "10s", 0);
    // PHP's own allocator hides which line makes a block.
    setenv("USE_ZEND_ALLOC", "0", 0);
    // Somebody waits for what copies of the process find, and on a busy machine they take long.
    setenv("SILT_COPY_NICE", "0", 0);
    const process::NotRunnable failure = process::become(task_.launch, task_.settings);
    log::error(failure.message);
    _exit(failure.status);
  });
  if (!started) return started.error();
  program_ = *started;
  started_ = steady_clock::now();
  log::step("started " + in_quotes(task_.launch.program) + ", process " +
            std::to_string(program_.pid));
  return std::nullopt;
}

bool Running::waits_for_it() const { return !task_.ready.empty() || task_.ready_port != 0; }

void Running::start_load() {
  load_ = std::make_unique<Load>(task_.load, (task_.folder / "load.log").native(), program_.pid,
                                 signals_.mask_before(), waits_for_it() ? 0 : task_.ready_seconds);
}

bool Running::ready_command_says_yes(Moment end) {
  const Result<Child> started = start_child(
      {(task_.folder / "ready.log").native(), false, signals_.mask_before()},
      [this] { execl("/bin/sh", "sh", "-c", task_.ready.c_str(), static_cast<char*>(nullptr)); });
  if (!started) return false;
  ready_ = *started;
  while (take_events() && ready_.running() && steady_clock::now() < end) signals_.wait(kTick);
  if (ready_.running()) kill(-ready_.pid, SIGKILL);
  while (ready_.running()) {
    signals_.wait(kTick);
    reap();
  }
  return WIFEXITED(*ready_.wait_status) && WEXITSTATUS(*ready_.wait_status) == 0;
}

void Running::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == program_.pid) {
      program_.wait_status = status;
    } else if (pid == ready_.pid) {
      ready_.wait_status = status;
    } else if (load_) {
      load_->ended(pid, status);
    }
  }
}

bool Running::take_events() {
  reap();
  for (int signal = 0; (signal = signals_.next_request()) != 0;) {
    if (request_ != 0) {
      hurried_ = true;
    } else {
      request_ = signal;
      const char* name = sigabbrev_np(signal);
      log::warning(std::string("SIG") + (name != nullptr ? name : "?") +
                   ": ending the program, then reporting what was gathered; once more to "
                   "end without a report");
    }
  }
  if (load_ && program_.running() && request_ == 0 && !load_->keep_going()) gave_up_ = true;
  for (const std::string& line : load_ ? load_->take_news() : std::vector<std::string>()) {
    log::warning(line);
    if (load_->runs() == 1 && !waits_for_it()) {
      log::warning(
          "the load began at once; where the program has to start first, --ready-port PORT or "
          "--ready COMMAND makes it wait");
    }
  }
  return going_on();
}

bool Running::wait(Moment end, const std::function<std::string()>& doing) {
  while (take_events()) {
    const Moment now = steady_clock::now();
    if (now >= end) return true;
    if (doing) log::now(doing());
    if (meanwhile_) meanwhile_(now);
    signals_.wait(std::min<steady_clock::duration>(end - now, kTick));
  }
  return false;
}

std::vector<pid_t> Running::tree() const {
  std::set<pid_t> except = strangers_;
  if (load_) except.insert(load_->pid());
  if (ready_.running()) except.insert(ready_.pid);
  return process::descendants_of(getpid(), except);
}

std::string Running::log_tail() const {
  const std::string tail = program_log_.empty() ? "" : last_lines(program_log_, kProgramLogLines);
  return tail.empty() ? "" : "; the last it said:\n" + tail.substr(0, tail.size() - 1);
}

Error Running::program_ended_early(const char* when) const {
  return Error{"the program ended " + end_text(*program_.wait_status) + " " + when + log_tail()};
}

// Waits until `done` or the end of patience; a second request ends patience.
bool Running::patiently(double patience, const std::function<bool()>& done, const char* what) {
  const Moment end = steady_clock::now() + seconds(patience);
  for (;;) {
    take_events();
    if (done()) return true;
    if (hurried_ || steady_clock::now() >= end) return false;
    log::now(what);
    signals_.wait(kTick);
  }
}

void Running::end_all() {
  ended_itself_ = !program_.running();
  if (load_) load_->stop();
  const auto load_over = [this] { return !load_ || !load_->running(); };
  if (!patiently(task_.grace_seconds, load_over, "ending the load")) load_->kill_now();
  if (program_.running()) end_program();
  end_orphans();
}

void Running::end_program() {
  const auto over = [this] { return !program_.running(); };
  // A program may take SIGINT for itself; SIGTERM is understood by all that end in order at all.
  if (request_ != 0 && request_ != SIGTERM) {
    kill(program_.pid, request_);
    if (patiently(task_.grace_seconds / 2, over, "ending the program")) return;
  }
  kill(program_.pid, SIGTERM);
  if (patiently(task_.grace_seconds, over, "ending the program")) return;
  if (!hurried_) {
    notes_.push_back("the program did not end within " + format_duration(task_.grace_seconds) +
                     " of SIGTERM and was killed");
  }
  kill(-program_.pid, SIGKILL);
}

// What outlived its parent is a child of this process now, so its id cannot be anybody else's
// before it is reaped here.
void Running::end_orphans() {
  for (const int signal : {SIGTERM, SIGKILL}) {
    std::set<pid_t> told;
    const auto nobody_left = [&] {
      size_t left = 0;
      for (const pid_t pid : process::children_of(getpid())) {
        if (strangers_.count(pid) > 0) continue;
        ++left;
        if (told.insert(pid).second) kill(pid, signal);
      }
      return left == 0;
    };
    const double patience = signal == SIGTERM ? task_.grace_seconds : kKillPatience;
    const bool hurried = hurried_;
    if (signal == SIGKILL) hurried_ = false;  // nobody resists it for long
    const bool over = patiently(patience, nobody_left, "ending what the program left");
    hurried_ = hurried || hurried_;
    if (over) return;
  }
}

}  // namespace silt::soak
