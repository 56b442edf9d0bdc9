// SPDX-License-Identifier: Apache-2.0
//
// Whose code is a frame; see the header.

#include "symbolizer/report/site.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "interposer/format/hooks.h"
#include "symbolizer/runtime/python/frames.h"

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

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

template <size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [text](std::string_view head) { return starts(text, head); });
}

constexpr std::string_view kEngineHeap = "v8::internal::Heap";
constexpr std::string_view kEngineCompiler = "v8::internal::compiler";
// What grows with the engine's own state and is nobody's leak: compiled WebAssembly, tables of the
// trap handler, of handles and of remembered slots.
constexpr std::string_view kEngineBooks = "v8::internal's books";
constexpr std::string_view kJvmBooks = "the Java virtual machine's books";
constexpr std::string_view kEngineProfiler = "v8::internal::SamplingHeapProfiler";

constexpr std::array<std::string_view, 6> kAllocatorModules = {
    "libsilt.so", "libjemalloc", "libtcmalloc", "libmimalloc", "libhoard", "libscudo"};

constexpr std::array<std::string_view, 24> kRuntimeModules = {
    "libc.so",   "libc-2.",   "ld-linux",   "ld-2.",      "ld-musl",   "libstdc++.so",
    "libc++.so", "libc++abi", "libgcc_s",   "libpthread", "libm.so",   "libdl.so",
    "librt.so",  "libunwind", "linux-vdso", "[vdso]",     "libpython", "libnode.so",
    "libuv.so",  "libv8",     "libasan",    "libresolv",  "libnss_",   "libanl.so"};

constexpr std::array<std::string_view, 9> kSystemFolders = {
    "/usr/lib/",     "/lib/",       "/lib64/", "/usr/lib64/",
    "/usr/libexec/", "/nix/store/", "/snap/",  "/usr/local/lib/python",
    "/usr/share/"};

// `python3`, `python3.11`, `node`, `nodejs`, `perl`, `php8.2`: programs that are somebody's
// runtime.
bool is_interpreter(std::string_view module) {
  if (module == "node" || module == "nodejs") return true;
  constexpr std::array<std::string_view, 6> kNames = {"python", "php-fpm", "php-cgi",
                                                      "php",    "perl",    "ruby"};
  for (const std::string_view name : kNames) {
    if (!starts(module, name)) continue;
    return std::all_of(
        module.begin() + static_cast<std::ptrdiff_t>(name.size()), module.end(),
        [](char c) { return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == 'd'; });
  }
  return false;
}

constexpr std::array<std::string_view, 23> kRuntimeNames = {
    "std::",       "__gnu_cxx::", "__cxxabiv1::", "__cxa_",     "core::",      "alloc::",
    "hashbrown::", "v8::",        "node::",       "uv_",        "uv__",        "<alloc::",
    "<core::",     "<std::",      "<hashbrown::", "__libc_",    "Builtins_",   "__rust_",
    "__rdl_",      "__rg_",       "_Py",          "__gthread_", "operator\"\""};

// Functions that do nothing but hand out memory, wherever they live.
// Beside those that silt hooks.
constexpr std::array<std::string_view, 13> kAllocatorNames = {
    "operator new",   "operator new[]",  "__libc_malloc",       "__libc_calloc",
    "__libc_realloc", "__libc_memalign", "__rust_alloc",        "__rdl_alloc",
    "__rust_realloc", "__rdl_realloc",   "__rust_alloc_zeroed", "alloc::alloc::alloc",
    "__GI___mmap"};

// Functions that do nothing but hand out memory, wherever they live.
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

Owner managed_owner(const Frame& frame) {
  const std::string_view file = frame.file;
  if (starts(file, "node:") || starts(file, "internal/") || starts(file, "<frozen")) {
    return Owner::kRuntime;
  }
  if (frame.kind == FrameKind::kPython)
    return runtime::python::owns(frame) ? Owner::kUser : Owner::kLibrary;
  if (contains(file, "/node_modules/") || contains(file, "/site-packages/") ||
      contains(file, "/dist-packages/") || contains(file, "/lib/python3")) {
    return Owner::kLibrary;
  }
  // V8's builtins (`push`, "Builtin:ArrayMap") are in no file.
  return file.empty() && frame.line == 0 ? Owner::kRuntime : Owner::kUser;
}

