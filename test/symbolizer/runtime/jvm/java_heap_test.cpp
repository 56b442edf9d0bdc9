// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Java programs, whose heap is known by looks at its classes.

#include "symbolizer/runtime/jvm/java_heap.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/runtime/jvm/class_names.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::runtime::jvm {
namespace {

using read::CensusLook;
using report::Finding;
using report::Report;
using report::Verdict;

// What a look finds beside the machine's own: class, objects, bytes, times loaded.
struct Class {
  std::string name;
  bool own;
  double objects;
  double bytes;
  uint64_t loaded = 1;
};
using Program = std::function<std::vector<Class>(int look)>;

// Ten looks, three seconds apart, after a snapshot each. What the machine itself has wavers a bit.
Report report_of(const Program& program, int looks = 10, const std::string& why_not = "") {
  test::NamedHeap heap({{test::kMalloc, test::frame("os::malloc", "", 0, "/jdk/libjvm.so")}});
  heap.recording().modules.emplace_back();
  heap.recording().modules.back().path = "/jdk/lib/server/libjvm.so";
  heap.recording().class_census.why_not = why_not;
  for (int i = 0; i < 10; ++i) {
    heap.churn(100);
    heap.snapshot(3);
    if (i >= looks) continue;
    CensusLook look;
    look.snapshot = heap.recording().snapshots.back().meta.sequence;
    look.milliseconds = static_cast<uint64_t>(3000 * (i + 1));
    std::vector<Class> classes = program(i);
    classes.push_back({"[C", false, 900, 2e6 + 7e3 * (i * 7 % 5)});
    classes.push_back({"java.lang.String", false, 20'000, 480e3 + 100.0 * (i * 3 % 4)});
    for (const Class& one : classes) {
      look.classes.push_back({one.name, one.own, one.loaded, static_cast<uint64_t>(one.objects),
                              static_cast<uint64_t>(one.bytes)});
      look.bytes += look.classes.back().bytes;
      look.objects += look.classes.back().objects;
    }
    heap.recording().class_census.looks.push_back(look);
  }
  return heap.report();
}

const Finding* java_finding(const Report& report) {
  for (const Finding& finding : report.findings) {
    if (finding.whole == "java") return &finding;
  }
  return nullptr;
}

std::vector<Class> sessions(double count) {
  return {{"com.shop.Session", true, count, 24 * count}, {"[B", false, count, 1000 * count}};
}

std::string all_notes(const Report& report) {
  std::string text;
  for (const std::string& note : report.notes) text += note + "\n";
  return text;
}

TEST_CASE("a heap that grows at each look leaks, and the program's own class is told first") {
  const Report report = report_of([](int i) { return sessions(1000 + 500 * i); });
  const Finding* finding = java_finding(report);
  REQUIRE(finding != nullptr);
  CHECK(finding->verdict == Verdict::kLeak);
  CHECK(finding->heap == read::Heap::kJava);
  CHECK(*finding->bytes_per_hour == Approx(500 * 1024.0 / 3 * 3600).epsilon(0.02));
  REQUIRE(finding->types.size() >= 2);
  CHECK(finding->types[0].name == "com.shop.Session");
  CHECK(finding->types[1].name == "byte[]");
  CHECK(finding->types[1].objects == 4500);
  CHECK(finding->types[1].share == Approx(1000 / 1024.0).epsilon(0.01));
  CHECK_THAT(render::headline_text(*finding), Catch::Contains("Java heap leaks: ") &&
                                                  Catch::Contains("after collections") &&
                                                  Catch::Contains("4,500 com.shop.Session"));
  const std::string reason = render::reason_text(finding->why);
  CHECK_THAT(reason, Catch::Contains("live Java objects after collections rose from") &&
                         Catch::Contains("com.shop.Session, 4,500 objects") &&
                         Catch::Contains("GC.heap_dump"));
  CHECK(all_notes(report).find("was not judged") == std::string::npos);
}

TEST_CASE("where only the JDK's classes come, they are told") {
  const Report report = report_of([](int i) {
    return std::vector<Class>{{"[B", false, 1000.0 * (i + 1), 1e6 * (i + 1)}};
  });
  REQUIRE(java_finding(report) != nullptr);
  CHECK(java_finding(report)->verdict == Verdict::kLeak);
  CHECK_THAT(render::reason_text(java_finding(report)->why),
             Catch::Contains("the JDK's classes, mostly byte[]"));
}

TEST_CASE("healthy programs are not accused") {
  // Full from the second look on, full ever more slowly, let go in bulk, let go after some time,
  // and one that only warms up.
  const std::vector<Program> programs = {
      [](int i) { return sessions(i == 0 ? 3000 : 5000); },
      [](int i) { return sessions(10'000 * (1 - 1 / (1.0 + i))); },
      [](int i) { return sessions(1000 + 2000 * (i % 4)); },
      [](int i) { return sessions(5000 + 40 * (i * 5 % 7)); },
      [](int i) { return sessions(i < 3 ? 500 * i : 1500 + 10 * i); },
      [](int) { return std::vector<Class>(); },
      // A full cache under the serial collector, as measured, in kilobytes.
      [](int i) {
        const double measured[] = {30621, 31968, 33659, 31609, 33296,
                                   35024, 36652, 33008, 34728, 36438};
        return std::vector<Class>{{"[B", false, 8000, 28e6},
                                  {"[I", false, 90, 1e3 * (measured[i] - 28e3)}};
      },
  };
  for (size_t i = 0; i < programs.size(); ++i) {
    CAPTURE(i);
    const Report report = report_of(programs[i]);
    const Finding* finding = java_finding(report);
    CHECK((finding == nullptr || finding->verdict != Verdict::kLeak));
  }
}

TEST_CASE("a leak shows under what the collector leaves of dead objects") {
  // As the serial collector did: three looks with more and more of it, then without.
  const Program program = [](int i) {
    std::vector<Class> classes = sessions(1000 + 300 * i);
    classes.push_back({"Beside", true, 1, 30e6});
    classes.push_back({"[I", false, 400, 1.7e6 * (i % 4)});
    return classes;
  };
  const Report report = report_of(program);
  REQUIRE(java_finding(report) != nullptr);
  CHECK(java_finding(report)->verdict == Verdict::kLeak);
  CHECK(java_finding(report)->types[0].name == "com.shop.Session");
}

TEST_CASE("what soft references keep is no leak, since it is given up when memory is short") {
  const Report report = report_of([](int i) {
    std::vector<Class> classes = sessions(1000 + 500 * i);
    classes.push_back({"java.lang.ref.SoftReference", false, 1000.0 + 500 * i, 48e3 + 24e3 * i});
    return classes;
  });
  REQUIRE(java_finding(report) != nullptr);
  CHECK(java_finding(report)->verdict == Verdict::kGrowing);
  CHECK_THAT(render::reason_text(java_finding(report)->why),
             Catch::Contains("4,500 soft references"));
  CHECK_THAT(render::headline_text(*java_finding(report)), Catch::Contains("Java heap grows: "));
}

TEST_CASE("a class that is loaded again and again tells that class loaders are kept") {
  const Report report = report_of([](int i) {
    std::vector<Class> classes = sessions(1000 + 500 * i);
    classes.push_back(
        {"Plugin", true, 10.0 * (i + 1), 160.0 * (i + 1), static_cast<uint64_t>(10 * (i + 1))});
    return classes;
  });
  REQUIRE(java_finding(report) != nullptr);
  CHECK_THAT(render::reason_text(java_finding(report)->why),
             Catch::Contains("Plugin is loaded 100 times"));
}

TEST_CASE("without looks, or with too few, the report says that the Java heap was not judged") {
  const Program leak = [](int i) { return sessions(1000 + 500 * i); };
  Report report = report_of(leak, 0);
  CHECK(java_finding(report) == nullptr);
  CHECK_THAT(all_notes(report), Catch::Contains("the Java heap was not judged, only memory"));
  report = report_of(leak, 4);
  CHECK(java_finding(report) == nullptr);
  CHECK_THAT(all_notes(report), Catch::Contains("(4 looks, five are needed)"));
  report = report_of(leak, 0, "process 7 is stopped");
  CHECK_THAT(all_notes(report), Catch::Contains("not judged: process 7 is stopped"));
}

TEST_CASE("names of classes are those that programmers write") {
  CHECK(class_name("[B") == "byte[]");
  CHECK(class_name("[[J") == "long[][]");
  CHECK(class_name("[Ljava.lang.String;") == "java.lang.String[]");
  CHECK(class_name("java.util.HashMap$Node") == "java.util.HashMap$Node");
  for (const char* name : {"", "[", "[[", "[L", "[X", "[L;", "[Lx"}) {
    CAPTURE(name);
    static_cast<void>(class_name(name));
  }
  CHECK(class_name("[[") == "[[");
  CHECK(class_name("[L;") == "[]");
}

}  // namespace
}  // namespace silt::runtime::jvm
