// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a snapshot file (`NNN.silt`): the one header that both the interposer, which writes
// them inside a signal handler, and the symbolizer, which distrusts them, include. All numbers are
// little-endian. docs/snapshot-format.md describes the same in prose. Longer than 300 lines: one
// file owns the bytes, so that whoever changes one sees all others.
//
//   FileHeader                       64 bytes at offset 0
//   SectionEntry x section_count     32 bytes each, directly after the header
//   section bytes                    anywhere after the table, 8-aligned, in any order
//
// A reader skips section types it does not know; a writer never changes the meaning of a type, it
// takes a new number. Sections marked "varint" hold unsigned LEB128 numbers of at most 64 bits.

#ifndef SILT_INTERPOSER_FORMAT_SNAPSHOT_H_
#define SILT_INTERPOSER_FORMAT_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

inline constexpr char kMagic[8] = {'S', 'I', 'L', 'T', 'S', 'N', 'A', 'P'};
inline constexpr uint32_t kVersion = 2;
// Of files that tell some of it by how it differs from another file (format/changes.h).
inline constexpr uint32_t kCompactVersion = 3;
// Version 1 told of one runtime only, without saying so: its ManagedHeapEntry ends before
// `runtime`.
inline constexpr uint32_t kOldestVersion = 1;

// Checksums are XXH64 with seed 0. `header_checksum` covers the header with that field zero,
// followed by the section table; each section's own covers its `size` bytes.
struct FileHeader {
  char magic[8];
  uint32_t version;
  uint32_t header_size;    // sizeof(FileHeader) of the writer
  uint32_t section_count;  // entries in the table
  uint32_t entry_size;     // sizeof(SectionEntry) of the writer
  uint64_t file_size;      // bytes; a shorter file is truncated
  uint64_t header_checksum;
  uint64_t reserved[3];
};
static_assert(sizeof(FileHeader) == 64);
static_assert(offsetof(FileHeader, file_size) == 24);
static_assert(offsetof(FileHeader, header_checksum) == 32);

enum class SectionType : uint32_t {
  kMeta = 1,      // one Meta
  kStrings = 2,   // NUL-terminated texts; a StringRef is a byte offset into it, 0 is the empty text
  kNodes = 3,     // varint, see below
  kStacks = 4,    // varint, see below
  kModules = 5,   // ModuleEntry x count
  kMappings = 6,  // MappingEntry x count: executable mappings of the process at snapshot time
  kCosts = 7,     // CostEntry x count: silt's self-cost and what it dropped
  kRss = 8,       // RssEntry x count: resident memory by kind of mapping (optional)
  // Heaps that a runtime collects itself (all four together or none; see ManagedHeapEntry):
  kManagedHeaps = 9,    // ManagedHeapEntry x count
  kManagedFrames = 10,  // ManagedFrameEntry x count
  kManagedNodes = 11,   // varint, see below
  kManagedStacks = 12,  // varint, see below
  kBirths = 13,         // varint, see below (optional)
  // Instead of nodes, births and stacks, in files of kCompactVersion (format/changes.h):
  kBase = 14,           // one BaseEntry
  kMoreNodes = 15,      // varint
  kMoreBirths = 16,     // varint
  kChangedStacks = 17,  // columns
  kChildren = 24,       // ChildEntry x count: children that are recorded too (optional)
  kLabels = 25,         // LabelEntry x count: what the recording is known by (optional)
  // Which threads allocate (both together, optional; see ThreadEntry):
  kThreads = 26,       // ThreadEntry x count
  kThreadStacks = 27,  // varint, see below
  // Runtimes of other languages inside the program (optional):
  kRuntimes = 32,          // RuntimeEntry x count
  kRuntimeFunctions = 33,  // RuntimeFunctionEntry x count, what kFunction pcs refer to
  kRuntimeSampler = 34,    // one RuntimeSamplerEntry (optional)
  kManagedTypes = 35,      // varint, see kManagedStacks (optional)
  // Who keeps the blocks, when that was asked for (format/owners.h). The first alone, or all:
  kOwnersAsked = 40,    // one OwnersAsked
  kOwnersFacts = 41,    // one OwnersFacts
  kOwnersModules = 42,  // OwnersModule x count
  kOwnersTexts = 43,    // NUL-terminated texts
  kOwnersRoots = 44,    // OwnersRoot x count
  kOwnersPaths = 45,    // varint
  kOwnersStacks = 46,   // varint
  // Where a runtime knows its objects; all three or none:
  kOwnersLabels = 47,      // NUL-terminated texts x count
  kOwnersPathLabels = 48,  // varint
  kOwnersTypes = 49,       // varint
  kOwnersLost = 50,        // varint (optional)
};

