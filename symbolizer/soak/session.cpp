// SPDX-License-Identifier: Apache-2.0
//
// The plan of a soak, step by step: start, readiness, load and snapshots, end; then what there is
// to say about it.

#include "symbolizer/soak/session.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/soak/readiness.h"
#include "symbolizer/soak/running.h"
#include "symbolizer/soak/seen.h"
#include "symbolizer/soak/snapshots.h"

namespace silt::soak {
namespace {

using std::chrono::steady_clock;

constexpr double kSnapshotPatience = 60;  // seconds; a loaded machine is slow, not broken
// For a process that blocks silt's signal and does not allocate: a part of the interval between two
// snapshots, so that a soak takes no longer for it.
constexpr double kReachPart = 0.25, kLeastReach = 1, kMostReach = 10;
constexpr double kLastSnapshotPatience = 3;  // when somebody waits for the end
// Snapshots that come late, on a busy machine or because they take longer than the interval, may
// lengthen a soak by this part of it, and by so many intervals.
constexpr double kMostLate = 0.5;
constexpr double kMostIntervalsLate = 10;
constexpr auto kLookInterval = std::chrono::seconds(1);  // a worker of ten seconds is seen

class Session {
 public:
  explicit Session(const Task& task) : task_(task), running_(task) {}

  Result<Gathered> run() {
    if (const auto failure = running_.start_program()) return *failure;
    const std::optional<Error> failure = wait_ready(running_, task_);
    if (!failure && running_.going_on()) soak();
    running_.end_all();
    if (failure) return *failure;
    return gathered();
  }

 private:
  std::string position(Moment now) const {
    const double at = seconds_between(load_start_, now);
    std::string text = at < task_.plan.warm_up_seconds && taken_ == 0
                           ? "warm-up"
                           : "snapshot " + std::to_string(taken_) + " of " +
                                 std::to_string(task_.plan.snapshot_seconds.size());
    text += ", " + (at < 60 ? std::to_string(static_cast<int>(at)) + " s" : format_duration(at)) +
            " of " + format_duration(task_.plan.duration_seconds);
    if (!snapshots_.figures().empty()) text += ", " + snapshots_.figures();
    const Load* const load = running_.load();
    if (load != nullptr && load->runs() > 1) text += ", load run " + std::to_string(load->runs());
    return text;
  }

  void soak() {
    load_start_ = steady_clock::now();
    running_.meanwhile([this](Moment now) {
      if (now >= next_look_) look_around();
    });
    look_around();
    if (!task_.load.empty()) {
      running_.start_load();
    }
    log::step((running_.load() != nullptr ? "load begins, warm-up " : "warm-up ") +
              format_duration(task_.plan.warm_up_seconds));
    const auto doing = [this] { return position(steady_clock::now()); };
    // On a machine that is too busy a snapshot comes late; the next ones then come later too, since
    // two that are close together tell little.
    steady_clock::duration late{0};
    Moment end = load_start_ + seconds(task_.plan.duration_seconds * (1 + kMostLate) +
                                       kMostIntervalsLate * task_.plan.interval_seconds);
    Moment last = load_start_;
    size_t round = 0;
    for (const double at : task_.plan.snapshot_seconds) {
      Moment due = load_start_ + seconds(at) + late;
      const Moment soonest = last + seconds(task_.plan.interval_seconds / 2);
      if (taken_ > 0 && due < soonest) {
        late += soonest - due;
        due = soonest;
      }
      if (!running_.wait(due, doing)) break;
      if (at == task_.plan.snapshot_seconds.front()) {
        const steady_clock::duration looked = look_into_heaps_first();
        late += looked;
        end += looked;
      }
      const bool is_late = steady_clock::now() > end && taken_ + 1 >= kFewestSnapshots;
      const bool is_last = at == task_.plan.snapshot_seconds.back() || is_late;
      is_cut_short_ = at != task_.plan.snapshot_seconds.back() && is_late;
      take_snapshots(kSnapshotPatience, is_last ? wish_at_last() : process::Wish::kPlain);
      if (is_last) look_into_heaps(snapshots_.latest());
      look_at_classes(round++);
      last = steady_clock::now();
      load_end_ = last;
      if (taken_ > 0) log::step(position(last));
      if (is_last) break;
    }
    if (running_.going_on())
      running_.wait(load_start_ + seconds(task_.plan.duration_seconds), doing);
    // Somebody wants an end: what has grown since the last snapshot is worth a last one.
    if (running_.request() != 0 && running_.program_runs() && taken_ > 0 && !running_.hurried() &&
        seconds_between(last, steady_clock::now()) > task_.plan.interval_seconds / 2) {
      take_snapshots(kLastSnapshotPatience, process::Wish::kPlain);
    }
    load_end_ = steady_clock::now();
  }

