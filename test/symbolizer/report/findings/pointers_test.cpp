// SPDX-License-Identifier: Apache-2.0
//
// Places that grow, with owners known: one keeps the other, or nothing keeps it. Longer than 300
// lines: each case is a few lines of what a copy of the process found.

#include "symbolizer/report/findings/pointers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/report/build.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::report {
namespace {

using analyze::Verdict;
using symbolize::Frame;
using test::frame;
using test::NamedHeap;

const Frame kMalloc = frame("malloc", "", 0, "/x/libsilt.so");
const Frame kMain = frame("main", "main.cpp", 90);
const Frame kSend = frame("send_request", "client.cpp", 20);
const Frame kAnswer = frame("take_answer", "client.cpp", 50);
const Frame kDraw = frame("draw", "screen.cpp", 7);

// Three places that leak, each at a pace of its own.
NamedHeap three_leaks() {
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, kAnswer, kMain}, {kMalloc, kDraw, kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(40 + heap.chance(40), 200, 0);
    heap.allocate(20 + heap.chance(20), 30, 1);
    heap.allocate(20 + heap.chance(20), 50, 2);
    heap.snapshot();
  }
  return heap;
}

uint32_t id_of(NamedHeap& heap, size_t stack) {
  return number_of(heap.recording().stacks[stack].id);
}

// What a copy of the process found at the last snapshot: each stack is kept by a variable.
read::Owners& begin_owners(NamedHeap& heap) {
  read::Owners owners;
  owners.snapshot = static_cast<uint32_t>(heap.recording().snapshots.size() - 1);
  owners.found = true;
  owners.roots.push_back({.kind = format::RootKind::kStack, .place = 1});
  owners.paths.resize(2);
  owners.paths[1].root = 0;
  heap.recording().owners = owners;
  return *heap.recording().owners;
}

uint32_t add_path(read::Owners& owners, uint32_t parent, uint32_t stack) {
  owners.paths.push_back({.parent = parent, .root = 0, .stack = stack});
  return static_cast<uint32_t>(owners.paths.size() - 1);
}

void add_row(NamedHeap& heap, size_t stack, const std::vector<std::pair<uint32_t, double>>& kept,
             double lost = 0) {
  const auto blocks = static_cast<double>(heap.live(stack));
  read::OwnersRow row;
  row.stack = id_of(heap, stack);
  for (const auto& [path, share] : kept) {
    const auto part = static_cast<uint64_t>(share * blocks);
    row.shares.push_back({path, part, part * 100});
    row.kept_blocks += part;
    row.kept_bytes += part * 100;
  }
  row.lost_blocks = static_cast<uint64_t>(lost * blocks);
  row.lost_bytes = row.lost_blocks * 100;
  heap.recording().owners->rows.push_back(row);
}

std::vector<std::string> leaks(const Report& report) {
  std::vector<std::string> sites;
  for (const Finding& finding : report.findings) {
    if (finding.verdict == Verdict::kLeak) sites.push_back(finding.site.function);
  }
  return sites;
}

}  // namespace

TEST_CASE("what hangs on the blocks of another leak is the same leak") {
  NamedHeap heap = three_leaks();
  REQUIRE(leaks(heap.report()).size() == 3);
  read::Owners& owners = begin_owners(heap);
  const uint32_t requests = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{1, 1}});
  add_row(heap, 1, {{requests, 0.95}, {1, 0.05}});
  add_row(heap, 2, {{1, 1}});
  const Report report = heap.report();
  CHECK(leaks(report) == std::vector<std::string>{"send_request", "draw"});
  const Finding& joined = report.findings[0];
  CHECK(joined.stacks.size() == 2);
  CHECK(joined.growth_blocks ==
        Approx(static_cast<double>(heap.live(0) + heap.live(1))).epsilon(0.15));
  CHECK(render::reason_text(joined.why).find("one leak with") != std::string::npos);
  CHECK(render::reason_text(joined.why).find("take_answer") != std::string::npos);
}