struct SectionEntry {
  uint32_t type;   // SectionType
  uint32_t count;  // items (nodes, stacks, entries); 1 for kMeta; bytes for kStrings
  uint64_t offset;
  uint64_t size;  // bytes
  uint64_t checksum;
};
static_assert(sizeof(SectionEntry) == 32);

using StringRef = uint32_t;

// kNodes. Stacks form a tree; a node is (parent node, pc). Node ids count from 1 in file order; 0
// is the root, which has no pc. For each node:
//   varint  id - parent                  at least 1, since a parent is always older than its child
//   varint  zigzag(pc - previous pc)     previous node in file order, 0 before the first
// A pc is a return address; look up `pc - 1`. (A frame interrupted by a signal is stored as its
// exact pc plus one, so that the same subtraction serves.) A pc below kFirstRealPc is a Marker.
// A (parent, pc) pair may occur twice, when two threads raced: readers merge equal stacks.
// Where there is a kBirths section each snapshot numbers its nodes anew, and has only those that
// its rows need; readers join them by content. A stack that older snapshots have and a newer one
// has not was folded away: what it had allocated is counted at the nearest caller that has a row.
inline constexpr uint64_t kFirstRealPc = 4096;
enum class Marker : uint64_t {
  kMapping = 1,    // innermost: the stack's blocks are anonymous mappings (heap "mapping")
  kTruncated = 2,  // outermost: the walk hit its frame limit, outer frames are missing
  kBroken = 3,     // outermost: the walk could not go on (no rule, unreadable stack)
  kOverflow = 4,   // the only frame: a table was full, the stack was not kept
  kManaged = 5,    // reserved: stacks of managed heaps are in kManagedStacks
};
// Frames of an interpreter are not on the native stack: one function of it, the evaluator, runs the
// functions of its language. No address of a user process has any of the four highest bits of a pc
// set; where they are one of these, it is no return address:
//
//    63  60 59      58            32 31              0
//   +------+-------+----------------+-----------------+  a frame of the runtime. first: the
//   | 1000 | first | function       | line            |  outermost of those that one native frame
//   +------+-------+----------------+-----------------+  runs; function: index into
//   | 1001 |   0   | heap           | native stack    |  kRuntimeFunctions; line 0: unknown
//   +------+-------+----------------+-----------------+
//   | 1010 | pc of a native frame of the evaluator    |
//   +------+------------------------------------------+
//
// The frames of a runtime are a chain of nodes of their own, from the root. A node with 1001 is a
// whole stack: its parent is the innermost frame of the runtime (0: none), `native stack` the node
// of the innermost native frame; each native frame with 1010 runs as many of the runtime's as there
// are up to one with `first`, the innermost the innermost. Heap 1: its blocks are of the runtime's
// own allocator.
inline constexpr uint64_t kPcTagMask = uint64_t{15} << 60;
inline constexpr uint64_t kPcFunction = uint64_t{8} << 60;
inline constexpr uint64_t kPcPair = uint64_t{9} << 60;
inline constexpr uint64_t kPcEvaluator = uint64_t{10} << 60;
inline constexpr uint64_t kPcFirstOfNative = uint64_t{1} << 59;
inline constexpr uint32_t kPcFunctionBits = 27;

