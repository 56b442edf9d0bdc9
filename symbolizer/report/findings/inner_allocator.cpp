// SPDX-License-Identifier: Apache-2.0
//
// Signs of allocators; see the header.

#include "symbolizer/report/findings/inner_allocator.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using symbolize::Frame;

struct Sign {
  std::string_view function;  // its name begins so; empty: any
  std::string_view module;    // the file's name begins so; empty: any
  const char* name;
  const char* setting;
  const char* runtime = "";
  bool managed = false;
  uint64_t piece_bytes = 0;
  // Where it asks through this function it hands on each block as it is.
  std::string_view unless = {};
};
constexpr uint64_t kZendChunk = uint64_t{2} << 20;

// By function first, since static ones have no module of their own.
constexpr std::array<Sign, 20> kSigns = {{
    {"mi_", "", "mimalloc", ""},
    {"_mi_", "", "mimalloc", ""},
    {"je_", "", "jemalloc", ""},
    {"_rjem_", "", "jemalloc", ""},
    {"tcmalloc::", "", "tcmalloc", ""},
    {"_PyMem_ArenaAlloc", "", "Python's own allocator (pymalloc)", "PYTHONMALLOC=malloc", "python"},
    {"_PyObject_Arena", "", "Python's own allocator (pymalloc)", "PYTHONMALLOC=malloc", "python"},
    {"zend_mm_", "", "PHP's own allocator (Zend)", "USE_ZEND_ALLOC=0", "php", false, kZendChunk},
    {"_emalloc", "", "PHP's own allocator (Zend)", "USE_ZEND_ALLOC=0", "php", false, kZendChunk},
    {"g_slice_", "", "GLib's slice allocator", "G_SLICE=always-malloc", "", false, 0, "g_malloc"},
    {"apr_palloc", "", "APR's pools", ""},
    {"apr_allocator_alloc", "", "APR's pools", ""},
    {"ngx_palloc", "", "nginx's pools", ""},
    {"ngx_create_pool", "", "nginx's pools", ""},
    {"_obstack_newchunk", "", "an obstack", ""},
    {"", "libpython", "Python's own allocator (pymalloc)", "PYTHONMALLOC=malloc", "python"},
    {"", "python3", "Python's own allocator (pymalloc)", "PYTHONMALLOC=malloc", "python"},
    {"", "php", "PHP's own allocator (Zend)", "USE_ZEND_ALLOC=0", "php", false, kZendChunk},
    {"", "libphp", "PHP's own allocator (Zend)", "USE_ZEND_ALLOC=0", "php", false, kZendChunk},
    {"", "libjvm", "the Java virtual machine", "", "", true},
}};

// libc's own entry into the kernel says nothing about who called it.
bool is_entry(const Frame& frame) {
  const std::string_view module = base_name(frame.module);
  return module.starts_with("libc.") || module.starts_with("libsilt") ||
         module.starts_with("ld-linux") || module.starts_with("ld-musl");
}

}  // namespace

std::optional<InnerAllocator> inner_allocator(const symbolize::FrameList& frames) {
  size_t first = 0;
  while (first < frames.size() && is_entry(frames[first])) ++first;
  if (first == frames.size()) return std::nullopt;
  // Runtimes show in the very function that asks; allocators within its nearest callers.
  constexpr size_t kNear = 8;
  for (size_t i = first; i < frames.size() && i < first + kNear; ++i) {
    const std::string name = plain_name(frames[i].function);
    for (const Sign& sign : kSigns) {
      if (sign.function.empty() || !name.starts_with(sign.function)) continue;
      const auto passes_on = [&sign](const Frame& frame) {
        return !sign.unless.empty() && plain_name(frame.function).starts_with(sign.unless);
      };
      if (std::any_of(frames.begin(), frames.begin() + static_cast<ptrdiff_t>(i), passes_on)) {
        continue;
      }
      return InnerAllocator{sign.name, sign.setting, sign.runtime, sign.managed, sign.piece_bytes};
    }
  }
  const std::string_view module = base_name(frames[first].module);
  for (const Sign& sign : kSigns) {
    if (sign.module.empty() || !module.starts_with(sign.module)) continue;
    return InnerAllocator{sign.name, sign.setting, sign.runtime, sign.managed, sign.piece_bytes};
  }
  // What a replaced `operator new` or `malloc` calls is an allocator, whatever its name.
  const size_t depth = inner_allocator_frames(frames);
  if (depth > first) {
    return InnerAllocator{"an allocator inside '" + std::string(module) + "'", "", "", false, 0};
  }
  return std::nullopt;
}

}  // namespace silt::report
