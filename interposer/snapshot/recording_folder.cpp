// SPDX-License-Identifier: Apache-2.0
//
// See recording_folder.h. Signal context.

#include "interposer/snapshot/recording_folder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/chained_handler.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

constinit char g_out_folder[4096]{};
constinit char g_path[4096 + 512]{};
constinit std::atomic<format::Control*> g_control{nullptr};
constinit bool g_error_shown = false;
constinit std::atomic<bool> g_signal_lost{false};

long make_folder(const char* path) {
  return base::system_call(SYS_mkdirat, AT_FDCWD, reinterpret_cast<long>(path), 0700);
}

long open_folder(const char* path) {
  return open_file(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

long map_shared(long fd) {
  return base::system_call(SYS_mmap, 0, format::kControlSize, PROT_READ | PROT_WRITE, MAP_SHARED,
                           fd, 0);
}

bool is_error(long result) { return result < 0 && result > -4096; }

void make_control(int folder) {
  const long fd = open_file(folder, format::kControlFileName,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  // Written, not just extended: a full disk then fails here and not as SIGBUS at the mapping.
  static constinit const char zero[format::kControlSize]{};
  if (write_all(static_cast<int>(fd), zero, sizeof(zero), 0) == 0) {
    const long address = map_shared(fd);
    if (!is_error(address)) {
      auto* const made = reinterpret_cast<format::Control*>(address);
      base::copy_bytes(made->magic, format::kControlMagic, sizeof(made->magic));
      made->version = format::kControlVersion;
      made->pid = static_cast<uint32_t>(base::system_call(SYS_getpid));
      made->signal = static_cast<uint32_t>(base::chained_handler.signal_number());
      made->sampling_interval_bytes = track::recorder.sample_interval_bytes;
      made->start_realtime_ns = process_info.start_realtime_ns;
      made->takes_requests = g_signal_lost.load(std::memory_order_relaxed) ? 2 : 1;
      g_control.store(made, std::memory_order_release);
    }
  }
  close_file(static_cast<int>(fd));
}

// There is no control file to tell the reason in: tell it in the name of a mapping.
void show_error(int error, const char* what) {
  if (g_error_shown) return;
  g_error_shown = true;
  base::TextBuffer<240> name;
  name.add(format::kErrorMappingPrefix).add(what).add(" '").add(g_out_folder).add("': ");
  name.add(base::error_text(error));
  constexpr unsigned kCloseOnExec = 1;
  const long fd =
      base::system_call(SYS_memfd_create, reinterpret_cast<long>(name.c_str()), kCloseOnExec);
  if (fd < 0) return;
  if (base::system_call(SYS_ftruncate, fd, format::kControlSize) == 0) map_shared(fd);
  close_file(static_cast<int>(fd));
}

}  // namespace

void set_out_folder(const char* absolute_path) {
  base::TextWriter(g_out_folder, sizeof(g_out_folder)).add(absolute_path);
}

const char* out_folder() { return g_out_folder; }
const char* recording_path() { return g_path; }
format::Control* control() { return g_control.load(std::memory_order_acquire); }

long open_recording(const char** what, bool process_ends) {
  *what = "cannot open the recording's folder below";
  if (g_path[0] != '\0') return open_folder(g_path);
  *what = "cannot make a recording in";
  const auto pid = static_cast<uint64_t>(base::system_call(SYS_getpid));
  constexpr unsigned kTries = 1000;
  for (unsigned attempt = 1; attempt <= kTries; ++attempt) {
    base::TextWriter path(g_path, sizeof(g_path));
    path.add(g_out_folder).add("/silt.").add(process_info.program).add('.').add_decimal(pid);
    if (attempt > 1) path.add('.').add_decimal(attempt);
    const long result = make_folder(g_path);
    if (result == -EEXIST) continue;
    if (result < 0) {
      g_path[0] = '\0';
      show_error(static_cast<int>(-result), *what);
      return result;
    }
    const long folder = open_folder(g_path);
    if (folder >= 0 && !process_ends) make_control(static_cast<int>(folder));
    return folder;
  }
  g_path[0] = '\0';
  return -EEXIST;
}

void say_signal_is_lost() {
  if (g_signal_lost.exchange(true, std::memory_order_relaxed)) return;
  format::Control* const shown = control();
  if (shown != nullptr) shown->takes_requests = 2;
}

void publish(uint32_t sequence, int error, const char* what) {
  format::Control* const shown = control();
  if (shown == nullptr) return;
  if (error == 0) shown->last_sequence = sequence;
  base::TextWriter failure(shown->last_failure, sizeof(shown->last_failure));
  if (error != 0) failure.add(what).add(": ").add(base::error_text(error));
  shown->last_error = error;
  __atomic_store_n(&shown->completed, shown->completed + 1, __ATOMIC_RELEASE);
}

void remove_recording_without_snapshots() {
  if (g_path[0] == '\0') return;
  const long folder = open_folder(g_path);
  if (folder < 0) return;
  base::system_call(SYS_unlinkat, folder, reinterpret_cast<long>(format::kControlFileName), 0);
  close_file(static_cast<int>(folder));
  base::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(g_path), AT_REMOVEDIR);
}

void leave_recording_to_parent() {
  format::Control* const parents = control();
  if (parents != nullptr) {
    base::system_call(SYS_munmap, reinterpret_cast<long>(parents), format::kControlSize);
  }
  g_control.store(nullptr, std::memory_order_relaxed);
  g_path[0] = '\0';
  g_error_shown = false;
}

}  // namespace silt::snapshot
