// SPDX-License-Identifier: Apache-2.0
//
// Known by the names of the modules that stand in stacks; see the header.

#include "symbolizer/runtime/others.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace silt::runtime {
namespace {

struct Other {
  std::array<std::string_view, 2> modules;  // how its file's name begins: the program, the library
  const char* name;
  const char* advice;
};
constexpr std::array<Other, 2> kInterpreters = {
    {{{"ruby", "libruby"},
      "Ruby",
      "strings, arrays and hashes come from malloc and are seen one by one; of the objects "
      "themselves silt sees only the pages of Ruby's own heap, which no setting changes (GC.stat "
      "and ObjectSpace count them)"},
     {{"perl", "libperl"},
      "Perl",
      "texts and tables come from malloc and are seen one by one; the values themselves lie in "
      "arenas of 4 KiB, which only a perl built with -DPURIFY does without"}}};

// "ruby3.1", "libruby-3.1.so.3.1", but not "rubyforge".
bool is(std::string_view file, std::string_view head) {
  if (!file.starts_with(head)) return false;
  const std::string_view rest = file.substr(head.size());
  return std::all_of(rest.begin(), rest.end(),
                     [](char c) {
                       return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
                     }) ||
         rest.find(".so") != std::string_view::npos;
}

constexpr std::array<std::string_view, 2> kOtherPrograms = {"perl", "ruby"};

std::vector<std::string> notes(const read::Recording& recording, const report::Report&) {
  std::vector<std::string> told;
  for (const read::Module& module : recording.modules) {
    const std::string_view file = report::base_name(module.path);
    for (const Other& other : kInterpreters) {
      if (std::none_of(other.modules.begin(), other.modules.end(),
                       [file](std::string_view head) { return is(file, head); })) {
        continue;
      }
      const std::string note = std::string("this program runs ") + other.name +
                               ", whose functions silt does not name; " + other.advice;
      if (std::find(told.begin(), told.end(), note) == told.end()) told.push_back(note);
    }
  }
  return told;
}

}  // namespace

constexpr report::Runtime kOthers = {.name = "others", .programs = kOtherPrograms, .notes = notes};

}  // namespace silt::runtime
