// SPDX-License-Identifier: Apache-2.0
//
// V8 writes `Tag:MarkName file:line:column`. Neither name nor file is quoted and both may hold
// spaces (`get size`, `/home/me/my app/x.js`), so the border between them is found by what a file
// begins with.

#include "symbolizer/symbolize/jit_name.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace silt::symbolize {
namespace {

constexpr std::string_view kFunctionTags[] = {
    "JS",          "LazyCompile",         "Function",       "Script",
    "Eval",        "InterpretedFunction", "NativeFunction", "NativeLazyCompile",
    "NativeScript"};
constexpr std::string_view kEngineTags[] = {"Builtin", "BytecodeHandler", "Handler",      "Stub",
                                            "RegExp",  "Callback",        "LoadIC",       "StoreIC",
                                            "CallIC",  "KeyedLoadIC",     "KeyedStoreIC", "Wasm"};

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Takes `:number` off the end of the text.
std::optional<uint32_t> take_number(std::string_view& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  text = text.substr(0, colon);
  return number;
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The space between name and file.
size_t file_border(std::string_view text) {
  for (const std::string_view start :
       {" file://", " node:", " /", " wasm://", " evalmachine.", " webpack", " http://",
        " https://", " internal/", " [eval"}) {
    const size_t at = text.find(start);
    if (at != std::string_view::npos) return at;
  }
  return text.rfind(' ');
}

// Marks of tiers, an `o` before them where a loop was compiled while it ran; an apostrophe after
// them marks code specialized for a context.
void drop_tier(std::string_view& text) {
  if (text.starts_with("o+") || text.starts_with("o*")) text.remove_prefix(1);
  if (!text.empty() && std::string_view("~^+*").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
    if (text.starts_with('\'')) text.remove_prefix(1);
  }
}

Frame parse_v8_function(std::string_view tag, std::string_view text) {
  Frame frame;
  frame.kind = FrameKind::kJavaScript;
  drop_tier(text);
  std::string_view rest = text;
  const auto last = take_number(rest);
  const auto before_last = last ? take_number(rest) : std::nullopt;
  std::string_view name = rest;
  if (last) {
    frame.line = before_last.value_or(*last);
    frame.column = before_last ? *last : 0;
    const size_t border = file_border(rest);
    if (border != std::string_view::npos) {
      name = rest.substr(0, border);
      frame.file = path_of_url(rest.substr(border + 1));
    } else if (rest.find('/') != std::string_view::npos) {
      name = {};
      frame.file = path_of_url(rest);
    }
  }
  if (frame.file.empty() && !last) frame.line = 0;
  if (!name.empty()) {
    frame.function = std::string(name);
  } else if (tag == "Script" || tag == "NativeScript") {
    frame.function = "(top level)";
  } else {
    frame.function = tag == "Eval" ? "(eval)" : "(anonymous)";
  }
  return frame;
}

// `py::name:file`
Frame parse_python(std::string_view text) {
  Frame frame;
  frame.kind = FrameKind::kPython;
  const size_t slash = text.find(":/");
  const size_t colon = slash != std::string_view::npos ? slash : text.rfind(':');
  frame.function = std::string(text.substr(0, colon));
  if (colon != std::string_view::npos) frame.file = std::string(text.substr(colon + 1));
  if (frame.function.empty()) frame.function = std::string(text);
  return frame;
}

}  // namespace

bool is_interpreted(std::string_view name) {
  const size_t colon = name.find(':');
  return colon != std::string_view::npos && is_one_of(name.substr(0, colon), kFunctionTags) &&
         name.substr(colon + 1).starts_with('~');
}

bool is_one_function(std::string_view name) {
  const size_t colon = name.find(':');
  return is_interpreted(name) ||
         (colon != std::string_view::npos && is_one_of(name.substr(0, colon), kFunctionTags) &&
          name.substr(colon + 1).starts_with('^'));
}

std::string path_of_url(std::string_view file) {
  constexpr std::string_view kScheme = "file://";
  if (!file.starts_with(kScheme)) return std::string(file);
  file.remove_prefix(kScheme.size());
  std::string path;
  for (size_t i = 0; i < file.size(); ++i) {
    const bool escape = file[i] == '%' && i + 2 < file.size();
    const int high = escape ? digit_value(file[i + 1]) : -1;
    const int low = escape ? digit_value(file[i + 2]) : -1;
    if (high >= 0 && low >= 0 && high + low > 0) {
      path += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      path += file[i];
    }
  }
  return path;
}

Frame parse_jit_name(std::string_view name) {
  constexpr std::string_view kPython = "py::";
  if (name.starts_with(kPython) && name.size() > kPython.size()) {
    return parse_python(name.substr(kPython.size()));
  }
  const size_t colon = name.find(':');
  const std::string_view tag = name.substr(0, colon);
  if (colon != std::string_view::npos && is_one_of(tag, kFunctionTags)) {
    return parse_v8_function(tag, name.substr(colon + 1));
  }
  Frame frame;
  frame.kind = colon != std::string_view::npos && is_one_of(tag, kEngineTags)
                   ? FrameKind::kJavaScript
                   : FrameKind::kJit;
  frame.function = std::string(name);
  return frame;
}

}  // namespace silt::symbolize
