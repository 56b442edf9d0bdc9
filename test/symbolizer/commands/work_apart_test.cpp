// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/commands/work_apart.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <stdexcept>
#include <string>

#include "test/symbolizer/temporary_folder.h"

namespace silt::commands {
namespace {

TEST_CASE("work apart is done, in a process that ends first when memory is short") {
  const test::TemporaryFolder folder;
  const pid_t own = getpid();
  const auto error = work_apart([&]() -> std::optional<Error> {
    std::string order;
    std::ifstream("/proc/self/oom_score_adj") >> order;
    folder.write("order", order);
    return getpid() == own ? std::optional<Error>(Error{"not apart"}) : std::nullopt;
  });
  CHECK_FALSE(error);
  std::string order;
  std::ifstream(folder.path() / "order") >> order;
  CHECK(order == "1000");
}

TEST_CASE("what goes wrong apart is told here, and ends nothing else") {
  const std::string why(3000, 'x');
  auto error = work_apart([&] { return std::optional<Error>(Error{why}); });
  REQUIRE(error);
  CHECK(error->message == why);
  error = work_apart([]() -> std::optional<Error> { throw std::runtime_error("thrown"); });
  REQUIRE(error);
  CHECK(error->message == "thrown");
  // As the kernel does when memory is short.
  error = work_apart([]() -> std::optional<Error> {
    kill(getpid(), SIGKILL);
    return std::nullopt;
  });
  REQUIRE(error);
  CHECK(error->message == "there was not enough memory for it");
}

}  // namespace
}  // namespace silt::commands