TEST_CASE("of two leaks one is told if most of it hangs on the other; a part is not enough") {
  const double part = GENERATE(0.8, 0.6);
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  const uint32_t requests = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{1, 1}});
  add_row(heap, 1, {{requests, part}, {1, 1 - part}});
  add_row(heap, 2, {{1, 1}});
  CHECK(leaks(heap.report()).size() == (part > 0.7 ? 2 : 3));
}

TEST_CASE("what mostly hangs on a leak and does not leak itself adds nothing to it") {
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, kAnswer, kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(40 + heap.chance(40), 200, 0);
    if (i < 3 || i > 7) heap.allocate(30, 30, 1);
    heap.snapshot();
  }
  read::Owners& owners = begin_owners(heap);
  const uint32_t requests = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{1, 1}});
  add_row(heap, 1, {{requests, 0.8}, {1, 0.2}});
  const Report report = heap.report();
  REQUIRE(leaks(report) == std::vector<std::string>{"send_request"});
  CHECK(report.findings[0].stacks.size() == 1);
}

TEST_CASE("a variable that keeps two leaks does not make one of them") {
  NamedHeap heap = three_leaks();
  begin_owners(heap);
  for (size_t stack = 0; stack < 3; ++stack) add_row(heap, stack, {{1, 1}});
  CHECK(leaks(heap.report()).size() == 3);
}

TEST_CASE("a chain of parts is one leak, whichever way round they hang") {
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  const uint32_t drawn = add_path(owners, 1, id_of(heap, 2));
  const uint32_t answers = add_path(owners, drawn, id_of(heap, 1));
  add_row(heap, 2, {{1, 1}});
  add_row(heap, 1, {{drawn, 1}});
  add_row(heap, 0, {{answers, 1}});
  const Report report = heap.report();
  CHECK(leaks(report) == std::vector<std::string>{"send_request"});
  CHECK(report.findings[0].stacks.size() == 3);
}

TEST_CASE("a container that keeps a leak's blocks is part of the leak; one that is full is not") {
  const Frame push = frame("push", "queue.cpp", 12);
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, push, kMain}});
  const bool grows = GENERATE(true, false);
  heap.allocate(1, 1024, 1);
  for (int i = 0; i < 12; ++i) {
    heap.allocate(40 + heap.chance(10), 200, 0);
    if (grows && i % 2 == 1) {
      heap.free_all(1);
      heap.allocate(1, static_cast<uint64_t>(1024 * (2 + i)), 1);
    }
    heap.snapshot();
  }
  read::Owners& owners = begin_owners(heap);
  const uint32_t queue = add_path(owners, 1, id_of(heap, 1));
  add_row(heap, 0, {{queue, 1}});
  add_row(heap, 1, {{1, 1}});
  const Report report = heap.report();
  CHECK(leaks(report) == std::vector<std::string>{"send_request"});
  CHECK(report.findings[0].stacks.size() == (grows ? 2 : 1));
}

TEST_CASE("blocks to which nothing points, and that keep coming, are a leak after two snapshots") {
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, kDraw, kMain}});
  for (int i = 0; i < 3; ++i) {
    heap.allocate(40, 200, 0);
    heap.allocate(40, 200, 1);
    heap.snapshot();
  }
  REQUIRE(leaks(heap.report()).empty());
  begin_owners(heap);
  add_row(heap, 0, {{1, 0.02}}, 0.98);
  add_row(heap, 1, {{1, 0.5}}, 0.5);
  const Report report = heap.report();
  REQUIRE(leaks(report) == std::vector<std::string>{"send_request"});
  CHECK(report.findings[0].confidence >= 0.9);
  CHECK(render::reason_text(report.findings[0].why)
            .find("nothing in the process points to 98 % of its blocks") != std::string::npos);
}

// Lost blocks of one stack that hang on lost ones of another.
void lose_with(NamedHeap& heap, size_t stack, size_t parent, double share) {
  read::Owners& owners = *heap.recording().owners;
  owners.roots.push_back({.kind = format::RootKind::kLost});
  owners.paths.push_back({.root = static_cast<uint32_t>(owners.roots.size() - 1)});
  const uint32_t first =
      add_path(owners, static_cast<uint32_t>(owners.paths.size() - 1), id_of(heap, parent));
  const uint32_t path = add_path(owners, first, id_of(heap, stack));
  for (read::OwnersRow& row : owners.rows) {
    if (row.stack != id_of(heap, stack)) continue;
    const auto blocks = static_cast<uint64_t>(share * static_cast<double>(row.lost_blocks));
    row.lost_shares.push_back({path, blocks, blocks * 100});
  }
}

