// SPDX-License-Identifier: Apache-2.0
//
// See jit_log.h. Whoever changes anything holds the lock, a snapshot too, which takes it for each
// piece of what it writes; function_pc_of alone needs none.

#include "interposer/node/jit_log.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/node/code_names.h"
#include "interposer/node/code_places.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/track/own_walk.h"
#include "interposer/track/recorder.h"

namespace silt::node {
namespace {

constexpr uint64_t kMaximumCode = uint64_t{1} << 30;
// Entries after which it is looked what is still wanted; then twice as many as were.
constexpr uint32_t kFirstSweep = 8192;
// Of code that is gone, when no snapshot is ever written: some megabytes at most.
constexpr uint32_t kMostGone = 65536;
constexpr uint64_t kBytesAPc = 16;  // of the map, for what stands for a function

// Machine code that the recording does not have yet.
struct Entry {
  uint64_t start;
  uint32_t size;
  uint32_t name;
  uint32_t nodes;  // of the stack tree when the code appeared
};

struct Log {
  base::SpinLock lock;
  CodeNames names;
  CodePlaces machine_code;
  CodePlaces byte_code;
  Entry* pending = nullptr;
  uint32_t pending_count = 0;
  uint32_t pending_room = 0;
  uint32_t next_sweep = kFirstSweep;
  uint32_t next_used_sweep = kFirstSweep;
  bool writing = false;
  std::atomic<bool> any{false};
  // The snapshot's own.
  uint32_t nodes_written = 0;
  uint64_t file_bytes = 0;
};
constinit Log g_log{};

// A lock whose holder a fork did not copy guards what may be half changed: then names end.
class Guard {
 public:
  Guard() : guard_(g_log.lock) {}
  explicit operator bool() const { return !g_log.lock.was_abandoned(); }

 private:
  base::SpinGuard guard_;
};

uint64_t pc_of_serial(uint64_t serial) {
  return track::kFirstFunctionPc + serial * kBytesAPc + kBytesAPc / 2;
}

uint64_t hash_of_pc(uint64_t pc) {
  // A node's pc is anywhere in its code.
  const uint64_t what = pc >= track::kFirstFunctionPc ? pc : pc / 64;
  const uint64_t hash = what * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 31;
}

// The pcs of all stacks, so that one that is not in here is in none.
class NodePcs {
 public:
  NodePcs() {
    const uint32_t count = track::recorder.stacks.id_limit();
    uint64_t bits = uint64_t{1} << 16;
    while (bits < uint64_t{count} * 16) bits *= 2;
    words_ = static_cast<uint64_t*>(base::map_memory(bits / 8));
    mask_ = bits - 1;
    for (uint32_t id = 1; words_ != nullptr && id < count; ++id) {
      uint32_t parent;
      uint64_t pc;
      if (!track::recorder.stacks.read_node(id, &parent, &pc)) continue;
      const uint64_t bit = hash_of_pc(pc) & mask_;
      words_[bit / 64] |= uint64_t{1} << bit % 64;
    }
  }
  ~NodePcs() {
    if (words_ != nullptr) base::unmap_memory(words_, (mask_ + 1) / 8);
  }
  NodePcs(const NodePcs&) = delete;
  NodePcs& operator=(const NodePcs&) = delete;

  explicit operator bool() const { return words_ != nullptr; }
  bool may_have(uint64_t pc) const {
    const uint64_t bit = hash_of_pc(pc) & mask_;
    return (words_[bit / 64] >> bit % 64 & 1) != 0;
  }
  bool may_have_any(uint64_t start, uint64_t size) const {
    for (uint64_t at = start & ~uint64_t{63}; at <= start + size; at += 64) {
      if (may_have(at)) return true;
    }
    return false;
  }