// kBirths. How many nodes had been made before each of kNodes, callers before those they call: what
// tells which code lay at a node's pc (ModuleEntry; `# nodes N` in a JIT map). In runs of nodes
// with successive births; for each:
//   varint  nodes in the run
//   varint  zigzag(first birth - birth after the previous run's last, 0 before the first)
// Without this section a node's birth is its id. At most 2^32 - 2; later ones share that.

// kStacks. One row for each node at which something was allocated, ascending by node. All varint:
//   node - previous row's node (0 before the first)
//   allocated blocks, allocated bytes    cumulative since process start
//   n                                    then n times:
//     generation code (strictly ascending), live blocks, live bytes
// Live blocks and bytes of a stack are the sums over its generations. In sampled recordings
// (Meta::sampling_interval_bytes > 0) every figure is an unbiased estimate.

// A generation is the interval between snapshots in which a block was born: it is named by the
// sequence number of the first snapshot that could show the block. 256 codes name them: the first
// 64 snapshots have one each, then ever more snapshots share one; the last is open-ended.
constexpr uint32_t generation_code(uint32_t sequence) {
  if (sequence < 64) return sequence;
  uint32_t first_sequence = 64;
  uint32_t first_code = 64;
  for (uint32_t stride = 2; stride <= 64; stride *= 2) {
    const uint32_t span = 32 * stride;
    if (sequence < first_sequence + span) return first_code + (sequence - first_sequence) / stride;
    first_sequence += span;
    first_code += 32;
  }
  return 255;
}

// The first snapshot sequence that has this code; inverse of generation_code.
constexpr uint32_t first_sequence_of_generation(uint32_t code) {
  if (code < 64) return code;
  uint32_t first_sequence = 64;
  uint32_t first_code = 64;
  uint32_t stride = 2;
  while (code >= first_code + 32) {
    first_sequence += 32 * stride;
    first_code += 32;
    stride *= 2;
  }
  return first_sequence + (code - first_code) * stride;
}
static_assert(generation_code(63) == 63 && generation_code(64) == 64 && generation_code(65) == 64);
static_assert(first_sequence_of_generation(generation_code(2048)) == 2048);
static_assert(generation_code(1000000) == 255);

enum class Trigger : uint32_t {
  kSignal = 1,
  kDump = 2,
  kPeriod = 3,
  kExit = 4,
  kItself = 5,  // the process has sent the signal itself, at a point of its own work
};

// By SILT_SIGNAL, whoever sent it.
constexpr bool is_by_signal(uint32_t trigger) {
  return trigger == static_cast<uint32_t>(Trigger::kSignal) ||
         trigger == static_cast<uint32_t>(Trigger::kItself);
}

enum MetaFlag : uint32_t {
  kFlagOwnMalloc = 1,    // the main binary defines malloc itself: its calls were not seen
  kFlagNoUnwinder = 2,   // libunwind was not found: frame pointers only
  kFlagForkChild = 4,    // tables were inherited over fork: live blocks include the parent's
  kFlagCapFallback = 8,  // the bound of memory was reached and recording fell back to sampling
  kFlagArmed = 16,       // recording began with `silt arm`: blocks born before are unknown
  kFlagThinned = 32,     // older snapshots are removed so that a number of them stays (SILT_KEEP)
  kFlagInnerSeen = 64,   // the blocks of allocators inside the main binary are recorded
  // Bits 8 to 11: an InnerRefusal.
};

// Why the allocators inside the main binary are not recorded, where it has any.
enum class InnerRefusal : uint32_t {
  kNone = 0,
  kOff = 1,        // SILT_INNER=0
  kProcessor = 2,  // it has no means for this processor
  kDecoder = 3,    // Zydis was not found
  kThreads = 4,    // there was a second thread already
  kSystem = 5,     // the system refused to change code
  kCode = 6,       // a function's first instructions cannot be moved
  kNames = 7,      // two functions have the same name, or one function two meanings
  kRoom = 8,       // no room near the program's code
  kSanitizer = 9,  // it is a sanitizer's
};
inline constexpr uint32_t kInnerRefusalShift = 8;
inline constexpr uint32_t kInnerRefusalMask = 15;

