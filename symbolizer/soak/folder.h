// SPDX-License-Identifier: Apache-2.0
//
// Where a soak's recordings and logs are: the user's folder, or one that goes with the soak.
//
// A program that root starts may give up root, and then records as somebody else. For that there is
// a folder inside in which anybody may make a folder, and nobody but its owner take one away
// (sticky), and which only the soak can list. When all processes have ended, what is in it moves to
// where the other recordings are.

#ifndef SILT_SYMBOLIZER_SOAK_FOLDER_H_
#define SILT_SYMBOLIZER_SOAK_FOLDER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::soak {

class Folder {
 public:
  Folder() = default;
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // `out` is empty: a temporary one.
  std::optional<Error> open(const std::string& out);
  const std::filesystem::path& path() const { return path_; }

  // After the last process has ended: gathers what other users recorded, and removes what holds no
  // snapshot. `recordings` are paths that are to be right afterwards. Returns notes.
  std::vector<std::string> gather(std::vector<std::string>& recordings);

 private:
  void settle();
  void prepare_for_other_users();

  std::filesystem::path path_, temporary_, other_users_;
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_FOLDER_H_
