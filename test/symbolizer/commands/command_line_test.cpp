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
  Parser parser;
  Words words = {"help", "run"};
  understand_help(parser.app, words);
  CHECK(words == Words{"run", "--help"});
  words = {};
  understand_help(parser.app, words);
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
  CHECK(mistake_line(parser.app, {"version"}, "?") ==
        "there is no command 'version'; did you mean 'silt --version'?");
  CHECK(mistake_line(parser.app, {"-x"}, "?") ==
        "there is no option '-x'; 'silt --help' lists them");
}

// What the parser itself says of these words, as silt tells it.
std::string told(Words words) {
  CLI::App app{"", "silt"};
  std::string format, file;
  double top = 0;
  int port = 0;
  CLI::App* report = app.add_subcommand("report", "");
  report->add_option("--format", format)->check(CLI::IsMember({"text", "html"}));
  report->add_option("--top", top)->check(CLI::NonNegativeNumber);
  report->add_option("--port", port)->check(CLI::Range(1, 65535));
  report->add_option("-o,--output", file)->type_name("FILE");
  words.insert(words.begin(), "report");
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    std::string line = mistake_line(app, words, error.what());
    const std::string end = "; try 'silt report --help'";
    REQUIRE(line.ends_with(end));
    line.resize(line.size() - end.size());
    return line;
  }
  return "";
}

TEST_CASE("what the parser refuses is told in plain words") {
  CHECK(told({"--format", "xml"}) == "--format 'xml' is not understood (text, html)");
  CHECK(told({"--top", "x"}) == "--top 'x' is not understood (a number, 0 or more)");
  CHECK(told({"--port", "70000"}) == "--port '70000' is not understood (1 to 65535)");
  CHECK(told({"--output"}) == "--output needs a value: FILE");
  CHECK(told({"-x"}) == "there is no option '-x'");
  CHECK(told({"folder"}) == "'folder' is more than is understood here");
}

TEST_CASE("help of what is no command is a mistake") {
  Parser parser;
  Words words{"help", "reprot"};
  understand_help(parser.app, words);
  CHECK(words == Words{"reprot"});
  CHECK(mistake_line(parser.app, words, "?") ==
        "there is no command 'reprot'; did you mean 'silt report'?");
  words = {"help", "help"};
  understand_help(parser.app, words);
  CHECK(words == Words{"--help"});
}

}  // namespace
}  // namespace silt::commands
