// SPDX-License-Identifier: Apache-2.0
//
// A recording as the rest of the tool sees it: every snapshot of one process, checked and joined
// stack by stack. Past this header the model is true: ids are in range, parents are older than
// children, sums add up, texts are NUL-free. The reader distrusts every byte to make it so.

#ifndef SILT_SYMBOLIZER_READ_RECORDING_H_
#define SILT_SYMBOLIZER_READ_RECORDING_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interposer/format/snapshot.h"
#include "symbolizer/base/result.h"
#include "symbolizer/read/by_node.h"
#include "symbolizer/read/class_census.h"
#include "symbolizer/read/generations.h"
#include "symbolizer/read/heap_growth.h"
#include "symbolizer/read/owners.h"
#include "symbolizer/read/threads.h"

namespace silt::read {

// kManaged: a heap that a runtime collects itself and tells of by samples. kObjects: blocks of a
// runtime's own allocator inside native memory. kJava: a Java heap, in a report; its samples are
// read and judged as kManaged.
enum class Heap : uint8_t { kNative, kMapping, kManaged, kObjects, kJava };

// Why the outermost frames of a stack are missing; kNone when they are not.
enum class Missing : uint8_t { kNone, kTruncated, kBroken, kOverflow };

struct Module {
  uint64_t start = 0;  // memory range [start, end)
  uint64_t end = 0;
  uint64_t load_bias = 0;
  uint32_t first_node = 0;  // of births, see format::ModuleEntry
  uint32_t end_node = 0;
  std::string path;
  std::vector<uint8_t> build_id;
  bool main = false;
  bool unloaded = false;
};

struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t file_offset = 0;
  std::string path;  // empty: anonymous
};

// A place in code of a language that has its own runtime, named by that runtime.
enum class ScriptKind : uint8_t { kJavaScript, kPython, kJava, kPhp };
struct ScriptFrame {
  std::string function;  // empty: anonymous
  std::string file;      // path or URL, empty: built in
  uint32_t line = 0;     // from 1, 0: unknown
  uint32_t column = 0;
  ScriptKind kind = ScriptKind::kJavaScript;
};

// Node 0 is the root. Markers (format::Marker) are nodes too.
struct Node {
  NodeId parent = kRootNode;
  uint64_t pc = 0;  // return address; look up pc - 1. From kScriptPc on: a ScriptFrame
  // How many nodes the process had made before, which tells what code lay at pc then; 0: as many as
  // the node's id says.
  uint32_t birth = 0;
};
// The pc of a node that stands for a place in script code is kScriptPc plus an index into
// Recording::script_frames: no address of a user process is that high.
inline constexpr uint64_t kScriptPc = uint64_t{1} << 63;
// Beside format::Marker, of stacks whose blocks are of a runtime's own allocator. Files say it
// otherwise.
inline constexpr uint64_t kObjectMarker = format::kFirstRealPc - 1;

// One stack in one snapshot.
struct Sample {
  uint32_t snapshot = 0;  // index into Recording::snapshots
  uint32_t samples = 0;   // heap kManaged: objects its profiler holds; else 0
  uint64_t live_blocks = 0;
  uint64_t live_bytes = 0;
  uint64_t allocated_blocks = 0;  // cumulative
  uint64_t allocated_bytes = 0;
  Generations generations;  // live by birth, where the snapshot has births
};