bool is_managed(const Frame& frame) {
  return frame.kind == FrameKind::kJavaScript || frame.kind == FrameKind::kPython;
}

Owner native_owner(const Frame& frame) {
  const std::string_view module = base_name(frame.module);
  const std::string name = plain_name(frame.function);
  if (starts_with_any(module, kAllocatorModules)) return Owner::kAllocator;
  if (hands_out_memory(name)) return Owner::kAllocator;
  if (frame.kind == FrameKind::kJit) return Owner::kRuntime;
  if (starts_with_any(module, kRuntimeModules) || is_interpreter(module)) return Owner::kRuntime;
  if (starts_with_any(std::string_view(name), kRuntimeNames)) return Owner::kRuntime;
  if (is_standard_source(frame.file)) return Owner::kRuntime;
  if (is_wrapper_name(name)) return Owner::kWrapper;
  if (name == "_start" || name == "__libc_start_main" || name == "start_thread") {
    return Owner::kRuntime;
  }
  const bool shared = contains(module, ".so");
  if (shared && starts_with_any(std::string_view(frame.module), kSystemFolders)) {
    return Owner::kLibrary;
  }
  if (contains(frame.module, "/site-packages/") || contains(frame.module, "/dist-packages/") ||
      contains(frame.module, "/lib-dynload/")) {
    return Owner::kLibrary;
  }
  return Owner::kUser;
}

// node's own malloc, for Buffers.
bool is_buffer_allocator(const Frame& frame) {
  return frame.file == "node:buffer" || frame.file == "node:internal/buffer";
}

std::string hexadecimal(uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

}  // namespace

