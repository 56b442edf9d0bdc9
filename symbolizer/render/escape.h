// SPDX-License-Identifier: Apache-2.0
//
// Texts from other people's binaries, made harmless for each kind of output.

#ifndef SILT_SYMBOLIZER_RENDER_ESCAPE_H_
#define SILT_SYMBOLIZER_RENDER_ESCAPE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "symbolizer/base/columns.h"

namespace silt::render {

// Valid UTF-8 in one line: control characters, what is not UTF-8, and characters that turn the
// direction of writing become \xNN or \u{NNNN}. So does the bracket of "##[", which CI runners obey
// anywhere in a line.
std::string clean(std::string_view text);

// At most `width` columns of clean text; what is left out in the middle shows as "…".
std::string shortened(std::string_view clean_text, size_t width);

// The end of clean text that fits into `width` columns, after "…" where something is left out: the
// end of a path says more than its beginning.
std::string shortened_front(std::string_view clean_text, size_t width);

// For Markdown outside of code: clean, with every sign that Markdown or HTML gives a meaning
// escaped.
std::string markdown(std::string_view text);

// For text between HTML tags and in attributes.
std::string html(std::string_view text);

// A line of its own that begins with a name: one that begins with "::" is a command to a CI runner.
std::string clean_line(std::string_view text);

// JSON text with what clean() changes written as \uNNNN: the same values, but safe on a terminal.
std::string json_text(std::string_view json);

// As Markdown code, whatever backquotes it holds; for tables, so "|" is escaped too.
std::string markdown_code(std::string_view text);

// For the message and for a property of a GitHub workflow command.
std::string github_message(std::string_view text);
std::string github_property(std::string_view text);

// A frame of a folded stack: no semicolon, no line break.
std::string folded_frame(std::string_view text);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_ESCAPE_H_
