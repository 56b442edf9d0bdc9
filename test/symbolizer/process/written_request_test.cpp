// SPDX-License-Identifier: Apache-2.0
//
// Several silts ask one process at the same time, in every order in which they may come and go.
// The process is this one; it looks for requests when a case says so.

#include "symbolizer/process/written_request.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "interposer/format/control.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::process {
namespace {

class Folder {
 public:
  std::optional<WrittenRequest> ask(Wish wish = Wish::kPlain) const {
    return std::optional<WrittenRequest>(std::in_place,
                                         WrittenRequest::Reader{getpid(), getpid(), geteuid()},
                                         folder_.path().string(), wish);
  }
  std::string request() const {
    return (folder_.path() / (format::kRequestPrefix + std::to_string(getpid()))).string();
  }
  bool is_asked() const { return access(request().c_str(), F_OK) == 0; }
  bool process_looks() const { return unlink(request().c_str()) == 0; }
  bool is_empty() const { return std::filesystem::is_empty(folder_.path()); }

 private:
  const test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a request is understood when the process has removed it") {
  const Folder folder;
  auto request = folder.ask();
  CHECK(request->made());
  CHECK_FALSE(request->understood());
  CHECK(folder.process_looks());
  CHECK(request->understood());
  request.reset();
  CHECK(folder.is_empty());
}

TEST_CASE("two ask with one file, and both see that it was understood") {
  const Folder folder;
  auto first = folder.ask(), second = folder.ask();
  CHECK(second->made());
  CHECK(folder.process_looks());
  CHECK(first->understood());
  CHECK(second->understood());
  second.reset();
  first.reset();
  CHECK(folder.is_empty());
}

TEST_CASE("who shares a request that is taken back goes on asking") {
  const Folder folder;
  auto first = folder.ask(), second = folder.ask(), third = folder.ask();
  first.reset();
  CHECK_FALSE(folder.is_asked());
  CHECK_FALSE(second->understood());
  CHECK(folder.is_asked());
  CHECK_FALSE(third->understood());
  CHECK(folder.process_looks());
  CHECK(second->understood());
  CHECK(third->understood());
}

TEST_CASE("a request made after one's own was understood is not taken back with it") {
  const Folder folder;
  auto first = folder.ask();
  CHECK(folder.process_looks());
  auto second = folder.ask();
  first.reset();
  CHECK(folder.is_asked());
  CHECK_FALSE(second->understood());
  CHECK(folder.process_looks());
  CHECK(second->understood());
}

TEST_CASE("one that only shares a request leaves it when it goes") {
  const Folder folder;
  auto first = folder.ask(), second = folder.ask();
  second.reset();
  CHECK(folder.is_asked());
  CHECK_FALSE(first->understood());
}

TEST_CASE("what is asked for is in the request from its first moment") {
  const Folder folder;
  const auto rights = [&] {
    struct stat there {};
    REQUIRE(stat(folder.request().c_str(), &there) == 0);
    return there;
  };
  {
    auto request = folder.ask(Wish::kOwners);
    CHECK((rights().st_mode & format::kRequestForOwners) != 0);
  }
  CHECK(folder.is_empty());
  auto request = folder.ask({false, true, 17});
  CHECK((rights().st_mode & format::kRequestForHeap) != 0);
  CHECK(rights().st_size == 17);
}

TEST_CASE("a link in the place of a request is neither followed nor removed") {
  const Folder folder;
  const std::string target = folder.request() + ".target";
  REQUIRE(symlink(target.c_str(), folder.request().c_str()) == 0);
  auto request = folder.ask();
  CHECK_FALSE(request->understood());
  request.reset();
  CHECK(access(target.c_str(), F_OK) != 0);
  CHECK(std::filesystem::is_symlink(folder.request()));
}

}  // namespace silt::process
