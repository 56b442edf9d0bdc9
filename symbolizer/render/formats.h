// SPDX-License-Identifier: Apache-2.0
//
// The list of output formats: what a new one is added to. Command lines, help, the endings of files
// and the files of `silt soak` are made from it; docs and tests go through it by `--format`'s help.

#ifndef SILT_SYMBOLIZER_RENDER_FORMATS_H_
#define SILT_SYMBOLIZER_RENDER_FORMATS_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "symbolizer/render/render.h"

namespace silt::render {

struct Format {
  std::string_view name;
  std::string (*render)(const report::Report& report, const TextOptions& options);
  std::initializer_list<std::string_view> endings;  // what people call its files
  bool all_stacks;                                  // it shows every stack rather than the top ones
  std::string_view soak_file;          // what `silt soak --NAME FILE` is for; empty: no such option
  std::string (*why_not)() = nullptr;  // "" when this build has it
  // "" when it has something to say of this report.
  std::string (*why_not_of)(const report::Report& report) = nullptr;
};

// By name, text first.
std::span<const Format> formats();
// nullptr: there is none of that name.
const Format* find_format(std::string_view name);
// The format that a file's name implies; text where it implies none.
const Format& format_of_file(std::string_view path);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_FORMATS_H_
