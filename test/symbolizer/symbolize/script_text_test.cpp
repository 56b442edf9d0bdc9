// SPDX-License-Identifier: Apache-2.0
//
// Where functions of a script begin and end. Marks in the texts: @ where V8 says that the function
// begins, which is at its parameters, and ~ where it is over.

#include "symbolizer/symbolize/script_text.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace silt::symbolize {
namespace {

struct Marked {
  std::string text;
  std::vector<uint32_t> begins;
  std::vector<uint32_t> ends;  // in the order in which they stand
};

Marked marked(const std::string& with_marks) {
  Marked marked;
  for (const char c : with_marks) {
    const auto at = static_cast<uint32_t>(marked.text.size());
    if (c == '@') {
      marked.begins.push_back(at);
    } else if (c == '~') {
      marked.ends.push_back(at);
    } else {
      marked.text += c;
    }
  }
  return marked;
}

void check(const std::string& with_marks, const std::vector<std::string>& names) {
  INFO(with_marks);
  const Marked expected = marked(with_marks);
  const ScriptText script(expected.text);
  std::vector<uint32_t> begins;
  std::vector<uint32_t> ends;
  std::vector<std::string> found;
  for (const ScriptText::Function& function : script.functions()) {
    begins.push_back(function.begin);
    ends.push_back(function.end);
    found.emplace_back(function.name);
  }
  std::sort(ends.begin(), ends.end());
  CHECK(begins == expected.begins);
  CHECK(ends == expected.ends);
  CHECK(found == names);
}

TEST_CASE("functions of every kind are found from their parameters to their end") {
  check("function f@(a, b = {c: 1}) { return {a}; }~ f();", {"f"});
  check("const g = async function@() { await g(); }~;", {"g"});
  check("function* steps@() { yield 1; }~", {"steps"});
  check("const h = @(x) => { return x; }~;", {"h"});
  check("const h = @x => x + 1~, k = @() => ({a: 1})~;", {"h", "k"});
  check("list.map(@x => [x, 1]~).filter(@(x) => x~)", {"", ""});
  check("const add = @a => @b => a + b~~;", {"add", ""});
  check("const o = {run@() { }~, get size@() { return 1; }~, async *[name]@() { }~};",
        {"run", "size", ""});
  check("class Session extends Base { constructor@(id) { super(id); }~ #end@() { }~ }",
        {"Session", "#end"});
  check("exports.handle = function@(request) { }~", {"handle"});
}

TEST_CASE("blocks, texts, comments and regular expressions are none") {
  check("function f@(a) { if (a) { b(); } for (;;) { } while (c) { } switch (d) { } }~", {"f"});
  check("try { a(); } catch (e) { b(); }", {});
  check("function f@() { return '}' + \"}\" + /[/}]}/g.test(a) + a / b / c; // }\n /* } */ }~",
        {"f"});
  check("const t = `a ${list.map(@x => `${x}}`~)} {`; function f@() { }~", {"", "f"});
  check("const x = a ? /* => */ b : c\nfunction f@() { }~", {"f"});
}

TEST_CASE("the column of a function is that at which the innermost one on its line begins") {
  const std::string text = "let a = 1;\nsetInterval(() => { for (;;) work(() => 1); }, 20);\n";
  const ScriptText script(text);
  const auto inner = static_cast<uint64_t>(text.find("=> 1") + 3);
  const auto outer = static_cast<uint64_t>(text.find("for"));
  CHECK(script.column_of(outer, 2) == text.find("() => {") - text.find("setInterval") + 1);
  CHECK(script.column_of(inner, 2) > script.column_of(outer, 2));
  CHECK(script.column_of(outer, 1) == 0);  // no function begins there
  CHECK(script.column_of(2, 2) == 0);      // none is around it
  CHECK(script.column_of(text.size() + 5, 2) == 0);
}

TEST_CASE("an arrow without a semicolon ends before the next statement") {
  const ScriptText script("const f = x => x + 1\nconst y = 2\nfunction g() { }\n");
  REQUIRE(script.functions().size() == 2);
  CHECK(script.functions()[0].end < 30);
}

TEST_CASE("offsets count UTF-16 units, lines and columns from 1, and no byte order mark") {
  // A snowman is one unit, a face two.
  const ScriptText script("\xef\xbb\xbf// \xe2\x98\x83 \xf0\x9f\x98\x80\nfunction f() {}\n");
  REQUIRE(script.functions().size() == 1);
  CHECK(script.functions()[0].begin == 8 + 10);
  const auto place = script.place_of(script.functions()[0].begin);
  CHECK(place.line == 2);
  CHECK(place.column == 11);
  CHECK(script.function_from(18).has_value());
  CHECK_FALSE(script.function_from(17).has_value());
}

TEST_CASE("a place belongs to the innermost function around it") {
  const std::string text = "function a() { const b = () => { c(); }; d(b); } e();";
  const ScriptText script(text);
  const auto at = [&](const char* what) {
    return script.function_at(static_cast<uint32_t>(text.find(what)));
  };
  REQUIRE(script.functions().size() == 2);
  CHECK(at("c()") == 1u);
  CHECK(at("d(b)") == 0u);
  CHECK_FALSE(at("e()").has_value());
  CHECK_FALSE(script.function_at(0).has_value());
  CHECK(script.is_within(1, 0));
  CHECK_FALSE(script.is_within(0, 1));
  CHECK(script.mentions(0, "d"));
  CHECK(script.mentions(0, "c"));
  CHECK_FALSE(script.mentions(0, "e"));
  CHECK_FALSE(script.mentions(0, "cons"));
}

TEST_CASE("a place stands in the functions around it, which line and column tell") {
  const std::string text = "x();\nfunction a() {\n  const b = () => { c(); }; d(b); }\ne();";
  const ScriptText script(text);
  const auto stands_in = [&](const char* what, uint32_t line, uint32_t column) {
    return script.stands_in(text.find(what), line, column);
  };
  CHECK(stands_in("c()", 3, 13));
  CHECK(stands_in("c()", 3, 0));
  CHECK(stands_in("c()", 2, 11));
  CHECK_FALSE(stands_in("c()", 3, 12));
  CHECK(stands_in("d(b)", 2, 11));
  CHECK_FALSE(stands_in("d(b)", 3, 13));
  CHECK(stands_in("e()", 1, 1));
  CHECK_FALSE(stands_in("e()", 2, 11));
  CHECK_FALSE(script.stands_in(text.size(), 1, 1));
  CHECK_FALSE(script.stands_in(UINT64_MAX, 1, 1));
}

TEST_CASE("any text is read without harm") {
  std::minstd_rand random(7);
  const std::string pieces[] = {"{",  "}",  "(",        ")",  "[",  "]",        "`",
                                "${", "=>", "function", "'",  "/",  "//",       "/*",
                                "*/", "x",  "class",    "\n", "\\", "\xf0\x9f", ","};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t count = random() % 60;
    for (size_t i = 0; i < count; ++i) text += pieces[random() % std::size(pieces)];
    const ScriptText script(text);
    for (uint32_t i = 0; i < script.functions().size(); ++i) {
      const ScriptText::Function& function = script.functions()[i];
      CHECK(function.begin <= function.end);
      CHECK(function.text_begin <= function.text_end);
      CHECK(function.text_end <= text.size());
      script.mentions(i, "x");
    }
    for (uint32_t offset = 0; offset < text.size() + 2; ++offset) {
      script.function_at(offset);
      script.place_of(offset);
    }
  }
  CHECK(ScriptText(std::string(200000, '(')).functions().empty());
}

}  // namespace
}  // namespace silt::symbolize