constexpr uint32_t inner_refusal_flags(InnerRefusal refusal) {
  return static_cast<uint32_t>(refusal) << kInnerRefusalShift;
}
constexpr InnerRefusal inner_refusal_of(uint32_t flags) {
  return static_cast<InnerRefusal>(flags >> kInnerRefusalShift & kInnerRefusalMask);
}

struct HeapTotals {
  uint64_t live_blocks;
  uint64_t live_bytes;
  uint64_t allocated_blocks;  // cumulative
  uint64_t allocated_bytes;   // cumulative
};

struct Meta {
  uint32_t pid;
  uint32_t parent_pid;
  uint32_t sequence;                 // number of this snapshot in its recording, from 0
  uint32_t trigger;                  // Trigger
  uint32_t flags;                    // MetaFlag bits
  uint32_t generation;               // code that blocks born just before this snapshot carry
  uint64_t start_realtime_ns;        // process start of recording, CLOCK_REALTIME
  uint64_t snapshot_realtime_ns;     // CLOCK_REALTIME
  uint64_t elapsed_ns;               // CLOCK_MONOTONIC since start
  uint64_t sampling_interval_bytes;  // 0: exact
  uint64_t rss_bytes;                // VmRSS
  uint64_t rss_anon_bytes;
  uint64_t rss_file_bytes;
  uint64_t rss_shmem_bytes;
  uint64_t memory_limit_bytes;  // cgroup memory.max, 0: none or unknown
  HeapTotals native;
  HeapTotals mapping;
  StringRef program;     // base name of what was executed, which may be a link or a script
  StringRef executable;  // path
  StringRef command;     // arguments, joined with single spaces, at most 4 KiB
  StringRef working_directory;
  StringRef allocator;     // path of the module that provides the next malloc
  uint32_t armed_seconds;  // with kFlagArmed: from start_realtime_ns until recording began
};
static_assert(sizeof(Meta) == 184);
static_assert(offsetof(Meta, native) == 96);

struct ModuleEntry {
  uint64_t start;  // memory range [start, end)
  uint64_t end;
  uint64_t load_bias;   // memory address minus file (virtual) address
  uint32_t first_node;  // pcs of nodes with first_node <= birth < end_node belong to this module,
  uint32_t end_node;    // even if another one was mapped at the address before or after
  StringRef path;
  uint32_t flags;          // ModuleFlag bits
  uint32_t build_id_size;  // bytes, 0 when the module has none
  uint8_t build_id[20];
};
static_assert(sizeof(ModuleEntry) == 64);
enum ModuleFlag : uint32_t { kModuleMain = 1, kModuleUnloaded = 2 };

struct MappingEntry {
  uint64_t start;
  uint64_t end;
  uint64_t file_offset;
  StringRef path;  // empty: anonymous (JIT code)
  uint32_t reserved;
};
static_assert(sizeof(MappingEntry) == 32);

// Names and meanings are an X-list so that the report can print every counter it is given.
// clang-format off
#define SILT_COST_COUNTERS(X)                                                                      \
  X(1, stacks_truncated, "walks cut at the frame limit")                                           \
  X(2, walks_broken, "walks that could not reach the outermost frame")                             \
  X(3, walks_slow, "walks done by libunwind because a frame had no simple rule")                   \
  X(4, rules_derived, "frame rules derived")                                                       \
  X(5, table_bytes, "memory of silt's tables, bytes mapped")                                       \
  X(6, unknown_frees, "frees of blocks that were not recorded (born before the start)")            \
  X(7, overflowed_stacks, "allocations whose stack did not fit a full table")                      \
  X(8, overflowed_blocks, "allocations whose block could not be remembered")                       \
  X(9, nested_calls, "allocator calls made inside another allocator call")                         \
  X(10, hook_nanoseconds, "time in hooks beyond the real call, extrapolated from timed hooks")     \
  X(11, hook_calls, "calls of hooked functions that were recorded")                                \
  X(12, snapshot_nanoseconds, "time spent writing earlier snapshots")                              \
  X(13, snapshots_failed, "snapshots that could not be written")                                   \
  X(14, nodes, "stack tree nodes")                                                                 \
  X(15, threads, "thread states in use")                                                           \
  X(16, overflowed_mappings, "mappings that did not fit the mapping table")                        \
  X(17, resident_bytes, "memory of silt's tables, bytes resident")                                 \
  X(18, folded_stacks, "stacks without live blocks, long not seen, counted at their callers since") \
  X(19, folded_nodes, "stack tree nodes given back with them")                                     \
  X(20, reissued_blocks, "blocks handed out again that were not seen to be given back")            \
  X(21, process_cpu_nanoseconds, "processor time of the whole process so far; no cost of silt's")
