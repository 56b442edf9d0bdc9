// SPDX-License-Identifier: Apache-2.0
//
// The log of compiled code, as it ends up in a recording's perf map, and what it keeps of code that
// is gone. One log for the process, so the cases use addresses of their own, and what one has
// written the next does not write again.

#include "interposer/runtime/nodejs/jit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "interposer/runtime/nodejs/code_positions.h"
#include "interposer/track/recorder.h"

namespace silt::nodejs {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kIsolate = 7;

void add(uint64_t start, uint64_t size, const std::string& name, uint32_t owner = kIsolate) {
  add_code({CodeKind::kMachine, start, size, name.data(), name.size(), owner});
}

void add_bytes(uint64_t start, uint64_t size, const std::string& name, uint32_t owner = kIsolate,
               PositionBytes positions = {}) {
  add_code({CodeKind::kByte, start, size, name.data(), name.size(), owner, positions});
}

// What stands for the function, at a place that is none of its.
uint64_t function_pc_of(uint64_t start) { return nodejs::function_pc_of(start, UINT64_MAX); }

// A folder with the map, which later cases append to.
class Recording {
 public:
  Recording() {
    char pattern[] = "/tmp/silt-jit-log-XXXXXX";
    REQUIRE(mkdtemp(pattern) != nullptr);
    folder_ = pattern;
    at_ = open(pattern, O_PATH | O_DIRECTORY);
    REQUIRE(at_ >= 0);
    write_code_names_anew();
  }
  ~Recording() {
    close(at_);
    fs::remove_all(folder_);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool write() const { return write_code_names(at_); }
  bool is_empty() const { return fs::is_empty(folder_); }
  std::string text() const {
    std::ifstream file(folder_ / ("perf-" + std::to_string(getpid()) + ".map"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  fs::path folder_;
  int at_;
};

std::string line_of(uint64_t pc, const std::string& name) {
  std::stringstream line;
  line << std::hex << (pc & ~uint64_t{0xfffff}) << " 100000 " << name << "\n";
  return line.str();
}

// The stack table is the recorder's, as it is in a program.
void start_stacks() {
  static const bool started = track::recorder.stacks.initialize(track::kMarkerOverflow);
  REQUIRE(started);
}

TEST_CASE("machine code is written once, in the order in which it appeared") {
  const Recording recording;
  CHECK_FALSE(recording.write());
  CHECK(recording.is_empty());

  add(0x1000, 0x80, "JS:*f /a.js:1:2");
  add(0x1000, 0x80, "JS:*f /a.js:1:2");  // nothing new
  add(0x2000, 0x40, "a name\nof two lines");
  add(0, 1, "nowhere");
  add(0x3000, 0, "nothing");
  CHECK(recording.write());
  const std::string first = "1000 80 JS:*f /a.js:1:2\n2000 40 a name of two lines\n";
  CHECK(recording.text() == first);
  CHECK(recording.write());
  CHECK(recording.text() == first);

  add(0x1000, 0x20, "JS:*g /a.js:9:1");  // the address is used again
  move_code(CodeKind::kMachine, 0x2000, 0x5000, 0x40, kIsolate);
  move_code(CodeKind::kMachine, 0x7777, 0x8888, 0x40, kIsolate);  // never heard of
  CHECK(recording.write());
  const std::string second = first + "1000 20 JS:*g /a.js:9:1\n5000 40 a name of two lines\n";
  CHECK(recording.text() == second);

  std::string all = second;
  for (int i = 0; i < 20000; ++i) {
    std::stringstream name;
    name << std::string(static_cast<size_t>(i) % 300, 'n') << i;
    std::stringstream line;
    line << std::hex << 0x100000 + i * 64 << " 40 " << name.str() << "\n";
    add(0x100000 + static_cast<uint64_t>(i) * 64, 0x40, name.str());
    all += line.str();
  }
  CHECK(recording.write());
  CHECK(recording.text() == all);
  CHECK(code_counts().pending == 0);
}

TEST_CASE("code that is told of in a batch is as if it had been told of piece by piece") {
  drop_code_of(kIsolate);
  const Recording recording;
  std::string all;
  {
    CodeBatch batch;
    for (uint64_t i = 0; i < 1000; ++i) {
      // Names that the batch has copied; now and then one that no batch has room for.
      std::string name(i % 250 == 249 ? 20'000 : i % 300 + 1, 'n');
      const uint64_t start = 0x1000000 + i * 64;
      batch.add({CodeKind::kMachine, start, 0x40, name.data(), name.size(), kIsolate});
      std::stringstream line;
      line << std::hex << start << " 40 " << name.substr(0, 2000) << "\n";
      all += line.str();
      name.assign(name.size(), 'x');
    }
    batch.add({CodeKind::kMachine, 0, 0x40, "nowhere", 7, kIsolate});
    batch.add({CodeKind::kMachine, 0x9000000, 0x40, nullptr, 7, kIsolate});
  }
  CHECK(recording.write());
  const std::string text = recording.text();
  CHECK(text == all);
}

TEST_CASE("the child of a fork writes what is there anew") {
  drop_code_of(kIsolate);
  add(0x20020, 0x80, "JS:*old /a.js:1:2");
  add(0x20000, 0x80, "JS:*kept /a.js:5:2");  // lies over its beginning
  const Recording recording;
  CHECK(recording.write());
  CHECK(recording.text() == "20000 80 JS:*kept /a.js:5:2\n");
}

TEST_CASE("byte code is written when a stack has its function, under a pc of the function's own") {
  drop_code_of(kIsolate);
  const Recording recording;
  add_bytes(0x30016, 0x90, "JS:~seen /b.js:1:2");
  add_bytes(0x30116, 0x90, "JS:~unseen /b.js:3:4");
  const uint64_t pc = function_pc_of(0x30016);
  CHECK(pc >= uint64_t{1} << 47);
  CHECK(function_pc_of(0x30016) == pc);
  CHECK(function_pc_of(0x30018) == 0);
  CHECK(recording.write());
  CHECK(recording.text().find(line_of(pc, "JS:~seen /b.js:1:2")) != std::string::npos);
  CHECK(recording.text().find("unseen") == std::string::npos);

  SECTION("wherever it is moved") {
    move_code(CodeKind::kByte, 0x30016, 0x31016, 0x90, kIsolate);
    CHECK(function_pc_of(0x30016) == 0);
    CHECK(function_pc_of(0x31016) == pc);
  }
  SECTION("also when it is compiled again") {
    add_bytes(0x32016, 0x90, "JS:~seen /b.js:1:2");
    CHECK(function_pc_of(0x32016) == pc);
  }
  SECTION("until other code comes to lie in its place") {
    add_bytes(0x2fff6, 0x90, "JS:~other /b.js:7:8");
    CHECK(function_pc_of(0x30016) == 0);
    CHECK(function_pc_of(0x2fff6) != pc);
  }
  SECTION("until its isolate ends") {
    drop_code_of(kIsolate);
    CHECK(function_pc_of(0x30016) == 0);
  }
}

TEST_CASE("walks are forgotten when the word that told a function tells another") {
  drop_code_of(kIsolate);
  add_bytes(0x40016, 0x90, "JS:~first /c.js:1:2");
  const auto epoch = [] { return track::recorder.epoch.load(); };
  uint32_t before = epoch();
  add_bytes(0x40016, 0x90, "JS:~second /c.js:1:2");  // no stack has the first
  CHECK(epoch() == before);
  CHECK(function_pc_of(0x40016) != 0);
  before = epoch();
  add_bytes(0x40016, 0x90, "JS:~third /c.js:1:2");
  CHECK(epoch() != before);
}

TEST_CASE("functions that are compiled and thrown away leave nothing") {
  start_stacks();
  drop_code_of(kIsolate);
  const auto compile = [](uint64_t number) {
    const uint64_t at = 0x1000000 + number % 3000 * 0x200;  // a heap of limited size
    add_bytes(at, 0x180, "JS:~rule /rule-" + std::to_string(number) + ".js:1:1");
    // Every tenth is seen in a stack, which is folded away, or rather never made.
    if (number % 10 == 0) CHECK(function_pc_of(at) != 0);
    add(0x9000000 + number % 3000 * 0x200, 0x180, "JS:*rule /rule-" + std::to_string(number));
  };
  for (uint64_t i = 0; i < 300000; ++i) compile(i);
  const CodeCounts counts = code_counts();
  CHECK(counts.places == 6000);
  CHECK(counts.pending < 20000);
  CHECK(counts.text_bytes < 4000000);
  CHECK(function_pc_of(0x1000000 + 299999 % 3000 * 0x200) != 0);
}

TEST_CASE("the name of a function that a stack has is kept when its code is gone") {
  start_stacks();
  drop_code_of(kIsolate);
  const Recording recording;
  add_bytes(0x50016, 0x90, "JS:~kept /d.js:1:2");
  const uint64_t pc = function_pc_of(0x50016);
  REQUIRE(track::recorder.stacks.child(track::kRoot, pc) != track::kRoot);
  for (uint64_t i = 0; i < 100000; ++i) {
    add_bytes(0x50016, 0x90, "JS:~other /d.js:" + std::to_string(i) + ":1");
    CHECK(function_pc_of(0x50016) != pc);
  }
  CHECK(recording.write());
  CHECK(recording.text().find(line_of(pc, "JS:~kept /d.js:1:2")) != std::string::npos);
}

TEST_CASE("positions are written once, behind the code that they are of") {
  const Recording recording;
  const auto made = std::make_unique<PositionGatherer>();
  PositionGatherer& gatherer = *made;
  gatherer.begin();
  gatherer.add(0, 86);
  gatherer.add(0x2f, 41);
  gatherer.add(0x30, 41);  // the same place goes on
  gatherer.add(0x54, 48);
  gatherer.add(0x20, 50);  // back in the code: no order
  gatherer.end(0x9100000);
  CHECK(gatherer.take(0x9100040, 0).size == 0);
  const std::string name = "JS:*placed /a.js:1:2";
  const PositionBytes positions = gatherer.take(0x9100000, 0);
  add_code({CodeKind::kMachine, 0x9100000, 0x100, name.data(), name.size(), kIsolate, positions});
  CHECK(gatherer.take(0x9100000, 0).size == 0);
  add(0x9100200, 0x100, "JS:^without /a.js:1:2");
  REQUIRE(recording.write());
  const std::string once =
      "9100000 100 " + name + "\n# positions 0+56 2f-2d 25+7\n9100200 100 JS:^";
  CHECK(recording.text().find(once) != std::string::npos);
  REQUIRE(recording.write());
  CHECK(recording.text().find("# positions", recording.text().find(once) + once.size()) ==
        std::string::npos);
}

TEST_CASE("a place in byte code has a pc of its own, in the entry of the function") {
  drop_code_of(kIsolate);
  const Recording recording;
  const uint8_t bytes[] = {0, 20, 5, 4, 9};  // +10 at 0, +2 at 5, to 14
  const std::string name = "JS:~placed /e.js:1:2";
  add_bytes(0x60016, 14, name, kIsolate, {bytes, sizeof(bytes)});
  const uint64_t first = nodejs::function_pc_of(0x60016, 0);
  CHECK(nodejs::function_pc_of(0x60016, 5) == first + 5);
  CHECK(nodejs::function_pc_of(0x60016, 13) == first + 13);
  const uint64_t unknown = nodejs::function_pc_of(0x60016, 14);
  CHECK(nodejs::function_pc_of(0x60016, UINT64_MAX) == unknown);
  CHECK(unknown > first + 14);
  CHECK(unknown < first + (1 << 20) - 1);  // not the next function's, looked up before it or at it
  CHECK(recording.write());
  CHECK(recording.text().find(line_of(first, name) + "# positions 0+a 5+2 9\n") !=
        std::string::npos);

  SECTION("which it keeps when V8 tells of it once more without its places") {
    add_bytes(0x60016, 14, name);
    CHECK(nodejs::function_pc_of(0x60016, 5) == first + 5);
  }
  SECTION("which another function of the same name has not") {
    const uint8_t others[] = {0, 80, 5, 4, 9};
    add_bytes(0x61016, 14, name, kIsolate, {others, sizeof(others)});
    CHECK(nodejs::function_pc_of(0x61016, 5) != first + 5);
  }
  SECTION("which the same function has wherever it is compiled again") {
    add_bytes(0x62016, 14, name, kIsolate, {bytes, sizeof(bytes)});
    CHECK(nodejs::function_pc_of(0x62016, 5) == first + 5);
  }
  SECTION("and which the baseline compiler asks for") {
    CHECK(size_of_byte_code(0x60016) == 14);
    uint8_t copied[8];
    CHECK(copy_byte_code_positions(0x60016, copied, sizeof(copied)) == sizeof(bytes));
    CHECK(copy_byte_code_positions(0x60016, copied, 4) == 0);
  }
}

}  // namespace
}  // namespace silt::nodejs