TEST_CASE("what is lost with the blocks of another leak is the same leak") {
  const double share = GENERATE(0.95, 0.5);
  NamedHeap heap = three_leaks();
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  add_row(heap, 1, {}, 1);
  add_row(heap, 2, {}, 1);
  lose_with(heap, 1, 0, share);
  const Report report = heap.report();
  if (share > 0.9) {
    CHECK(leaks(report) == std::vector<std::string>{"send_request", "draw"});
    CHECK(report.findings[0].stacks.size() == 2);
    REQUIRE(report.findings[0].owners.size() == 1);
    CHECK(render::owner_texts(report.findings[0].owners, 3) ==
          std::vector<std::string>{"100 % lost: nothing points to them"});
  } else {
    CHECK(leaks(report).size() == 3);
    for (const Finding& finding : report.findings) {
      if (finding.site.function != "take_answer") continue;
      CHECK(render::owner_texts(finding.owners, 3) ==
            std::vector<std::string>{
                "50 % lost: nothing points to them",
                "50 % lost: only lost blocks point to them, made by send_request"});
    }
  }
}

TEST_CASE("what is told of it speaks for paths too few to be told") {
  const double told = GENERATE(0.85, 0.7);
  NamedHeap heap = three_leaks();
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  add_row(heap, 1, {}, 1);
  add_row(heap, 2, {{1, 1}});
  lose_with(heap, 1, 0, told);
  CHECK(leaks(heap.report()).size() == (told > 0.8 ? 2 : 3));
}

TEST_CASE("a ring of blocks of two places is one leak, wherever it was found to begin") {
  const double back = GENERATE(0.25, 0.05);
  NamedHeap heap = three_leaks();
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  add_row(heap, 1, {}, 1);
  add_row(heap, 2, {{1, 1}});
  lose_with(heap, 1, 0, 0.6);
  lose_with(heap, 0, 1, back);
  CHECK(leaks(heap.report()).size() == (back > 0.1 ? 2 : 3));
}

TEST_CASE("of what is lost together the place is that to which nothing points, however small") {
  NamedHeap heap = three_leaks();
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  add_row(heap, 1, {}, 1);
  add_row(heap, 2, {{1, 1}});
  lose_with(heap, 0, 1, 1);  // the larger one hangs on the smaller
  const Report report = heap.report();
  const std::vector<std::string> sites = leaks(report);
  CHECK(sites.size() == 2);
  CHECK(std::count(sites.begin(), sites.end(), "take_answer") == 1);
  CHECK(std::count(sites.begin(), sites.end(), "draw") == 1);
}

TEST_CASE("what was lost once is no leak") {
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, kDraw, kMain}});
  heap.allocate(40, 200, 0);
  for (int i = 0; i < 10; ++i) {
    heap.churn(100);
    heap.snapshot();
  }
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  CHECK(leaks(heap.report()).empty());
}

// The same places, as objects of a runtime that a copy of the process could tell apart.
void make_objects(NamedHeap& heap) {
  for (read::Stack& stack : heap.recording().stacks) stack.heap = read::Heap::kObjects;
  heap.recording().owners->labels = {"", "app.cache", "dict", "app.Session"};
}

TEST_CASE("objects that hang on another leak's objects are the same leak") {
  const bool kinds_known = GENERATE(true, false);
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  const uint32_t requests = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{1, 1}});
  add_row(heap, 1, {{requests, 1}});
  add_row(heap, 2, {{1, 1}});
  make_objects(heap);
  if (!kinds_known) owners.labels.clear();
  CHECK(leaks(heap.report()).size() == (kinds_known ? 2 : 3));
}