  // Before the first round and after the last: a look takes its time, and no window between two
  // rounds is to be longer than the others. Returns how long it took.
  steady_clock::duration look_into_heaps_first() {
    std::vector<std::pair<pid_t, std::string>> processes;
    for (const pid_t pid : look_around()) {
      processes.emplace(pid == running_.program() ? processes.begin() : processes.end(), pid, "");
    }
    return look_into_heaps(processes);
  }

  steady_clock::duration look_into_heaps(
      const std::vector<std::pair<pid_t, std::string>>& processes) {
    const Moment begin = steady_clock::now();
    const std::string asked = setting(format::SettingId::kOwners);
    if (!task_.look_into_heaps || asked == "0" || processes.empty()) return {};
    log::now("looking into heaps");
    task_.look_into_heaps(processes, asked == "1", [this] { return running_.take_events(); });
    return steady_clock::now() - begin;
  }

  // Whenever there is a snapshot: one curve needs many.
  void look_at_classes(size_t round) {
    if (!task_.look_at_classes || setting(format::SettingId::kOwners) == "0") return;
    task_.look_at_classes(snapshots_.latest(), round, task_.plan.snapshot_seconds.size(),
                          [this] { return running_.take_events(); });
  }

  // As the program gets it.
  std::string setting(format::SettingId id) const {
    const std::string& given = task_.settings[id];
    const char* const inherited = std::getenv(format::kSettings[static_cast<size_t>(id)].variable);
    return !given.empty() ? given : inherited != nullptr ? inherited : "";
  }

  // Who keeps the blocks is asked for once, when most has grown. It takes every block.
  process::Wish wish_at_last() const {
    const std::string asked = setting(format::SettingId::kOwners);
    const std::string sample = setting(format::SettingId::kSample);
    const bool exact = sample.empty() || sample == "0";
    return asked == "1" || (asked != "0" && exact) ? process::Wish::kOwners : process::Wish::kPlain;
  }

  void take_snapshots(double patience, process::Wish wish) {
    const double reach =
        std::clamp(task_.plan.interval_seconds * kReachPart, kLeastReach, kMostReach);
    if (snapshots_.take(seen_, look_around(), running_.program(), {patience, reach}, wish))
      ++taken_;
    look_around();  // who still is there
  }

  // Who is recorded now, and may be asked.
  std::vector<pid_t> look_around() {
    const Moment now = steady_clock::now();
    next_look_ = now + kLookInterval;
    // Children that are not to be recorded have the interposer all the same.
    const std::vector<pid_t> pids = task_.settings[format::SettingId::kChildren] == "0"
                                        ? std::vector<pid_t>{running_.program()}
                                        : running_.tree();
    return seen_.look(pids, seconds_between(load_start_, now));
  }

  Result<Gathered> gathered() {
    Gathered result;
    result.signal = running_.request();
    result.no_report = running_.hurried();
    if (result.no_report) return result;
    const Load* const load = running_.load();
    result.recordings = snapshots_.worth_judging();
    if (result.recordings.empty()) {
      if (running_.ended_itself()) return running_.program_ended_early("before the first snapshot");
      if (running_.gave_up()) return Error{load->why_given_up()};
      if (!snapshots_.failure().empty()) return Error{"no snapshot: " + snapshots_.failure()};
      return Error{"ended before the first snapshot: nothing to report"};
    }
    result.unjudged = seen_.unjudged(seconds_between(load_start_, load_end_), snapshots_.least());
    if (!snapshots_.left_out().empty()) result.notes.push_back(snapshots_.left_out());
    result.seconds = seconds_between(load_start_, load_end_);
    if (running_.ended_itself()) {
      const std::string text =
          "the program ended by itself " + end_text(running_.program_status()) + ", " +
          format_duration(seconds_between(load_start_, load_end_)) + " into the load";
      result.notes.push_back(text + running_.log_tail());
      if (running_.program_status() != 0) result.mistrust = text;
    }
    if (!running_.ended_itself() && !snapshots_.own_failure().empty()) {
      result.notes.push_back("a snapshot failed: " + snapshots_.own_failure());
    }
    if (is_cut_short_) {
      const size_t wanted = task_.plan.snapshot_seconds.size();
      result.notes.push_back(std::to_string(taken_) + " of " + std::to_string(wanted) +
                             " snapshots were taken: they took longer than " +
                             format_duration(task_.plan.interval_seconds) + " each");
    }
    if (load != nullptr) {
      for (const std::string& note : load->notes()) result.notes.push_back(note);
      if (running_.gave_up()) {
        result.mistrust = load->why_given_up();
      } else if (load->never_worked()) {
        result.mistrust = "there was no load: " + load->notes().front();
      }
    }
    result.notes.insert(result.notes.end(), running_.notes().begin(), running_.notes().end());
    return result;
  }

  const Task& task_;
  Running running_;
  Moment load_start_{}, load_end_{}, next_look_{};
  size_t taken_ = 0;
  bool is_cut_short_ = false;
  Snapshots snapshots_;
  SeenProcesses seen_;
};

}  // namespace

Result<Gathered> run_soak(const Task& task) { return Session(task).run(); }

}  // namespace silt::soak
