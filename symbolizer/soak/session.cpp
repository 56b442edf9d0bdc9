// SPDX-License-Identifier: Apache-2.0
//
// One thread and one loop: signals are blocked and read from a descriptor, so that a request to end
// and the end of a process arrive between steps and never within one. Only wait() sleeps.

#include "symbolizer/soak/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/soak/load.h"
#include "symbolizer/soak/processes.h"
#include "symbolizer/soak/seen.h"
#include "symbolizer/soak/signals.h"
#include "symbolizer/soak/snapshots.h"

namespace silt::soak {
namespace {

using std::chrono::steady_clock;
using Moment = steady_clock::time_point;

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr double kSnapshotPatience = 60;  // seconds; a loaded machine is slow, not broken
// For a process that blocks silt's signal and does not allocate: a part of the interval between two
// snapshots, so that a soak takes no longer for it.
constexpr double kReachPart = 0.25, kLeastReach = 1, kMostReach = 10;
constexpr double kLastSnapshotPatience = 3;  // when somebody waits for the end
constexpr double kReadyInterval = 0.2;       // between two tries
constexpr size_t kLogLines = 12;
// Mean bytes between samples of a JavaScript heap: a soak is short and wants to know. A server that
// allocates 500 MB a second spends 8 % more on it than at the usual 256 KiB.
constexpr const char* kNodeInterval = "32K";
constexpr auto kLookInterval = std::chrono::seconds(1);  // a worker of ten seconds is seen

steady_clock::duration seconds(double count) {
  return std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(count));
}

double seconds_between(Moment from, Moment to) {
  return std::chrono::duration<double>(to - from).count();
}

bool port_answers(int port) {
  const auto connects = [](int family, const sockaddr* address, socklen_t size) {
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool good = connect(fd, address, size) == 0;
    close(fd);
    return good;
  };
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(static_cast<uint16_t>(port));
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = four.sin_port;
  six.sin6_addr = in6addr_loopback;
  return connects(AF_INET, reinterpret_cast<sockaddr*>(&four), sizeof four) ||
         connects(AF_INET6, reinterpret_cast<sockaddr*>(&six), sizeof six);
}

class Session {
 public:
  explicit Session(const Task& task)
      : task_(task), program_log_(task.show_output ? "" : (task.folder / "program.log").native()) {
    // What an earlier program of this process started is none of ours.
    for (const pid_t pid : children_of(getpid())) strangers_.insert(pid);
    prctl(PR_GET_CHILD_SUBREAPER, &reaper_before_);
    // Nor is what those leave behind: with them about, no orphans are taken in.
    if (strangers_.empty()) prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~Session() { prctl(PR_SET_CHILD_SUBREAPER, reaper_before_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<Gathered> run() {
    const Result<Child> started = start_child({program_log_, true, signals_.mask_before()}, [this] {
      // Node.js: the same place is to have the same name in each run, whatever V8 would inline.
      setenv("SILT_NODE_INLINING", "0", 0);
      setenv("SILT_NODE_INTERVAL", kNodeInterval, 0);
      const process::NotRunnable failure = process::become(task_.launch, task_.settings);
      log::error(failure.message);
      _exit(failure.status);
    });
    if (!started) return started.error();
    program_ = *started;
    started_ = steady_clock::now();
    log::step("started " + in_quotes(task_.launch.program) + ", process " +
              std::to_string(program_.pid));
    std::optional<Error> failure = wait_ready();
    if (!failure && going_on()) soak();
    end_all();
    if (failure) return *failure;
    return gathered();
  }

 private:
  bool going_on() const { return program_.running() && request_ == 0 && !gave_up_; }

  // ---- events

  void reap() {
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

  // Takes what has happened; true as long as the soak goes on.
  bool take_events() {
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
    }
    return going_on();
  }

  // Sleeps until `end`; false when the soak is over before.
  bool wait(Moment end, const std::function<std::string()>& doing) {
    while (take_events()) {
      const Moment now = steady_clock::now();
      if (now >= end) return true;
      if (doing) log::now(doing());
      if (load_begun_ && now >= next_look_) look_around();
      signals_.wait(std::min<steady_clock::duration>(end - now, kTick));
    }
    return false;
  }

  // ---- readiness

  std::vector<pid_t> tree() const {
    std::set<pid_t> except = strangers_;
    if (load_) except.insert(load_->pid());
    if (ready_.running()) except.insert(ready_.pid);
    return descendants_of(getpid(), except);
  }

  std::string log_tail() const {
    const std::string tail = program_log_.empty() ? "" : last_lines(program_log_, kLogLines);
    return tail.empty() ? "" : "; the last it said:\n" + tail.substr(0, tail.size() - 1);
  }

  Error program_ended_early(const char* when) const {
    return Error{"the program ended " + end_text(*program_.wait_status) + " " + when + log_tail()};
  }

  bool ready_command_says_yes(Moment end) {
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

  std::optional<Error> wait_ready() {
    const Moment end = started_ + seconds(task_.ready_seconds);
    const auto until = [&](const char* what,
                           const std::function<bool()>& holds) -> std::optional<Error> {
      while (take_events()) {
        if (holds()) return std::nullopt;
        const Moment now = steady_clock::now();
        if (now >= end) {
          return Error{std::string("waited ") + format_duration(task_.ready_seconds) +
                       " in vain until " + what + log_tail()};
        }
        log::now(std::string("waiting until ") + what);
        signals_.wait(std::min<steady_clock::duration>(end - now, seconds(kReadyInterval)));
      }
      if (!program_.running()) return program_ended_early("before it was ready");
      return std::nullopt;
    };
    std::optional<Error> failure = until(
        "the program is under silt", [this] { return !seen_before_load_.look(tree(), 0).empty(); });
    if (!failure && task_.ready_port != 0) {
      const std::string what = "port " + std::to_string(task_.ready_port) + " answers";
      failure = until(what.c_str(), [this] { return port_answers(task_.ready_port); });
    }
    if (!failure && !task_.ready.empty()) {
      failure = until("the --ready command succeeds", [&] { return ready_command_says_yes(end); });
    }
    if (!failure && task_.wait_seconds > 0 && going_on() &&
        !wait(steady_clock::now() + seconds(task_.wait_seconds),
              [] { return std::string("waiting before the load"); }) &&
        !program_.running()) {
      failure = program_ended_early("before it was ready");
    }
    return failure;
  }

  // ---- load and snapshots

  std::string position(Moment now) const {
    const double at = seconds_between(load_start_, now);
    std::string text = at < task_.plan.warm_up_seconds && taken_ == 0
                           ? "warm-up"
                           : "snapshot " + std::to_string(taken_) + " of " +
                                 std::to_string(task_.plan.snapshot_seconds.size());
    text += ", " + (at < 60 ? std::to_string(static_cast<int>(at)) + " s" : format_duration(at)) +
            " of " + format_duration(task_.plan.duration_seconds);
    if (!snapshots_.figures().empty()) text += ", " + snapshots_.figures();
    if (load_ && load_->runs() > 1) text += ", load run " + std::to_string(load_->runs());
    return text;
  }

  void soak() {
    load_start_ = steady_clock::now();
    load_begun_ = true;
    look_around();
    if (!task_.load.empty()) {
      load_ = std::make_unique<Load>(task_.load, (task_.folder / "load.log").native(), program_.pid,
                                     signals_.mask_before());
    }
    log::step((load_ ? "load begins, warm-up " : "warm-up ") +
              format_duration(task_.plan.warm_up_seconds));
    const auto doing = [this] { return position(steady_clock::now()); };
    // On a machine that is too busy a snapshot comes late; the next ones then come later too, since
    // two that are close together tell little.
    steady_clock::duration late{0};
    Moment last = load_start_;
    for (const double at : task_.plan.snapshot_seconds) {
      Moment due = load_start_ + seconds(at) + late;
      const Moment soonest = last + seconds(task_.plan.interval_seconds / 2);
      if (taken_ > 0 && due < soonest) {
        late += soonest - due;
        due = soonest;
      }
      if (!wait(due, doing)) break;
      const bool is_last = at == task_.plan.snapshot_seconds.back();
      take_snapshots(kSnapshotPatience, is_last ? wish_at_last() : process::Wish::kPlain);
      last = steady_clock::now();
      load_end_ = last;
      if (taken_ > 0) log::step(position(last));
    }
    if (going_on()) wait(load_start_ + seconds(task_.plan.duration_seconds), doing);
    // Somebody wants an end: what has grown since the last snapshot is worth a last one.
    if (request_ != 0 && program_.running() && taken_ > 0 && !hurried_ &&
        seconds_between(last, steady_clock::now()) > task_.plan.interval_seconds / 2) {
      take_snapshots(kLastSnapshotPatience, process::Wish::kPlain);
    }
    load_end_ = steady_clock::now();
  }

  // Who keeps the blocks is asked for once, when most has grown.
  process::Wish wish_at_last() const {
    return task_.settings[format::SettingId::kOwners] == "1" ? process::Wish::kOwners
                                                             : process::Wish::kPlain;
  }

  void take_snapshots(double patience, process::Wish wish) {
    const double reach =
        std::clamp(task_.plan.interval_seconds * kReachPart, kLeastReach, kMostReach);
    if (snapshots_.take(seen_, look_around(), program_.pid, {patience, reach}, wish)) ++taken_;
    look_around();  // who still is there
  }

  // Who is recorded now, and may be asked.
  std::vector<pid_t> look_around() {
    const Moment now = steady_clock::now();
    next_look_ = now + kLookInterval;
    // Children that are not to be recorded have the interposer all the same.
    const std::vector<pid_t> pids = task_.settings[format::SettingId::kChildren] == "0"
                                        ? std::vector<pid_t>{program_.pid}
                                        : tree();
    return seen_.look(pids, seconds_between(load_start_, now));
  }

  // ---- the end

  // Waits until `done` or the end of patience; a second request ends patience.
  bool patiently(double patience, const std::function<bool()>& done, const char* what) {
    const Moment end = steady_clock::now() + seconds(patience);
    for (;;) {
      take_events();
      if (done()) return true;
      if (hurried_ || steady_clock::now() >= end) return false;
      log::now(what);
      signals_.wait(kTick);
    }
  }

  void end_all() {
    ended_itself_ = !program_.running();
    if (load_) load_->stop();
    const auto load_over = [this] { return !load_ || !load_->running(); };
    if (!patiently(task_.grace_seconds, load_over, "ending the load")) load_->kill_now();
    if (program_.running()) end_program();
    end_orphans();
  }

  void end_program() {
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
  void end_orphans() {
    for (const int signal : {SIGTERM, SIGKILL}) {
      std::set<pid_t> told;
      const auto nobody_left = [&] {
        size_t left = 0;
        for (const pid_t pid : children_of(getpid())) {
          if (strangers_.count(pid) > 0) continue;
          ++left;
          if (told.insert(pid).second) kill(pid, signal);
        }
        return left == 0;
      };
      const double patience = signal == SIGTERM ? task_.grace_seconds : kSnapshotPatience;
      const bool hurried = hurried_;
      if (signal == SIGKILL) hurried_ = false;  // nobody resists it for long
      const bool over = patiently(patience, nobody_left, "ending what the program left");
      hurried_ = hurried || hurried_;
      if (over) return;
    }
  }

  Result<Gathered> gathered() {
    Gathered result;
    result.signal = request_;
    result.no_report = hurried_;
    if (hurried_) return result;
    result.recordings = snapshots_.worth_judging();
    if (result.recordings.empty()) {
      if (ended_itself_) return program_ended_early("before the first snapshot");
      if (gave_up_) return Error{load_->why_given_up()};
      if (!snapshots_.failure().empty()) return Error{"no snapshot: " + snapshots_.failure()};
      return Error{"ended before the first snapshot: nothing to report"};
    }
    result.unjudged = seen_.unjudged(seconds_between(load_start_, load_end_), snapshots_.least());
    if (!snapshots_.left_out().empty()) result.notes.push_back(snapshots_.left_out());
    result.seconds = seconds_between(load_start_, load_end_);
    if (ended_itself_) {
      const std::string text = "the program ended by itself " + end_text(*program_.wait_status) +
                               ", " + format_duration(seconds_between(load_start_, load_end_)) +
                               " into the load";
      result.notes.push_back(text + log_tail());
      if (*program_.wait_status != 0) result.mistrust = text;
    }
    if (!ended_itself_ && !snapshots_.own_failure().empty()) {
      result.notes.push_back("a snapshot failed: " + snapshots_.own_failure());
    }
    if (load_) {
      for (const std::string& note : load_->notes()) result.notes.push_back(note);
      if (gave_up_) result.mistrust = load_->why_given_up();
    }
    result.notes.insert(result.notes.end(), notes_.begin(), notes_.end());
    return result;
  }

  const Task& task_;
  const std::string program_log_;
  const Signals signals_;
  std::set<pid_t> strangers_;
  int reaper_before_ = 0;
  Child program_;
  Child ready_;
  std::unique_ptr<Load> load_;
  Moment started_{}, load_start_{}, load_end_{};
  size_t taken_ = 0;
  Snapshots snapshots_;
  SeenProcesses seen_, seen_before_load_;
  Moment next_look_{};
  bool load_begun_ = false;
  std::vector<std::string> notes_;
  int request_ = 0;
  bool hurried_ = false;
  bool gave_up_ = false;
  bool ended_itself_ = false;
};

}  // namespace

Result<Gathered> run_soak(const Task& task) { return Session(task).run(); }

}  // namespace silt::soak
