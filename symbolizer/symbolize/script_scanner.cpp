// SPDX-License-Identifier: Apache-2.0
//
// One pass over the characters with a stack of open brackets; see the header. Longer than 300
// lines: each step of the pass depends on what the others have left.

#include "symbolizer/symbolize/script_scanner.h"

#include <algorithm>
#include <array>

namespace silt::symbolize {
namespace {

using Function = ScriptText::Function;
constexpr uint32_t kNone = ScriptText::kNone;
// Deeper nesting, and more functions, than programs have.
constexpr size_t kDeepestBrackets = 10000;
constexpr size_t kMostFunctions = 1000000;

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// `if (…) {` is no method.
constexpr std::array<std::string_view, 7> kBeforeBlock = {"if",     "for",   "await", "while",
                                                          "switch", "catch", "with"};
// After these a slash begins a regular expression.
constexpr std::array<std::string_view, 11> kBeforeValue = {"return", "typeof", "instanceof", "in",
                                                           "of",     "new",    "delete",     "void",
                                                           "throw",  "case",   "await"};
// At the begin of a line these end an arrow function's expression that has no semicolon.
constexpr std::array<std::string_view, 17> kStatements = {
    "const",  "let",    "var", "function", "return", "if",     "for",     "while", "class",
    "import", "export", "try", "switch",   "throw",  "module", "exports", "async"};

class Scanner {
 public:
  Scanner(std::string_view text, std::vector<Function>& functions, std::vector<uint32_t>& lines)
      : text_(text), functions_(functions), lines_(lines) {}

  void run() {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    lines_.push_back(0);
    open_.push_back({});
    if (text_.substr(at_).starts_with("#!")) skip_line();
    while (at_ < text_.size() && open_.size() < kDeepestBrackets &&
           functions_.size() < kMostFunctions) {
      step();
    }
    while (!open_.empty()) pop();
  }

 private:
  enum class Before : uint8_t { kNothing, kWord, kValue, kParenthesis, kArrow, kOther };

  struct Place {
    uint32_t unit = 0;
    size_t byte = 0;
  };
  struct Bracket {
    char kind = 0;
    Place open{};
    std::string_view word;          // that stands before it
    bool function = false;          // `function name(`
    uint32_t body = kNone;          // whose body it is
    std::string_view class_name{};  // whose members it holds
    uint32_t arrow = kNone;         // whose expression goes on in it, the last begun
  };

  Place here() const { return {unit_, at_}; }

  void advance() {
    const auto byte = static_cast<unsigned char>(text_[at_++]);
    if ((byte & 0xc0) != 0x80) unit_ += byte >= 0xf0 ? 2 : 1;
    if (byte == '\n') {
      lines_.push_back(unit_);
      fresh_line_ = true;
    }
  }
  void advance(size_t bytes) {
    while (bytes-- > 0 && at_ < text_.size()) advance();
  }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') advance();
  }
  bool is_next(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void step() {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return advance();
    if (is_next("//")) return skip_line();
    if (is_next("/*")) return skip_comment();
    const bool arrow_body = before_ == Before::kArrow && c != '{';
    if (arrow_body) begin_arrow_expression();
    if (is_of_word(c)) {
      word();
    } else if (c == '\'' || c == '"') {
      string(c);
    } else if (c == '`') {
      advance();
      rest_of_template();
    } else if (c == '/' && !is_after_value()) {
      regular_expression();
    } else if (c == '(' || c == '[' || c == '{') {
      push(c);
    } else if (c == ')' || c == ']' || c == '}') {
      close(c);
    } else if (is_next("=>")) {
      arrow();
    } else {
      if (c == ',' || c == ';') end_arrows();
      if (c == ';' || c == '=') function_ = false;
      before_ = Before::kOther;
      advance();
    }
    fresh_line_ = false;
  }

  bool is_after_value() const {
    if (before_ == Before::kWord) return !is_one_of(word_, kBeforeValue);
    return before_ == Before::kValue || before_ == Before::kParenthesis;
  }

  void word() {
    const bool fresh = fresh_line_;
    word_place_ = here();
    const size_t begin = at_;
    while (at_ < text_.size() && is_of_word(text_[at_])) advance();
    const std::string_view previous = before_ == Before::kWord ? word_ : std::string_view();
    word_ = text_.substr(begin, at_ - begin);
    if (fresh && is_one_of(word_, kStatements)) end_arrows();
    if (word_ == "function") {
      function_ = true;
    } else if (previous == "class") {
      class_ = word_;
    } else if (word_ == "class") {
      class_ = assigned_name(begin);
    }
    before_ = Before::kWord;
  }

  void string(char quote) {
    advance();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      advance(text_[at_] == '\\' ? 2 : 1);
    }
    advance(1);
    before_ = Before::kValue;
  }

  void skip_comment() {
    const size_t end = text_.find("*/", at_ + 2);
    advance((end == std::string_view::npos ? text_.size() : end + 2) - at_);
  }

  void regular_expression() {
    bool in_class = false;
    advance();
    while (at_ < text_.size() && text_[at_] != '\n' && (in_class || text_[at_] != '/')) {
      if (text_[at_] == '[') in_class = true;
      if (text_[at_] == ']') in_class = false;
      advance(text_[at_] == '\\' ? 2 : 1);
    }
    advance(1);
    while (at_ < text_.size() && is_of_word(text_[at_])) advance();
    before_ = Before::kValue;
  }