 private:
  uint64_t* words_;
  uint64_t mask_;
};

bool is_there(const Entry& entry) {
  const CodePlaces::Place* const place = g_log.machine_code.find(entry.start);
  return place != nullptr && place->size == entry.size &&
         place->name.load(std::memory_order_relaxed) == entry.name;
}

// Drops what nothing refers to any more.
SILT_COLD void sweep() {
  if (g_log.writing) return;
  const NodePcs pcs;
  if (!pcs) return;
  uint32_t gone = 0;
  for (uint32_t i = 0; i < g_log.pending_count; ++i) gone += is_there(g_log.pending[i]) ? 0 : 1;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < g_log.pending_count; ++i) {
    const Entry entry = g_log.pending[i];
    if (!is_there(entry) && (gone-- > kMostGone || !pcs.may_have_any(entry.start, entry.size))) {
      g_log.names.release(entry.name);
      continue;
    }
    g_log.pending[kept++] = entry;
  }
  g_log.pending_count = kept;
  g_log.names.forget_unused(
      [&pcs](uint64_t serial) { return pcs.may_have(pc_of_serial(serial)); });
  const uint32_t used = g_log.names.used_count();
  g_log.next_sweep = kept < kFirstSweep / 2 ? kFirstSweep : kept * 2;
  g_log.next_used_sweep = used < kFirstSweep / 2 ? kFirstSweep : used * 2;
}

bool make_room_for_pending() {
  if (g_log.pending_count < g_log.pending_room) return true;
  const uint32_t room = g_log.pending_room == 0 ? kFirstSweep : g_log.pending_room * 2;
  auto* const fresh = static_cast<Entry*>(base::map_within_limit(room * sizeof(Entry)));
  if (fresh == nullptr) return false;
  if (g_log.pending != nullptr) {
    base::copy_bytes(fresh, g_log.pending, g_log.pending_count * sizeof(Entry));
    base::unmap_memory(g_log.pending, g_log.pending_room * sizeof(Entry));
  }
  g_log.pending = fresh;
  g_log.pending_room = room;
  return true;
}

void append(uint64_t start, uint32_t size, uint32_t name, uint32_t nodes) {
  if (!make_room_for_pending()) return;  // such code stays nameless
  g_log.names.refer_again(name);
  g_log.pending[g_log.pending_count++] = Entry{start, size, name, nodes};
}

CodePlaces& places_of(CodeKind kind) {
  return kind == CodeKind::kMachine ? g_log.machine_code : g_log.byte_code;
}

// With a reference to the name, which becomes the place's.
void put(CodeKind kind, uint64_t start, uint32_t size, uint32_t name, uint32_t owner) {
  bool stacks_have_it = false;
  const auto dropped = [&](uint32_t other) {
    stacks_have_it = stacks_have_it || (other != name && g_log.names.is_used(other));
    g_log.names.release(other);
  };
  if (!places_of(kind).put(start, size, name, owner, dropped)) {
    g_log.names.release(name);
  } else if (kind == CodeKind::kMachine) {
    append(start, size, name, track::recorder.stacks.node_count());
  }
  // A stack is known again by the words in it, and here one has got another meaning.
  if (kind == CodeKind::kByte && stacks_have_it) track::forget_walks();
  g_log.any.store(true, std::memory_order_relaxed);
  if (g_log.pending_count >= g_log.next_sweep ||
      g_log.names.used_count() >= g_log.next_used_sweep) {
    sweep();
  }
}

}  // namespace

void add_code(CodeKind kind, uint64_t start, uint64_t size, const char* name, size_t name_size,
              uint32_t owner) {
  if (start == 0 || size == 0 || size > kMaximumCode || name == nullptr) return;
  if (start >= track::kFirstFunctionPc - kMaximumCode) return;
  const Guard guard;
  if (!guard) return;
  const uint32_t text = g_log.names.refer(name, name_size);
  if (text == 0) return;
  CodePlaces::Place* const known = places_of(kind).find(start);
  if (known != nullptr && known->name.load(std::memory_order_relaxed) == text &&
      known->size == size) {
    if (known->owner != owner) known->owner = 0;
    g_log.names.release(text);
    return;
  }
  put(kind, start, static_cast<uint32_t>(size), text, owner);
}

void move_code(CodeKind kind, uint64_t from, uint64_t to, uint64_t size, uint32_t owner) {
  if (to == 0 || size > kMaximumCode || to >= track::kFirstFunctionPc - kMaximumCode) return;
  const Guard guard;
  if (!guard) return;
  CodePlaces& places = places_of(kind);
  CodePlaces::Place* const known = places.find(from);
  if (known == nullptr) return;
  const uint32_t name = known->name.load(std::memory_order_relaxed);
  const uint32_t bytes = known->size;
  const bool stacks_have_it = kind == CodeKind::kByte && g_log.names.is_used(name);
  places.drop(known, [](uint32_t) {});  // the reference goes along
  put(kind, to, bytes, name, owner);
  if (stacks_have_it) track::forget_walks();
}

void drop_code_of(uint32_t owner) {
  const Guard guard;
  if (!guard || owner == 0) return;
  for (CodePlaces* places : {&g_log.machine_code, &g_log.byte_code}) {
    places->for_each([&](CodePlaces::Place& place) {
      if (place.owner != owner) return;
      places->drop(&place, [](uint32_t name) { g_log.names.release(name); });
    });
  }
  track::forget_walks();
}

bool is_byte_code_of(uint64_t start, const char* file) {
  const Guard guard;
  if (!guard) return false;
  const CodePlaces::Place* const place = g_log.byte_code.find(start);
  if (place == nullptr) return false;
  const char* text = g_log.names.text_of(place->name.load(std::memory_order_relaxed));
  for (; *text != '\0'; ++text) {
    if (base::starts_with(text, file)) return true;
  }
  return false;
}

