// SPDX-License-Identifier: Apache-2.0
//
// Files of modules: found by their build-ids and debug files, or refused with a reason.

#include "symbolizer/symbolize/module_file.h"

#include <dlfcn.h>
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "test/symbolizer/symbolize/victim_answers.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::symbolize {
namespace {

using test::TemporaryFolder;

TEST_CASE("a stripped binary names nothing and says why") {
  const Answer answer = ask(run_victim(victim_path("stripped")));
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0].function.empty());
  CHECK(answer.frames[0].linkage_name.empty());
  CHECK_FALSE(answer.frames[0].unresolved.empty());
}

TEST_CASE("a file that was built anew since is not asked") {
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.build_id[0] ^= 1;
  const Answer answer = ask(victim);
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0].function.empty());
  CHECK_THAT(answer.frames[0].unresolved, Catch::Contains("is another build"));
  REQUIRE(answer.notes.size() == 1);
  CHECK_THAT(answer.notes[0], Catch::Contains("victim_dwarf5"));
}

TEST_CASE("a file without a build-id is asked, and the doubt is noted") {
  const Answer answer = ask(run_victim(victim_path("no_build_id")));
  check_all_names(answer.frames);
  REQUIRE(answer.notes.size() == 1);
  CHECK_THAT(answer.notes[0], Catch::Contains("without a build-id"));
}

TEST_CASE("a file that is not there says so") {
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.path = "/nonexistent/victim";
  const Answer answer = ask(victim);
  CHECK(answer.frames.at(0).function.empty());
  CHECK_THAT(answer.frames.at(0).unresolved, Catch::Contains("there is no file"));
}

TEST_CASE("a file that is no ELF file says so") {
  const TemporaryFolder folder;
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.path = folder.write("victim", "#!/bin/sh\n");
  CHECK_THAT(ask(victim).frames.at(0).unresolved, Catch::Contains("is not an ELF file"));
}

TEST_CASE("debug files that were split off are found") {
  const TemporaryFolder folder;
  const fs::path whole = victim_path("dwarf5"), stripped = folder.path() / "victim";
  const Victim original = run_victim(whole);
  const std::string id = to_hex(original.build_id);
  const fs::path debug = folder.path() / "victim.debug";
  output_of("objcopy --only-keep-debug '" + whole.native() + "' '" + debug.native() + "'");

  SECTION("by debug link beside the file") {
    output_of("objcopy --strip-all --add-gnu-debuglink='" + debug.native() + "' '" +
              whole.native() + "' '" + stripped.native() + "'");
    check_all_names(ask(run_victim(stripped)).frames);
  }
  SECTION("by debug link in .debug") {
    output_of("objcopy --strip-all --add-gnu-debuglink='" + debug.native() + "' '" +
              whole.native() + "' '" + stripped.native() + "'");
    fs::create_directory(folder.path() / ".debug");
    fs::rename(debug, folder.path() / ".debug" / "victim.debug");
    check_all_names(ask(run_victim(stripped)).frames);
  }
  SECTION("by build-id in a folder that the user names") {
    output_of("objcopy --strip-all '" + whole.native() + "' '" + stripped.native() + "'");
    const fs::path tree = folder.path() / "debug" / ".build-id" / id.substr(0, 2);
    fs::create_directories(tree);
    fs::rename(debug, tree / (id.substr(2) + ".debug"));
    Options options;
    options.debug_folders = {folder.path() / "debug"};
    check_all_names(ask(run_victim(stripped), options).frames);
    // The program itself need not be there: the recording may come from another machine.
    Victim elsewhere = original;
    elsewhere.path = "/nonexistent/victim";
    check_all_names(ask(elsewhere, options).frames);
  }
}

TEST_CASE("debuginfod is asked when the user says so and not before") {
  const TemporaryFolder folder;
  const fs::path whole = victim_path("dwarf5"), stripped = folder.path() / "victim";
  const Victim original = run_victim(whole);
  output_of("objcopy --strip-all '" + whole.native() + "' '" + stripped.native() + "'");
  const Victim victim = run_victim(stripped);
  // A server made of files: whoever asks it finds the debug information.
  const fs::path served = folder.path() / "server" / "buildid" / to_hex(original.build_id);
  fs::create_directories(served);
  fs::create_directories(folder.path() / "cache");
  fs::copy_file(whole, served / "debuginfo");
  const std::string urls = "file://" + (folder.path() / "server").native() + "/";
  setenv("DEBUGINFOD_URLS", urls.c_str(), 1);
  setenv("DEBUGINFOD_CACHE_PATH", (folder.path() / "cache").c_str(), 1);

  CHECK(ask(victim).frames.at(0).function.empty());
  CHECK(std::getenv("DEBUGINFOD_URLS") == urls);
  if (void* library = dlopen("libdebuginfod.so.1", RTLD_LAZY)) {
    dlclose(library);
    Options options;
    options.debuginfod = true;
    check_all_names(ask(victim, options).frames);
  } else {
    WARN("libdebuginfod is not installed: that it answers was not tested");
  }
  unsetenv("DEBUGINFOD_URLS");
  unsetenv("DEBUGINFOD_CACHE_PATH");
}

TEST_CASE("a damaged binary gives no names, or fewer, but an answer") {
  const TemporaryFolder folder;
  const Victim original = run_victim(victim_path("dwarf5"));
  std::ifstream file(original.path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  uint64_t random = 42;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 200; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      damaged[sizeof(Elf64_Ehdr) + (random >> 20) % (bytes.size() - sizeof(Elf64_Ehdr))] =
          static_cast<char>(random >> 56);
    }
    Victim victim = original;
    victim.path = folder.write("victim", damaged);
    CHECK(ask(victim).frames.size() >= 1);
  }
}

}  // namespace
}  // namespace silt::symbolize
