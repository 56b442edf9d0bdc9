// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Java programs whose allocations are sampled by the machine.

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/build.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::runtime::jvm {
namespace {

using read::ScriptFrame;
using report::Finding;
using report::Report;
using report::Verdict;

constexpr double kInterval = 16384;
const ScriptFrame kPut{"java.util.HashMap.newNode", "java/util/HashMap.java", 1901, 0};
const ScriptFrame kHandle{"com.shop.Cart.handle", "com/shop/Cart.java", 30, 0};
const ScriptFrame kRun{"java.lang.Thread.run", "java/lang/Thread.java", 840, 0};

// A program whose objects live in a Java heap, of which the machine samples some.
class Program {
 public:
  explicit Program(unsigned seed = 1) : random_(seed) {
    process.values().program = "java";
    process.values().heaps_of = "jvm";
    process.values().managed_heaps.resize(1);
    process.values().managed_heaps[0].sampling_interval_bytes = static_cast<uint64_t>(kInterval);
  }

  using Stack = test::RecordingBuilder::ScriptStack;
  Stack stack(const std::vector<ScriptFrame>& frames) { return process.script_stack(frames); }
  void objects(Stack stack, double count, double size) {
    used_ += count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    const uint64_t samples = std::poisson_distribution<uint64_t>(count * chance)(random_);
    if (samples == 0) return;
    const auto stands_for = static_cast<uint64_t>(static_cast<double>(samples) / chance);
    process.allocate(stack, samples, stands_for,
                     static_cast<uint64_t>(static_cast<double>(stands_for) * size));
  }
  void collect(Stack stack, double count, double size) {
    used_ -= count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    process.free_oldest(stack, std::poisson_distribution<uint64_t>(count * chance)(random_));
  }
  void snapshot(double seconds) {
    process.values().managed_heaps[0].heap_used_bytes = static_cast<uint64_t>(3e6 + used_);
    process.values().managed_heaps[0].heap_total_bytes = static_cast<uint64_t>(16e6 + used_);
    process.values().script_types = types;
    process.take_snapshot(seconds);
  }
  // A look at the classes after this snapshot, where the heap has `softly` soft references.
  void look(uint32_t snapshot, double softly = 0) {
    read::CensusLook look;
    look.snapshot = snapshot;
    look.milliseconds = 1000 * (snapshot + 1);
    const auto bytes = static_cast<uint64_t>(used_);
    look.classes = {{"com.shop.Line", true, 1, static_cast<uint64_t>(used_ / 100), bytes},
                    {"java.lang.ref.SoftReference", false, 1, static_cast<uint64_t>(softly),
                     static_cast<uint64_t>(48 * softly)}};
    look.bytes = 3'000'000 + bytes;
    census.looks.push_back(look);
  }
  Report report() {
    recording_ = process.recording();
    recording_.class_census = census;
    symbolize::Symbolizer symbolizer(recording_, {});
    return report::build_report(recording_, report::names_of(symbolizer), {});
  }

  test::RecordingBuilder process;
  std::vector<test::ScriptTypeValues> types;
  read::ClassCensus census;

 private:
  std::mt19937 random_;
  double used_ = 0;
  read::Recording recording_;
};

std::vector<const Finding*> rising(const Report& report) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (report::rises(finding.verdict)) found.push_back(&finding);
  }
  return found;
}

