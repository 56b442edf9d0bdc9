// SPDX-License-Identifier: Apache-2.0
//
// Reads ELF headers by hand: a few fields of a file that the kernel will judge anyway.

#include "symbolizer/process/program_file.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/program_insides.h"

namespace silt::process {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "this machine is not known"
#endif

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool can_execute(const fs::path& path) { return is_file(path) && access(path.c_str(), X_OK) == 0; }

// What a program that can be recorded has inside that is not seen.
Obstacle inner_obstacle(const ByteSource& source) {
  if (is_go_program(source)) {
    return {
        "it is a Go program: what C code in it allocates (cgo) is seen, what Go code allocates "
        "is not; and it ends without libc, so without a snapshot at exit: take some by --every or "
        "'silt dump', or keep the last state by --blackbox 1",
        false, true};
  }
  const InnerAllocator inner = inner_allocator_of(source);
  if (inner.function.empty()) return {};
  return {"it has an allocator inside (" + inner.function +
              "), whose blocks are not seen; mappings are" +
              (inner.for_libraries ? "" : ", and blocks of the C library's allocator"),
          false, true, false, inner.function != "rpmalloc"};
}

// glibc's loader: ld-linux-x86-64.so.2, ld64.so.1, ld.so.1, ld-2.31.so. What another one loads is
// made for another C library, and ends when a library comes along that wants glibc.
Obstacle loader_obstacle(const ByteSource& source, const Elf64_Phdr& segment) {
  constexpr uint64_t kLongestPath = 4096;
  auto bytes = source.read(segment.p_offset, std::min<uint64_t>(segment.p_filesz, kLongestPath));
  if (!bytes) return {};
  const std::string name = fs::path(bytes->c_str()).filename();
  for (const char* known : {"ld-linux", "ld64.so", "ld.so", "ld-2."}) {
    if (name.empty() || name.starts_with(known)) return inner_obstacle(source);
  }
  const std::string library = name.starts_with("ld-musl") ? "musl" : "another C library";
  return {"it is linked with " + library + " (" + in_quotes(name) +
              "), and the library is built for glibc; it runs without silt",
          true, false, library == "musl"};
}

Obstacle elf_obstacle(const ByteSource& source) {
  auto bytes = source.read(0, sizeof(Elf64_Ehdr));
  if (!bytes) return {};
  Elf64_Ehdr header;
  std::memcpy(&header, bytes->data(), sizeof(header));
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return {"it is a 32-bit program", true};
  if (header.e_machine != kMachine) return {"it is built for another processor", true};
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return {};
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    auto entry = source.read(header.e_phoff + uint64_t{i} * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
    if (!entry) return {};
    Elf64_Phdr segment;
    std::memcpy(&segment, entry->data(), sizeof(segment));
    if (segment.p_type == PT_INTERP) return loader_obstacle(source, segment);
  }
  if (is_go_program(source)) {
    return {
        "it is a Go program without cgo: it is statically linked, so that nothing can be "
        "preloaded, and takes its memory from the kernel"};
  }
  return {"it is statically linked, so that nothing can be preloaded"};
}

// Whether the kernel gives the program rights that its caller has not, on which the loader ignores
// LD_PRELOAD.
bool gains_rights(const fs::path& program) {
  struct stat status {};
  if (stat(program.c_str(), &status) != 0) return false;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid()) return true;
  if ((status.st_mode & S_ISGID) != 0 && status.st_gid != getgid()) return true;
  return getuid() != 0 && getxattr(program.c_str(), "security.capability", nullptr, 0) > 0;
}

// `#! /bin/sh -e` -> `/bin/sh`, and `#! /usr/bin/env node` -> where node is; empty when the file is
// no script.
std::string interpreter_of(const ByteSource& source) {
  auto bytes = source.read(0, std::min<uint64_t>(source.size(), 256));
  if (!bytes || !bytes->starts_with("#!")) return "";
  std::string_view line(*bytes);
  line = line.substr(2, line.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto take_word = [&line] {
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    const std::string word(line.substr(0, end));
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    return word;
  };
  std::string interpreter = take_word();
  if (fs::path(interpreter).filename() != "env") return interpreter;
  std::string word = take_word();
  while (word.starts_with("-") || word.find('=') != std::string::npos) word = take_word();
  fs::path found;
  return find_program(word, std::getenv("PATH"), found).status == 0 ? found.native() : interpreter;
}

}  // namespace

NotRunnable find_program(const std::string& name, const char* search_path, fs::path& found) {
  if (name.empty()) return {"no program was named", 127};
  if (name.find('/') != std::string::npos) {
    std::error_code error;
    found = name;
    if (fs::is_directory(found, error)) {
      return {"cannot run " + in_quotes(name) + ": it is a folder", 126};
    }
    if (!fs::exists(found, error)) {
      return {"cannot run " + in_quotes(name) + ": no such file", 127};
    }
    if (!can_execute(found)) {
      return {"cannot run " + in_quotes(name) + ": it is not executable", 126};
    }
    return {};
  }
  std::string_view rest = search_path != nullptr ? search_path : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    const fs::path candidate = (folder.empty() ? fs::path(".") : fs::path(folder)) / name;
    if (can_execute(candidate)) {
      found = candidate;
      return {};
    }
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {"cannot run " + in_quotes(name) + ": there is no such program in PATH", 127};
}

Obstacle recording_obstacle(const fs::path& program) {
  fs::path file = program;
  for (int hop = 0; hop < 5; ++hop) {
    if (gains_rights(file)) {
      return {
          "it is set-user-ID, set-group-ID or has capabilities, so that the loader ignores "
          "preloads"};
    }
    auto source = FileSource::open(file);
    if (!source) return {};
    const std::string interpreter = interpreter_of(*source);
    if (interpreter.empty()) {
      auto magic = source->read(0, SELFMAG);
      if (!magic || *magic != ELFMAG) return {};
      // The loader itself has no loader, but preloads into what it runs.
      if (file.filename().native().starts_with("ld-linux") || file.filename() == "ld.so") return {};
      return elf_obstacle(*source);
    }
    file = interpreter;
  }
  return {};
}

}  // namespace silt::process
