// SPDX-License-Identifier: Apache-2.0
//
// Programs made of a few headers: what would run with silt in LD_PRELOAD, and what would not.

#include "interposer/base/executable.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "interposer/base/arch.h"

namespace silt::base {
namespace {

std::string elf(unsigned char word_size, uint16_t machine, const std::string& loader) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = word_size;
  header.e_machine = machine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = loader.empty() ? 1 : 2;
  Elf64_Phdr segments[2]{};
  segments[0].p_type = PT_LOAD;
  segments[1].p_type = PT_INTERP;
  segments[1].p_offset = sizeof(header) + sizeof(segments);
  segments[1].p_filesz = loader.size() + 1;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char*>(segments), sizeof(segments));
  return bytes + loader + '\0';
}

class File {
 public:
  explicit File(const std::string& bytes) {
    const int fd = mkstemp(path_);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  ~File() { unlink(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/silt-executable-XXXXXX";
};

bool harms(const std::string& bytes) {
  const File file(bytes);
  const bool by_path = preload_harms(AT_FDCWD, file.path());
  const int fd = open(file.path(), O_RDONLY | O_CLOEXEC);
  const bool by_descriptor = preload_harms(fd);
  close(fd);
  CHECK(by_path == by_descriptor);
  return by_path;
}

constexpr uint16_t kOwn = arch::kElfMachine;
constexpr uint16_t kOther = kOwn == EM_X86_64 ? EM_AARCH64 : EM_X86_64;

}  // namespace

TEST_CASE("programs with a loader of glibc's are not harmed") {
  CHECK_FALSE(harms(elf(ELFCLASS64, kOwn, "/lib64/ld-linux-x86-64.so.2")));
  CHECK_FALSE(harms(elf(ELFCLASS64, kOwn, "/nix/store/x-glibc-2.38/lib/ld-linux-x86-64.so.2")));
  CHECK_FALSE(harms(elf(ELFCLASS64, kOwn, "/lib/ld-2.31.so")));
}

TEST_CASE("programs with another loader are harmed, static ones are not") {
  CHECK(harms(elf(ELFCLASS64, kOwn, "/lib/ld-musl-x86_64.so.1")));
  CHECK(harms(elf(ELFCLASS64, kOwn, "/system/bin/linker64")));
  CHECK_FALSE(harms(elf(ELFCLASS64, kOwn, "")));
}

TEST_CASE("programs of another kind would get a complaint of their loader") {
  CHECK(harms(elf(ELFCLASS32, EM_386, "/lib/ld-linux.so.2")));
  CHECK(harms(elf(ELFCLASS64, kOther, "/lib/ld-linux-aarch64.so.1")));
}

TEST_CASE("of a script its interpreter counts") {
  const File musl(elf(ELFCLASS64, kOwn, "/lib/ld-musl-x86_64.so.1"));
  const File glibc(elf(ELFCLASS64, kOwn, "/lib64/ld-linux-x86-64.so.2"));
  CHECK(harms("#!" + std::string(musl.path()) + "\n"));
  CHECK(harms("#! \t" + std::string(musl.path()) + " -e x\n"));
  CHECK_FALSE(harms("#!" + std::string(glibc.path()) + "\n"));
  CHECK_FALSE(harms("#!/nonexistent/interpreter\n"));
  CHECK_FALSE(harms("#!\n"));
}

TEST_CASE("a script that is its own interpreter ends the search") {
  char path[] = "/tmp/silt-executable-XXXXXX";
  const int fd = mkstemp(path);
  const std::string line = "#!" + std::string(path) + "\n";
  REQUIRE(write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  close(fd);
  CHECK_FALSE(preload_harms(AT_FDCWD, path));
  unlink(path);
}

TEST_CASE("what is no program, and what is cut off, is not judged") {
  CHECK_FALSE(harms(""));
  CHECK_FALSE(harms("text"));
  const std::string whole = elf(ELFCLASS64, kOwn, "/lib/ld-musl-x86_64.so.1");
  for (size_t size = 0; size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); ++size) {
    CHECK_FALSE(harms(whole.substr(0, size)));
  }
  CHECK_FALSE(preload_harms(AT_FDCWD, "/nonexistent"));
  CHECK_FALSE(preload_harms(AT_FDCWD, "/"));
  CHECK_FALSE(preload_harms(AT_FDCWD, "/dev/zero"));
}

TEST_CASE("a pipe is not waited for") {
  char folder[] = "/tmp/silt-executable-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::string pipe = std::string(folder) + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_FALSE(preload_harms(AT_FDCWD, pipe.c_str()));
  unlink(pipe.c_str());
  rmdir(folder);
}

}  // namespace silt::base