// How many of a stack's live objects are of one type, where a runtime says so.
struct TypeCount {
  std::string name;  // as the language has it
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

// Names a stack to readers of a report: the node at which its blocks are counted, of its innermost
// frame or of its marker. A type of its own, beside nodes and indexes into Recording::stacks.
enum class StackId : uint32_t {};
constexpr uint32_t number_of(StackId id) { return static_cast<uint32_t>(id); }

struct Stack {
  StackId id{};
  NodeId leaf = kRootNode;  // of the innermost real frame; the root: no frame at all
  Heap heap = Heap::kNative;
  Missing missing = Missing::kNone;
  std::vector<Sample> samples;  // ascending by snapshot; a snapshot without the stack has none
  // As the newest snapshot has it that tells; empty: not known.
  std::vector<ThreadShare> threads;
  uint32_t threads_at = 0;  // that snapshot
  // Of a managed heap, as the newest snapshot has it in which it lives; empty: not known.
  std::vector<TypeCount> types = {};
  uint32_t types_at = 0;  // that snapshot
};

// A child of the process that was alive at a snapshot and recorded too.
struct Child {
  uint32_t pid = 0;
  double age_seconds = 0;
  std::string name;  // as the kernel has it, at most 15 bytes
};

// What tells a recording from others of the program: "host", "pod", "version", …
struct Label {
  std::string key;
  std::string value;
  bool operator==(const Label&) const = default;
};
// nullptr: there is none.
const std::string* find_label(const std::vector<Label>& labels, std::string_view key);

struct Snapshot {
  std::filesystem::path path;
  format::Meta meta{};          // its StringRefs are not to be used: see the texts below
  std::vector<uint64_t> costs;  // by format::Cost number, index 0 unused, kCostCount + 1 long
  struct Rss {
    format::RssKind kind{};
    uint64_t bytes = 0;
  };
  std::vector<Rss> rss;
  std::vector<format::ManagedHeapEntry> managed_heaps;  // of runtimes[runtime]
  std::vector<Child> children;
  bool has_births = true;  // samples say when live blocks were born (read/births.h)
  struct Runtime {
    std::string name;
    std::string version;
    std::string why_not;  // why it is not joined; empty when it is, or may yet be
    uint32_t flags = 0;   // format::RuntimeFlag
    format::HeapTotals objects{};
    uint64_t arena_bytes = 0;
  };
  std::vector<Runtime> runtimes;
};
// The name of the runtime whose heaps the snapshot tells of; "": it tells of none.
std::string_view runtime_of_heaps(const Snapshot& snapshot);

struct Recording {
  std::filesystem::path path;       // folder, or the single snapshot file that was given
  std::vector<Snapshot> snapshots;  // ascending by sequence, at least one
  ByNode<Node> nodes;               // of all snapshots, those of the newest first
  std::vector<Stack> stacks;        // equal stacks (same frames, same heap) are joined
  // Stacks of blocks that stand for objects of a managed heap that its profiler has sampled
  // (format::RuntimeSamplerEntry); not among `stacks`.
  std::vector<Stack> sampler_stacks;
  std::vector<Module> modules;  // of the newest snapshot
  std::vector<Mapping> mappings;
  std::vector<ScriptFrame> script_frames;  // places in code of runtimes, each once
  std::optional<Owners> owners;            // of the newest snapshot that says who keeps its blocks
  std::vector<Thread> threads;             // that some stack names
  std::vector<HeapGrowth> heap_growth;     // of managed heaps, where somebody looked twice
  ClassCensus class_census;                // of a heap that lists its classes; may be empty
  std::string program;
  std::string executable;
  std::string command;
  std::string working_directory;
  std::string allocator;
  std::vector<Label> labels;       // of the newest snapshot; no key twice
  std::filesystem::path jit_map;   // copy of the perf map inside the recording, empty: none
  std::vector<std::string> notes;  // what was skipped or mended, one sentence each

  uint32_t birth(NodeId node) const {
    return nodes[node].birth != 0 ? nodes[node].birth : number_of(node);
  }

  // Likewise, of any snapshot.
  std::string_view runtime_of_heaps() const;
  // Whether heaps of another runtime than this are told of.
  bool has_heaps_of_another(std::string_view runtime) const {
    const std::string_view name = runtime_of_heaps();
    return !name.empty() && name != runtime;
  }

  // Frames of a stack, innermost first; pcs only, without markers.
  std::vector<uint64_t> frames(const Stack& stack) const;
};

// Reads a recording folder (`silt.<program>.<pid>/`) or single snapshot files that belong to one
// process. A snapshot that cannot be read is skipped with a note as long as one can; errors name
// the file and the reason.
Result<Recording> read_recording(const std::filesystem::path& path);
Result<Recording> read_snapshots(const std::vector<std::filesystem::path>& files);

// Recording folders below `folder`, newest first; those without a snapshot only when all are.
std::vector<std::filesystem::path> find_recordings(const std::filesystem::path& folder);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_RECORDING_H_
