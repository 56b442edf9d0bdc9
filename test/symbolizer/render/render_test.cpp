// SPDX-License-Identifier: Apache-2.0
//
// Every format against a file in test/golden, from one report whose names are hostile: control
// characters, terminal escapes, markup of each format, text that is not UTF-8. After a wanted
// change run with SILT_UPDATE_GOLDEN=1 and read the difference.

#include "symbolizer/render/render.h"

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/profile.pb.h"
#include "test/symbolizer/render/golden_path.h"

namespace silt::test {
namespace {

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
  made.file_address = 0x1000 + line;
  made.pc = 0x55550000 + line;
  return made;
}

Report sample() {
  Report report;
  report.pid = 4711;
  report.program = "shop";
  report.command = "shop --port 80";
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
  leak.id = 7;
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
  hostile.id = 9;
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
  script.id = 11;
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
  finding.stacks = {7};
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
  other.stacks = {9};
  other.site = hostile.frames[0];
  other.why.curve.because = report::Because::kFlat;
  Finding objects = finding;
  objects.heap = read::Heap::kManaged;
  objects.stacks = {11};
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

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(SILT_GOLDEN) + "/" + name;
  if (std::getenv("SILT_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  CHECK(text == read_file(path));
}

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) return true;
  }
  return false;
}

TEST_CASE("every text format is as its golden file and free of control characters") {
  const Report report = sample();
  const std::pair<const char*, std::string> all[] = {
      {"report.txt", render::render_text(report, {})},
      {"report.json", render::render_json(report)},
      {"report.md", render::render_markdown(report)},
      {"report.folded", render::render_folded(report)},
      {"report.speedscope.json", render::render_speedscope(report)},
      {"report.junit.xml", render::render_junit(report)},
      {"report.github.txt", render::render_github(report)},
      {"report.sarif.json", render::render_sarif(report)},
  };
  for (const auto& [name, text] : all) {
    CAPTURE(name);
    check_golden(name, text);
    CHECK_FALSE(has_control(text));
  }
}

TEST_CASE("text fits the width that it is given") {
  for (const size_t width : {40, 50, 60, 80, 100}) {
    render::TextOptions options;
    options.width = width;
    std::istringstream lines(render::render_text(sample(), options));
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(width, line);
      CHECK(columns(line) <= width);
    }
  }
}

TEST_CASE("no row begins with the unit of a figure in the row before") {
  const std::set<std::string> units = {"B", "kB", "MB", "GB", "%", "s", "min", "h", "blocks"};
  for (size_t width = 30; width <= 120; ++width) {
    render::TextOptions options;
    options.width = width;
    std::istringstream lines(render::render_text(sample(), options));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first;
      words >> first;
      CAPTURE(width, line);
      CHECK(units.count(first.substr(0, first.find_first_of(",;:.)"))) == 0);
    }
  }
}

TEST_CASE("a place loses its folders before its file name is cut") {
  Report report = sample();
  report.findings[0].site.file = "/home/somebody/work/very/long/path/programs/session_server.cpp";
  render::TextOptions options;
  const std::string wide = render::render_text(report, options);
  CHECK(wide.find("/programs/session_server.cpp:31\n") != std::string::npos);
  CHECK(wide.find("LEAK  SessionTable::add ") != std::string::npos);
  CHECK(wide.find("…") == std::string::npos);
  options.width = 40;
  CHECK(render::render_text(report, options).find("session_server.cpp:31\n") != std::string::npos);
}

TEST_CASE("an unnamed namespace takes no room, unless all is asked for") {
  Report report = sample();
  Frame& site = report.findings[0].site;
  site.function = "(anonymous namespace)::SessionTable::add(int)";
  report.stacks[0].frames = {report.stacks[0].frames[0], site, report.stacks[0].frames[2]};
  render::TextOptions options;
  CHECK(render::render_text(report, options).find("anonymous") == std::string::npos);
  CHECK(render::render_text(report, options).find("> SessionTable::add ") != std::string::npos);
  options.full = true;
  CHECK(render::render_text(report, options).find("(anonymous namespace)::") != std::string::npos);
}

TEST_CASE("what is live at exit is no headline") {
  Report report = sample();
  report.snapshots.push_back(report.snapshots.back());
  report.snapshots.back().live_bytes = 4800;
  const std::string text = render::render_text(report, {});
  CHECK(text.find("native 1.0 MB → 1.4 MB") != std::string::npos);
  CHECK(render::render_markdown(report).find("4.8 kB") == std::string::npos);
}

TEST_CASE("a JavaScript function without a name is called anonymous, with its place") {
  for (const char* name : {"", "~", "*", "(anonymous)"}) {
    Report report = sample();
    Frame& site = report.findings[0].site;
    site.kind = symbolize::FrameKind::kJavaScript;
    site.function = name;
    site.file = "/srv/app.js";
    const std::string text = render::render_text(report, {});
    CAPTURE(name, text);
    CHECK(text.find("LEAK  (anonymous) ") != std::string::npos);
    CHECK(text.find("/srv/app.js:31") != std::string::npos);
  }
}

