// SPDX-License-Identifier: Apache-2.0
//
// Where silt's words end and the program's begin, and what was meant by a mistyped one.

#include "symbolizer/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

namespace silt::commands {
namespace {

using Words = std::vector<std::string>;

// A parser with `run`, which has an option with a value, a short one and a flag.
struct Parser {
  CLI::App app{"", "silt"};
  std::string out, number;
  bool quiet = false;

  Parser() {
    CLI::App* run = app.add_subcommand("run", "");
    run->add_option("--out", out);
    run->add_option("-n", number);
    run->add_flag("--quiet", quiet);
    app.add_subcommand("report", "")->add_option("--format", out);
  }
  Words program(Words words, Words* left = nullptr) {
    const ProgramCall call = take_program(app, words);
    if (left != nullptr) *left = words;
    return call.words;
  }
};

TEST_CASE("the program begins with the first word that is no option of run's") {
  Parser parser;
  Words left;
  CHECK(parser.program({"run", "node", "app.js", "--quiet"}, &left) ==
        Words{"node", "app.js", "--quiet"});
  CHECK(left == Words{"run"});
  CHECK(parser.program({"run", "--out", "x", "--quiet", "node", "-v"}, &left) ==
        Words{"node", "-v"});
  CHECK(left == Words{"run", "--out", "x", "--quiet"});
  CHECK(parser.program({"run", "--out=x", "node"}) == Words{"node"});
  CHECK(parser.program({"run", "-n5", "node"}) == Words{"node"});
  CHECK(parser.program({"run", "-n", "5", "node"}) == Words{"node"});
}

TEST_CASE("two hyphens end silt's own words, and belong to the program after it has begun") {
  Parser parser;
  CHECK(parser.program({"run", "--quiet", "--", "--strange"}) == Words{"--strange"});
  CHECK(parser.program({"run", "node", "--", "x"}) == Words{"node", "--", "x"});
}

TEST_CASE("other commands have no program, and an unknown option is left to the parser") {
  Parser parser;
  Words left;
  CHECK(parser.program({"report", "folder"}, &left).empty());
  CHECK(left == Words{"report", "folder"});
  CHECK(parser.program({"run", "--unknown"}, &left).empty());
  CHECK(left == Words{"run", "--unknown"});
}

TEST_CASE("help is understood as a command") {
  Words words = {"help", "run"};
  understand_help(words);
  CHECK(words == Words{"run", "--help"});
  words = {};
  understand_help(words);
  CHECK(words == Words{"--help"});
}

TEST_CASE("what was probably meant has at most a third of its letters wrong") {
  const Words known = {"report", "run", "soak"};
  CHECK(nearest("reprot", known) == "report");
  CHECK(nearest("repotr", known) == "report");
  CHECK(nearest("raport", known) == "report");
  CHECK(nearest("rnu", known) == "run");
  CHECK(nearest("xyz", known).empty());
}

TEST_CASE("a mistake is told with the nearest command or option") {
  Parser parser;
  CHECK(mistake_line(parser.app, {"reprot"}, "?") ==
        "there is no command 'reprot'; did you mean 'silt report'?");
  CHECK(mistake_line(parser.app, {"fly"}, "?") ==
        "there is no command 'fly'; 'silt help' lists them");
  CHECK(mistake_line(parser.app, {"report", "--fromat", "x"}, "?") ==
        "there is no option '--fromat'; did you mean '--format'?");
  CHECK(mistake_line(parser.app, {"report", "--format"}, "a value is missing") ==
        "a value is missing; try 'silt report --help'");
}

}  // namespace
}  // namespace silt::commands