TEST_CASE("Java objects that stay are a leak of the program's own line, with their types") {
  Program program;
  const auto stack = program.stack({kPut, kHandle, kRun});
  program.types = {{0, 3, {"com.shop.Line", 900, 90'000}}, {0, 3, {"byte[]", 9, 10'000}}};
  for (int i = 0; i <= 8; ++i) {
    program.objects(stack, 10'000, 120);
    program.snapshot(i);
  }
  const Report report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  const Finding& leak = *found[0];
  CHECK(leak.verdict == Verdict::kLeak);
  CHECK(leak.heap == read::Heap::kJava);
  CHECK(leak.whole.empty());
  CHECK(leak.site.function == "com.shop.Cart.handle");
  CHECK(leak.site.line == 30);
  REQUIRE(leak.types.size() == 2);
  CHECK(leak.types[0].name == "com.shop.Line");
  CHECK(leak.types[0].share == Approx(0.9));
  CHECK(*leak.bytes_per_hour == Approx(1.2e6 * 3600).epsilon(0.1));
  CHECK(render::before_site(leak) == "Java objects allocated in ");
  CHECK_THAT(render::headline_text(leak),
             Catch::Contains(" of objects allocated in `com.shop.Cart.handle` (Cart.java:30)") &&
                 Catch::Contains("mostly com.shop.Line"));
  CHECK(report.has_java);
  CHECK(report.snapshots.back().java_bytes > 10'000'000);
  CHECK(report.snapshots.back().js_used_bytes == 0);
}

TEST_CASE("a look at the classes does not tell the same leak once more") {
  Program program;
  const auto stack = program.stack({kPut, kHandle, kRun});
  for (uint32_t i = 0; i <= 8; ++i) {
    program.objects(stack, 10'000, 120);
    program.snapshot(i);
    program.look(i);
  }
  const Report report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->whole.empty());
  CHECK(found[0]->verdict == Verdict::kLeak);
}

TEST_CASE("what the machine gives up when memory is short is no leak of its place either") {
  Program program;
  const auto stack = program.stack({kPut, kHandle, kRun});
  for (uint32_t i = 0; i <= 8; ++i) {
    program.objects(stack, 10'000, 120);
    program.snapshot(i);
    program.look(i, 11'000.0 * i);
  }
  const auto report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->verdict == Verdict::kGrowing);
  CHECK_THAT(render::reason_text(found[0]->why), Catch::Contains("soft references"));
}

TEST_CASE("an object and what its constructor makes are one leak") {
  Program program;
  const ScriptFrame line{"com.shop.Cart.add", "com/shop/Cart.java", 44, 0};
  const ScriptFrame constructor{"com.shop.Line.<init>", "com/shop/Line.java", 9, 0};
  const auto objects = program.stack({line, kHandle, kRun});
  const auto arrays = program.stack({constructor, line, kHandle, kRun});
  for (int i = 0; i <= 8; ++i) {
    program.objects(objects, 5'000, 40);
    program.objects(arrays, 5'000, 400);
    program.snapshot(i);
  }
  const Report report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "com.shop.Line.<init>");
  CHECK(*found[0]->bytes_per_hour == Approx(5'000 * 440.0 * 3600).epsilon(0.15));
}

TEST_CASE("what the JDK makes beside a leak, with none of the program's code, is told with it") {
  Program program;
  const auto own = program.stack({kPut, kHandle, kRun});
  const auto others = program.stack(
      {{"java.lang.Throwable.<init>", "java/lang/Throwable.java", 256, 0},
       {"java.util.concurrent.FutureTask.run", "java/util/concurrent/FutureTask.java", 264, 0},
       kRun});
  for (int i = 0; i <= 8; ++i) {
    program.objects(own, 5'000, 120);
    program.objects(others, 3'000, 120);
    program.snapshot(i);
  }
  const Report report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "com.shop.Cart.handle");
  CHECK_THAT(render::reason_text(found[0]->why), Catch::Contains("java.lang.Throwable.<init>"));
}

TEST_CASE("a small part of a thing that fills up is not accused by its few samples") {
  Program program;
  const ScriptFrame remember{"com.shop.Cart.remember", "com/shop/Cart.java", 60, 0};
  const ScriptFrame entry{"com.shop.Cart.remember", "com/shop/Cart.java", 61, 0};
  const ScriptFrame page{"com.shop.Page.render", "com/shop/Page.java", 12, 0};
  const auto pages = program.stack({page, remember, kHandle, kRun});
  const auto entries = program.stack({kPut, entry, kHandle, kRun});
  for (int i = 0; i <= 12; ++i) {
    program.objects(pages, 40'000.0 / (1 + i * i), 400);
    program.objects(entries, 5'000, 40);
    program.snapshot(i);
  }
  const Report report = program.report();
  for (const Finding& finding : report.findings) CHECK(finding.verdict != Verdict::kLeak);
}

TEST_CASE("a full cache of Java objects is not accused") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Program program(seed);
    const auto cache = program.stack({kPut, kHandle, kRun});
    program.objects(cache, 50'000, 100);
    for (int i = 0; i <= 10; ++i) {
      program.snapshot(i);
      program.objects(cache, 20'000, 100);
      program.collect(cache, 20'000, 100);
    }
    CHECK(rising(program.report()).empty());
  }
}

TEST_CASE("a heap that grows by many places is told as a whole, with the largest of them") {
  Program program;
  std::vector<Program::Stack> stacks;
  for (uint32_t i = 0; i < 200; ++i) {
    const std::string name = "com.shop.Part" + std::to_string(i) + ".make";
    stacks.push_back(program.stack({{name, "com/shop/Part.java", i + 1, 0}, kRun}));
  }
  for (uint32_t i = 0; i <= 8; ++i) {
    for (const auto& stack : stacks) program.objects(stack, 20, 120);
    program.snapshot(i);
    program.look(i);
  }
  const Report report = program.report();
  const auto found = rising(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->whole == "java");
  CHECK_FALSE(found[0]->leads.empty());
  CHECK_THAT(render::reason_text(found[0]->why),
             Catch::Contains("too few samples") && Catch::Contains("SILT_JAVA_INTERVAL"));
}

}  // namespace
}  // namespace silt::runtime::jvm
