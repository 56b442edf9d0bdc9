// SPDX-License-Identifier: Apache-2.0
//
// The build folder comes before installed folders, so that a developer tests what was just built.

#include "symbolizer/process/interposer_library.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "symbolizer/base/quote.h"

namespace silt::process {
namespace {

namespace fs = std::filesystem;

constexpr char kLibraryName[] = "libsilt.so";

// `<folder>/libsilt.so` and `<folder>/silt/libsilt.so`, and the same one folder (a machine triplet)
// further down.
std::vector<fs::path> installed_places(const fs::path& lib) {
  std::vector<fs::path> folders = {lib};
  std::error_code error;
  for (fs::directory_iterator it(lib, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename().native().find("-linux-") != std::string::npos &&
        it->is_directory(ignored)) {
      folders.push_back(it->path());
    }
  }
  std::sort(folders.begin() + 1, folders.end());
  std::vector<fs::path> places;
  for (const fs::path& folder : folders) {
    places.push_back(folder / kLibraryName);
    places.push_back(folder / "silt" / kLibraryName);
  }
  return places;
}

}  // namespace

Result<fs::path> find_interposer() {
  std::error_code error;
  if (const char* given = std::getenv("SILT_LIBRARY"); given != nullptr && *given != '\0') {
    if (!fs::is_regular_file(given, error)) {
      return Error{"SILT_LIBRARY names " + in_quotes(given) + ", which is not a file"};
    }
    return fs::absolute(given, error);
  }
  const fs::path tool = fs::read_symlink("/proc/self/exe", error);
  if (error) return Error{"cannot find out where this tool is installed: /proc is not there"};
  return find_interposer_near(tool);
}

Result<fs::path> find_interposer_near(const fs::path& tool) {
  const fs::path folder = tool.parent_path();
  const fs::path prefix = folder.parent_path();
  std::vector<fs::path> places = {prefix / "interposer" / kLibraryName, folder / kLibraryName};
  for (const char* lib : {"lib", "lib64", "libexec"}) {
    const auto more = installed_places(prefix / lib);
    places.insert(places.end(), more.begin(), more.end());
  }
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) return place;
  }
  return Error{"cannot find libsilt.so near " + in_quotes(folder) +
               ": set SILT_LIBRARY to its path"};
}

fs::path library_for_musl(const fs::path& library) {
  std::error_code error;
  for (const char* folder : {"musl", "silt/musl"}) {
    const fs::path place = library.parent_path() / folder / kLibraryName;
    if (fs::is_regular_file(place, error)) return place;
  }
  return {};
}

Result<std::string> preload_value(const fs::path& library, const char* before) {
  if (library.native().find_first_of(" :") != std::string::npos) {
    return Error{"cannot preload " + in_quotes(library) +
                 ": LD_PRELOAD cannot hold a path with a space or a colon; set SILT_LIBRARY to a "
                 "copy elsewhere"};
  }
  std::string value = library.native();
  if (before != nullptr && *before != '\0') value += ':' + std::string(before);
  return value;
}

}  // namespace silt::process