// clang-format on

enum class Cost : uint32_t {
#define SILT_COST_ENUM(number, name, text) name = number,
  SILT_COST_COUNTERS(SILT_COST_ENUM)
#undef SILT_COST_ENUM
};
inline constexpr uint32_t kCostCount = 21;

struct CostEntry {
  uint32_t id;  // Cost
  uint32_t reserved;
  uint64_t value;
};
static_assert(sizeof(CostEntry) == 16);

// Each resident byte is of one kind; together they are Meta::rss_bytes.
enum class RssKind : uint32_t {
  kFile = 1,         // mapped files: code, data and what was written of it, shared memory
  kManagedHeap = 2,  // of a runtime (mappings that it marks); missing when it was not looked for
  kAllocator = 3,    // brk heap and anonymous memory of the allocator
  kStack = 4,        // thread stacks
  kSilt = 5,         // silt's own tables
  kOther = 6,        // zeroed static data (bss) and the kernel's own
  kMapping = 7,      // anonymous mappings of the program's, as heap "mapping" has them
  kUnknown = 8,      // anonymous; telling more would have held the program up for too long
  kWebAssembly = 9,  // of kManagedHeap, not beside it: memories of WebAssembly modules
};
struct RssEntry {
  uint32_t kind;  // RssKind
  uint32_t reserved;
  uint64_t bytes;
};
static_assert(sizeof(RssEntry) == 16);

// A child of the process that was alive at the snapshot, for a second at least, and had silt
// loaded. There may be more: those that could not be looked at, and beyond what a snapshot has time
// for.
struct ChildEntry {
  uint32_t pid;
  uint32_t reserved;
  uint64_t age_ns;  // since it was started, as this or as another program
  char name[16];    // as the kernel has it, NUL-terminated
};
static_assert(sizeof(ChildEntry) == 32);

// What tells this recording from others of the program: the keys of SILT_LABELS, and unless these
// say otherwise "host", "container" (its id), "pod" and "namespace", as far as known. Keys differ.
struct LabelEntry {
  StringRef key;
  StringRef value;
};
static_assert(sizeof(LabelEntry) == 8);

// Whose allocations are counted together: mostly those of one thread.
struct ThreadEntry {
  uint32_t id;     // as the kernel numbers it; of several the last one; 0: none
  uint32_t flags;  // ThreadFlag bits
  StringRef name;  // as the kernel has it; empty: unknown, as of one that has ended
  uint32_t reserved;
};
static_assert(sizeof(ThreadEntry) == 16);
enum ThreadFlag : uint32_t {
  kThreadSeveral = 1,  // threads before it, which have ended, are counted in
  kThreadEnded = 2,    // it does not run any more
  kThreadRest = 4,     // all beyond those that are counted apart, or all that ended long ago
};

// kThreadStacks. Who allocated what kStacks has; rows without an item: not known. In files of
// kCompactVersion an item replaces what an earlier snapshot said. Items ascend by node, all varint:
//   first node - the one behind the previous item's last (1 before the first)
//   nodes - 1                            that have the same
//   n                                    1: thread (index into kThreads), which allocated it all
//                                        else n times, largest first: thread, percent of bytes;
//                                        what is left to 100 is shared by others. Of one node only
inline constexpr uint32_t kMostThreadsOfStack = 3;