std::string plain_name(std::string_view function) {
  // V8's marks of compilation tiers come first: "~name", "*name", "^name", "+name".
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

Owner owner_of(const Frame& frame, std::span<const std::string> look_through) {
  for (const std::string& module : look_through) {
    if (!module.empty() && (frame.module == module || base_name(frame.module) == module ||
                            starts(base_name(frame.module), module + ".so"))) {
      return Owner::kRuntime;
    }
  }
  return is_managed(frame) ? managed_owner(frame) : native_owner(frame);
}

std::string_view engine_work(const Frame& frame) {
  constexpr std::array<std::string_view, 6> kCollector = {
      "v8::internal::Heap::",   "v8::internal::MemoryAllocator::", "v8::internal::MarkCompact",
      "v8::internal::Scavenge", "v8::internal::ConcurrentMarking", "v8::internal::Sweeper"};
  constexpr std::array<std::string_view, 4> kCompiler = {
      "v8::internal::compiler::", "v8::internal::OptimizingCompile",
      "v8::internal::baseline::", "v8::internal::maglev::"};
  constexpr std::array<std::string_view, 9> kBooks = {
      "v8::internal::wasm::",           "v8::internal::trap_handler::",
      "v8::internal::GlobalHandles",    "v8::internal::TracedHandles",
      "v8::internal::EternalHandles",   "v8::internal::HandleScope",
      "v8::internal::SlotSet",          "v8::internal::PossiblyEmptyBuckets",
      "v8::internal::PersistentHandles"};
  const std::string_view name = frame.function;
  if (frame.kind == FrameKind::kJavaScript || !contains(name, "v8::internal::")) return "";
  // Memory of Buffers, which the heap hands on.
  if (contains(name, "AllocateExternalBackingStore")) return "";
  if (contains(name, kEngineProfiler)) return kEngineProfiler;
  if (starts_with_any(plain_name(name), kBooks)) return kEngineBooks;
  if (starts_with_any(name, kCollector)) return kEngineHeap;
  if (starts_with_any(name, kCompiler) || contains(name, "CompileOptimized")) {
    return kEngineCompiler;
  }
  return "";
}

bool is_engine_site(const Frame& site) {
  return site.module.empty() && (site.function == kEngineHeap || site.function == kEngineCompiler);
}

bool is_books_site(const Frame& site) {
  return site.module.empty() && (site.function == kEngineBooks || site.function == kJvmBooks);
}

std::string_view virtual_machine_books(const symbolize::FrameList& frames) {
  bool own = false;
  for (const Frame& frame : frames) {
    if (frame.kind != FrameKind::kNative) break;  // the Java code that was running
    if (owner_of(frame) == Owner::kAllocator) continue;
    if (!starts(base_name(frame.module), "libjvm.so")) {
      if (starts_with_any(base_name(frame.module), kRuntimeModules)) continue;
      return "";
    }
    // What Java code asks for by itself, such as memory of direct buffers, is no book.
    if (starts(frame.function, "Unsafe_") || starts(frame.function, "jni_")) return "";
    own = true;
  }
  return own ? kJvmBooks : std::string_view();
}

bool is_profiler_site(const Frame& site) {
  return site.module.empty() && site.function == kEngineProfiler;
}

bool is_interpreter_frame(const Frame& frame) {
  if (frame.kind != FrameKind::kNative) return false;
  const std::string_view module = base_name(frame.module);
  return is_interpreter(module) || starts(module, "libpython") || starts(module, "libc.so") ||
         starts(module, "libpthread") || frame.function == "_start";
}

size_t find_site(const symbolize::FrameList& frames, std::span<const std::string> look_through) {
  const size_t begin = inner_allocator_frames(frames);
  size_t best = begin;
  int best_rank = -1;
  for (size_t i = begin; i < frames.size(); ++i) {
    const Owner owner = owner_of(frames[i], look_through);
    int rank = static_cast<int>(owner);
    // The user's JavaScript or Python beats native code; so does a package's, but not an addon.
    rank *= 2;
    if (is_managed(frames[i]) && owner == Owner::kUser) rank += 2;
    // A function of node's own library says more than the allocator that it calls.
    const bool says = is_managed(frames[i]) && owner == Owner::kRuntime &&
                      !frames[i].file.empty() && !is_buffer_allocator(frames[i]);
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
    if (frames[i].kind != FrameKind::kNative || owner_of(frames[i]) != Owner::kAllocator) continue;
    // mmap and its kin are called by allocators, not the other way round; silt's hooks are
    // nobody's.
    const std::string name = plain_name(frames[i].function);
    const bool hook = starts(base_name(frames[i].module), "libsilt.so");
    if (name.find("map") == std::string::npos && !hook) outermost = i;
  }
  return outermost + 1 < frames.size() ? outermost : 0;
}

size_t leading_allocator_frames(const symbolize::FrameList& frames) {
  size_t count = 0;
  while (count < frames.size() && owner_of(frames[count]) == Owner::kAllocator) ++count;
  return count < frames.size() ? count : frames.empty() ? 0 : frames.size() - 1;
}

bool same_function(const Frame& a, const Frame& b) {
  if (a.function.empty() && b.function.empty()) {
    return a.function_address != 0 && a.function_address == b.function_address &&
           a.module == b.module;
  }
  return !a.function.empty() && a.function == b.function && a.file == b.file;
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
  if (frame.function.empty() && frame.function_address != 0) {
    return "function\n" + frame.module + "\n" + hexadecimal(frame.function_address);
  }
  return "call\n" + frame.module + "\n" + hexadecimal(frame.file_address);
}

std::string place_of(const Frame& frame) {
  if (!frame.file.empty()) {
    if (frame.line == 0) return frame.file;
    // What has no name is told by its column from others on the line.
    const bool nameless = frame.kind == FrameKind::kJavaScript && frame.function == "(anonymous)";
    return frame.file + ":" + std::to_string(frame.line) +
           (nameless && frame.column > 0 ? ":" + std::to_string(frame.column) : "");
  }
  if (!frame.module.empty()) {
    // Of a function without a name its begin is what stays the same from call to call.
    const uint64_t address =
        frame.function_address != 0 ? frame.function_address : frame.file_address;
    return std::string(base_name(frame.module)) + "+" + hexadecimal(address);
  }
  return frame.pc != 0 ? hexadecimal(frame.pc) : "";
}

}  // namespace silt::report
