// SPDX-License-Identifier: Apache-2.0
//
// From paths of the machine that compiled to files here and to paths in a repository.

#include "symbolizer/report/source_places.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace silt::report {
namespace {

namespace fs = std::filesystem;

// A checkout in a folder of its own: shop/.git, shop/src/table.cpp, shop/build/, shop/app.js.
class Shop {
 public:
  Shop() {
    base = (fs::temp_directory_path() / ("silt_sources_" + std::to_string(getpid()))).native();
    fs::create_directories(base + "/shop/.git");
    fs::create_directories(base + "/shop/src");
    fs::create_directories(base + "/shop/build");
    for (const char* name : {"/shop/src/table.cpp", "/shop/app.js"})
      std::ofstream(base + name) << "x";
    root = base + "/shop";
  }
  ~Shop() {
    std::error_code error;
    fs::remove_all(base, error);
  }
  std::string base, root;
};

symbolize::Frame frame_of(const std::string& file, const std::string& folder = "") {
  symbolize::Frame frame;
  frame.file = file;
  frame.folder = folder;
  return frame;
}

TEST_CASE("a relative path is taken from the folder of the compiler") {
  CHECK(source_path(frame_of("../src/a.cpp", "/srv/shop/build")) == "/srv/shop/src/a.cpp");
  CHECK(source_path(frame_of("/srv/./a.cpp", "/elsewhere")) == "/srv/a.cpp");
  CHECK(source_path(frame_of("src/a.cpp")) == "src/a.cpp");
  CHECK(source_path(frame_of("file:///srv/app.js")) == "/srv/app.js");
}

TEST_CASE("the CI system's folder comes first, then the repository around the place") {
  const Shop shop;
  static std::string workspace;
  workspace = shop.base + "/";
  const auto variable = [](const char* name) -> const char* {
    return std::string_view(name) == "GITHUB_WORKSPACE" ? workspace.c_str() : nullptr;
  };
  CHECK(checkouts_of(variable, shop.root + "/build") ==
        std::vector<std::string>{shop.base, shop.root});
  const auto none = [](const char*) -> const char* { return nullptr; };
  CHECK(checkouts_of(none, shop.root + "/build") == std::vector<std::string>{shop.root});
  const auto wrong = [](const char*) -> const char* { return "relative"; };
  CHECK(checkouts_of(wrong, shop.root) == std::vector<std::string>{shop.root});
}

TEST_CASE("a file in a checkout is told from its top on, and is there to be read") {
  const Shop shop;
  const SourcePlace place = Checkouts({shop.root}).find(shop.root + "/src/table.cpp");
  CHECK(place.in_repository == "src/table.cpp");
  CHECK(place.file == shop.root + "/src/table.cpp");
  const SourcePlace gone = Checkouts({shop.root}).find(shop.root + "/src/gone.cpp");
  CHECK(gone.in_repository == "src/gone.cpp");
  CHECK(gone.file.empty());
}

TEST_CASE("from elsewhere the repository is found around the file itself") {
  const Shop shop;
  CHECK(Checkouts({}).find(shop.root + "/src/table.cpp").in_repository == "src/table.cpp");
}

TEST_CASE("what was compiled in another checkout is found by the last parts of its path") {
  const Shop shop;
  const Checkouts checkouts({shop.root});
  const SourcePlace place = checkouts.find("/builds/group/shop/src/table.cpp");
  CHECK(place.in_repository == "src/table.cpp");
  CHECK(place.file == shop.root + "/src/table.cpp");
  CHECK(checkouts.find("/app/app.js").in_repository == "app.js");
  // One name alone may be anybody's.
  CHECK(checkouts.find("/usr/lib/other/app.js").in_repository.empty());
}

TEST_CASE("without the compiler's folder, what climbs out of it is tried in the checkout") {
  const Shop shop;
  CHECK(Checkouts({shop.root}).find("../src/table.cpp").in_repository == "src/table.cpp");
  CHECK(Checkouts({shop.root}).find("../src/gone.cpp").in_repository.empty());
  CHECK(Checkouts({}).find("").file.empty());
}

TEST_CASE("a report knows the places of its findings and stacks, not those of the system") {
  const Shop shop;
  Report report;
  Finding finding;
  finding.site = frame_of("../src/table.cpp", shop.root + "/build");
  finding.site.function = "Table::add";
  report.findings.push_back(finding);
  StackLine stack;
  stack.frames = {frame_of("/usr/include/c++/12/bits/stl_map.h")};
  report.stacks.push_back(stack);
  add_source_places(Checkouts({shop.root}), report);
  REQUIRE(report.sources.size() == 1);
  CHECK(report.sources.begin()->first == shop.root + "/src/table.cpp");
  CHECK(report.sources.begin()->second.in_repository == "src/table.cpp");
}

}  // namespace
}  // namespace silt::report
