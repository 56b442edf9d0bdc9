// SPDX-License-Identifier: Apache-2.0
//
// See out_folder.h. Signal context.

#include "interposer/snapshot/out_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/control.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {
namespace {

constinit char g_out_folder[4096]{};
constinit char g_prepared[4096 + 64]{};
constinit bool g_writable_at_start = false;
constinit bool g_said = false;
struct Directory {
  uint64_t device;
  uint64_t inode;
};
constinit Directory g_root{};

Directory root_directory() {
  struct stat status {};
  base::system_call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>("/"),
                    reinterpret_cast<long>(&status), 0);
  return Directory{status.st_dev, status.st_ino};
}

long effective_user() { return base::system_call(SYS_geteuid); }

bool is_folder(int folder, struct stat* status) {
  return base::system_call(SYS_fstat, folder, reinterpret_cast<long>(status)) == 0 &&
         S_ISDIR(status->st_mode);
}

// Errors that say that somebody else could write there.
bool is_refusal(int error) { return error == EACCES || error == EPERM; }

// The process could record there when it started.
bool rights_have_changed(int error) {
  if (!g_writable_at_start) return false;
  if (is_refusal(error)) return true;
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EROFS:
      return root_has_changed();
    default:
      return false;
  }
}

}  // namespace

void set_out_folder(const char* absolute_path, bool writable) {
  base::TextWriter(g_out_folder, sizeof(g_out_folder)).add(absolute_path);
  base::TextWriter prepared(g_prepared, sizeof(g_prepared));
  prepared.add(absolute_path).add('/').add(format::kOtherUsersFolderName);
  g_writable_at_start = writable;
  g_root = root_directory();
}

const char* out_folder() { return g_out_folder; }

bool root_has_changed() {
  const Directory now = root_directory();
  return now.device != g_root.device || now.inode != g_root.inode;
}

const char* place_to_record(unsigned count, int error) {
  if (count == 0) return g_out_folder;
  if (count == 1 && is_refusal(error)) return g_prepared;
  if (count >= kMostPlaces || !rights_have_changed(error)) return nullptr;
  if (count == 1) return g_prepared;
  return count == 2 ? "/tmp" : "/var/tmp";
}

bool note_made_folder(int folder, unsigned place, MadeFolder* made) {
  struct stat status {};
  if (!is_folder(folder, &status)) return false;
  *made = MadeFolder{status.st_dev, status.st_ino, effective_user(), place};
  return place == 0 || static_cast<long>(status.st_uid) == made->user;
}

bool belongs_to_process(int folder, const MadeFolder& made) {
  struct stat status {};
  if (!is_folder(folder, &status)) return false;
  const long user = effective_user();
  if (static_cast<long>(status.st_uid) == user) return true;
  if (user == made.user && made.place == 0) return true;
  return user == 0 && status.st_dev == made.device && status.st_ino == made.inode;
}

bool is_anothers(int folder, const MadeFolder& made, uint64_t start_realtime_ns) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const long fd = open_file(folder, format::kControlFileName, kFlags);
  if (fd < 0) {
    struct stat status {};
    return fd == -ENOENT && is_folder(folder, &status) &&
           (status.st_dev != made.device || status.st_ino != made.inode);
  }
  format::Control control{};
  const long size = read_file(static_cast<int>(fd), &control, sizeof(control));
  close_file(static_cast<int>(fd));
  return size == static_cast<long>(sizeof(control)) && control.start_realtime_ns != 0 &&
         __builtin_memcmp(control.magic, format::kControlMagic, sizeof(control.magic)) == 0 &&
         control.start_realtime_ns != start_realtime_ns;
}

bool can_record_in_other_users_folder() {
  constexpr int kWriteAndSearch = 3;
  return base::system_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(g_prepared),
                           kWriteAndSearch) == 0;
}

void say_recording_moved(const char* place, int error) {
  if (g_said) return;
  g_said = true;
  static constinit char storage[4096 + 600]{};  // under the snapshot slot; stacks may be small
  base::TextWriter line(storage, sizeof(storage));
  line.add("user ").add_decimal(static_cast<uint64_t>(effective_user()));
  line.add(" cannot record in '").add(g_out_folder).add("' (").add(base::error_text(error));
  line.add("): recordings of this process go to '").add(place);
  line.add("'; set SILT_OUT to a folder that all users can write to (chmod 1777)");
  base::log(base::LogLevel::kWarn, line.c_str());
}

void say_moves_anew() { g_said = false; }

}  // namespace silt::snapshot