TEST_CASE("text is coloured only when asked") {
  render::TextOptions options;
  CHECK(render::render_text(sample(), options).find('\033') == std::string::npos);
  options.colour = true;
  CHECK(render::render_text(sample(), options).find("\033[1;31m") != std::string::npos);
}

TEST_CASE("JSON says null for what is not known") {
  Report report = sample();
  report.findings[0].bytes_per_hour.reset();
  report.snapshots[0].rss_bytes = 0;
  const auto json = nlohmann::json::parse(render::render_json(report));
  CHECK(json["schema"] == "silt.report/1");
  CHECK(json["findings"][0]["bytes_per_hour"].is_null());
  CHECK(json["snapshots"][0]["rss_bytes"].is_null());
  CHECK(json["stacks"][1]["frames"][1]["function"].is_null());
  CHECK(json["stacks"][1]["frames"][1]["line"].is_null());
  CHECK(json["process"]["start"] == "2023-11-14T22:13:20.123Z");
}

TEST_CASE("JUnit is XML that parses, with a failure for the leak alone") {
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(sample()).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  CHECK(suite.attribute("tests").as_int() == 4);
  CHECK(suite.attribute("failures").as_int() == 2);
  CHECK(suite.child("testcase").child("failure"));
  CHECK_FALSE(suite.child("testcase").next_sibling("testcase").child("failure"));
}

TEST_CASE("JUnit of a clean run has a test that passed") {
  Report report = sample();
  report.findings.clear();
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(report).c_str()));
  CHECK(document.child("testsuites").child("testsuite").attribute("tests").as_int() == 1);
  CHECK(document.child("testsuites").child("testsuite").attribute("failures").as_int() == 0);
}

TEST_CASE("a GitHub annotation is one line, whatever names hold") {
  Report report = sample();
  report.findings[0].site = report.findings[1].site;
  report.findings.resize(1);
  const std::string text = render::render_github(report);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.rfind("::error file=", 0) == 0);
  CHECK(text.find("%250A") != std::string::npos);
}

TEST_CASE("a folded stack is one line with one number, outermost first") {
  Report report = sample();
  report.stacks.resize(1);
  CHECK(render::render_folded(report) ==
        "main;SessionTable::add(int);std::map<int, Session>::emplace(int&&) 448\n");
}

std::string gunzip(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string result(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  inflateEnd(&stream);
  return result;
}

TEST_CASE("a pprof profile carries six sample types and inlined lines in one location") {
  pprof::Profile profile;
  REQUIRE(profile.ParseFromString(gunzip(render::render_pprof(sample()))));
  const auto text = [&profile](int64_t index) {
    return profile.string_table(static_cast<int>(index));
  };
  REQUIRE(profile.sample_type_size() == 6);
  CHECK(text(profile.sample_type(5).type()) == "growth_space");
  CHECK(text(profile.default_sample_type()) == "growth_space");
  CHECK(profile.string_table(0).empty());
  REQUIRE(profile.sample_size() == 3);
  CHECK(profile.sample(0).value(5) == 448);
  CHECK(profile.sample(0).value(3) == 512);
  REQUIRE(profile.sample(0).location_id_size() == 2);
  const pprof::Location& location =
      profile.location(static_cast<int>(profile.sample(0).location_id(0)) - 1);
  REQUIRE(location.line_size() == 2);
  CHECK(location.line(0).line() == 601);
  CHECK(location.line(1).line() == 31);
}

TEST_CASE("clean text is valid UTF-8 without anything that moves a cursor") {
  CHECK(render::clean("a\033[1mb") == "a\\x1b[1mb");
  CHECK(render::clean("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(render::clean("\xe2\x80\xae") == "\\u{202e}");
  CHECK(render::clean("Größe") == "Größe");
  CHECK(render::clean("a##[group]b") == "a##\\x5bgroup]b");
  CHECK(render::clean("#[a]") == "#[a]");
  CHECK(render::clean_line(" ::error::a::b") == " \\x3a:error::a::b");
  CHECK(render::clean_line("a::b") == "a::b");
  CHECK(render::json_text("\"Gr\u00f6\u00dfe \u202e\u009b\x7f\U000e0041\"") ==
        "\"Gr\u00f6\u00dfe \\u202e\\u009b\\u007f\\udb40\\udc41\"");
  CHECK(render::clean("\xed\xa0\x80") == "\\xed\\xa0\\x80");
}

TEST_CASE("shortened text keeps both ends and its width") {
  CHECK(render::shortened("abcdefghij", 5) == "ab…ij");
  CHECK(render::shortened("äöüäöü", 4) == "ä…öü");
  CHECK(render::shortened("abc", 3) == "abc");
}

TEST_CASE("Markdown code outlasts backquotes and tables outlast bars") {
  CHECK(render::markdown_code("a`b|c") == "`` a`b\\|c ``");
  CHECK(render::markdown("<b>*x*</b>").find('<') == 1);
}

}  // namespace
}  // namespace silt::test