uint64_t function_pc_of(uint64_t start) {
  constexpr int kTries = 3;  // it changed while it was read: once is rare
  for (int i = 0; i < kTries; ++i) {
    const CodePlaces::Place* const place = g_log.byte_code.find(start);
    if (place == nullptr) return 0;
    const uint32_t name = place->name.load(std::memory_order_acquire);
    if (name == 0) continue;
    const uint64_t serial = g_log.names.use(name);
    if (place->start.load(std::memory_order_seq_cst) == start &&
        place->name.load(std::memory_order_seq_cst) == name) {
      return pc_of_serial(serial);
    }
  }
  return 0;
}

namespace {

// One pass of what the recording does not have yet into its map.
class MapWriter {
 public:
  explicit MapWriter(int folder) : folder_(folder), bytes_(g_log.file_bytes) {}

  bool write() {
    uint32_t entries = 0;
    {
      const Guard guard;
      if (!guard) return false;
      g_log.writing = true;
      entries = g_log.pending_count;
    }
    uint32_t nodes = g_log.nodes_written;
    for (uint32_t at = 0; at < entries; flush()) {
      const Guard guard;
      while (at < entries && has_room()) {
        const Entry& entry = g_log.pending[at++];
        if (entry.nodes != nodes) {
          nodes = entry.nodes;
          text_.add("# nodes ").add_decimal(nodes).add('\n');
        }
        add_line(entry.start, entry.size, g_log.names.text_of(entry.name));
      }
    }
    uint32_t next = 1;
    while (next != 0) {
      {
        const Guard guard;
        next = g_log.names.visit_unwritten(next, [&](uint64_t serial, const char* name) {
          if (!has_room()) return false;
          add_line(pc_of_serial(serial) - kBytesAPc / 2, kBytesAPc, name);
          return true;
        });
      }
      flush();
    }
    if (file_ >= 0) snapshot::close_file(static_cast<int>(file_));
    finish(entries, nodes);
    return true;
  }

 private:
  static constexpr size_t kBuffer = size_t{64} * 1024;

  bool has_room() const { return kBuffer - text_.size() > kMaximumName + 100; }

  void add_line(uint64_t start, uint64_t size, const char* name) {
    text_.add_hexadecimal(start).add(' ').add_hexadecimal(size).add(' ').add(name).add('\n');
  }

  void flush() {
    if (text_.size() == 0) return;
    if (file_ < 0 && good_) {
      base::TextBuffer<40> name;
      name.add("perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid)));
      name.add(".map");
      const int create = g_log.file_bytes == 0 ? O_CREAT : 0;  // there already if the disk was full
      file_ = snapshot::open_file(folder_, name.c_str(),
                                  O_WRONLY | O_NOFOLLOW | O_CLOEXEC | create, 0600);
    }
    good_ = good_ && file_ >= 0 &&
            snapshot::write_all(static_cast<int>(file_), buffer_, text_.size(), bytes_) == 0;
    bytes_ += text_.size();
    text_ = base::TextWriter(buffer_, kBuffer);
  }

  // What did not get written is written again next time, at the same place.
  void finish(uint32_t entries, uint32_t nodes) const {
    const Guard guard;
    if (good_) {
      for (uint32_t i = 0; i < entries; ++i) g_log.names.release(g_log.pending[i].name);
      for (uint32_t i = entries; i < g_log.pending_count; ++i) {
        g_log.pending[i - entries] = g_log.pending[i];
      }
      g_log.pending_count -= entries;
      g_log.file_bytes = bytes_;
      g_log.nodes_written = nodes;
    }
    g_log.names.finish_writing(good_);
    g_log.writing = false;
  }

  static constinit char buffer_[kBuffer];

  const int folder_;
  long file_ = -1;
  uint64_t bytes_;
  bool good_ = true;
  base::TextWriter text_{buffer_, kBuffer};
};
constinit char MapWriter::buffer_[kBuffer]{};

}  // namespace

bool write_code_names(int folder) {
  if (!g_log.any.load(std::memory_order_relaxed)) return false;
  return MapWriter(folder).write();
}

void write_code_names_anew() {
  const Guard guard;
  if (!guard) return;
  g_log.writing = false;
  g_log.nodes_written = 0;
  g_log.file_bytes = 0;
  for (uint32_t i = 0; i < g_log.pending_count; ++i) g_log.names.release(g_log.pending[i].name);
  g_log.pending_count = 0;
  g_log.machine_code.for_each([](const CodePlaces::Place& place) {
    append(place.start.load(std::memory_order_relaxed), place.size,
           place.name.load(std::memory_order_relaxed), 0);
  });
  g_log.names.write_anew();
}

CodeCounts code_counts() {
  const Guard guard;
  return {g_log.machine_code.count() + g_log.byte_code.count(), g_log.pending_count,
          g_log.names.text_bytes()};
}

}  // namespace silt::node
