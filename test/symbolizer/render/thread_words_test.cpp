// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocate, in words.

#include "symbolizer/render/thread_words.h"

#include <catch2/catch.hpp>

namespace silt::render {
namespace {

TEST_CASE("threads of one name are told together, largest first") {
  const std::vector<report::ThreadLine> threads = {{"thread", 11, "pool", 0.3},
                                                   {"main", 1, "server", 0.28},
                                                   {"thread", 12, "pool", 0.22},
                                                   {"thread", 13, "", 0.1},
                                                   {"rest", 0, "", 0.1}};
  CHECK(threads_text(threads, 5) ==
        "52 % by 2 threads named pool, 28 % by the main thread, 10 % by thread 13, "
        "10 % by other threads");
  CHECK(threads_text(threads, 1) == "52 % by 2 threads named pool and 3 more");
  CHECK(threads_text({}, 3).empty());
}

TEST_CASE("a name cannot break out, and what is not known is null") {
  const std::vector<report::ThreadLine> threads = {{"successive", 5, "a\x1b[2J", 0.9},
                                                   {"rest", 0, "", 0.1}};
  CHECK(threads_text(threads, 2).find('\x1b') == std::string::npos);
  const auto json = threads_json(threads);
  CHECK(json[0]["id"] == 5);
  CHECK(json[1]["id"].is_null());
  CHECK(json[1]["name"].is_null());
}

TEST_CASE("workers of a runtime have its numbers") {
  CHECK(threads_text({{"worker", 3, "", 1}}, 1) == "100 % by worker 3");
}

}  // namespace
}  // namespace silt::render
