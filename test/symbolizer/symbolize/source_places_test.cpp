// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/symbolize/source_places.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <vector>

#include "test/symbolizer/temporary_folder.h"

namespace silt::symbolize {
namespace {

// One line of a minifier: `r` was `readUsers`; piece by piece `async `, `function r`, `(e)`.
const char kScript[] = "\"\xc3\xa9\";async function r(e){return e}\n//# sourceMappingURL=";
// Columns 4, 19 (named) and 20 of line 0 come from lines 6, 6 and 6 of users.ts.
const char kMap[] = R"({"version":3,"sources":["../src/users.ts"],"names":["readUsers"],)"
                    R"("mappings":"IAMA,eAAeA,CAAU"})";

class Written {
 public:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  Frame put(const std::string& function, uint32_t line, uint32_t column) {
    Frame frame;
    frame.kind = FrameKind::kJavaScript;
    frame.function = function;
    frame.file = (folder_.path() / "dist/app.js").string();
    frame.line = line;
    frame.column = column;
    places_.put_source(frame, [this](std::string text) { notes.push_back(std::move(text)); });
    return frame;
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> notes;

 private:
  test::TemporaryFolder folder_;
  SourcePlaces places_;
};

TEST_CASE("a function of a minified bundle has its source's name and place") {
  Written files;
  files.write("dist/app.js", std::string(kScript) + "app.js.map\n");
  files.write("dist/app.js.map", kMap);
  const Frame frame = files.put("r", 1, 21);  // at the parenthesis
  CHECK(frame.function == "readUsers");
  CHECK(frame.file == files.path("src/users.ts"));
  CHECK(frame.line == 7);
  CHECK(frame.generated == files.path("dist/app.js") + ":1:21");
  CHECK(files.notes.empty());
}

TEST_CASE("another name than the one before the parenthesis stays") {
  Written files;
  files.write("dist/app.js", std::string(kScript) + "app.js.map\n");
  files.write("dist/app.js.map", kMap);
  CHECK(files.put("Store.r", 1, 21).function == "readUsers");
  CHECK(files.put("e", 1, 21).function == "e");
  CHECK(files.put("(anonymous)", 1, 21).function == "(anonymous)");
}

TEST_CASE("a map may stand in the file itself") {
  Written files;
  // The same map in base 64.
  files.write("dist/app.js",
              std::string(kScript) +
                  "data:application/json;base64,"
                  "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIi4uL3NyYy91c2Vycy50cyJdLCJuYW1lcyI6WyJyZWFkVX"
                  "NlcnMiXSwibWFwcGluZ3MiOiJJQU1BLGVBQWVBLENBQVUifQ==\n");
  const Frame frame = files.put("r", 1, 21);
  CHECK(frame.function == "readUsers");
  CHECK(frame.file == files.path("src/users.ts"));
}

TEST_CASE("without a map, or a column, frames stay as they were") {
  Written files;
  files.write("dist/app.js", "function r(e){}\n");
  const Frame frame = files.put("r", 1, 11);
  CHECK(frame.file == files.path("dist/app.js"));
  CHECK(frame.generated.empty());
  CHECK(files.put("r", 1, 0).generated.empty());
  CHECK(files.notes.empty());
}

TEST_CASE("a map that is not there or broken is told once") {
  Written files;
  files.write("dist/app.js", std::string(kScript) + "gone.map\n");
  CHECK(files.put("r", 1, 21).function == "r");
  CHECK(files.put("r", 1, 22).line == 1);
  REQUIRE(files.notes.size() == 1);
  CHECK(files.notes.front().find("gone.map") != std::string::npos);
}

}  // namespace
}  // namespace silt::symbolize
