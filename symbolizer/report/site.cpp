// SPDX-License-Identifier: Apache-2.0
//
// The best frame of a stack, and texts that stand for it; see the header.

#include "symbolizer/report/site.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/runtime.h"

namespace silt::report {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

// Whether it is a function that a runtime names.
bool is_managed(const Frame& frame) { return find_runtime(frame.kind) != nullptr; }

}  // namespace

size_t find_site(const symbolize::FrameList& frames, std::span<const std::string> look_through) {
  const size_t begin = inner_allocator_frames(frames);
  size_t best = begin;
  int best_rank = -1;
  for (size_t i = begin; i < frames.size(); ++i) {
    const Origin origin = origin_of(frames[i], look_through);
    int rank = static_cast<int>(origin);
    // The user's functions in a runtime beat native code; so do a package's, but not an addon.
    rank *= 2;
    if (is_managed(frames[i]) && origin == Origin::kUser) rank += 2;
    // A function of the runtime's own library says more than the allocator that it calls.
    const Runtime* runtime = find_runtime(frames[i].kind);
    const bool says = runtime != nullptr && origin == Origin::kRuntime && !frames[i].file.empty() &&
                      (runtime->is_allocator == nullptr || !runtime->is_allocator(frames[i]));
    if (says) rank += 1;
    if (rank > best_rank) {
      best = i;
      best_rank = rank;
    }
  }
  return best;
}

size_t inner_allocator_frames(const symbolize::FrameList& frames) {
  size_t outermost = 0;
  for (size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].kind != FrameKind::kNative || origin_of(frames[i]) != Origin::kAllocator)
      continue;
    // mmap and its kin are called by allocators, not the other way round; silt's hooks are
    // nobody's.
    const std::string name = plain_name(frames[i].function);
    const bool hook = base_name(frames[i].module).starts_with("libsilt.so");
    if (name.find("map") == std::string::npos && !hook) outermost = i;
  }
  return outermost + 1 < frames.size() ? outermost : 0;
}

size_t leading_allocator_frames(const symbolize::FrameList& frames) {
  size_t count = 0;
  while (count < frames.size() && origin_of(frames[count]) == Origin::kAllocator) ++count;
  return count < frames.size() ? count : frames.empty() ? 0 : frames.size() - 1;
}

bool same_function(const Frame& a, const Frame& b) {
  if (a.function.empty() && b.function.empty()) {
    return a.function_address != FileAddress{} && a.function_address == b.function_address &&
           a.module == b.module;
  }
  return !a.function.empty() && a.function == b.function && a.file == b.file;
}

bool same_place(const Frame& a, const Frame& b) {
  return a.function == b.function && a.file == b.file && a.line == b.line && a.column == b.column;
}

std::string site_key(const Frame& frame) {
  if (is_managed(frame)) {
    std::string_view name = frame.function;
    while (!name.empty() &&
           (name[0] == '~' || name[0] == '*' || name[0] == '^' || name[0] == '+')) {
      name.remove_prefix(1);
    }
    // All code of a bundle may be on one line.
    return "managed\n" + std::string(name) + "\n" + frame.file + "\n" + std::to_string(frame.line) +
           ":" + std::to_string(frame.column);
  }
  if (frame.line != 0) {
    return "line\n" + frame.function + "\n" + frame.file + "\n" + std::to_string(frame.line);
  }
  if (frame.module.empty()) return "pc\n" + frame.function + "\n" + hexadecimal(frame.pc);
  if (frame.function.empty() && frame.function_address != FileAddress{}) {
    return "function\n" + frame.module + "\n" + hexadecimal(number_of(frame.function_address));
  }
  return "call\n" + frame.module + "\n" + hexadecimal(number_of(frame.file_address));
}

bool is_constructor(const Frame& frame) {
  // "ui::Texture::Texture": the last two names are one.
  const std::string name = plain_name(frame.function);
  const size_t last = name.rfind("::");
  if (last == std::string::npos || last == 0) return false;
  const size_t outer = name.rfind("::", last - 1);
  const size_t begin = outer == std::string::npos ? 0 : outer + 2;
  return std::string_view(name).substr(begin, last - begin) ==
         std::string_view(name).substr(last + 2);
}

bool says_little(const symbolize::Frame& site) {
  return site.function == "main" || site.function == "<module>" || site.function == "{main}";
}

std::optional<size_t> site_in(const symbolize::FrameList& frames, const Frame& site) {
  const std::string key = site_key(site);
  for (size_t i = 0; i < frames.size(); ++i) {
    if (site_key(frames[i]) == key) return i;
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    if (same_function(frames[i], site)) return i;
  }
  return std::nullopt;
}

std::string place_of(const Frame& frame) {
  if (!frame.file.empty()) {
    if (frame.line == 0) return frame.file;
    // What has no name is told by its column from others on the line.
    const bool nameless = is_managed(frame) && frame.function == "(anonymous)";
    return frame.file + ":" + std::to_string(frame.line) +
           (nameless && frame.column > 0 ? ":" + std::to_string(frame.column) : "");
  }
  if (!frame.module.empty()) {
    // Of a function without a name its begin is what stays the same from call to call.
    const FileAddress address =
        frame.function_address != FileAddress{} ? frame.function_address : frame.file_address;
    return std::string(base_name(frame.module)) + "+" + hexadecimal(number_of(address));
  }
  return frame.pc != 0 ? hexadecimal(frame.pc) : "";
}

}  // namespace silt::report
