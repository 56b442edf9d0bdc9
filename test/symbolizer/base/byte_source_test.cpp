// SPDX-License-Identifier: Apache-2.0
//
// Bytes by offset, and what is refused.

#include "symbolizer/base/byte_source.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "test/symbolizer/temporary_folder.h"

namespace silt {
namespace {

TEST_CASE("a file gives the bytes that were asked for") {
  const test::TemporaryFolder folder;
  auto source = FileSource::open(folder.write("file", "0123456789"));
  REQUIRE(source.ok());
  CHECK(source->size() == 10);
  CHECK(source->read(3, 4).value() == "3456");
  CHECK(source->read(10, 0).value().empty());
}

TEST_CASE("a read past the end is refused, without overflow") {
  const test::TemporaryFolder folder;
  auto source = FileSource::open(folder.write("file", "0123456789"));
  REQUIRE(source.ok());
  CHECK_FALSE(source->read(7, 4).ok());
  CHECK_FALSE(source->read(UINT64_MAX, 2).ok());
  CHECK_FALSE(source->read(2, UINT64_MAX).ok());
}

TEST_CASE("a file that becomes shorter gives an error, not a signal") {
  const test::TemporaryFolder folder;
  const auto path = folder.write("file", std::string(100'000, 'x'));
  auto source = FileSource::open(path);
  REQUIRE(source.ok());
  std::filesystem::resize_file(path, 10);
  CHECK(source->read(0, 100'000).error().message == "became shorter while it was read");
}

TEST_CASE("folders, FIFOs and missing files are refused with the reason") {
  const test::TemporaryFolder folder;
  CHECK(FileSource::open(folder.path()).error().message == "is a folder");
  CHECK(FileSource::open(folder.path() / "none").error().message == "no such file or directory");
  const auto fifo = folder.path() / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(FileSource::open(fifo).error().message == "not a regular file");
}

}  // namespace
}  // namespace silt
