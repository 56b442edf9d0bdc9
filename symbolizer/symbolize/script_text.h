// SPDX-License-Identifier: Apache-2.0
//
// The text of a script, with where its functions begin and end: enough of JavaScript's grammar for
// that (strings, templates, comments, regular expressions, brackets, arrows), no more. What is
// misread costs names of inlined functions, never more: whoever asks for a function by its place
// finds none there. Offsets are UTF-16 units from the begin of the file (a byte order mark does not
// count), as V8 has them. Any text is safe.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_TEXT_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace silt::symbolize {

class ScriptText {
 public:
  struct Function {
    uint32_t begin;     // of its parameters, which is where V8 says that a function is
    uint32_t end;       // behind its body
    size_t text_begin;  // the same in bytes
    size_t text_end;
    std::string_view name;  // as it is called, or what it is assigned to; a constructor's class
    uint32_t around;        // the function around it; kNone: the script
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  struct LineColumn {
    uint32_t line;  // both count from 1
    uint32_t column;
  };

  explicit ScriptText(std::string text);
  ScriptText(const ScriptText&) = delete;  // functions have views of the text
  ScriptText& operator=(const ScriptText&) = delete;

  const std::vector<Function>& functions() const { return functions_; }  // ascending by begin
  // The function whose parameters begin here.
  std::optional<uint32_t> function_from(uint32_t offset) const;
  // The innermost function with this place in it.
  std::optional<uint32_t> function_at(uint32_t offset) const;
  LineColumn place_of(uint32_t offset) const;
  // Whether this place is in the function that begins on the line, at the column (0: any), or in
  // one that stands in it. The script's own code begins on line 1, at column 1.
  bool stands_in(uint64_t offset, uint32_t line, uint32_t column) const;
  // At which column the innermost function around this place begins that begins on the line; 0:
  // there is none.
  uint32_t column_of(uint64_t offset, uint32_t line) const;
  // Whether the function's text has this word in it.
  bool mentions(uint32_t function, std::string_view word) const;
  // Whether `inner` stands somewhere in `outer`.
  bool is_within(uint32_t inner, uint32_t outer) const;

 private:
  const std::string text_;
  std::vector<Function> functions_;
  std::vector<uint32_t> lines_;  // where each begins
  uint32_t end_ = 0;             // behind the last character
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_TEXT_H_
