// SPDX-License-Identifier: Apache-2.0
//
// The black box (SILT_BLACKBOX=1): a file `blackbox` in a recording that is the memory of the
// interposer's tables while the process runs, so that whoever finds it after the process was killed
// finds the tables as they were at that instant. It is taken away at an orderly end. The process
// holds a shared lock (flock) on it as long as it has it mapped: who gets an exclusive one knows
// that the process is gone.
//
//   0                 BoxHeader, the process as it is
//   kBoxDirectoryAt   the directory: kBoxEntries times BoxEntry, the first BoxHeader::entries in
//   use kBoxTablesAt      pieces of tables, page by page, wherever an entry says
//
// A piece is a part of one table, laid out as the table is in memory (below, by kind). Its bytes
// change at any time without order between pieces; within one, what a table promises to a reader
// beside its writers holds. All numbers are little-endian. A change of any layout below is another
// kBoxVersion: a reader takes no other. What is added where all were zeros is none, as long as
// zeros mean that it is not told.
#ifndef SILT_INTERPOSER_FORMAT_BLACKBOX_H_
#define SILT_INTERPOSER_FORMAT_BLACKBOX_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

inline constexpr char kBoxFileName[] = "blackbox";
inline constexpr char kBoxMagic[8] = {'S', 'I', 'L', 'T', 'B', 'B', 'O', 'X'};
inline constexpr uint32_t kBoxVersion = 1;
inline constexpr uint64_t kBoxPage = 4096;
inline constexpr uint64_t kBoxDirectoryAt = 32 * 1024;
inline constexpr uint32_t kBoxEntries = 16 * 1024;
inline constexpr uint64_t kBoxTablesAt = kBoxDirectoryAt + uint64_t{kBoxEntries} * 32;

enum class BoxKind : uint32_t {
  kUnused = 0,  // given back, or not filled yet
  // BoxNode, kBoxNodesInPiece of them, the first with the id index * kBoxNodesInPiece.
  kNodes = 1,
  // By id, likewise: uint32_t, how many nodes had been made before; 0: the id itself.
  kBirths = 2,
  // BoxCounter by stack, kBoxCountersInPiece of them; a stack's figure is the sum over all parts,
  // modulo 2^64.
  kCounters = 3,
  // Groups of sixteen cells, 96 bytes each: sixteen words (stack id << 8 | generation code; 0:
  // free), then sixteen sizes of 16 bits. kBoxLargeSize: the size is in the words of the next two
  // cells, low half first, whose own size is kBoxContinuation.
  kLive = 4,
  // BoxSample, as many as fit. Of several pieces the one with the highest index holds.
  kSampled = 5,
  // BoxMapped, as many as fit; likewise the one with the highest index.
  kMapped = 6,
  // BoxModule, kBoxModulesInPiece of them.
  kModules = 7,
};

struct BoxEntry {
  uint32_t kind;    // BoxKind; written last
  uint32_t part;    // kCounters: which of the counters that are added up
  uint32_t index;   // of the piece in its table
  uint32_t pages;   // of its bytes, rounded up
  uint64_t offset;  // in the file
  uint64_t bytes;
};
static_assert(sizeof(BoxEntry) == 32);

inline constexpr uint32_t kBoxNodesInPiece = 4096;
inline constexpr uint32_t kBoxCountersInPiece = 4096;
inline constexpr uint32_t kBoxModulesInPiece = 64;
inline constexpr uint32_t kBoxGroupCells = 16;
inline constexpr uint64_t kBoxGroupBytes = 96;
inline constexpr uint16_t kBoxContinuation = 0xfffe;
inline constexpr uint16_t kBoxLargeSize = 0xffff;

struct BoxNode {
  uint64_t pc;      // as in kNodes of a snapshot, but that a pair's native stack is a node's id
  uint32_t parent;  // id, with flags above kBoxParentMask
  uint32_t hint;
};
static_assert(sizeof(BoxNode) == 16);
inline constexpr uint32_t kBoxFreeNode = uint32_t{1} << 29;  // nothing is there
inline constexpr uint32_t kBoxParentMask = kBoxFreeNode - 1;

struct BoxCounter {
  uint64_t blocks;
  uint64_t bytes;
};

struct BoxSample {
  uint64_t address;  // 0: never used, 1: gone
  uint64_t size_bytes;
  uint32_t stack;
  uint32_t weight;  // how many blocks it stands for
  uint8_t generation;
  uint8_t reserved[7];
};
static_assert(sizeof(BoxSample) == 32);

// What is mapped by one stack in one generation.
struct BoxMapped {
  uint64_t key;  // stack id << 8 | generation code, plus 1 << 63; 0: unused
  uint64_t blocks;
  uint64_t bytes;
};
inline constexpr uint64_t kBoxMappedKey = uint64_t{1} << 63;

struct BoxModule {
  uint32_t there;  // written last; 0: not filled yet
  uint32_t flags;  // ModuleFlag bits
  uint64_t start;
  uint64_t end;
  uint64_t load_bias;
  uint32_t first_node;
  uint32_t end_node;
  uint32_t build_id_size;
  uint8_t build_id[20];
  char path[960];  // NUL-terminated
};
static_assert(sizeof(BoxModule) == 1024);

enum BoxFlag : uint32_t {
  kBoxIncomplete = 1,  // there was no room for a piece: what is in it is missing here
  kBoxOver = 2,        // the process sleeps, or has become another program: no picture of it
};

// Whose counters a part of kCounters has. The word changes in one store, and what it points to is
// written before, so that at any instant it is true of all that this part has counted.
struct BoxThread {
  uint64_t word;      // the thread's number, with BoxThreadBit; 0: nobody has counted in this part
  char names[2][16];  // as the kernel has it, NUL-terminated: the one that the word says
};
static_assert(sizeof(BoxThread) == 40);
enum BoxThreadBit : uint64_t {
  kBoxThreadSeveral = uint64_t{1} << 32,  // threads before it, which have ended, are counted in
  kBoxSecondName = uint64_t{1} << 33,     // names[1] is its name
};
inline constexpr uint32_t kBoxThreads = 15;  // parts that one thread at a time counts in

struct BoxHeader {
  char magic[8];
  uint32_t version;
  uint32_t entries;  // of the directory that were ever used
  uint32_t flags;    // BoxFlag bits
  uint32_t pid;
  uint32_t parent_pid;
  uint32_t meta_flags;  // MetaFlag bits
  uint32_t sequence;    // of the next snapshot
  uint32_t generation;  // code that blocks born now carry
  uint64_t start_realtime_ns;
  uint64_t sampling_interval_bytes;
  uint64_t memory_limit_bytes;
  // When the process was last seen at work, now and then while it allocates:
  uint64_t seen_realtime_ns;
  uint64_t seen_elapsed_ns;
  uint64_t rss_bytes;
  char program[256];
  char allocator[1024];
  char executable[4096];
  char command[4096];
  char working_directory[4096];
  // By part; parts beyond are those of all other threads. 0: not told (silt before it was).
  uint32_t threads_told;
  uint32_t reserved;
  BoxThread threads[kBoxThreads];
};
static_assert(sizeof(BoxHeader) <= kBoxDirectoryAt);

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_BLACKBOX_H_
