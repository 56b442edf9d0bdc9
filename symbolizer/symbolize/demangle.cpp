// SPDX-License-Identifier: Apache-2.0
//
// Suffixes go first, since the demanglers would spell them out. Work and output are bounded for
// each name and for all names together, whatever the names are: what is too much is shown as it is
// in the file. The same names give the same result on any machine.

#include "symbolizer/symbolize/demangle.h"

// libiberty declares one of its own unless it is told that there is one.
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csetjmp>
#include <cstdlib>
#include <memory>

#include "symbolizer/symbolize/demangle_work.h"

namespace silt::symbolize {
namespace {

// Longer names are shown as they are: demanglers need stack and time in proportion, and more.
constexpr size_t kLongestMangled = 16'384;
// What a Rust name says in Unicode is put together letter by letter, in time of the square.
constexpr size_t kLongestRust = 8'192;

constexpr int kStyle = DMGL_PARAMS | DMGL_ANSI;

// In letters written and parts visited, 64 Ki of which are a millisecond. The longest names of
// template libraries are a quarter of that.
constexpr uint64_t kMostWork = 65'536;
// Up to here a name is demangled in any case; what is above, of all names together, is limited to
// some seconds and some memory, in which a thousand names of the costliest kind find room.
constexpr uint64_t kCheapWork = 4'096;
constexpr uint64_t kAllWork = uint64_t{64} << 20;
std::atomic<uint64_t> g_work_done{0};

// How much one name may be now.
uint64_t work_allowed() {
  return g_work_done.load(std::memory_order_relaxed) < kAllWork ? kMostWork : kCheapWork;
}

void note_work(uint64_t work) {
  if (work > kCheapWork) g_work_done.fetch_add(work, std::memory_order_relaxed);
}

constexpr std::array<std::string_view, 9> kCopySuffixes = {".cold",       ".part.",     ".isra.",
                                                           ".constprop.", ".lto_priv.", ".llvm.",
                                                           ".localalias", ".resolver",  ".warm"};

// Where the first suffix begins of which everything after it is such a suffix's number or another.
size_t copy_suffix_position(std::string_view name) {
  size_t first = name.size();
  for (const std::string_view suffix : kCopySuffixes) {
    const size_t at = name.find(suffix, 1);
    if (at == std::string_view::npos) continue;
    const size_t end = at + suffix.size();
    const bool whole = suffix.ends_with('.')
                           ? end < name.size() && name[end] >= '0' && name[end] <= '9'
                           : end == name.size() || name[end] == '.';
    if (whole) first = std::min(first, at);
  }
  return first;
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// What a demangler writes, up to a limit. A callback cannot tell the demangler to stop, so it jumps
// out: between the two is only libiberty, in C.
struct Output {
  explicit Output(size_t limit) : text(new char[limit]), room(limit) {}

  std::unique_ptr<char[]> text;
  size_t size = 0;
  size_t room;
  std::jmp_buf full;
};

void append(const char* text, size_t size, void* opaque) {
  auto& out = *static_cast<Output*>(opaque);
  if (size > out.room) std::longjmp(out.full, 1);
  std::copy_n(text, size, out.text.get() + out.size);
  out.size += size;
  out.room -= size;
}

enum class Printed { kYes, kNo, kTooMuch };

// Nothing here has a destructor, as setjmp wants it. What libiberty has in hand when it is left is
// a decoded Unicode name at the most.
template <typename Print>
Printed print_within(Output& out, const Print& print) {
  if (setjmp(out.full) != 0) return Printed::kTooMuch;
  return print(&out) != 0 ? Printed::kYes : Printed::kNo;
}

// The text; empty when the name is not what it seems, or is too much.
template <typename Print>
std::string printed(const Print& print) {
  Output out(work_allowed());
  const Printed result = print_within(out, print);
  note_work(result == Printed::kTooMuch ? kMostWork : out.size);
  return result == Printed::kYes ? std::string(out.text.get(), out.size) : std::string();
}

std::string demangle_rust(const std::string& name) {
  if (name.size() > kLongestRust) return "";
  return printed(
      [&](Output* out) { return rust_demangle_callback(name.c_str(), kStyle, append, out); });
}

std::string demangle_cxx(const std::string& name) {
  if (cxx_reads_often(name)) return "";
  void* memory = nullptr;
  demangle_component* const parsed = cplus_demangle_v3_components(name.c_str(), kStyle, &memory);
  const std::unique_ptr<void, Free> owned(memory);
  if (parsed == nullptr) return "";
  const uint64_t allowed = work_allowed();
  const uint64_t work = cxx_print_work(parsed, allowed);
  note_work(work);
  if (work > allowed) return "";
  return printed(
      [&](Output* out) { return cplus_demangle_print_callback(kStyle, parsed, append, out); });
}

std::string demangle_d(const std::string& name) {
  // It cannot be stopped; a letter read is less than one of the other units.
  constexpr uint64_t kLettersForOne = 16;
  const uint64_t work = d_work(name) / kLettersForOne;
  if (work > work_allowed()) return "";
  note_work(work);
  const std::unique_ptr<char, Free> text(dlang_demangle(name.c_str(), kStyle));
  return text ? text.get() : "";
}

std::string demangle_any(const std::string& name) {
  if (name.starts_with("_D")) return demangle_d(name);
  // The old scheme of Rust is that of C++ with a hash at the end.
  std::string text = demangle_rust(name);
  if (text.empty() && !name.starts_with("_R")) text = demangle_cxx(name);
  return text;
}

}  // namespace

std::string demangle(std::string_view linkage_name) {
  std::string_view bare = linkage_name.substr(0, linkage_name.find('@', 1));
  bare = bare.substr(0, copy_suffix_position(bare));
  std::string name(bare);
  const bool mangled = bare.starts_with("_Z") || bare.starts_with("_R") || bare.starts_with("_D") ||
                       bare.starts_with("___Z") || bare.starts_with("__Z");
  if (!mangled || bare.size() > kLongestMangled) return name;
  std::string readable = demangle_any(name);
  return readable.empty() ? name : readable;
}

}  // namespace silt::symbolize
