// SPDX-License-Identifier: Apache-2.0
//
// Which finding is joined with which owner: only where nothing else can be.

#include "symbolizer/runtime/nodejs/heap_owners.h"

#include <catch2/catch.hpp>

namespace silt::runtime::nodejs {
namespace {

using report::Finding;
using report::Report;

read::HeapHolder holder(const std::string& name, uint64_t bytes) {
  read::HeapHolder made;
  made.name = name;
  made.what = "Map";
  made.place = "/srv/app.js";
  made.bytes = bytes;
  made.objects = bytes / 100;
  made.inside = {"table"};
  made.entries = {{"Session", "/srv/app.js:6", 2000, bytes / 2}};
  return made;
}

read::Recording recording_of(std::vector<read::HeapHolder> holders, size_t threads = 1) {
  read::Recording recording;
  recording.snapshots.resize(1);
  recording.snapshots[0].managed_heaps.resize(threads);
  for (uint32_t i = 0; i < threads; ++i) recording.snapshots[0].managed_heaps[i].thread_id = i;
  read::HeapGrowth heap;
  heap.holders = std::move(holders);
  recording.heap_growth = {heap};
  return recording;
}

// A leak of the JavaScript heap at a line of /srv/app.js.
Report report_of(int64_t growth_bytes, uint32_t line = 30) {
  Report report;
  Finding finding;
  finding.verdict = report::Verdict::kLeak;
  finding.heap = read::Heap::kManaged;
  finding.growth_bytes = growth_bytes;
  finding.site.kind = symbolize::FrameKind::kJavaScript;
  finding.site.function = "remember";
  finding.site.file = "/srv/app.js";
  finding.site.line = line;
  report.findings = {finding};
  return report;
}

TEST_CASE("what one variable keeps nearly all of, it keeps of a finding as well") {
  Report report = report_of(900'000);
  add_heap_owners(recording_of({holder("cache", 970'000), holder("log", 30'000)}), report);
  REQUIRE(report.findings[0].owners.size() == 1);
  const report::OwnerLine& owner = report.findings[0].owners[0];
  CHECK(owner.kind == "js_object");
  CHECK(owner.name == "cache");
  CHECK(owner.what == "Map");
  CHECK(owner.path == std::vector<std::string>{"table", "+2,000 Session"});
  CHECK(owner.share == Approx(1 - 30. / 900));
  REQUIRE(report.heap_growth.size() == 1);
  CHECK(report.heap_growth[0].owners.size() == 2);
  CHECK(report.heap_growth[0].owners[0].share == Approx(0.97));
}

TEST_CASE("a finding that may be another owner's is not joined") {
  Report report = report_of(300'000);
  add_heap_owners(recording_of({holder("cache", 700'000), holder("log", 300'000)}), report);
  CHECK(report.findings[0].owners.empty());
  CHECK(report.heap_growth[0].owners.size() == 2);
}

TEST_CASE("by amount nothing is known where a heap was not looked at") {
  Report report = report_of(900'000);
  add_heap_owners(recording_of({holder("cache", 970'000)}, 2), report);
  CHECK(report.findings[0].owners.empty());
}

TEST_CASE("what was not looked at for half of the time is not joined by amount") {
  const auto joined = [](uint32_t first, uint32_t last) {
    read::Recording recording = recording_of({holder("cache", 970'000), holder("log", 30'000)});
    recording.snapshots.resize(11, recording.snapshots[0]);
    for (uint32_t i = 0; i <= 10; ++i) {
      recording.snapshots[i].meta.sequence = i;
      recording.snapshots[i].meta.elapsed_ns = i * uint64_t{1'000'000'000};
    }
    recording.heap_growth[0].first.snapshot = first;
    recording.heap_growth[0].last.snapshot = last;
    Report report = report_of(900'000);
    report.judged_seconds = 10;
    add_heap_owners(recording, report);
    return report.findings[0].owners;
  };
  CHECK(joined(0, 10).size() == 1);
  CHECK(joined(0, 10)[0].share == Approx(1 - 30. / 900));
  CHECK(joined(4, 10).size() == 1);  // others may have taken in more before
  CHECK(joined(4, 10)[0].share == Approx(1 - 50. / 900));
  CHECK(joined(6, 10).empty());
  CHECK(joined(11, 99).empty());
}

TEST_CASE("one property of objects of one class is one holder, on whichever way") {
  const auto list_of = [](const std::string& name, const std::string& owner, uint64_t bytes) {
    read::HeapHolder list = holder(name, bytes);
    list.alike = 3;
    list.path = {{"global", "", "", 1}, {"", owner, "", 1}, {"history", "Array", "", 1}};
    return list;
  };
  Report report = report_of(900'000);
  add_heap_owners(recording_of({list_of("rooms.history", "Room", 600'000),
                                list_of("r.history", "Room", 370'000), holder("log", 30'000)}),
                  report);
  REQUIRE(report.findings[0].owners.size() == 1);
  const report::OwnerLine& owner = report.findings[0].owners[0];
  CHECK(owner.name == "rooms.history");
  CHECK(owner.bytes == 970'000);
  CHECK(owner.alike == 6);
  CHECK(owner.path.back() == "+4,000 Session");
  // An Object may be anything.
  report = report_of(900'000);
  add_heap_owners(recording_of({list_of("a.history", "Object", 600'000),
                                list_of("b.history", "Object", 400'000)}),
                  report);
  CHECK(report.findings[0].owners.empty());
  CHECK(report.heap_growth[0].owners.size() == 2);
}

// A property of `job.em` that took in so many entries.
read::HeapHolder property(const std::string& label, uint64_t bytes, uint64_t entries) {
  read::HeapHolder made = holder("job.em." + label, bytes);
  made.entries = {{"Row", "/srv/app.js:6", entries, bytes / 2}};
  made.path = {{"", "global", "", 1}, {"em", "EntityManager", "", 1}, {label, "Map", "", 1}};
  return made;
}

TEST_CASE("an index beside a list of the same things is one holder: the object that has both") {
  for (const uint64_t entries : {2000, 1500, 12}) {
    CAPTURE(entries);
    Report report = report_of(900'000);
    const uint64_t first = entries == 12 ? 12 : 2000;
    add_heap_owners(
        recording_of({property("rows", 600'000, first), property("byId", 400'000, entries)}),
        report);
    const std::vector<report::OwnerLine>& owners = report.heap_growth[0].owners;
    CHECK(owners.size() == (entries == 2000 ? 1 : 2));
    if (entries != 2000) continue;
    CHECK(owners[0].name == "job.em");
    CHECK(owners[0].what == "EntityManager");
    CHECK(owners[0].alike == 1);
    CHECK(owners[0].path.front() == "rows and byId");
    CHECK(report.findings[0].owners.size() == 1);
  }
}

TEST_CASE("what no other owner can have taken in is the largest's") {
  // A tenth of the growth is sampling's error.
  const auto owners_of = [](std::vector<read::HeapHolder> holders, double error) {
    Report report = report_of(400'000);
    report.findings[0].sampling_error = error;
    add_heap_owners(recording_of(std::move(holders)), report);
    return report.findings[0].owners;
  };
  const std::vector<read::HeapHolder> several = {holder("cache", 900'000), holder("log", 100'000),
                                                 holder("pool", 90'000), holder("rest", 80'000)};
  REQUIRE(owners_of(several, 0.1).size() == 1);
  CHECK(owners_of(several, 0.1)[0].name == "cache");
  CHECK(owners_of(several, 0.1)[0].share == Approx(0.75));
  CHECK(owners_of(several, 0.4).empty());  // it may be a fifth of what is estimated
  CHECK(owners_of({holder("cache", 900'000), holder("log", 300'000)}, 0.1).empty());
  CHECK(owners_of({holder("cache", 300'000), holder("log", 100'000)}, 0.1).empty());
}

TEST_CASE("objects of a class are joined with the constructor that allocates them") {
  read::HeapHolder cache = holder("cache", 500'000);
  cache.kinds = {{"Session", "file:///srv/app.js:6", 2000, 200'000}, {"Object", "", 2000, 100'000}};
  read::HeapHolder log = holder("log", 500'000);
  log.kinds = {{"Entry", "/srv/app.js:9", 2000, 400'000},
               {"Session", "/srv/app.js:6", 20, 2000},
               {"remember()", "/srv/app.js:30", 10, 400}};
  Report report = report_of(400'000, 6);
  add_heap_owners(recording_of({cache, log}), report);
  REQUIRE(report.findings[0].owners.size() == 1);
  CHECK(report.findings[0].owners[0].name == "cache");
  CHECK(report.findings[0].owners[0].share == Approx(2000. / 2020));

  // A function that is kept was not made by itself.
  report = report_of(400'000, 30);
  add_heap_owners(recording_of({cache, log}), report);
  CHECK(report.findings[0].owners.empty());
}

TEST_CASE("a class that two keep is nobody's in particular") {
  read::HeapHolder cache = holder("cache", 500'000);
  cache.kinds = {{"Session", "/srv/app.js:6", 1200, 120'000}};
  read::HeapHolder log = holder("log", 500'000);
  log.kinds = {{"Session", "/srv/app.js:6", 800, 80'000}};
  Report report = report_of(400'000, 6);
  add_heap_owners(recording_of({cache, log}), report);
  CHECK(report.findings[0].owners.empty());
}

TEST_CASE("Buffers, whose memory is native, are kept by what keeps the objects that own it") {
  const auto joined = [](uint64_t data_bytes, uint64_t elsewhere) {
    read::HeapHolder frames = holder("archive", 1'000'000);
    frames.kinds = {{"(JSArrayBufferData)", "", 10, data_bytes}, {"Buffer", "", 10, 800}};
    read::HeapHolder log = holder("log", 1'000'000);
    log.kinds = {{"(JSArrayBufferData)", "", 10, elsewhere}};
    Report report = report_of(900'000);
    report.findings[0].heap = read::Heap::kNative;
    report.findings[0].what = "Buffers";
    report::OwnerLine heap;
    heap.kind = "js";
    report.findings[0].owners = {heap};
    add_heap_owners(recording_of({frames, log}), report);
    return report.findings[0].owners;
  };
  REQUIRE(joined(950'000, 20'000).size() == 1);
  CHECK(joined(950'000, 20'000)[0].name == "archive");
  CHECK(joined(950'000, 400'000)[0].kind == "js");  // which of them is not certain
  CHECK(joined(300'000, 0)[0].kind == "js");        // there was more than these
}

TEST_CASE("the heap as a whole has all owners, those of native memory none of these") {
  Report report = report_of(100'000);
  report.findings[0].whole = "js";
  report.findings.push_back(report_of(900'000).findings[0]);
  report.findings[1].heap = read::Heap::kNative;
  add_heap_owners(recording_of({holder("cache", 700'000), holder("log", 300'000)}), report);
  CHECK(report.findings[0].owners.size() == 2);
  CHECK(report.findings[1].owners.empty());
}

TEST_CASE("a look that failed is no growth") {
  read::Recording recording = recording_of({});
  recording.heap_growth[0].why_not = "there was no time left for it";
  Report report = report_of(100'000);
  add_heap_owners(recording, report);
  CHECK(report.heap_growth.empty());
  CHECK(report.findings[0].owners.empty());
}

}  // namespace
}  // namespace silt::runtime::nodejs