TEST_CASE("objects that no variable leads to are no leak by that alone") {
  NamedHeap heap({{kMalloc, kSend, kMain}});
  for (int i = 0; i < 3; ++i) {
    heap.allocate(40, 200, 0);
    heap.snapshot();
  }
  begin_owners(heap);
  add_row(heap, 0, {}, 1);
  make_objects(heap);
  const Report report = heap.report();
  CHECK(leaks(report).empty());
  REQUIRE(report.stacks.size() == 1);
  REQUIRE(report.stacks[0].owners.size() == 1);
  CHECK(report.stacks[0].owners[0].kind == "lost");
  CHECK(report.stacks[0].owners[0].name.starts_with("no variable leads to them"));
}

TEST_CASE("objects that only refer to one another are told as garbage, whatever their types") {
  const bool off = GENERATE(false, true);
  NamedHeap heap({{kMalloc, kSend, kMain}});
  for (int i = 0; i < 3; ++i) {
    heap.allocate(40, 200, 0);
    heap.snapshot();
  }
  read::Owners& owners = begin_owners(heap);
  owners.roots[0].kind = format::RootKind::kGarbage;
  owners.roots[0].place = off ? 1 : 0;
  const uint32_t node = add_path(owners, 1, id_of(heap, 0));
  const uint32_t edge = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{node, 0.5}, {edge, 0.5}});
  make_objects(heap);
  owners.paths[node].type = 2;
  owners.paths[edge].type = 3;
  const Report report = heap.report();
  REQUIRE(report.stacks.size() == 1);
  REQUIRE(report.stacks[0].owners.size() == 1);
  const OwnerLine& owner = report.stacks[0].owners[0];
  CHECK(owner.kind == "garbage");
  CHECK(owner.path.empty());
  CHECK((owner.name.find("switched off") != std::string::npos) == off);
  CHECK(render::owner_texts({owner}, 1) ==
        std::vector<std::string>{"100 % garbage: " + owner.name});
}

const Finding* finding_with(const Report& report, uint32_t stack) {
  for (const Finding& finding : report.findings) {
    for (const read::StackId id : finding.stacks) {
      if (number_of(id) == stack) return &finding;
    }
  }
  return nullptr;
}

TEST_CASE("what lies in a container that has a limit is no leak") {
  for (const auto& [label, verdict] :
       {std::pair{"collections.deque, 30 of at most 40", analyze::Verdict::kGrowing},
        std::pair{"collections.deque, 40 of at most 40", analyze::Verdict::kGrowing},
        std::pair{"collections.deque", analyze::Verdict::kLeak},
        std::pair{" of at most ", analyze::Verdict::kLeak}}) {
    INFO(label);
    NamedHeap heap = three_leaks();
    read::Owners& owners = begin_owners(heap);
    owners.roots[0].kind = format::RootKind::kObject;
    const uint32_t deque = add_path(owners, 1, id_of(heap, 2));
    const uint32_t element = add_path(owners, deque, id_of(heap, 0));
    // What its elements lie in is made elsewhere, and is one leak with them.
    const uint32_t data = add_path(owners, deque, id_of(heap, 1));
    add_row(heap, 0, {{element, 1}});
    add_row(heap, 1, {{data, 1}});
    make_objects(heap);
    owners.labels.emplace_back(label);
    owners.paths[deque].type = static_cast<uint32_t>(owners.labels.size() - 1);
    const Report report = heap.report();
    const Finding* const found = finding_with(report, id_of(heap, 0));
    REQUIRE(found != nullptr);
    CHECK(found->verdict == verdict);
    const std::string reason = render::reason_text(found->why);
    CHECK((reason.find("has a limit and is not full yet") != std::string::npos) ==
          (std::string(label).find("30 of") != std::string::npos));
    CHECK((reason.find("has a limit and is full") != std::string::npos) ==
          (std::string(label).find("40 of at") != std::string::npos));
  }
}

