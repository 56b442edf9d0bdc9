// SPDX-License-Identifier: Apache-2.0
//
// The one neutral model every output format renders. Built by build_report from a recording, its
// analysis and names; renderers add nothing but shape. docs/… and the JSON schema follow it.

#ifndef SILT_SYMBOLIZER_REPORT_REPORT_H_
#define SILT_SYMBOLIZER_REPORT_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/why.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

using analyze::rises;
using analyze::Verdict;
using analyze::verdict_word;

struct SnapshotLine {
  uint32_t sequence = 0;
  uint64_t realtime_ns = 0;
  double elapsed_seconds = 0;
  uint64_t rss_bytes = 0;
  uint64_t live_bytes = 0;  // native
  uint64_t live_blocks = 0;
  uint64_t allocated_bytes = 0;
  uint64_t allocated_blocks = 0;
  uint64_t mapping_bytes = 0;  // live anonymous mappings
  uint64_t js_used_bytes = 0;  // JavaScript heaps, as V8 counted after a collection; 0: none
  uint64_t object_bytes = 0;   // live, of Python's own allocator
  uint64_t object_blocks = 0;
  uint64_t java_bytes = 0;  // of Java objects, after a collection at this snapshot; 0: not known
  std::optional<MemoryParts> parts = std::nullopt;  // of rss_bytes
};

// Who keeps a part of what is live, or that nobody does.
struct OwnerLine {
  // global, thread_local, stack, register, mapping, js, python, unknown, lost, garbage; js_object:
  // an object of a managed heap
  std::string kind;
  std::string name;               // of the place, empty: lost
  std::vector<std::string> path;  // from there, what each block is or which function made it
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  double share = 0;  // of the bytes that are live, 0..1; of js_object of those that came
  // Of js_object only: its class; the file, or the function's line, where its variable is; how many
  // objects are reached alike; and the way to the largest from a root.
  std::string what = {};
  std::string place = {};
  uint64_t alike = 1;
  std::vector<std::string> way = {};
};

// How many of the objects that are live are of one type, where their runtime could tell; in a
// finding of the whole of a Java heap, of those that came.
struct TypeLine {
  std::string name;      // as the language has it; empty: unknown
  uint64_t objects = 0;  // 0: only data of such objects
  uint64_t bytes = 0;    // with their data
  double share = 0;      // of the bytes that are live, 0..1
};

// Who allocated a part of something, in a program in which several threads do.
struct ThreadLine {
  // main; thread; successive: threads one after the other, `id` the last; rest: others, counted as
  // one; worker: of a managed heap, which its runtime numbers
  std::string kind;
  uint32_t id = 0;
  std::string name;  // as the kernel has it; empty: unknown
  // Of the bytes allocated, 0..1; in a managed heap of those that live in this thread's.
  double share = 0;
};

// What came in a managed heap between two looks at all of its objects, and who keeps it.
struct HeapGrowthLine {
  uint32_t pid = 0;
  uint32_t thread = 0;                             // 0: the main one
  uint32_t first_snapshot = 0, last_snapshot = 0;  // numbers
  uint64_t first_bytes = 0, last_bytes = 0;
  uint64_t growth_bytes = 0, growth_objects = 0;
  uint64_t least_bytes = 0;       // growth in one place that is less is not told
  std::vector<OwnerLine> owners;  // largest first
};

struct StackLine {
  read::StackId id{};
  read::Heap heap = read::Heap::kNative;
  read::Missing missing = read::Missing::kNone;
  Verdict verdict = Verdict::kSteady;
  std::vector<uint64_t> live_bytes;   // one for each snapshot
  std::vector<uint64_t> live_blocks;  // one for each snapshot
  uint64_t allocated_bytes = 0;       // cumulative, at the last snapshot
  uint64_t allocated_blocks = 0;
  // The same by each snapshot; empty in managed heaps, where nobody counts.
  std::vector<uint64_t> allocated_bytes_by = {};
  std::vector<uint64_t> allocated_blocks_by = {};
  int64_t growth_bytes = 0;  // live at the last snapshot minus live at the first
  int64_t growth_blocks = 0;
  std::vector<OwnerLine> owners;         // largest first; empty: not known
  std::vector<TypeLine> types;           // largest first; empty: not known
  std::vector<ThreadLine> threads = {};  // largest first; empty: not known, or there is only one
  size_t process = 0;                    // index into Report::processes, when there are several
  // Innermost first, without the allocator's own frames; empty where the stack is not shown.
  symbolize::FrameList frames;
};

// A finding's share in one of several processes that are reported together.
struct Share {
  size_t process = 0;  // index into Report::processes
  Verdict verdict = Verdict::kSteady;
  int64_t growth_bytes = 0;
  std::optional<double> bytes_per_hour;
};

// Against a baseline: whether the same site was found there too.
enum class Change : uint8_t { kNotCompared, kNew, kWorse, kKnown };

// One of the places whose growth a finding puts together. Which places grow as one thing may differ
// a little from run to run; what a baseline knows of each place does not.
struct Place {
  std::string key;  // place_key
  double bytes_per_hour = 0;
};

