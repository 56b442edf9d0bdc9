// SPDX-License-Identifier: Apache-2.0
//
// See recording_folder.h. Signal context.

#include "interposer/snapshot/recording_folder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "interposer/base/chained_handler.h"
#include "interposer/base/open_files.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/control.h"
#include "interposer/snapshot/jit_map.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/way_in.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

constinit char g_path[4096 + 512]{};
constinit format::Control g_control{};  // what the file says
constinit long g_mapping = 0;           // of the control file, 0: none
constinit struct stat g_mapped {};      // that file
constinit bool g_control_wanted = false;
constinit MadeFolder g_made{};
constinit uint32_t g_snapshots = 0;  // in it
// Of this process, in whatever recordings: who waits for the next sees it in any control file.
constinit uint32_t g_completed = 0;
constinit long g_shown_error = 0;  // address of the mapping that tells it, 0: none

long make_folder(const char* path) {
  return base::system_call(SYS_mkdirat, AT_FDCWD, reinterpret_cast<long>(path), 0700);
}

long open_folder(const char* path) {
  return open_file(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// For its name alone: nothing is ever read or written there, so that nobody can make it fault.
long map_for_name(long fd) {
  return base::system_call(SYS_mmap, 0, format::kControlMappingSize, PROT_NONE, MAP_SHARED, fd, 0);
}

using base::is_error;

void unmap_control() {
  if (g_mapping == 0) return;
  base::system_call(SYS_munmap, g_mapping, format::kControlMappingSize);
  g_mapping = 0;
}

// 0 or -errno. `completed` goes last: who sees it change may read the rest.
long write_control(long fd) {
  const long written = write_all(static_cast<int>(fd), &g_control, sizeof(g_control), 0);
  if (written != 0) return written;
  g_control.completed = ++g_completed;
  return write_all(static_cast<int>(fd), &g_control.completed, sizeof(g_control.completed),
                   offsetof(format::Control, completed));
}

long make_control(int folder) {
  const long fd = open_file(folder, format::kControlFileName,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fd;
  unmap_control();
  const long address = map_for_name(fd);
  if (!is_error(address)) g_mapping = address;
  base::system_call(SYS_fstat, fd, reinterpret_cast<long>(&g_mapped));
  return fd;
}

bool is_mapped_file(long fd) {
  struct stat opened {};
  return base::system_call(SYS_fstat, fd, reinterpret_cast<long>(&opened)) == 0 &&
         opened.st_ino == g_mapped.st_ino && opened.st_dev == g_mapped.st_dev;
}

void describe_process() {
  base::copy_bytes(g_control.magic, format::kControlMagic, sizeof(g_control.magic));
  g_control.version = format::kControlVersion;
  g_control.pid = static_cast<uint32_t>(base::system_call(SYS_getpid));
  g_control.completed = g_completed;
  g_control.signal = static_cast<uint32_t>(base::chained_handler.signal_number());
  g_control.sampling_interval_bytes = track::recorder.sample_interval_bytes;
  g_control.start_realtime_ns = process_info.start_realtime_ns;
}

void show_no_error() {
  if (g_shown_error == 0) return;
  base::system_call(SYS_munmap, g_shown_error, format::kControlMappingSize);
  g_shown_error = 0;
}

// A mapping whose name can be read in /proc/PID/maps; 0 when there can be none.
long map_name(const char* name) {
  constexpr unsigned kCloseOnExec = 1;
  const long fd = base::create_listed_memory(name, kCloseOnExec);
  if (fd < 0) return 0;
  const long address = map_for_name(fd);
  close_file(static_cast<int>(fd));
  return is_error(address) ? 0 : address;
}

// There is no control file to tell the reason in: tell it in the name of a mapping. Each failure
// has a mapping of its own, so that who waits for an answer sees that this is one.
void show_error(int error, const char* what) {
  show_no_error();
  base::TextBuffer<240> name;
  name.add(format::kErrorMappingPrefix).add(what).add(" '");
  name.add(g_path[0] == '\0' ? out_folder() : g_path).add("': ");
  name.add(base::error_text(error));
  g_shown_error = map_name(name.c_str());
}

// What is there stays, and belongs to who made it.
void leave_recording() {
  unmap_control();
  g_control = {};
  g_mapped = {};
  g_control_wanted = false;
  g_path[0] = '\0';
  g_snapshots = 0;
  copy_jit_map_anew();
  if (runtimes.write_names_anew != nullptr) runtimes.write_names_anew();
}

// The known recording's folder, or -errno; *gone: another recording is to be made.
long open_known(bool* gone) {
  *gone = false;
  const long folder = open_folder(g_path);
  const bool mine = folder >= 0 && belongs_to_process(static_cast<int>(folder), g_made) &&
                    !is_anothers(static_cast<int>(folder), g_made, process_info.start_realtime_ns);
  if (folder >= 0 && !mine) {
    close_file(static_cast<int>(folder));
    *gone = true;
    return -EACCES;
  }
  const bool out_of_reach = folder == -EACCES || folder == -EPERM;
  if (folder < 0) *gone = out_of_reach || root_has_changed();
  return folder;
}

// A folder of this process in `place`, opened, or -errno.
long make_recording(const char* place, unsigned place_number) {
  const auto pid = static_cast<uint64_t>(base::system_call(SYS_getpid));
  // Containers that share a folder all have a process 1. Numbers are easy to read, but a thousand
  // containers would try half a million of them; the nanosecond of the start is each one's own.
  constexpr unsigned kNumbers = 9;
  constexpr unsigned kTries = 1000;
  for (unsigned attempt = 1; attempt <= kTries; ++attempt) {
    base::TextWriter path(g_path, sizeof(g_path));
    path.add(place).add("/silt.").add(process_info.program).add('.').add_decimal(pid);
    if (attempt > 1) {
      path.add('.').add_decimal(attempt <= kNumbers ? attempt
                                                    : process_info.start_realtime_ns + attempt);
    }
    const long result = make_folder(g_path);
    if (result == -EEXIST) continue;
    const long folder = result < 0 ? result : open_folder(g_path);
    if (folder >= 0) {
      if (note_made_folder(static_cast<int>(folder), place_number, &g_made)) return folder;
      close_file(static_cast<int>(folder));
    }
    g_path[0] = '\0';
    return folder < 0 ? folder : -EPERM;
  }
  g_path[0] = '\0';
  return -EEXIST;
}

// In the first of the places that takes it.
long make_recording_somewhere(int* error_in_out_folder) {
  long result = -EACCES;
  int error = 0;
  for (unsigned i = 0; i < kMostPlaces; ++i) {
    const char* const place = place_to_record(i, error);
    if (place == nullptr) break;
    result = make_recording(place, i);
    if (i == 0 && result < 0) error = static_cast<int>(-result);
    if (result < 0) continue;
    // What is inside SILT_OUT is where people look anyway.
    if (i > 1) say_recording_moved(place, error);
    return result;
  }
  *error_in_out_folder = error;
  return -error;
}

}  // namespace

const char* recording_path() { return g_path; }

long open_recording(const char** what, bool process_ends) {
  long folder = -ENOENT;
  if (g_path[0] != '\0') {
    *what = "cannot open the recording";
    bool gone = false;
    folder = open_known(&gone);
    if (gone) {
      leave_recording();
    } else if (folder < 0) {
      return folder;
    }
  }
  if (folder < 0) {
    *what = "cannot make a recording in";
    int error = 0;
    folder = make_recording_somewhere(&error);
    if (folder < 0) {
      show_error(error, *what);
      return folder;
    }
  }
  // Where the disk was full there may be none yet.
  if (!process_ends && g_mapping == 0) {
    g_control_wanted = true;
    const long fd = make_control(static_cast<int>(folder));
    if (fd >= 0) close_file(static_cast<int>(fd));
    look_for_requests_in(g_path);
  }
  if (g_mapping != 0) show_no_error();
  return folder;
}

void publish(uint32_t sequence, int error, const char* what) {
  if (error == 0) ++g_snapshots;
  if (!g_control_wanted) return;  // the process ends, or there is no folder
  if (error == 0) g_control.last_sequence = sequence;
  base::TextWriter failure(g_control.last_failure, sizeof(g_control.last_failure));
  if (error != 0) failure.add(what).add(": ").add(base::error_text(error));
  g_control.last_error = error;
  const long folder = open_folder(g_path);
  if (folder < 0) {
    if (error != 0) show_error(error, what);
    return;
  }
  const auto at = static_cast<int>(folder);
  // Without waiting and without following: somebody may have put anything in its place.
  constexpr int kFlags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  long fd = open_file(at, format::kControlFileName, kFlags);
  if (fd >= 0 && !is_mapped_file(fd)) {
    close_file(static_cast<int>(fd));
    fd = -ENOENT;
  }
  if (fd < 0) {
    base::system_call(SYS_unlinkat, at, reinterpret_cast<long>(format::kControlFileName), 0);
    fd = make_control(at);
  }
  if (fd >= 0) {
    describe_process();
    const long written = write_control(fd);
    close_file(static_cast<int>(fd));
    // On a full disk there is but the other way to tell.
    if (written != 0 && error != 0) show_error(error, what);
  }
  close_file(at);
}

void remove_recording_without_snapshots() {
  if (g_path[0] == '\0' || g_snapshots != 0) return;
  bool gone = false;
  const long folder = open_known(&gone);
  if (folder < 0) return;
  base::system_call(SYS_unlinkat, folder, reinterpret_cast<long>(format::kControlFileName), 0);
  close_file(static_cast<int>(folder));
  base::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(g_path), AT_REMOVEDIR);
}

bool recording_has_snapshots() { return g_snapshots != 0; }

void show_left_out() { map_name(format::kLeftOutMapping); }

void begin_recording_anew() { leave_recording(); }

void leave_recording_to_parent() {
  unmap_control();
  leave_recording();
  g_completed = 0;
  show_no_error();
  say_moves_anew();
}

}  // namespace silt::snapshot