TEST_CASE("what lies outside of a full container is no more than a third of what grew") {
  for (const auto& [outside, verdict] :
       {std::pair{20, analyze::Verdict::kGrowing}, std::pair{45, analyze::Verdict::kLeak}}) {
    CAPTURE(outside);
    NamedHeap heap = three_leaks();
    read::Owners& owners = begin_owners(heap);
    owners.roots[0].kind = format::RootKind::kObject;
    const uint32_t deque = add_path(owners, 1, id_of(heap, 2));
    const uint32_t element = add_path(owners, deque, id_of(heap, 0));
    const uint32_t elsewhere = add_path(owners, 1, id_of(heap, 0));
    const double share = outside / 100.;
    add_row(heap, 0, {{element, 1 - share}, {elsewhere, share}});
    for (read::OwnersShare& part : owners.rows.back().shares) part.bytes = part.blocks * 200;
    owners.rows.back().kept_bytes *= 2;
    make_objects(heap);
    owners.labels.emplace_back("collections.deque, 40 of at most 40");
    owners.paths[deque].type = static_cast<uint32_t>(owners.labels.size() - 1);
    const Report report = heap.report();
    const Finding* const found = finding_with(report, id_of(heap, 0));
    REQUIRE(found != nullptr);
    CHECK(found->verdict == verdict);
  }
}

TEST_CASE("what mostly waits for the collector is no leak, unless that is switched off") {
  for (const bool off : {false, true}) {
    CAPTURE(off);
    NamedHeap heap = three_leaks();
    read::Owners& owners = begin_owners(heap);
    owners.roots[0].kind = format::RootKind::kGarbage;
    owners.roots[0].place = off ? 1 : 0;
    add_row(heap, 0, {{add_path(owners, 1, id_of(heap, 2)), 1}});
    make_objects(heap);
    const Report report = heap.report();
    const Finding* const found = finding_with(report, id_of(heap, 0));
    REQUIRE(found != nullptr);
    CHECK(found->verdict == (off ? analyze::Verdict::kLeak : analyze::Verdict::kGrowing));
    const std::string reason = render::reason_text(found->why);
    CHECK((reason.find("the collector has not come to") != std::string::npos) == !off);
  }
}

TEST_CASE("native memory of objects that leak is one leak, wherever each piece was made") {
  const double of_them = GENERATE(0.95, 0.6);
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  owners.labels = {"", "app.pool", "sqlite3.Connection"};
  const uint32_t connection = add_path(owners, 1, id_of(heap, 2));
  const uint32_t pages = add_path(owners, connection, id_of(heap, 0));
  const uint32_t statements = add_path(owners, connection, id_of(heap, 1));
  add_row(heap, 0, {{pages, 1}});
  add_row(heap, 1, {{statements, of_them}, {1, 1 - of_them}});
  add_row(heap, 2, {{1, 1}});
  heap.recording().stacks[2].heap = read::Heap::kObjects;
  // The objects themselves are the same leak.
  const Report report = heap.report();
  CHECK(leaks(report) == (of_them > 0.9 ? std::vector<std::string>{"send_request"}
                                        : std::vector<std::string>{"send_request", "take_answer"}));
  CHECK(report.findings[0].stacks.size() == (of_them > 0.9 ? 3 : 2));
}

TEST_CASE("objects below native memory that leaks are no part of it by that alone") {
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  owners.labels = {"", "app.pool", "sqlite3.Connection"};
  const uint32_t pages = add_path(owners, 1, id_of(heap, 0));
  add_row(heap, 0, {{1, 1}});
  add_row(heap, 1, {{add_path(owners, pages, id_of(heap, 1)), 1}});
  add_row(heap, 2, {{1, 1}});
  heap.recording().stacks[1].heap = read::Heap::kObjects;
  CHECK(leaks(heap.report()).size() == 3);
}

