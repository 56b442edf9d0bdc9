// SPDX-License-Identifier: Apache-2.0
//
// Functions that V8 compiles into their callers in the midst of a recording.

#include "symbolizer/runtime/nodejs/recompiled.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

TEST_CASE("a function that vanishes into its caller is still the one that is named") {
  Server server(4);
  const auto slow =
      server.process.script_stack({{"getProfile", "/srv/app.js", 31, 3}, kMain, kTimers});
  const auto inlined = server.process.script_stack({kMain, kTimers});
  for (int i = 0; i <= 10; ++i) {
    server.objects(i < 4 ? slow : inlined, 10'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "getProfile");
  CHECK_THAT(render::reason_text(found[0]->why), Catch::Contains("part of 'onRequest' (app.js:3)"));
}

TEST_CASE("a full cache whose function vanishes into its caller is not accused") {
  size_t wrong = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Server server(seed);
    const auto before =
        server.process.script_stack({{"remember", "/srv/app.js", 31, 3}, kMain, kTimers});
    const auto after = server.process.script_stack({kMain, kTimers});
    server.objects(before, 100'000, 100);
    for (int i = 0; i <= 10; ++i) {
      server.snapshot(i);
      server.objects(i < 3 ? before : after, 8'000, 100);
      server.collect(before, 8'000, 100);
    }
    wrong += accused(server.report()).size();
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace silt::report
