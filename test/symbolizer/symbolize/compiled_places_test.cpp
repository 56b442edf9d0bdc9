// SPDX-License-Identifier: Apache-2.0
//
// Lines of compiled code, and functions that were inlined there.

#include "symbolizer/symbolize/compiled_places.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "test/symbolizer/temporary_folder.h"

namespace silt::symbolize {
namespace {

const std::string kApp =
    "function entry(i) {\n"  // 1
    "  return {i};\n"        // 2
    "}\n"                    // 3
    "function store(i) {\n"  // 4
    "  keep.push(entry(i));\n"
    "}\n"                     // 6
    "function handle(i) {\n"  // 7
    "  store(i);\n"
    "  other(i);\n"
    "}\n";
// So far down that no function of the first has such offsets.
const std::string kOther =
    "/*" + std::string(400, '.') + "*/\n\n\n\nfunction other(i) {\n  return [i];\n}\n";

class Script {
 public:
  Script() {
    write("app.js", kApp);
    write("other.js", kOther);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  static uint64_t offset(const std::string& what, const std::string& text = kApp) {
    return text.find(what);
  }
  // Code of `handle` at 0x1000 with a piece every 0x10 bytes.
  std::string map_of(const std::vector<uint64_t>& offsets) const {
    std::stringstream map;
    map << "1000 100 JS:*handle " << path("app.js") << ":7:16\n# positions";
    uint64_t before = 0;
    for (size_t i = 0; i < offsets.size(); ++i) {
      const bool back = offsets[i] < before;
      map << " " << (i == 0 ? "0" : "10") << (back ? "-" : "+") << std::hex
          << (back ? before - offsets[i] : offsets[i] - before);
      before = offsets[i];
    }
    map << "\n";
    return map.str();
  }

 private:
  test::TemporaryFolder folder_;
};

const std::vector<Frame>& no_callees(const Frame&) {
  static const std::vector<Frame> none;
  return none;
}

std::vector<std::string> texts(const std::vector<Frame>& frames) {
  std::vector<std::string> texts;
  for (const Frame& frame : frames) {
    texts.push_back(frame.function + ":" + std::to_string(frame.line) + "@" +
                    std::to_string(frame.call_line) + (frame.inlined ? " inlined" : ""));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("code has the line of its piece, and what is inlined has a frame of its own") {
  const Script script;
  const JitMap map(script.map_of({Script::offset("(i) {\n  store"), Script::offset("store(i);"),
                                  Script::offset("keep.push"), Script::offset("{i}"),
                                  Script::offset("other(i)")}));
  CompiledPlaces places(map, no_callees);
  CHECK(texts(places.frames(0, MemoryAddress{0x1018})) == Texts{"handle:7@8"});
  CHECK(texts(places.frames(0, MemoryAddress{0x1028})) == Texts{"store:4@5 inlined", "handle:7@8"});
  CHECK(texts(places.frames(0, MemoryAddress{0x1038})) ==
        Texts{"entry:1@2 inlined", "store:4@5 inlined", "handle:7@8"});
  CHECK(texts(places.frames(0, MemoryAddress{0x1048})) == Texts{"handle:7@9"});
}

TEST_CASE("a function of another file is known by a call that was seen") {
  const Script script;
  const uint64_t in_other = Script::offset("[i]", kOther);
  const std::string text =
      script.map_of({Script::offset("(i) {\n  store"), Script::offset("other(i)"), in_other});
  const JitMap map(text);
  Frame other;
  other.kind = FrameKind::kJavaScript;
  other.function = "other";
  other.file = script.path("other.js");
  other.line = 5;
  const std::vector<Frame> callees{other};
  CompiledPlaces seen(map, [&](const Frame& caller) -> const std::vector<Frame>& {
    return caller.function == "handle" ? callees : no_callees(caller);
  });
  const std::vector<Frame> frames = seen.frames(0, MemoryAddress{0x1028});
  CHECK(texts(frames) == Texts{"other:5@6 inlined", "handle:7@9"});
  CHECK(frames[0].file == script.path("other.js"));
  // Nobody knows whose it is: it follows the call.
  CompiledPlaces unseen(map, no_callees);
  CHECK(texts(unseen.frames(0, MemoryAddress{0x1028})) == Texts{"handle:7@9"});
}

TEST_CASE("a script that is not the one that ran is not used") {
  Script script;
  const std::string text =
      script.map_of({Script::offset("(i) {\n  store"), Script::offset("store(i);")});
  script.write("app.js", "// changed\n" + kApp);
  const JitMap map(text);
  CompiledPlaces places(map, no_callees);
  CHECK(texts(places.frames(0, MemoryAddress{0x1018})) == Texts{"handle:7@0"});
  const JitMap gone("1000 100 JS:*f /nowhere/app.js:7:16\n# positions 0+5 10+3\n");
  CompiledPlaces none(gone, no_callees);
  CHECK(texts(none.frames(0, MemoryAddress{0x1018})) == Texts{"f:7@0"});
}

TEST_CASE(
    "code out of line behind the check of the stack may be of whoever comes before the next") {
  const Script script;
  const uint64_t begin = Script::offset("(i) {\n  store");
  const JitMap map(script.map_of({begin, Script::offset("store(i);"), Script::offset("keep.push"),
                                  Script::offset("{i}"), Script::offset("other(i)"), begin,
                                  Script::offset("other(i)")}));
  CompiledPlaces places(map, no_callees);
  CHECK(places.candidates(0, MemoryAddress{0x1018}).empty());
  const auto candidates = places.candidates(0, MemoryAddress{0x1058});
  REQUIRE(candidates.size() == 3);
  CHECK(texts(candidates[0]) == Texts{"entry:1@2 inlined", "store:4@5 inlined", "handle:7@8"});
  CHECK(texts(candidates[2]) == Texts{"handle:7@8"});
  CHECK(places.candidates(0, MemoryAddress{0x1068}).empty());
}

// Code of `handle` alone, told as byte code is: an entry that ends.
std::string one_function(const Script& script, const std::string& mark,
                         const std::string& positions, const std::string& place = "7:16") {
  return "1000 100 JS:" + mark + "handle " + script.path("app.js") + ":" + place +
         "\n# positions " + positions + "\n";
}

std::string hexadecimal(uint64_t number) {
  std::stringstream text;
  text << std::hex << number;
  return text.str();
}

TEST_CASE("of code that is a function's alone each place has its line, up to where it ends") {
  const Script script;
  const uint64_t first = Script::offset("store(i);");
  const uint64_t second = Script::offset("other(i);");
  const std::string positions =
      "0+" + hexadecimal(first) + " 10+" + hexadecimal(second - first) + " 8";
  for (const char* mark : {"~", "^"}) {
    const JitMap map(one_function(script, mark, positions));
    CompiledPlaces places(map, no_callees);
    CHECK(texts(places.frames(0, MemoryAddress{0x1000})) == Texts{"handle:7@8"});
    CHECK(texts(places.frames(0, MemoryAddress{0x100f})) == Texts{"handle:7@8"});
    CHECK(texts(places.frames(0, MemoryAddress{0x1010})) == Texts{"handle:7@9"});
    CHECK(places.frames(0, MemoryAddress{0x1010})[0].call_column == 3);
    CHECK(texts(places.frames(0, MemoryAddress{0x1017})) == Texts{"handle:7@9"});
    CHECK(texts(places.frames(0, MemoryAddress{0x1018})) == Texts{"handle:7@0"});
    CHECK(texts(places.frames(0, MemoryAddress{0x10fe})) == Texts{"handle:7@0"});
    CHECK(places.candidates(0, MemoryAddress{0x1010}).empty());
  }
}

TEST_CASE("places that are not the function's are those of another text") {
  const Script script;
  const uint64_t in_entry = Script::offset("{i}");
  const uint64_t in_handle = Script::offset("store(i);");
  const std::string positions =
      "0+" + hexadecimal(in_entry) + " 10+" + hexadecimal(in_handle - in_entry) + " 8";
  const JitMap map(one_function(script, "~", positions));
  CompiledPlaces places(map, no_callees);
  CHECK(texts(places.frames(0, MemoryAddress{0x1010})) == Texts{"handle:7@0"});
  const JitMap past(one_function(script, "~", "0+ffffff 8"));
  CompiledPlaces beyond(past, no_callees);
  CHECK(texts(beyond.frames(0, MemoryAddress{0x1000})) == Texts{"handle:7@0"});
}

TEST_CASE("a script's own code, and that of a version that tells no columns, have lines") {
  Script script;
  script.write("app.js", kApp + "handle(1);\n");
  const JitMap top("1000 100 JS:~ " + script.path("app.js") + ":1:1\n# positions 0+" +
                   hexadecimal(kApp.size()) + " 8\n");
  CompiledPlaces places(top, no_callees);
  CHECK(texts(places.frames(0, MemoryAddress{0x1000})) == Texts{"(anonymous):1@11"});
  const std::string positions = "0+" + hexadecimal(Script::offset("other(i);")) + " 8";
  const JitMap old(one_function(script, "~", positions, "7"));
  CompiledPlaces without(old, no_callees);
  CHECK(texts(without.frames(0, MemoryAddress{0x1000})) == Texts{"handle:7@9"});
}

TEST_CASE("positions that make no sense harm nobody") {
  const Script script;
  for (const char* positions : {"0+ffffffffffffffff 10+1", "0-1", "x", "0+",
                                "0+78 ffffffffffffffff+1", "0+78 10+7fffffff"}) {
    const JitMap map("1000 100 JS:*handle " + script.path("app.js") + ":7:16\n# positions " +
                     positions + "\n");
    CompiledPlaces places(map, no_callees);
    for (uint64_t at = 0xff0; at < 0x1110; at += 8) {
      CHECK(places.frames(0, MemoryAddress{at}).back().function == "handle");
      places.candidates(0, MemoryAddress{at});
    }
  }
}

}  // namespace
}  // namespace silt::symbolize
