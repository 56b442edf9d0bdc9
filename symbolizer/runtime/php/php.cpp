// SPDX-License-Identifier: Apache-2.0
//
// See the header. Names come from the program: renderers escape them.

#include "symbolizer/runtime/php/php.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "interposer/format/snapshot.h"

namespace silt::runtime {
namespace {

constexpr std::array<std::string_view, 3> kPhpPrograms = {"php-fpm", "php-cgi", "php"};
constexpr std::array<std::string_view, 1> kPhpLibraries = {"libphp"};

constexpr const char* kAdvice =
    "with USE_ZEND_ALLOC=0 in its environment each block comes from malloc and is seen by itself";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Functions of the engine's and its extensions have no file. Composer's folder, Debian's and PEAR's
// hold what was installed; an archive is a program that somebody has packed.
report::Origin php_origin_of(const symbolize::Frame& frame) {
  const std::string_view file = frame.file;
  if (file.empty()) return report::Origin::kRuntime;
  const bool library = contains(file, "/vendor/") || file.starts_with("/usr/share/php") ||
                       file.starts_with("/usr/share/pear") || file.starts_with("phar://");
  return library ? report::Origin::kLibrary : report::Origin::kUser;
}

// Its findings are told in its words.
void settle(const report::Settling&, std::vector<report::Group>& groups) {
  for (report::Group& group : groups) {
    const bool php = group.site.kind == symbolize::FrameKind::kPhp;
    if (php && group.runtime.empty()) group.runtime = "php";
  }
}

std::string before_php_site(const report::Finding&) { return "memory allocated in "; }

// "php8.2", "php-fpm8.2", "libphp8.2.so", but not "phpunit".
bool is_php(std::string_view file) {
  for (const std::string_view name : {"libphp", "php-fpm", "php-cgi", "php"}) {
    if (!file.starts_with(name)) continue;
    const std::string_view rest = file.substr(name.size());
    return std::all_of(rest.begin(), rest.end(),
                       [](char c) {
                         return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
                       }) ||
           contains(rest, ".so");
  }
  return false;
}

std::vector<std::string> php_notes(const read::Recording& recording, const report::Report&) {
  for (const read::Snapshot::Runtime& runtime : recording.snapshots.back().runtimes) {
    if (runtime.name != "php") continue;
    const std::string php = runtime.version.empty() ? "PHP" : "PHP " + runtime.version;
    if (!runtime.why_not.empty()) {
      return {php + " was not joined: " + runtime.why_not + "; its functions are not named; " +
              kAdvice};
    }
    if ((runtime.flags & format::kRuntimeFrames) == 0) {
      return {php + " had not run anything yet when this was recorded"};
    }
    if ((runtime.flags & format::kRuntimeHides) == 0) return {};
    return {php +
            " cuts its blocks out of chunks of 2 MiB itself, and silt sees only the line "
            "that needed the next chunk; " +
            kAdvice};
  }
  // Of recordings of an older silt, or with SILT_PHP=0.
  for (const read::Module& module : recording.modules) {
    if (!is_php(report::base_name(module.path))) continue;
    return {std::string("this program runs PHP, whose functions this recording does not name; ") +
            kAdvice};
  }
  return {};
}

}  // namespace

constexpr report::Runtime kPhp = {.name = "php",
                                  .kind = symbolize::FrameKind::kPhp,
                                  .kind_word = "php",
                                  .programs = kPhpPrograms,
                                  .libraries = kPhpLibraries,
                                  .origin_of = php_origin_of,
                                  .hides_native_frames = true,
                                  .boxes_values = true,
                                  .file_code = "{main}",
                                  .settle = settle,
                                  .notes = php_notes,
                                  .before_site = before_php_site};

}  // namespace silt::runtime
