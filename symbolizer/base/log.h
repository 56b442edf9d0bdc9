// SPDX-License-Identifier: Apache-2.0
//
// What the tool says while it works: every diagnostic, warning and step goes through here, to
// standard error and, if wished, to a file. Reports do not: they are the tool's product and go to
// standard output or where --output says.

#ifndef SILT_SYMBOLIZER_BASE_LOG_H_
#define SILT_SYMBOLIZER_BASE_LOG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "symbolizer/base/result.h"

namespace silt::log {

struct Settings {
  std::string name = "silt";  // begins each line: "silt soak"
  bool verbose = false;       // lines of debug() too
  bool quiet = false;         // neither steps nor progress, on standard error
  bool json = false;          // each line an object, on standard error and in the file
  std::string file;           // also here, steps included; empty: nowhere
};

// From then on lines go where the settings say; before, to standard error in words. The file is
// made with mode 0600, or appended to when it is there; a link is not followed.
std::optional<Error> open(const Settings& settings);

// Texts may have several lines and hold what others chose: control characters are escaped.
void error(std::string_view text);    // why the tool could not do what it was asked
void warning(std::string_view text);  // something that stays to be read
// A step on the way: a line of its own, or on a terminal the line that is rewritten.
void step(std::string_view text);
// For who wonders why: with --verbose only.
void debug(std::string_view text);
bool is_verbose();

// Where we are, on a terminal only, and not more often than the eye can follow.
void now(std::string_view text);
// Takes away the line that is rewritten; a line of the log does so by itself.
void wipe();

// Progress of work that may be short: nothing is shown in the first second.
class Progress {
 public:
  ~Progress() { wipe(); }
  // `done` is 0..1.
  void tell(const char* what, double done) const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace silt::log

#endif  // SILT_SYMBOLIZER_BASE_LOG_H_