  void rest_of_template() {
    while (at_ < text_.size()) {
      if (is_next("${")) {
        Bracket bracket;
        bracket.kind = '$';
        advance(2);
        open_.push_back(bracket);
        before_ = Before::kOther;
        return;
      }
      const char c = text_[at_];
      advance(c == '\\' ? 2 : 1);
      if (c == '`') break;
    }
    before_ = Before::kValue;
  }

  void push(char kind) {
    Bracket bracket;
    bracket.kind = kind;
    bracket.open = here();
    if (kind == '(') {
      bracket.word = before_ == Before::kWord ? word_ : std::string_view();
      bracket.function = function_;
      function_ = false;
    } else if (kind == '{') {
      bracket.body = body_of_brace();
      if (bracket.body == kNone) {
        bracket.class_name = class_;
        class_ = {};
      }
    }
    open_.push_back(bracket);
    before_ = Before::kOther;
    advance();
  }

  // The function whose body a brace here begins.
  uint32_t body_of_brace() {
    if (before_ == Before::kArrow) return add_function(arrow_, assigned_name(arrow_.byte));
    if (before_ != Before::kParenthesis) return kNone;
    const Bracket& parameters = parameters_;
    if (!parameters.function && is_one_of(parameters.word, kBeforeBlock)) return kNone;
    std::string_view name = parameters.word;
    if (parameters.function && (name.empty() || name == "function")) {
      name = assigned_name(parameters.open.byte);
    }
    if (name == "constructor" && !open_.back().class_name.empty()) name = open_.back().class_name;
    return add_function(parameters.open, name);
  }

  uint32_t add_function(Place begin, std::string_view name) {
    functions_.push_back({begin.unit, begin.unit, begin.byte, begin.byte, name, kNone});
    return static_cast<uint32_t>(functions_.size() - 1);
  }
  void end_function(uint32_t function) {
    functions_[function].end = unit_;
    functions_[function].text_end = at_;
  }

  void close(char kind) {
    const char opener = kind == ')' ? '(' : kind == ']' ? '[' : '{';
    // One that does not fit is passed over, and so is all that was left open within another.
    size_t fitting = open_.size();
    while (fitting > 1 && open_[fitting - 1].kind != opener &&
           !(kind == '}' && open_[fitting - 1].kind == '$')) {
      --fitting;
    }
    if (fitting > 1) {
      while (open_.size() > fitting) pop();
      end_arrows();
      const Bracket closed = open_.back();
      advance();
      if (closed.body != kNone) end_function(closed.body);
      open_.pop_back();
      if (closed.kind == '$') return rest_of_template();
      if (kind == ')') parameters_ = closed;
    } else {
      advance();
    }
    before_ = kind == ')' ? Before::kParenthesis : kind == ']' ? Before::kValue : Before::kOther;
    if (kind == ']') parameters_ = {};
    // `[name](…) {` and `'name'(…) {` are methods too: only words forbid it.
    word_ = {};
  }

  void pop() {
    end_arrows();
    if (open_.back().body != kNone) end_function(open_.back().body);
    open_.pop_back();
  }

  void arrow() {
    arrow_ = before_ == Before::kParenthesis ? parameters_.open : word_place_;
    before_ = Before::kArrow;
    advance(2);
  }

  void begin_arrow_expression() {
    const uint32_t function = add_function(arrow_, assigned_name(arrow_.byte));
    // `a => b => c`: they end together.
    functions_[function].around = open_.back().arrow;
    open_.back().arrow = function;
    before_ = Before::kOther;
  }

  void end_arrows() {
    uint32_t function = open_.back().arrow;
    open_.back().arrow = kNone;
    while (function != kNone) {
      end_function(function);
      const uint32_t next = functions_[function].around;
      functions_[function].around = kNone;
      function = next;
    }
  }

  // `name = async function (`, `name: (`: the word before `=` or `:`, a little before a place.
  std::string_view assigned_name(size_t end) const {
    constexpr size_t kFar = 40;
    const size_t least = end > kFar ? end - kFar : 0;
    size_t at = end;
    while (at > least && text_[at - 1] != '=' && text_[at - 1] != ':') {
      const char c = text_[at - 1];
      if (!is_of_word(c) && c != ' ' && c != '*') return {};
      --at;
    }
    if (at == least) return {};
    --at;
    while (at > 0 && text_[at - 1] == ' ') --at;
    size_t begin = at;
    while (begin > 0 && is_of_word(text_[begin - 1])) --begin;
    return text_.substr(begin, at - begin);
  }

  const std::string_view text_;
  std::vector<Function>& functions_;
  std::vector<uint32_t>& lines_;
  size_t at_ = 0;
  uint32_t unit_ = 0;
  std::vector<Bracket> open_;
  Before before_ = Before::kNothing;
  bool fresh_line_ = true;
  bool function_ = false;  // `function` was read, and not yet its parameters
  std::string_view word_;
  Place word_place_{};
  std::string_view class_;
  Bracket parameters_{};  // the last parentheses that were closed
  Place arrow_{};
};

}  // namespace

bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '#' || static_cast<unsigned char>(c) >= 0x80;
}

void scan_script(std::string_view text, std::vector<ScriptText::Function>& functions,
                 std::vector<uint32_t>& lines) {
  Scanner(text, functions, lines).run();
}

}  // namespace silt::symbolize