// One heap that a runtime collects itself (for Node.js a V8 isolate: the main thread's or a
// worker's) as its own sampling profiler saw it. Its profile is taken just before the native
// tables, or is older: see captured_elapsed_ns.
struct ManagedHeapEntry {
  uint32_t thread_id;                // as the runtime numbers them, 0: the main thread
  uint32_t flags;                    // ManagedHeapFlag bits
  uint64_t captured_elapsed_ns;      // when, on the clock of Meta::elapsed_ns; 0: never
  uint64_t sampling_interval_bytes;  // mean bytes between samples of its profiler
  // Just after the profile's collection, bytes:
  uint64_t heap_used_bytes;      // live
  uint64_t heap_total_bytes;     // committed
  uint64_t external_bytes;       // memory outside the heap that goes with its objects
  uint64_t array_buffers_bytes;  // of that, buffers of bytes
  uint64_t heap_physical_bytes;  // resident; 0: unknown
  uint32_t runtime;              // index into kRuntimes
  uint32_t reserved;
};
static_assert(sizeof(ManagedHeapEntry) == 72);
inline constexpr uint64_t kManagedHeapEntryBytesOfVersion1 = 64;
enum ManagedHeapFlag : uint32_t {
  kHeapMissed = 1,  // did not answer in time (a blocked thread): the profile is an older one
  kHeapEnded = 2,   // the worker has ended since
  // Its profiler goes on with what it has when it takes samples at another interval.
  kHeapKeepsSamples = 4,
};

// A place in code of the runtime's language. File: a path or a URL; empty: built in.
struct ManagedFrameEntry {
  StringRef function;  // empty: anonymous
  StringRef file;
  uint32_t line;    // from 1, 0: unknown
  uint32_t column;  // from 1, 0: unknown
};
static_assert(sizeof(ManagedFrameEntry) == 16);

// kManagedNodes. Like kNodes, numbered anew in each snapshot (readers join them by content); for
// each node, ids counting from 1, 0 being the root:
//   varint  id - parent     at least 1
//   varint  frame           index into kManagedFrames
// kManagedStacks. One row for each heap and node with live samples, ascending by (heap, node).
//   varint  heap            index into kManagedHeaps
//   varint  node
//   varint  n               then n times, ascending by code:
//     generation code, samples, live blocks, live bytes
// Samples is the number of objects that the profiler really holds; blocks and bytes are the
// estimates that stand for them, so that their relative error is about 1/sqrt(samples).
// kManagedTypes. What they are, where the runtime says so; ascending by (heap, node, name):
//   varint  heap, node      as in kManagedStacks
//   varint  name            StringRef, as the language has it
//   varint  live blocks, live bytes

// One runtime of another language inside the program, joined or seen.
struct RuntimeEntry {
  StringRef name;        // "nodejs", "python", "jvm", "php"
  StringRef version;     // as it tells it itself
  StringRef why_not;     // why it is not joined; empty when it is, or may yet be
  uint32_t flags;        // RuntimeFlag bits
  HeapTotals objects;    // blocks of its own allocator
  uint64_t arena_bytes;  // mapped for it since it was joined; 0: unknown
};
static_assert(sizeof(RuntimeEntry) == 56);
enum RuntimeFlag : uint32_t {
  kRuntimeFrames = 1,   // its frames stand in stacks
  kRuntimeObjects = 2,  // its own allocator's blocks are recorded
  kRuntimeHeaps = 4,    // its managed heaps are told of
  kRuntimeHides = 8,    // it hands out blocks that it cuts out of larger ones, and these are not seen
};

struct RuntimeFunctionEntry {
  StringRef function;
  StringRef file;
  uint32_t first_line;
  uint32_t runtime;  // index into kRuntimes
};
static_assert(sizeof(RuntimeFunctionEntry) == 16);

// The code by which a runtime's profiler remembers the objects that it has sampled. Stacks that go
// through it are no memory of the program's and in no total: each of their blocks stands for an
// object of a managed heap (some for two: the order of size is what counts), with the stack that
// made it, down to the machine code.
struct RuntimeSamplerEntry {
  uint64_t start;
  uint64_t end;
};
static_assert(sizeof(RuntimeSamplerEntry) == 16);

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_SNAPSHOT_H_
