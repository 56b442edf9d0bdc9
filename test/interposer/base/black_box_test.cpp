// SPDX-License-Identifier: Apache-2.0
//
// Pieces of tables in a file: what is in it, and what becomes of it when there is no room, when it
// is given back, left to a parent, or truncated.

#include "interposer/base/black_box.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "interposer/base/memory.h"

namespace silt::base {
namespace {

namespace fs = std::filesystem;
using format::BoxEntry;
using format::BoxKind;

constexpr PieceLabel kNodes{BoxKind::kNodes, 0};
constexpr PieceLabel kCounters{BoxKind::kCounters, 3};

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "silt-box-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    box.leave();
    fs::remove_all(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  long open() {
    const int fd = ::open(path_.c_str(), O_PATH | O_DIRECTORY);
    REQUIRE(fd >= 0);
    const long result = box.open(fd, path_.c_str());
    close(fd);
    return result;
  }
  fs::path file() const { return path_ / format::kBoxFileName; }
  std::string bytes() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::vector<BoxEntry> entries() const {
    const std::string all = bytes();
    format::BoxHeader header;
    std::memcpy(&header, all.data(), sizeof(header));
    std::vector<BoxEntry> entries(header.entries);
    std::memcpy(entries.data(), all.data() + format::kBoxDirectoryAt,
                entries.size() * sizeof(BoxEntry));
    return entries;
  }

  // One for all tests would do as the library has it; each begins with a new one.
  const std::unique_ptr<BlackBox> owned = std::make_unique<BlackBox>();
  BlackBox& box = *owned;

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("what is written into a piece is in the file, where its entry says") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  CHECK((fs::status(folder.file()).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  auto* const piece = static_cast<char*>(folder.box.take(65536, kCounters, 7));
  REQUIRE(piece != nullptr);
  CHECK(folder.box.holds(piece));
  CHECK(folder.box.holds(piece + 65535));
  std::strcpy(piece + 60000, "here");
  const auto entries = folder.entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].kind == static_cast<uint32_t>(BoxKind::kCounters));
  CHECK(entries[0].part == 3);
  CHECK(entries[0].index == 7);
  CHECK(entries[0].bytes == 65536);
  CHECK(folder.bytes().substr(entries[0].offset + 60000, 4) == "here");
}

TEST_CASE("it grows beyond its first segment, with space that is allocated") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  char* last = nullptr;
  for (uint32_t i = 0; i < 200; ++i) {
    last = static_cast<char*>(folder.box.take(65536, kNodes, i));
    REQUIRE(last != nullptr);
  }
  last[65535] = 'x';
  const auto entries = folder.entries();
  REQUIRE(entries.size() == 200);
  CHECK(folder.bytes()[entries[199].offset + 65535] == 'x');
  struct stat facts {};
  REQUIRE(stat(folder.file().c_str(), &facts) == 0);
  CHECK(facts.st_blocks * 512 >= facts.st_size);
}

TEST_CASE("what is given back is used again, and reads as zero") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  auto* const piece = static_cast<char*>(folder.box.take(8192, kNodes, 1));
  piece[100] = 'x';
  folder.box.give_back(piece);
  CHECK(folder.entries()[0].kind == 0);
  auto* const other = static_cast<char*>(folder.box.take(4096, kNodes, 2));
  CHECK(other != piece);
  auto* const again = static_cast<char*>(folder.box.take(8192, kCounters, 5));
  CHECK(again == piece);
  CHECK(again[100] == 0);
  CHECK(folder.entries()[0].index == 5);
}

TEST_CASE("a piece is unknown to readers until it is published") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  void* const piece = folder.box.take(4096, {}, 0);
  CHECK(folder.entries()[0].kind == 0);
  // Nor is it taken for one that was given back.
  CHECK(folder.box.take(4096, kNodes, 0) != piece);
  folder.box.publish(piece, kCounters, 4);
  CHECK(folder.entries()[0].kind == static_cast<uint32_t>(BoxKind::kCounters));
  CHECK(folder.entries()[0].index == 4);
}

TEST_CASE("without room there is no piece, the box says so, and nothing faults") {
  Folder folder;
  const pid_t child = fork();  // the limit is this process's alone
  if (child == 0) {
    const struct rlimit limit { uint64_t{3} << 20, uint64_t{3} << 20 };
    bool right = folder.open() == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0;
    uint32_t taken = 0;
    while (void* const piece = folder.box.take(65536, kNodes, taken)) {
      std::memset(piece, 1, 65536);
      if (++taken > 100) break;
    }
    right = right && taken > 8 && taken < 48;
    right = right && (folder.box.header()->flags & format::kBoxIncomplete) != 0;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a file that was put in its place is not grown into") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  const fs::path other = folder.file().parent_path() / "other";
  std::ofstream(other) << "precious";
  fs::remove(folder.file());
  fs::create_symlink(other, folder.file());
  while (folder.box.take(65536, kNodes, 0) != nullptr) {
  }
  CHECK(fs::file_size(other) == 8);
}

TEST_CASE("a child that has left it to its parent changes nothing in the file") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  auto* const piece = static_cast<char*>(folder.box.take(4096, kNodes, 0));
  piece[0] = 'p';
  const pid_t child = fork();
  if (child == 0) {
    const bool right =
        folder.box.leave() && piece[0] == 0 && !folder.box.is_open() && !folder.box.holds(piece);
    piece[0] = 'c';
    _exit(right ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(piece[0] == 'p');
}

TEST_CASE("what was truncated can be touched again once it is replaced") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  auto* const piece = static_cast<char*>(folder.box.take(4096, kNodes, 0));
  piece[0] = 'x';
  fs::resize_file(folder.file(), 0);
  CHECK_FALSE(folder.box.replace_lost(&folder));
  REQUIRE(folder.box.replace_lost(piece + 100));
  CHECK(folder.box.is_lost());
  CHECK(piece[0] == 0);
  piece[0] = 'y';
  CHECK(folder.box.take(4096, kNodes, 1) == nullptr);
}

TEST_CASE("its lock tells for as long as it is mapped that somebody has it") {
  Folder folder;
  REQUIRE(folder.open() == 0);
  const int fd = ::open(folder.file().c_str(), O_RDONLY);
  CHECK(flock(fd, LOCK_EX | LOCK_NB) != 0);
  folder.box.leave();
  CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0);
  close(fd);
}

TEST_CASE("pages of the box that are released are filled with zeros") {
  // The library's own one, since release_pages knows no other.
  const fs::path place = fs::temp_directory_path() / ("silt-box-" + std::to_string(getpid()));
  fs::create_directory(place);
  const int fd = ::open(place.c_str(), O_PATH | O_DIRECTORY);
  REQUIRE(black_box.open(fd, place.c_str()) == 0);
  close(fd);
  auto* const piece = static_cast<char*>(map_piece(8192, kNodes, 0));
  REQUIRE(black_box.holds(piece));
  piece[4096] = 'x';
  piece[0] = 'y';
  release_pages(piece + 4096, 4096);
  CHECK(piece[4096] == 0);
  CHECK(piece[0] == 'y');
  unmap_piece(piece, 8192);
  CHECK_FALSE(black_box.holds(map_piece(8192, {}, 0)));
  black_box.leave();
  fs::remove_all(place);
}

}  // namespace silt::base
