// SPDX-License-Identifier: Apache-2.0
//
// Command lines of node as people write them.

#include "interposer/runtime/nodejs/recognise.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace silt::nodejs {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string bytes;
  for (const std::string& word : words) bytes += word + '\0';
  return bytes;
}

std::string script(const std::vector<std::string>& words) {
  const std::string bytes = joined(words);
  const char* const found = script_of({bytes.data(), bytes.size()});
  return found == nullptr ? "(none)" : found;
}

TEST_CASE("the script is the first argument that is no option of node's") {
  CHECK(script({"node", "server.js"}) == "server.js");
  CHECK(script({"node", "server.js", "-r", "x"}) == "server.js");
  CHECK(script({"node", "--enable-source-maps", "a.mjs"}) == "a.mjs");
  CHECK(script({"node", "-r", "./first.js", "a.js"}) == "a.js");
  CHECK(script({"node", "--require=./first.js", "a.js"}) == "a.js");
  CHECK(script({"node", "--stack_trace_limit", "3", "a.js"}) == "a.js");
  CHECK(script({"node", "--", "-odd-name.js"}) == "-odd-name.js");
}

TEST_CASE("there may be no script") {
  CHECK(script({"node"}) == "(none)");
  CHECK(script({"node", "-"}) == "(none)");
  CHECK(script({"node", "--"}) == "(none)");
  CHECK(script({"node", "-e", "1", "a.js"}) == "(none)");
  CHECK(script({"node", "--eval=1", "a.js"}) == "(none)");
  CHECK(script({"node", "-p", "1"}) == "(none)");
  CHECK(script({"node", "-r"}) == "(none)");
  CHECK(script({"node", ""}) == "(none)");
  CHECK(script_of({nullptr, 0}) == nullptr);
}

TEST_CASE("launchers are known by what they are installed as") {
  for (const char* path :
       {"/usr/lib/node_modules/npm/bin/npm-cli.js", "/usr/share/nodejs/npm/bin/npx-cli.js",
        "/app/.yarn/releases/yarn-4.1.0.cjs", "/usr/lib/node_modules/corepack/dist/yarn.js",
        "/usr/lib/node_modules/pnpm/bin/pnpm.cjs", "/usr/lib/node_modules/pm2/bin/pm2-runtime",
        "/srv/node_modules/pm2/lib/Daemon.js"}) {
    INFO(path);
    CHECK(is_launcher(path));
  }
  for (const char* path : {"/srv/app/server.js", "/srv/app/npm.js",
                           "/srv/node_modules/pm2/lib/ProcessContainerFork.js", "/srv/app/pm2",
                           "/srv/npm/bin/start.js", "/srv/yarn-shop/index.js", ""}) {
    INFO(path);
    CHECK_FALSE(is_launcher(path));
  }
}

TEST_CASE("options that would refuse a script or an addon are found before the script") {
  const auto found = [](const std::vector<std::string>& words, const char* options) {
    const std::string bytes = joined(words);
    const char* const option = forbidding_option({bytes.data(), bytes.size()}, options);
    return option == nullptr ? std::string() : std::string(option);
  };
  CHECK(found({"node", "--permission", "a.js"}, "") == "--permission");
  CHECK(found({"node", "--experimental_permission", "a.js"}, "") == "--experimental-permission");
  CHECK(found({"node", "--experimental-policy=p.json", "a.js"}, "") == "--experimental-policy");
  CHECK(found({"node", "a.js"}, "--no-warnings --no-addons") == "--no-addons");
  CHECK(found({"node", "a.js", "--permission"}, "").empty());
  CHECK(found({"node", "--permissions-of-mine", "a.js"}, "--no-addonsx").empty());
  CHECK(found({"node", "a.js"}, "--title=x--no-addons").empty());
}

std::string extended(const char* before, const char* path, bool* done = nullptr) {
  base::TextBuffer<1000> result;
  const bool good = extend_node_options(before, path, "--flag", &result);
  if (done != nullptr) *done = good;
  return result.c_str();
}

TEST_CASE("NODE_OPTIONS is appended to, never replaced") {
  CHECK(extended("", "/opt/silt-node.cjs") == "--require /opt/silt-node.cjs --flag");
  CHECK(extended("--a --b=c", "/opt/silt-node.cjs") ==
        "--a --b=c --require /opt/silt-node.cjs --flag");
}

TEST_CASE("a path is quoted as node reads it") {
  CHECK(extended("", "/a b/s.cjs") == "--require \"/a b/s.cjs\" --flag");
  CHECK(extended("", "/a\"b\\c/s.cjs") == "--require \"/a\\\"b\\\\c/s.cjs\" --flag");
}

TEST_CASE("nothing is appended twice, and nothing is cut") {
  bool done = true;
  extended("--x --require /opt/s.cjs --flag", "/opt/s.cjs", &done);
  CHECK_FALSE(done);
  base::TextBuffer<30> small;
  CHECK_FALSE(extend_node_options("", "/opt/a/long/path/s.cjs", "--flag", &small));
}

}  // namespace
}  // namespace silt::nodejs
