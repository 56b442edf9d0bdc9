// SPDX-License-Identifier: Apache-2.0
//
// Snapshots that `silt top` had a process take, and that go again: who looks at a process for an
// hour does not want two thousand files for it. The process names the files, and it may be another
// user's, so only what it could remove itself is removed.

#ifndef SILT_SYMBOLIZER_COMMANDS_OWN_SNAPSHOTS_H_
#define SILT_SYMBOLIZER_COMMANDS_OWN_SNAPSHOTS_H_

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace silt::commands {

class OwnSnapshots {
 public:
  OwnSnapshots() = default;
  ~OwnSnapshots();  // removes all, unless they are kept
  OwnSnapshots(const OwnSnapshots&) = delete;
  OwnSnapshots& operator=(const OwnSnapshots&) = delete;

  // A snapshot that was just taken at the wish of this process, which wrote it as `owner`. Anything
  // but a plain file of that user, named as snapshots are, is nobody's to remove.
  void took(const std::filesystem::path& path, uid_t owner);
  // Removes it now, if it is one of these and they are not kept.
  void drop(const std::filesystem::path& path);
  void keep(bool kept) { kept_ = kept; }

 private:
  struct File {
    std::filesystem::path path;
    int folder = -1;  // as it was when the file was taken
    dev_t device = 0;
    ino_t inode = 0;
  };
  static void remove(const File& file);

  std::vector<File> files_;
  bool kept_ = false;
};

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_OWN_SNAPSHOTS_H_
