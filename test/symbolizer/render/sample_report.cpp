// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/render/sample_report.h"

#include <utility>
#include <vector>

namespace silt::test {

using report::Finding;
using report::Report;
using report::Verdict;
using symbolize::Frame;

Frame frame(const std::string& function, const std::string& file, uint32_t line) {
  Frame made;
  made.function = function;
  made.file = file;
  made.line = line;
  made.module = "/srv/shop";
  made.build_id = "00ff";
  made.file_address = FileAddress{0x1000ull + line};
  made.pc = 0x55550000 + line;
  return made;
}

Report sample() {
  Report report;
  report.pid = 4711;
  report.program = "shop";
  report.command = "shop --port 80";
  report.labels = {{"version", "1.2"},
                   {"pod", "shop-7d9f|<b>\033[2J"},
                   {"container", std::string(64, 'c')},
                   {"host", "n3"}};
  report.start_realtime_ns = 1700000000123000000;
  report.memory_limit_bytes = 512000000;
  for (uint32_t i = 0; i < 8; ++i) {
    report.snapshots.push_back({i, report.start_realtime_ns + i * 1000000000ull, 1.0 * i,
                                20000000 + i * 100000ull, 1000000 + i * 64000ull, 1000 + i * 10ull,
                                5000000 + i * 500000ull, 9000 + i * 900ull, 0});
    report::MemoryParts parts;
    parts.files = 8000000;
    parts.js_heap = 4000000;
    parts.js_used = 3000000;
    parts.native_live = 1000000 + i * 64000ull;
    parts.held = 6960000;
    parts.silt = 40000 + i * 36000ull;
    report.snapshots.back().js_used_bytes = parts.js_used;
    report.snapshots.back().parts = parts;
  }
  report.judged_snapshots = 8;
  report.judged_seconds = 7;
  report.detectable_blocks_per_hour = 2571;

  report::StackLine leak;
  leak.id = read::StackId{7};
  leak.verdict = Verdict::kLeak;
  leak.live_bytes = {64, 128, 192, 256, 320, 384, 448, 512};
  leak.live_blocks = {1, 2, 3, 4, 5, 6, 7, 8};
  leak.allocated_bytes = 512;
  leak.allocated_blocks = 8;
  leak.growth_bytes = 448;
  leak.growth_blocks = 7;
  Frame inlined = frame("std::map<int, Session>::emplace(int&&)", "/usr/include/c++/12/map.h", 601);
  inlined.inlined = true;
  leak.frames = {inlined, frame("SessionTable::add(int)", "src/session.cpp", 31),
                 frame("main", "src/main.cpp", 5)};
  report::StackLine hostile = leak;
  hostile.id = read::StackId{9};
  hostile.verdict = Verdict::kBounded;
  std::vector<Frame> frames = {
      frame("evil\033[2J;\n%0A::error::<script>|`x`|\xff\xe2\x80\xae", "a%,:\r\nb|c.cpp", 3),
      frame("main", "src/main.cpp", 9)};
  frames[1].function.clear();
  frames[1].file.clear();
  frames[1].line = 0;
  frames[1].unresolved = "no debug information";
  hostile.frames = std::move(frames);
  report::StackLine script = leak;
  script.id = read::StackId{11};
  script.heap = read::Heap::kManaged;
  Frame place = frame("get|Profile", "/srv/app.js", 31);
  place.module.clear();
  place.build_id.clear();
  place.kind = symbolize::FrameKind::kJavaScript;
  script.frames = {place};
  report.stacks = {leak, hostile, script};
  report.stacks_total = 3;

  Finding finding;
  finding.verdict = Verdict::kLeak;
  finding.confidence = 0.96;
  finding.growth_bytes = 448;
  finding.growth_blocks = 7;
  finding.bytes_per_hour = 230400;
  finding.blocks_per_hour = 3600;
  finding.seconds_to_limit = 93600;
  finding.stacks = {read::StackId{7}};
  finding.site = leak.frames[1];
  analyze::Reason& curve = finding.why.curve;
  curve.because = report::Because::kKeepsGrowing;
  curve.rise = 448;
  curve.seconds = 7;
  curve.to = 512;
  curve.born = 7;
  curve.grew = curve.windows = 7;
  finding.windows = finding.growing_windows = 7;
  finding.live_bytes = leak.live_bytes;
  Finding other = finding;
  other.verdict = Verdict::kBounded;
  other.confidence = 0.8;
  other.seconds_to_limit.reset();
  other.stacks = {read::StackId{9}};
  other.site = hostile.frames[0];
  other.why.curve.because = report::Because::kFlat;
  Finding objects = finding;
  objects.heap = read::Heap::kManaged;
  objects.stacks = {read::StackId{11}};
  objects.site = place;
  objects.runtime = "nodejs";
  Finding retained;
  retained.verdict = Verdict::kRetained;
  retained.confidence = 0.9;
  retained.site.function = "allocator-retention";
  retained.why.curve.because = report::Because::kAllocatorHolds;
  retained.why.curve.from = 1e6;
  retained.why.curve.to = 8e6;
  retained.why.curve.blocks = 12;
  retained.why.remarks = {{.kind = report::Remark::Kind::kAllocator, .name = "libc.so.6"}};
  retained.live_bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  finding.owners = {{"global", "shop.table_ (shop .bss)", {"hash table", "add"}, 7, 436, 0.97},
                    {"lost", "", {}, 1, 12, 0.03}};
  finding.types = {{"evil\033[2J|<b>", 1200, 400, 0.9}, {"dict", 0, 44, 0.1}, {"", 3, 0, 0}};
  report::OwnerLine keeper{"js_object", "evil\033[2J|<b>", {"table", "+7 `Session`"}, 7, 436, 0.97};
  keeper.what = "Ma\np";
  keeper.place = "file:///srv/a b.js:12";
  keeper.way = {"onEvent()  /srv/a b.js:3", "cache (Map)"};
  report::OwnerLine others{"js_object", "", {"+3 Object"}, 3, 12, 0.03};
  others.what = "Array";
  others.alike = 1200;
  objects.owners = {keeper};
  report::HeapGrowthLine heap;
  heap.pid = report.pid;
  heap.last_snapshot = 7;
  heap.first_bytes = 3000000;
  heap.last_bytes = 3000448;
  heap.growth_bytes = 448;
  heap.growth_objects = 10;
  heap.owners = {keeper, others};
  report.heap_growth = {heap};
  report.heap_growth.push_back({.pid = report.pid, .thread = 3, .least_bytes = 6000, .owners = {}});
  report.findings = {finding, other, objects, retained};
  report.honesty = {"looked at 8 snapshots over 7.0 s; exact", "nothing was dropped or cut short"};
  report.notes = {"a note with \033]0;title\007 in it"};
  return report;
}

}  // namespace silt::test
