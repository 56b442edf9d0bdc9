// SPDX-License-Identifier: Apache-2.0
//
// The way in to a process that no signal reaches: while it allocates it looks at a word of its
// control file. The request is taken back when nobody waits for the answer any more.

#ifndef SILT_SYMBOLIZER_COMMANDS_WRITTEN_REQUEST_H_
#define SILT_SYMBOLIZER_COMMANDS_WRITTEN_REQUEST_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "interposer/format/control.h"

namespace silt::commands {

class WrittenRequest {
 public:
  // Asks through the first of these paths that can be written.
  explicit WrittenRequest(std::initializer_list<std::string> paths);
  ~WrittenRequest();
  WrittenRequest(const WrittenRequest&) = delete;
  WrittenRequest& operator=(const WrittenRequest&) = delete;

  bool made() const { return control_ != nullptr; }
  // The answer has come.
  void settle() { settled_ = true; }

 private:
  format::Control* control_ = nullptr;
  uint32_t before_ = 0;
  bool settled_ = false;
};

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_WRITTEN_REQUEST_H_
