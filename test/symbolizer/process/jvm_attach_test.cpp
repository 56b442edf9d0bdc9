// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a Java virtual machine, which may not be asked, and the file that begins it.

#include "symbolizer/process/jvm_attach.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "symbolizer/process/attach_file.h"
#include "symbolizer/process/jvm_facts.h"
#include "symbolizer/process/signal_obstacle.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::process {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

JvmFacts machine() {
  JvmFacts facts;
  facts.status.state = 'S';
  facts.status.user = facts.asker = 1000;
  facts.status.caught = uint64_t{1} << (SIGQUIT - 1);
  facts.maps = "7f0000000000-7f0001000000 r-xp 0 08:01 77 /usr/lib/jvm/lib/server/libjvm.so\n";
  facts.command = "java\0-jar\0shop.jar\0"s;
  facts.executable = "java";
  facts.threads = {"java", "VM Thread", "Signal Dispatch"};
  return facts;
}

TEST_CASE("a machine that waits for questions may be asked") {
  CHECK(attach_obstacle(machine()).empty());
  JvmFacts inside = machine();  // of a program that has a machine in it
  inside.executable = "postgres";
  CHECK(attach_obstacle(inside).empty());
  JvmFacts old = machine();  // version 8: its threads have no names
  old.threads = {"java", "java"};
  CHECK(attach_obstacle(old).empty());
  JvmFacts root = machine();
  root.asker = 0;
  CHECK(attach_obstacle(root).empty());
}

TEST_CASE("whom SIGQUIT would end, or make write to its output, is not sent one") {
  const auto because = [](auto change) {
    JvmFacts facts = machine();
    change(facts);
    return attach_obstacle(facts);
  };
  using Facts = JvmFacts;
  CHECK_THAT(because([](Facts& f) { f.maps = "/usr/lib/libjvm-not.so\n"; }),
             Catch::Contains("not a Java"));
  CHECK_THAT(because([](Facts& f) { f.status.caught = 0; }), Catch::Contains("starting"));
  CHECK_THAT(because([](Facts& f) {
               f.executable = "postgres";
               f.threads = {"postgres", "VM Thread"};
             }),
             Catch::Contains("takes no SIGQUIT"));
  CHECK_THAT(because([](Facts& f) { f.maps += "/opt/j9/lib/libj9vm29.so\n"; }),
             Catch::Contains("OpenJ9"));
  CHECK_THAT(because([](Facts& f) { f.status.state = 'T'; }), Catch::Contains("stopped"));
  CHECK_THAT(because([](Facts& f) { f.asker = 1001; }), Catch::Contains("another user"));
  CHECK_THAT(because([](Facts& f) { f.command = "java\0-XX:+DisableAttachMechanism\0Main\0"s; }),
             Catch::Contains("DisableAttachMechanism"));
  CHECK_THAT(because([](Facts& f) { f.options = " -Xmx1g -XX:+DisableAttachMechanism"; }),
             Catch::Contains("DisableAttachMechanism"));
  CHECK_THAT(because([](Facts& f) { f.command = "java\0-Xrs\0Main\0"s; }), Catch::Contains("-Xrs"));
  // It listens from the start then, and no signal is needed.
  CHECK(because([](Facts& f) {
          f.command = "java\0-Xrs\0Main\0"s;
          f.status.caught = 0;
          f.socket = true;
        }).empty());
}

TEST_CASE("a request has its version, its command and three arguments") {
  CHECK(attach_request("jcmd", {"GC.class_histogram"}) == "1\0jcmd\0GC.class_histogram\0\0\0"s);
  CHECK(attach_request("x", {}) == "1\0x\0\0\0\0"s);
}

TEST_CASE("an answer is a status and a text") {
  CHECK(*attach_answer("0\nname\n") == "name\n");
  CHECK(*attach_answer("0\n") == "");
  CHECK_THAT(attach_answer("1\nUnknown diagnostic command\nmore").error().message,
             Catch::Contains("Unknown diagnostic command") && !Catch::Contains("more"));
  CHECK_THAT(attach_answer("100\n").error().message, Catch::Contains("100"));
  CHECK_THAT(attach_answer("1\n\x1b[2Jx").error().message, !Catch::Contains("\x1b"));
  for (const char* bytes : {"", "\n", "HTTP/1.1 400\n", "99999999999999999999\n", "0 \n"}) {
    CHECK_FALSE(attach_answer(bytes));
  }
}

TEST_CASE("a process that is no machine is told so, and lives on") {
  CHECK_FALSE(is_jvm(getpid()));
  const auto text = ask_jvm(getpid(), "jcmd", {"GC.class_histogram"}, 5, nullptr);
  REQUIRE_FALSE(text);
  CHECK_THAT(text.error().message, Catch::Contains("is not a Java virtual machine"));
}

// In the working folder of a test, where the file is looked for first.
class AtFolder {
 public:
  explicit AtFolder(const fs::path& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~AtFolder() { fs::current_path(before_); }

 private:
  fs::path before_;
};

TEST_CASE("the file that announces a question is its owner's only, and goes again") {
  const test::TemporaryFolder folder;
  const AtFolder at(folder.path());
  const auto status = status_of(getpid());
  REQUIRE(status);
  const fs::path path = folder.path() / (".attach_pid" + own_pid(getpid(), *status));
  {
    const AttachFile file(getpid(), *status);
    REQUIRE(file.there());
    struct stat made {};
    REQUIRE(lstat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 07777) == 0600);
    CHECK(made.st_uid == geteuid());
  }
  CHECK_FALSE(fs::exists(fs::symlink_status(path)));
}

TEST_CASE("a link that lies in its place is not followed, and stays") {
  const test::TemporaryFolder folder;
  const AtFolder at(folder.path());
  const auto status = status_of(getpid());
  REQUIRE(status);
  const fs::path path = folder.path() / (".attach_pid" + own_pid(getpid(), *status));
  fs::create_symlink(folder.path() / "victim", path);
  { const AttachFile file(getpid(), *status); }
  CHECK_FALSE(fs::exists(folder.path() / "victim"));
  CHECK(fs::is_symlink(path));
}

TEST_CASE("a file that another tool has made is used, and left to it") {
  const test::TemporaryFolder folder;
  const AtFolder at(folder.path());
  const auto status = status_of(getpid());
  REQUIRE(status);
  const std::string name = ".attach_pid" + own_pid(getpid(), *status);
  folder.write(name, "");
  {
    const AttachFile file(getpid(), *status);
    CHECK(file.there());
  }
  CHECK(fs::exists(folder.path() / name));
}

}  // namespace
}  // namespace silt::process
