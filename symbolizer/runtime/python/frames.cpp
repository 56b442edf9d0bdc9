// SPDX-License-Identifier: Apache-2.0
//
// Whose code is a frame of Python; see the header.

#include "symbolizer/runtime/python/frames.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace silt::runtime::python {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// ".../lib/python3.11/...", wherever Python is installed: the standard library, or a folder of
// packages inside it.
bool in_library(std::string_view file) {
  constexpr std::string_view kFolder = "/lib/python";
  for (size_t at = file.find(kFolder); at != std::string_view::npos;
       at = file.find(kFolder, at + 1)) {
    size_t end = at + kFolder.size();
    while (end < file.size() &&
           (std::isdigit(static_cast<unsigned char>(file[end])) || file[end] == '.')) {
      ++end;
    }
    if (end > at + kFolder.size() && end < file.size() && file[end] == '/') return true;
  }
  return false;
}

// The first lines of what packages install to be started by name (/usr/bin/gunicorn,
// venv/bin/flask): they import something and call it, and so stand in each stack.
bool is_launcher(const Frame& frame) {
  const std::string_view file = frame.file;
  const size_t name = file.rfind('/');
  if (frame.function != "<module>" || name == std::string_view::npos) return false;
  const std::string_view folder = file.substr(0, name);
  return (folder.ends_with("/bin") || folder.ends_with("/sbin")) &&
         file.find('.', name) == std::string_view::npos;
}

}  // namespace

bool stands_in(const symbolize::FrameList& frames) {
  return std::any_of(frames.begin(), frames.end(),
                     [](const Frame& frame) { return frame.kind == FrameKind::kPython; });
}

bool owns(const Frame& frame) {
  const std::string_view file = frame.file;
  // "<frozen importlib._bootstrap>" is the interpreter's own; "<string>" and "<stdin>" are texts
  // that the program or its user has given; attrs, dataclasses and namedtuple make theirs.
  if (file.empty() || file.starts_with("<frozen ") || file.starts_with("<attrs ") ||
      file.starts_with("<__array_function__") || file.starts_with("<decorator-gen")) {
    return false;
  }
  return !is_launcher(frame) && !contains(file, "/site-packages/") &&
         !contains(file, "/dist-packages/") && !in_library(file);
}

}  // namespace silt::runtime::python