TEST_CASE("a place that mostly made parts of what was forgotten is the same leak") {
  // The buffers that a destructor would free hold texts; `note` makes these, and a node beside each
  // or more; or lines of a log, which come when they come.
  const auto [nodes, in_step] = GENERATE(table<uint64_t, bool>({{1, true}, {2, true}, {1, false}}));
  const bool mostly = nodes == 1 && in_step;
  CAPTURE(nodes, in_step);
  const Frame text = frame("note", "errors.cpp", 39);
  const Frame node = frame("note", "errors.cpp", 38);
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, text, kMain}, {kMalloc, node, kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(40 + heap.chance(40), 200, 0);
    const uint64_t texts = 80 + heap.chance(80);
    heap.allocate(texts, 100, 1);
    heap.allocate(in_step ? nodes * texts : 20 + heap.chance(60), 50, 2);
    heap.snapshot();
  }
  begin_owners(heap);
  for (size_t stack = 0; stack < 3; ++stack) add_row(heap, stack, {}, 1);
  lose_with(heap, 1, 0, 1);
  const Report report = heap.report();
  REQUIRE(leaks(report).size() == (mostly ? 1 : 2));
  if (mostly) CHECK(report.findings[0].site.function == "send_request");
}

TEST_CASE("what hangs on far more that came to rest may do so too: it is no leak yet") {
  const bool rests = GENERATE(true, false);
  NamedHeap heap({{kMalloc, kSend, kMain}, {kMalloc, kDraw, kMain}});
  for (int i = 0; i < 20; ++i) {
    heap.allocate(8, 40, 0);
    if (i < 12 || !rests) heap.allocate(40 + heap.chance(20), 800, 1);
    heap.snapshot();
  }
  read::Owners& owners = begin_owners(heap);
  const uint32_t entries = add_path(owners, 1, id_of(heap, 1));
  add_row(heap, 0, {{entries, 1}});
  add_row(heap, 1, {{1, 1}});
  const Report report = heap.report();
  CHECK(leaks(report).size() == (rests ? 0 : 1));
  if (rests) {
    const Finding* const part = finding_with(report, id_of(heap, 0));
    REQUIRE(part != nullptr);
    CHECK(part->verdict == Verdict::kGrowing);
    CHECK(render::reason_text(part->why).find("it hangs on what `draw` (screen.cpp:7) made") !=
          std::string::npos);
  }
}

TEST_CASE("objects are told with their types, and by the variable that leads to them") {
  NamedHeap heap = three_leaks();
  read::Owners& owners = begin_owners(heap);
  owners.roots[0].kind = format::RootKind::kObject;
  owners.paths[1].name = 1;
  const uint32_t dict = add_path(owners, 1, id_of(heap, 2));
  const uint32_t table = add_path(owners, dict, id_of(heap, 2));
  const uint32_t session = add_path(owners, table, id_of(heap, 0));
  const uint32_t sessions_data = add_path(owners, session, id_of(heap, 1));
  owners.paths[dict].type = 2;
  owners.paths[session].type = 3;
  add_row(heap, 0, {{session, 1}});
  add_row(heap, 1, {{sessions_data, 1}});
  add_row(heap, 2, {{dict, 0.5}, {table, 0.5}});
  make_objects(heap);
  owners.types = {{id_of(heap, 0), 3, false, 30, 3000}, {id_of(heap, 0), 2, true, 10, 1000}};
  const Report report = heap.report();
  const auto line_of = [&](size_t stack) {
    for (const StackLine& line : report.stacks) {
      if (number_of(line.id) == id_of(heap, stack)) return line;
    }
    return StackLine{};
  };
  const StackLine sessions = line_of(0);
  REQUIRE(sessions.owners.size() == 1);
  CHECK(sessions.owners[0].kind == "python");
  CHECK(sessions.owners[0].name == "app.cache (dict)");
  CHECK(sessions.owners[0].path == std::vector<std::string>{"app.Session"});
  // Data is told with the object that it belongs to.
  CHECK(line_of(1).owners[0].path == std::vector<std::string>{"app.Session"});
  CHECK(line_of(2).owners.size() == 1);
  CHECK(line_of(2).owners[0].name == "app.cache (dict)");
  CHECK(line_of(2).owners[0].path.empty());
  REQUIRE(sessions.types.size() == 2);
  CHECK(sessions.types[0].name == "app.Session");
  CHECK(sessions.types[0].objects == 30);
  CHECK(sessions.types[0].share == Approx(0.75));
  CHECK(sessions.types[1].objects == 0);
}

}  // namespace silt::report
