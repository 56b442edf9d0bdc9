// SPDX-License-Identifier: Apache-2.0
//
// PHP is joined only where what is read of its frames is what its own functions say of them.

#include "interposer/runtime/php/self_check.h"

#include <catch2/catch.hpp>

#include "test/interposer/runtime/php/engine.h"

namespace silt::php {
namespace {

// What the engine says.
const char* g_file = "/app.php";
uint32_t g_line = 12;
const char* g_function = "load";
const char* g_class = "";

struct Asked {
  Engine engine;
  uint64_t main = engine.frame(engine.user("", 1), 0, 0, true);
  uint64_t scope = engine.class_of("Shop");
  uint64_t load = engine.frame(engine.user("load", 10, "/app.php", scope), main, 2);

  Asked() {
    interpreter.executed_file = [] { return g_file; };
    interpreter.executed_line = [] { return g_line; };
    interpreter.active_function = [] { return g_function; };
    interpreter.active_class = [](const char**) { return g_class; };
    g_file = "/app.php";
    g_line = 12;
    g_function = "load";
    g_class = "Shop";
    Engine::run(load);
  }
};

TEST_CASE("frames that are as the engine says are right") {
  Asked asked;
  CHECK(check_layout() == Checked::kRight);
  Engine::run(asked.main);
  g_function = "main";
  g_class = "";
  g_line = 1;
  CHECK(check_layout() == Checked::kRight);
  // A function in C: the place is that of who calls it.
  Engine::run(asked.engine.frame(asked.engine.internal("strtoupper"), asked.load));
  g_function = "strtoupper";
  g_line = 12;
  CHECK(check_layout() == Checked::kRight);
}

TEST_CASE("each thing that is otherwise is wrong") {
  Asked asked;
  SECTION("the line") { g_line = 13; }
  SECTION("the file") { g_file = "/app.ph"; }
  SECTION("a longer file") { g_file = "/app.php5"; }
  SECTION("the function") { g_function = "save"; }
  SECTION("the class") { g_class = "Mall"; }
  SECTION("no class") { g_class = ""; }
  SECTION("the kind of function") { put(field(asked.load, kFrameFunction), 0, uint8_t{9}); }
  SECTION("a function that cannot be read") { put(asked.load, kFrameFunction, uint64_t{16}); }
  SECTION("an instruction beside the grid") {
    put(asked.load, kFrameInstruction, field(asked.load, kFrameInstruction) + 8);
  }
  SECTION("a frame that cannot be read") { Engine::run(uint64_t{1} << 40); }
  CHECK(check_layout() == Checked::kWrong);
}

TEST_CASE("while no PHP frame runs there is nothing to look at") {
  Asked asked;
  Engine::run(0);
  CHECK(check_layout() == Checked::kNothingRuns);
  Engine::run(asked.engine.frame(0, asked.load));
  CHECK(check_layout() == Checked::kNothingRuns);
  g_function = "spl_autoload";
  g_class = "";
  Engine::run(asked.engine.frame(asked.engine.internal("spl_autoload"), 0));
  CHECK(check_layout() == Checked::kNothingRuns);
}

TEST_CASE("versions of PHP are told from the engine's") {
  const auto is = [](const char* text, uint32_t major, uint32_t minor, uint32_t release) {
    const Version version = version_of(text);
    return version.major == major && version.minor == minor && version.release == release;
  };
  CHECK(is("Zend Engine v4.2.36, Copyright (c) Zend Technologies\n", 8, 2, 36));
  CHECK(is("Zend Engine v4.3.0-dev, Copyright (c) Zend Technologies\n", 8, 3, 0));
  CHECK(is("Zend Engine v3.4.0", 7, 4, 0));
  CHECK(is("HHVM 4.2", 0, 0, 0));
  CHECK(is("", 0, 0, 0));
  CHECK(is(nullptr, 0, 0, 0));
}

}  // namespace
}  // namespace silt::php
