// SPDX-License-Identifier: Apache-2.0
//
// A signal kills a process that does not expect it, so none is sent before /proc has shown that it
// is handled.

#include "symbolizer/commands/snapshot_request.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "interposer/format/control.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/process_facts.h"
#include "symbolizer/commands/written_request.h"

namespace silt::commands {
namespace {

using std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::milliseconds(5);
constexpr auto kLookInterval = std::chrono::milliseconds(50);  // for where the control file is
// An interposer of an earlier version told a reason only once.
constexpr auto kPatienceAfterError = std::chrono::seconds(2);

std::string proc_path(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

Error about(pid_t pid, const std::string& what) {
  // Some of it the process says itself.
  return Error{"process " + std::to_string(pid) + " " + one_line(what)};
}

// Readable from poll() when the process has ended; -1 on kernels that have no such thing.
class ProcessEnd {
 public:
  explicit ProcessEnd(pid_t pid) : fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessEnd() {
    if (fd_ >= 0) close(fd_);
  }
  ProcessEnd(const ProcessEnd&) = delete;
  ProcessEnd& operator=(const ProcessEnd&) = delete;

  // Waits for one poll interval; true when the process has ended.
  bool wait() const {
    if (fd_ < 0) {
      std::this_thread::sleep_for(kPollInterval);
      return false;
    }
    pollfd event{fd_, POLLIN, 0};
    return poll(&event, 1, static_cast<int>(kPollInterval.count())) > 0;
  }

 private:
  int fd_;
};

// In a container the path is one of the container's own file system.
std::optional<format::Control> read_control(pid_t pid, const std::string& path,
                                            const StatusFacts& status) {
  for (const std::string& place : {path, proc_path(pid, "root") + path}) {
    auto source = FileSource::open(place);
    if (!source) continue;
    auto bytes = source->read(0, sizeof(format::Control));
    if (!bytes) continue;
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (auto control = parse_control(text, pid, status.namespace_pids)) return control;
  }
  return std::nullopt;
}

// The control file among those that the process maps, and what it says. A process that has become
// another user may have two; the one in use knows of more snapshots.
struct KnownControl {
  std::string path;
  format::Control control;
};
std::optional<KnownControl> find_control(pid_t pid, const MapFacts& maps,
                                         const StatusFacts& status) {
  std::optional<KnownControl> known;
  for (const std::string& path : maps.controls) {
    const auto control = read_control(pid, path, status);
    if (!control || (known && known->control.completed >= control->completed)) continue;
    known = KnownControl{path, *control};
  }
  return known;
}

std::string snapshot_path(const std::string& control, uint32_t sequence) {
  char name[32];
  std::snprintf(name, sizeof(name), "%03u.silt", sequence);
  return (std::filesystem::path(control).parent_path() / name).native();
}

// Checks that a process can be asked at all.
Result<StatusFacts> find_process(pid_t pid) {
  const auto text = read_proc(proc_path(pid, "status"));
  const auto status = text ? parse_status(*text) : std::nullopt;
  if (!status) return Error{"there is no process " + std::to_string(pid)};
  if (status->thread_group != pid) {
    return about(pid, "is a thread of process " + std::to_string(status->thread_group));
  }
  if (status->state == 'Z' || status->state == 'X') return about(pid, "has ended already");
  if (kill(pid, 0) != 0 && errno == EPERM) return about(pid, "belongs to another user");
  return *status;
}

Result<MapFacts> find_interposer_in(pid_t pid) {
  const auto maps = read_proc(proc_path(pid, "maps"));
  if (!maps) {
    if (errno == EACCES || errno == EPERM) {
      return about(pid, "belongs to another user, or does not let itself be looked at");
    }
    return about(pid, "cannot be looked at: " + errno_text(errno));
  }
  MapFacts facts = parse_maps(*maps);
  if (!facts.interposer) {
    return about(pid, "runs without libsilt.so: start it with 'silt run'");
  }
  if (facts.left_out) {
    return about(pid,
                 "is left alone by silt: a child with SILT_CHILDREN=0, or a package manager "
                 "(SILT_NODE=all)");
  }
  return facts;
}

Result<int> signal_of(pid_t pid, const std::optional<KnownControl>& known) {
  int signal = SIGUSR2;
  if (known) {
    signal = static_cast<int>(known->control.signal);
  } else if (const auto environ = read_proc(proc_path(pid, "environ"))) {
    const std::string value = environment_value(*environ, "SILT_SIGNAL");
    if (!value.empty()) signal = parse_signal(value).value_or(SIGUSR2);
  }
  return signal;
}

// Why a signal would not be taken by any thread of the process, or would kill it; empty: it would.
Result<std::string> obstacle(pid_t pid, const StatusFacts& status, int signal) {
  if (status.state == 'T' || status.state == 't') {
    return about(pid, "is stopped: let it go on (kill -CONT) and try again");
  }
  if (signal == 0) return std::string("takes no snapshots by signal (SILT_SIGNAL=none)");
  const uint64_t bit = uint64_t{1} << (signal - 1);
  if ((status.caught & bit) == 0) {
    return "does not handle " + signal_name(signal) +
           ((status.ignored & bit) != 0 ? " but ignores it" : ", which would end it") +
           ": it is starting, or has replaced silt's handler";
  }
  for (const pid_t thread : threads_of(pid)) {
    const auto text =
        read_proc(proc_path(pid, ("task/" + std::to_string(thread) + "/status").c_str()));
    const auto facts = text ? parse_status(*text) : std::nullopt;
    if (facts && (facts->blocked & bit) == 0) return std::string();
  }
  return "blocks " + signal_name(signal) + " in all its threads";
}

Error unreachable(pid_t pid, const std::string& why) {
  return about(pid, why +
                        ", and can be asked only while it allocates: try again, or choose another "
                        "signal (SILT_SIGNAL) or a period (SILT_EVERY)");
}

Error timed_out(pid_t pid, int signal, double seconds) {
  const auto text = read_proc(proc_path(pid, "status"));
  const auto status = text ? parse_status(*text) : std::nullopt;
  if (!status) return about(pid, "ended before it took a snapshot");
  std::string why = "it may be busy writing";
  if (status->state == 'T' || status->state == 't') {
    why = "it is stopped";
  } else if (status->state == 'D') {
    why = "it waits in the kernel for a device";
  } else if ((status->pending >> (signal - 1) & 1) != 0) {
    why = "no thread of it has taken the signal";
  }
  char limit[32];
  std::snprintf(limit, sizeof(limit), "%.3g", seconds);
  return about(pid, std::string("took no snapshot within ") + limit + " seconds: " + why);
}

Result<std::string> outcome(pid_t pid, const std::string& control_path,
                            const format::Control& control) {
  if (control.last_error != 0) {
    const std::string why =
        control.last_failure[0] != '\0' ? control.last_failure : errno_text(control.last_error);
    return about(pid, "could not write a snapshot to " +
                          in_quotes(std::filesystem::path(control_path).parent_path()) + ": " +
                          why);
  }
  return snapshot_path(control_path, control.last_sequence);
}

}  // namespace

Result<std::string> request_snapshot(pid_t pid, double timeout_seconds) {
  auto status = find_process(pid);
  if (!status) return status.error();
  auto before = find_interposer_in(pid);
  if (!before) return before.error();
  const auto known = find_control(pid, *before, *status);
  if (!known && !before->deleted_control.empty()) {
    return about(pid, "cannot write: its recording " +
                          in_quotes(std::filesystem::path(before->deleted_control).parent_path()) +
                          " was deleted");
  }
  const uint32_t completed_before = known ? known->control.completed : 0;
  auto signal = signal_of(pid, known);
  if (!signal) return signal.error();
  auto blocked = obstacle(pid, *status, *signal);
  if (!blocked) return blocked.error();
  if (blocked->empty() && known && known->control.takes_requests == 2) {
    *blocked = "has replaced silt's handler of " + signal_name(*signal);
  }
  std::optional<WrittenRequest> request;
  if (!blocked->empty()) {
    if (known && known->control.takes_requests != 0) {
      request.emplace({known->path, proc_path(pid, "root") + known->path});
    }
    if (!request || !request->made()) return unreachable(pid, *blocked);
  }

  const ProcessEnd end(pid);
  sigval cookie{};
  cookie.sival_int = static_cast<int>(format::kDumpCookie);
  if (!request && sigqueue(pid, *signal, cookie) != 0) {
    if (errno == EPERM) return about(pid, "belongs to another user");
    if (errno == ESRCH) return about(pid, "has ended already");
    return about(pid, "cannot be sent " + signal_name(*signal) + ": " + errno_text(errno));
  }

  const auto start = steady_clock::now();
  const auto limit = start + std::chrono::duration_cast<steady_clock::duration>(
                                 std::chrono::duration<double>(timeout_seconds));
  std::string control_path = known ? known->path : "";
  auto next_look = start + kLookInterval;
  for (;;) {
    if (end.wait()) return about(pid, "ended before it took a snapshot");
    const auto now = steady_clock::now();
    // A process that has become another user makes a recording anew.
    const bool look_again = !control_path.empty() && now > next_look;
    if (look_again) {
      next_look = now + kLookInterval;
      const auto facts = find_interposer_in(pid);
      const auto found = facts ? find_control(pid, *facts, *status) : std::nullopt;
      if (found) control_path = found->path;
    }
    if (control_path.empty()) {
      // A process that was forked makes its recording at its first snapshot.
      auto facts = find_interposer_in(pid);
      if (!facts) return about(pid, "ended, or became another program, before it took a snapshot");
      if (const auto found = find_control(pid, *facts, *status)) {
        control_path = found->path;
      } else if (!facts->error.empty() &&
                 (facts->error_id != before->error_id || now > start + kPatienceAfterError)) {
        return about(pid, facts->error);
      }
    }
    if (!control_path.empty()) {
      const auto control = read_control(pid, control_path, *status);
      if (!control) {
        return about(pid, "cannot write: its recording " +
                              in_quotes(std::filesystem::path(control_path).parent_path()) +
                              " was deleted or cannot be read");
      }
      if (control->completed != completed_before) {
        if (request) request->settle();
        return outcome(pid, control_path, *control);
      }
    }
    if (now > limit && request) {
      if (!read_proc(proc_path(pid, "status")))
        return about(pid, "ended before it took a snapshot");
      return unreachable(pid, *blocked);
    }
    if (now > limit) return timed_out(pid, *signal, timeout_seconds);
  }
}

}  // namespace silt::commands