struct Finding {
  Verdict verdict = Verdict::kGrowing;
  double confidence = 0;  // 0..1
  read::Heap heap = read::Heap::kNative;
  int64_t growth_bytes = 0;
  int64_t growth_blocks = 0;
  std::optional<double> bytes_per_hour;
  std::optional<double> blocks_per_hour;
  double sampling_error = 0;               // standard error of the growth, as a share; 0: counted
  double pace_error = 0;                   // of the pace: that, or more where windows differ more
  std::optional<double> bytes_per_work;    // with --work
  std::optional<double> seconds_to_limit;  // at this slope
  std::vector<read::StackId> stacks;       // largest growth first
  symbolize::Frame site;
  std::vector<Place> places;  // of what rises: of its stacks, and its site
  Why why;
  // The runtime whose words it is told in, and what native memory is for, as that runtime knows:
  // "zlib". Empty where none has a part in it.
  std::string runtime;
  std::string what;
  size_t windows = 0;                // judged
  size_t growing_windows = 0;        // of those
  bool beside_flat_heap = false;     // while the heap that the runtime collects did not grow
  std::vector<uint64_t> live_bytes;  // sum over its stacks, one for each snapshot
  // What grows as a whole, where no place explains it: "native", "mapping", "js", "python", "wasm",
  // "java", "rss". Then there is no site, and the leads are stacks that grew meanwhile, most likely
  // first.
  std::string whole;
  std::vector<read::StackId> leads;
  Change change = Change::kNotCompared;
  std::optional<double> baseline_bytes_per_hour;
  std::vector<OwnerLine> owners;  // largest first; empty: not known
  std::vector<TypeLine> types;    // largest first; empty: not known
  // Largest first; empty: not known, or there is only one. Of several processes not told.
  std::vector<ThreadLine> threads = {};
  std::vector<Share> shares;  // one for each process, when several are reported together
};

// One of several processes reported together, with figures of its own by its own clock.
struct ProcessLine {
  uint32_t pid = 0;
  std::string program;
  std::string command;
  uint64_t start_realtime_ns = 0;
  std::string path;  // of the recording
  std::vector<read::Label> labels;
  std::string who;     // "pid 7", with more where that does not tell it from all others
  bool judged = true;  // false: too few snapshots for a verdict
  size_t judged_snapshots = 0;
  std::vector<SnapshotLine> snapshots;
  size_t leaks = 0;
  size_t growing = 0;                    // findings with that verdict
  std::optional<double> bytes_per_hour;  // of all that rises
  // First, and last of those that are judged: what is live at exit says little.
  const SnapshotLine& first() const { return snapshots.front(); }
  const SnapshotLine& last() const;
};
uint64_t live_bytes(const SnapshotLine& line);  // of all heaps

// A process that was recorded and lived long enough for a verdict, and of which there is none.
struct Unjudged {
  uint32_t pid = 0;
  std::string program;
  std::string why;
};

// What `silt check` ruled about one finding, or about the whole run.
enum class Outcome : uint8_t { kPassed, kBroken, kExcused, kInconclusive };
struct Ruling {
  std::optional<size_t> finding;  // index into Report::findings; none: the run as a whole
  Outcome outcome = Outcome::kPassed;
  std::string rule;    // what was applied: "growth per finding", a suppression
  std::string why;     // one line; empty: the finding's headline says it
  bool fails = false;  // inconclusive, and never to be passed over: exit status 4
};
struct Gate {
  bool ran = false;
  std::vector<Ruling> rulings;
};

// Where a source file lies.
struct SourcePlace {
  std::string file;           // on this machine, absolute; empty: it is not here
  std::string in_repository;  // from the repository's top folder on; empty: in none that is known
};
// Of a frame's file: absolute where the folder of the compiler is known, without ".." within.
std::string source_path(const symbolize::Frame& frame);

// How busy a process was between the snapshots that are judged; 0: not known.
struct Busyness {
  double allocations_per_hour = 0;  // blocks of all heaps that are counted one by one
  double processors = 0;            // in use on average
};

struct Report {
  uint32_t pid = 0;
  std::string program;
  std::string command;
  uint64_t start_realtime_ns = 0;
  bool has_java = false;                 // its sampled heap is a Java heap
  std::vector<read::Label> labels;       // of several processes those that all have
  uint64_t sampling_interval_bytes = 0;  // 0: exact
  uint64_t memory_limit_bytes = 0;       // 0: none known
  std::vector<SnapshotLine> snapshots;
  std::vector<Finding> findings;            // leaks first, then by growth
  std::vector<StackLine> stacks;            // by growth, largest first
  size_t stacks_total = 0;                  // before --top and filters
  std::vector<HeapGrowthLine> heap_growth;  // by process and thread; empty: nobody looked twice
  std::vector<std::string> honesty;         // length, smallest detectable leak, drops, cost
  std::vector<std::string> notes;
  std::vector<ProcessLine> processes;  // empty unless several are reported together
  size_t judged_snapshots = 0;         // regular ones; fewer than 2: growth is not known
  double judged_seconds = 0;           // from the first to the last of them
  Busyness busyness;                   // of all processes together
  // Of the smallest leak that would have been called one; empty when the run was too short.
  std::optional<double> detectable_blocks_per_hour;
  std::optional<double> detectable_bytes_per_hour;
  std::optional<double> detectable_script_bytes_per_hour;  // in one place of a JavaScript heap
  // Of the smallest growth of a whole (a heap, memory of mappings) that would have been spoken of.
  std::optional<double> detectable_whole_bytes_per_hour;
  std::vector<Unjudged> unjudged;
  std::map<std::string, SourcePlace> sources;  // by source_path; empty: nobody has looked
  Gate gate;                                   // of `silt check` only
};

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_REPORT_H_
