// SPDX-License-Identifier: Apache-2.0
//
// Names as V8 (node 18 to 24), Python and others write them.

#include "symbolizer/symbolize/jit_name.h"

#include <catch2/catch.hpp>

namespace silt::symbolize {
namespace {

void check_js(std::string_view name, std::string_view function, std::string_view file,
              uint32_t line, uint32_t column) {
  INFO(name);
  const Frame frame = parse_jit_name(name);
  CHECK(frame.kind == FrameKind::kJavaScript);
  CHECK(frame.function == function);
  CHECK(frame.file == file);
  CHECK(frame.line == line);
  CHECK(frame.column == column);
}

TEST_CASE("all compilation tiers of a function have one name") {
  for (const char* tier : {"~", "^", "+", "*", "+'", "*'", ""}) {
    check_js("JS:" + std::string(tier) + "leaky /srv/app.js:31:5", "leaky", "/srv/app.js", 31, 5);
    check_js("LazyCompile:" + std::string(tier) + "leaky /srv/app.js:31:5", "leaky", "/srv/app.js",
             31, 5);
  }
  check_js("Function:~leaky /srv/app.js:31:5", "leaky", "/srv/app.js", 31, 5);
}

TEST_CASE("names and files may hold spaces") {
  check_js("JS:~get prop /srv/my app/a b.js:3:54", "get prop", "/srv/my app/a b.js", 3, 54);
  check_js("JS:o* /srv/a.mjs:1:2", "(anonymous)", "/srv/a.mjs", 1, 2);
  check_js("JS:o+set /srv/a.mjs:1:2", "set", "/srv/a.mjs", 1, 2);
  check_js("JS:*set x file:///srv/my%20app/a.mjs:1:2", "set x", "/srv/my app/a.mjs", 1, 2);
}

TEST_CASE("functions without a name are called what node calls them") {
  check_js("JS:~ /srv/app.js:2:15", "(anonymous)", "/srv/app.js", 2, 15);
  check_js("Script:~ /srv/app.js:1:1", "(top level)", "/srv/app.js", 1, 1);
  check_js("Eval:~ /srv/app.js:1:1", "(eval)", "/srv/app.js", 1, 1);
}

TEST_CASE("code from eval has a line but no file") { check_js("JS:~ev :1:12", "ev", "", 1, 12); }

TEST_CASE("node's own modules keep their scheme") {
  check_js("JS:^emit node:events:466:44", "emit", "node:events", 466, 44);
}

TEST_CASE("the engine's own code has no file") {
  check_js("Builtin:ArrayMap", "Builtin:ArrayMap", "", 0, 0);
  check_js("BytecodeHandler:LdaZero", "BytecodeHandler:LdaZero", "", 0, 0);
  check_js("RegExp:(a:b)?:3:4", "RegExp:(a:b)?:3:4", "", 0, 0);
}

TEST_CASE("the mark of a tier tells whether other functions may be in the code") {
  for (const char* name : {"JS:~f /a.js:1:2", "LazyCompile:~f /a.js:1", "Script:~ /a.js:1:1"}) {
    CHECK(is_interpreted(name));
    CHECK(is_one_function(name));
  }
  CHECK_FALSE(is_interpreted("JS:^f /a.js:1:2"));
  CHECK(is_one_function("JS:^f /a.js:1:2"));
  CHECK(is_one_function("Function:^f /a.js:1"));
  for (const char* name :
       {"JS:*f /a.js:1:2", "JS:+'f /a.js:1:2", "JS:o*f /a.js:1:2", "JS:", "~f", "Builtin:~f", ""}) {
    CHECK_FALSE(is_interpreted(name));
    CHECK_FALSE(is_one_function(name));
  }
}

TEST_CASE("Python's trampolines give function and file") {
  const Frame frame = parse_jit_name("py::Session.add:/srv/app/session.py");
  CHECK(frame.kind == FrameKind::kPython);
  CHECK(frame.function == "Session.add");
  CHECK(frame.file == "/srv/app/session.py");
  CHECK(parse_jit_name("py::<module>:<frozen importlib._bootstrap>").function == "<module>");
}

TEST_CASE("other compilers' names are kept as they are") {
  const Frame frame = parse_jit_name("Lcom/example/Server;::handle");
  CHECK(frame.kind == FrameKind::kJit);
  CHECK(frame.function == "Lcom/example/Server;::handle");
  CHECK(parse_jit_name("[jit]\x1b[2J\"><script>").function == "[jit]\x1b[2J\"><script>");
}

TEST_CASE("strange names are data, not a problem") {
  for (const char* name : {"", ":", "JS:", "JS:~", "JS:*:", "JS::1:2", "JS:~f :99999999999999:1",
                           "py::", "py:::", "JS:~x file://%:1:1", "JS:~x file:///%00%zz:1:1"}) {
    INFO(name);
    CHECK_NOTHROW(parse_jit_name(name));
  }
  CHECK(parse_jit_name("JS:~x file:///%00%zz:1:1").file == "/%00%zz");
}

}  // namespace
}  // namespace silt::symbolize
