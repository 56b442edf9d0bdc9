// SPDX-License-Identifier: Apache-2.0
//
// Lists of names and folders; see the header.

#include "symbolizer/report/origin.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "interposer/format/hooks.h"
#include "symbolizer/report/runtime.h"

namespace silt::report {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

bool starts(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

bool ends(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [text](std::string_view head) { return text.starts_with(head); });
}

constexpr std::array<std::string_view, 6> kAllocatorModules = {
    "libsilt.so", "libjemalloc", "libtcmalloc", "libmimalloc", "libhoard", "libscudo"};

constexpr std::array<std::string_view, 20> kRuntimeModules = {
    "libc.so",    "libc-2.",  "ld-linux",   "ld-2.",     "ld-musl",  "libstdc++.so", "libc++.so",
    "libc++abi",  "libgcc_s", "libpthread", "libm.so",   "libdl.so", "librt.so",     "libunwind",
    "linux-vdso", "[vdso]",   "libasan",    "libresolv", "libnss_",  "libanl.so"};

constexpr std::array<std::string_view, 9> kSystemFolders = {
    "/usr/lib/",     "/lib/",       "/lib64/", "/usr/lib64/",
    "/usr/libexec/", "/nix/store/", "/snap/",  "/usr/local/lib/python",
    "/usr/share/"};

// "python3.11", "node", "php8.2": the name of a program, and a version.
bool is_program_of(const Runtime& runtime, std::string_view module) {
  return std::any_of(
      runtime.programs.begin(), runtime.programs.end(), [module](std::string_view name) {
        if (!module.starts_with(name)) return false;
        return std::all_of(
            module.begin() + static_cast<std::ptrdiff_t>(name.size()), module.end(), [](char c) {
              return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == 'd';
            });
      });
}

bool is_library_of(const Runtime& runtime, std::string_view module) {
  return starts_with_any(module, runtime.libraries);
}

bool is_any_runtimes(std::string_view module) {
  return std::any_of(runtimes().begin(), runtimes().end(), [module](const Runtime* runtime) {
    return is_program_of(*runtime, module) || is_library_of(*runtime, module);
  });
}

bool is_any_runtimes_function(std::string_view name) {
  return std::any_of(runtimes().begin(), runtimes().end(), [name](const Runtime* runtime) {
    return starts_with_any(name, runtime->functions);
  });
}

constexpr std::array<std::string_view, 17> kRuntimeNames = {
    "std::",       "__gnu_cxx::", "__cxxabiv1::", "__cxa_",     "core::",       "alloc::",
    "hashbrown::", "<alloc::",    "<core::",      "<std::",     "<hashbrown::", "__libc_",
    "__rust_",     "__rdl_",      "__rg_",        "__gthread_", "operator\"\""};

// Functions that do nothing but hand out memory, beside those that silt hooks.
constexpr std::array<std::string_view, 13> kAllocatorNames = {
    "operator new",   "operator new[]",  "__libc_malloc",       "__libc_calloc",
    "__libc_realloc", "__libc_memalign", "__rust_alloc",        "__rdl_alloc",
    "__rust_realloc", "__rdl_realloc",   "__rust_alloc_zeroed", "alloc::alloc::alloc",
    "__GI___mmap"};

// Wherever they live.
bool hands_out_memory(std::string_view name) {
  return format::is_hook(name, format::HookKind::kAllocate) ||
         format::is_hook(name, format::HookKind::kMap) ||
         std::find(kAllocatorNames.begin(), kAllocatorNames.end(), name) != kAllocatorNames.end();
}

constexpr std::array<std::string_view, 9> kWrapperNames = {
    "ngx_alloc",    "ngx_palloc",    "ngx_pnalloc",    "ngx_pcalloc",
    "apr_palloc",   "g_slice_alloc", "g_slice_alloc0", "OPENSSL_init_crypto_mem",
    "CRYPTO_zalloc"};

// xmalloc, zcalloc, my_strdup, zmalloc_usable_internal: named for what they wrap.
bool is_wrapper_name(std::string_view name) {
  const size_t scope = name.rfind("::");
  std::string last(scope == std::string_view::npos ? name : name.substr(scope + 2));
  if (std::find(kWrapperNames.begin(), kWrapperNames.end(), last) != kWrapperNames.end())
    return true;
  std::transform(last.begin(), last.end(), last.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 7> kTokens = {"malloc", "calloc",  "realloc", "memalign",
                                                       "strdup", "strndup", "zalloc"};
  for (const std::string_view token : kTokens) {
    const size_t at = last.rfind(token);
    if (at == std::string::npos) continue;
    std::string_view tail = std::string_view(last).substr(at + token.size());
    if (tail.empty()) return true;
    constexpr std::array<std::string_view, 10> kTails = {
        "_usable", "_internal", "_impl", "0", "_n", "_array", "_aligned", "array", "n", "_safe"};
    for (const std::string_view known : kTails) {
      if (starts(tail, known)) return true;
    }
  }
  return false;
}

bool is_standard_source(std::string_view file) {
  return contains(file, "/include/c++/") || starts(file, "/rustc/") ||
         contains(file, "/library/alloc/src/") || contains(file, "/library/core/src/") ||
         contains(file, "/library/std/src/") || contains(file, "/glibc-");
}

Origin native_origin(const Frame& frame) {
  const std::string_view module = base_name(frame.module);
  const std::string name = plain_name(frame.function);
  if (starts_with_any(module, kAllocatorModules)) return Origin::kAllocator;
  if (hands_out_memory(name)) return Origin::kAllocator;
  if (frame.kind == FrameKind::kJit) return Origin::kRuntime;
  if (is_runtime_library(module) || is_any_runtimes_function(name)) return Origin::kRuntime;
  if (starts_with_any(name, kRuntimeNames)) return Origin::kRuntime;
  if (is_standard_source(frame.file)) return Origin::kRuntime;
  if (is_wrapper_name(name)) return Origin::kWrapper;
  if (name == "_start" || name == "__libc_start_main" || name == "start_thread") {
    return Origin::kRuntime;
  }
  const bool shared = contains(module, ".so");
  if (shared && starts_with_any(frame.module, kSystemFolders)) {
    return Origin::kLibrary;
  }
  if (contains(frame.module, "/site-packages/") || contains(frame.module, "/dist-packages/") ||
      contains(frame.module, "/lib-dynload/")) {
    return Origin::kLibrary;
  }
  return Origin::kUser;
}

}  // namespace

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string plain_name(std::string_view function) {
  // Marks of compilation tiers come first: "~name", "*name", "^name", "+name".
  std::string kept;
  int depth = 0;
  for (size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    const bool is_operator = depth == 0 && ends(kept, "operator");
    if (is_operator && (c == '<' || c == '>' || c == '(')) {
      // operator<, operator<<, operator(), operator->: the sign belongs to the name.
      kept += c;
      if (c == '(' && i + 1 < function.size() && function[i + 1] == ')') kept += function[++i];
      continue;
    }
    if (c == '<' && depth == 0 && i != 0 && function[i - 1] == '.') {
      // Python's "f.<locals>.g", "f.<locals>.<listcomp>": a name, not a template's arguments.
      constexpr std::string_view kLocals = "<locals>.";
      const size_t end = function.find('>', i);
      if (starts(function.substr(i), kLocals)) {
        i += kLocals.size() - 1;
        continue;
      }
      if (end != std::string_view::npos) {
        kept += function.substr(i, end - i + 1);
        i = end;
        continue;
      }
    }
    if (c == '<' && i != 0) {
      ++depth;
    } else if (c == '>' && depth > 0) {
      --depth;
    } else if (depth == 0 && c == '(') {
      if (i == 0 && function == "(anonymous)") return std::string(function);
      if (starts(function.substr(i), "(anonymous namespace)")) {
        kept += "(anonymous namespace)";
        i += std::string_view("(anonymous namespace)").size() - 1;
        continue;
      }
      // A lambda's class: "main::(anonymous)::operator()".
      constexpr std::string_view kUnnamed = "(anonymous)";
      if (starts(function.substr(i), "(anonymous)::")) {
        kept += kUnnamed;
        i += kUnnamed.size() - 1;
        continue;
      }
      break;
    } else if (depth == 0) {
      kept += c;
    }
  }
  // "operator new" holds a space of its own; any other space ends the return type.
  const size_t special = kept.find("operator");
  std::string masked = kept;
  const size_t anonymous = masked.find("(anonymous namespace)");
  if (anonymous != std::string::npos) masked[anonymous + 10] = '_';
  const size_t space =
      masked.rfind(' ', special == std::string::npos ? std::string::npos : special);
  if (space != std::string::npos && space + 1 < kept.size()) kept.erase(0, space + 1);
  return kept;
}

bool lists_a_heap(std::string_view module) {
  return std::any_of(runtimes().begin(), runtimes().end(), [module](const Runtime* runtime) {
    return runtime->lists_heap &&
           (is_program_of(*runtime, module) || is_library_of(*runtime, module));
  });
}

bool is_runtime_library(std::string_view module) {
  return starts_with_any(module, kRuntimeModules) || is_any_runtimes(module);
}

bool is_frame_within(const Runtime& runtime, const Frame& frame) {
  if (frame.kind != FrameKind::kNative) return false;
  const std::string_view module = base_name(frame.module);
  return is_program_of(runtime, module) || is_library_of(runtime, module) ||
         module.starts_with("libc.so") || module.starts_with("libpthread") ||
         frame.function == "_start";
}

Origin origin_of(const Frame& frame, std::span<const std::string> look_through) {
  for (const std::string& module : look_through) {
    if (!module.empty() && (frame.module == module || base_name(frame.module) == module ||
                            starts(base_name(frame.module), module + ".so"))) {
      return Origin::kRuntime;
    }
  }
  const Runtime* runtime = find_runtime(frame.kind);
  return runtime != nullptr ? runtime->origin_of(frame) : native_origin(frame);
}

}  // namespace silt::report
