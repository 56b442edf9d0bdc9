// SPDX-License-Identifier: Apache-2.0
//
// See jit_log.h. Entries and names are only ever appended, and the number of entries is published
// last, so that a snapshot reads them while V8 goes on compiling. Whoever adds holds the lock.

#include "interposer/node/jit_log.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/node/runtime.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/track/recorder.h"

namespace silt::node {

// v8::JitCodeEvent as in V8 10.2 to 13.6. Its isolate, which stands last, tells whether this is
// still its shape.
struct JitCodeEvent {
  int type;
  int code_type;
  uint64_t code_start;
  size_t code_size;
  const void* script;
  void* user_data;
  void* wasm_source;
  union {
    struct {
      const char* text;
      size_t size;
    } name;
    uint64_t new_start;
    char widest[24];
  };
  const void* isolate;
};
static_assert(sizeof(JitCodeEvent) == 80);

namespace {

constexpr int kCodeAdded = 0;
constexpr int kCodeMoved = 1;
constexpr int kMachineCode = 1;  // others are bytecode (no pc is ever in it) and WebAssembly
constexpr int kWasmCode = 2;
constexpr int kEnumerateExisting = 1;

constexpr size_t kMaximumName = 2000;
constexpr uint64_t kMaximumCode = uint64_t{1} << 30;

struct Entry {
  uint64_t start;
  uint32_t size;
  uint32_t name;   // offset into the names
  uint32_t nodes;  // of the stack tree when the code appeared
};

// A hash table of offsets or indices, 0 being free; it doubles when half full.
class Index {
 public:
  // Visits the candidates for a hash until `matches` says yes; returns that value or 0.
  template <typename Matches>
  uint32_t find(uint64_t hash, Matches&& matches) const {
    if (slots_ == nullptr) return 0;
    for (uint64_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
      if (matches(slots_[at])) return slots_[at];
    }
    return 0;
  }

  // Takes the place of the candidate that matches, or a new one.
  template <typename Matches, typename Hash>
  void put(uint64_t hash, uint32_t value, Matches&& matches, Hash&& hash_of) {
    if ((slots_ == nullptr || used_ * 2 > mask_) && !grow(hash_of)) return;
    uint64_t at = hash & mask_;
    while (slots_[at] != 0 && !matches(slots_[at])) at = (at + 1) & mask_;
    if (slots_[at] == 0) ++used_;
    slots_[at] = value;
  }

 private:
  template <typename Hash>
  bool grow(Hash&& hash_of) {
    const uint64_t count = slots_ == nullptr ? 4096 : (mask_ + 1) * 2;
    auto* const fresh = static_cast<uint32_t*>(base::map_memory(count * sizeof(uint32_t)));
    if (fresh == nullptr) return slots_ != nullptr && used_ < mask_;
    for (uint64_t i = 0; slots_ != nullptr && i <= mask_; ++i) {
      if (slots_[i] == 0) continue;
      uint64_t at = hash_of(slots_[i]) & (count - 1);
      while (fresh[at] != 0) at = (at + 1) & (count - 1);
      fresh[at] = slots_[i];
    }
    if (slots_ != nullptr) base::unmap_memory(slots_, (mask_ + 1) * sizeof(uint32_t));
    slots_ = fresh;
    mask_ = count - 1;
    return true;
  }

  uint32_t* slots_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t used_ = 0;
};

constexpr size_t kNameChunk = size_t{1} << 20;

// Index 0 of entries and offset 0 of names are not used.
struct Log {
  base::SpinLock lock;
  base::ChunkedArray<Entry, 8192, 256> entries;
  base::ChunkedArray<char, kNameChunk, 256> names;
  Index by_start;  // the newest entry at each start
  Index by_name;
  std::atomic<uint32_t> count{1};
  uint32_t name_bytes = 1;
  // The snapshot's own.
  uint32_t written = 1;
  uint32_t nodes_written = 0;
  uint64_t file_bytes = 0;
};
constinit Log g_log{};

uint64_t hash_of_start(uint64_t start) { return start * 0x9e3779b97f4a7c15 >> 32; }

uint64_t hash_of_text(const char* text, size_t size) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < size; ++i) {
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x100000001b3;
  }
  return hash ^ hash >> 29;
}

// Lines are records: a line end within a name becomes a space.
char printable(char c) { return c == '\n' || c == '\r' || c == '\0' ? ' ' : c; }

uint32_t intern(const char* text, size_t size) {
  char clean[kMaximumName + 1];
  if (size > kMaximumName) size = kMaximumName;
  for (size_t i = 0; i < size; ++i) clean[i] = printable(text[i]);
  clean[size] = '\0';
  const auto matches = [&](uint32_t offset) {
    return base::equal(g_log.names.find(offset), clean);
  };
  const uint64_t hash = hash_of_text(clean, size);
  const uint32_t known = g_log.by_name.find(hash, matches);
  if (known != 0) return known;
  uint32_t at = g_log.name_bytes;
  if (at % kNameChunk + size + 1 > kNameChunk) {
    at = static_cast<uint32_t>((at / kNameChunk + 1) * kNameChunk);  // none crosses a border
  }
  char* const place = g_log.names.ensure(at);
  if (place == nullptr) return 0;
  base::copy_bytes(place, clean, size + 1);
  g_log.name_bytes = at + static_cast<uint32_t>(size) + 1;
  g_log.by_name.put(hash, at, matches, [](uint32_t offset) {
    const char* const name = g_log.names.find(offset);
    return hash_of_text(name, base::length(name));
  });
  return at;
}

uint32_t find_entry(uint64_t start) {
  return g_log.by_start.find(hash_of_start(start),
                             [start](uint32_t i) { return g_log.entries[i].start == start; });
}

void append(uint64_t start, uint32_t size, uint32_t name) {
  const uint32_t index = g_log.count.load(std::memory_order_relaxed);
  Entry* const entry = g_log.entries.ensure(index);
  if (entry == nullptr || name == 0) return;  // full: such code stays nameless
  *entry = Entry{start, size, name, track::recorder.stacks.node_count()};
  g_log.by_start.put(
      hash_of_start(start), index, [start](uint32_t i) { return g_log.entries[i].start == start; },
      [](uint32_t i) { return hash_of_start(g_log.entries[i].start); });
  g_log.count.store(index + 1, std::memory_order_release);
}

std::atomic<bool> g_misshapen{false};

void on_code_event(const JitCodeEvent* event) {
  if (event->type != kCodeAdded && event->type != kCodeMoved) return;
  if (event->code_type != kMachineCode && event->code_type != kWasmCode) return;
  if (g_misshapen.load(std::memory_order_relaxed)) return;
  if (event->type == kCodeMoved)
    move_code(event->code_start, event->new_start);
  else
    add_code(event->code_start, event->code_size, event->name.text, event->name.size);
}

// The first events come for code that exists, on this very thread: does an event look as expected?
thread_local constinit const void* t_isolate __attribute__((tls_model("initial-exec"))) = nullptr;

void on_first_events(const JitCodeEvent* event) {
  if (event->type < 0 || event->type > 8 || event->isolate != t_isolate) {
    g_misshapen.store(true, std::memory_order_relaxed);
  }
  on_code_event(event);
}

}  // namespace

bool watch_code() {
  if (!has_code_events() || g_misshapen.load(std::memory_order_relaxed)) return false;
  t_isolate = runtime.current_isolate();
  if (t_isolate == nullptr) return false;
  runtime.set_code_handler(runtime.current_isolate(), kEnumerateExisting, on_first_events);
  const bool good = !g_misshapen.load(std::memory_order_relaxed);
  runtime.set_code_handler(runtime.current_isolate(), 0, good ? on_code_event : nullptr);
  return good;
}

void add_code(uint64_t start, uint64_t size, const char* name, size_t name_size) {
  if (start == 0 || size == 0 || size > kMaximumCode || name == nullptr) return;
  const base::SpinGuard guard(g_log.lock);
  const uint32_t text = intern(name, name_size);
  const uint32_t known = find_entry(start);
  if (known != 0) {
    const Entry& entry = g_log.entries[known];
    if (entry.name == text && entry.size == size) return;
  }
  append(start, static_cast<uint32_t>(size), text);
}

void move_code(uint64_t from, uint64_t to) {
  const base::SpinGuard guard(g_log.lock);
  const uint32_t known = find_entry(from);
  if (known == 0) return;
  const Entry entry = g_log.entries[known];
  append(to, entry.size, entry.name);
}

bool write_code_names(int folder) {
  static constinit char buffer[64 * 1024]{};
  const uint32_t count = g_log.count.load(std::memory_order_acquire);
  if (count == 1) return false;
  if (g_log.written == count) return true;
  base::TextBuffer<40> name;
  name.add("perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid))).add(".map");
  const int create = g_log.file_bytes == 0 ? O_CREAT : 0;  // there already if the disk was full
  const long file =
      snapshot::open_file(folder, name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | create, 0600);
  if (file < 0) return true;
  base::TextWriter text(buffer, sizeof(buffer));
  uint64_t bytes = g_log.file_bytes;
  uint32_t nodes = g_log.nodes_written;
  bool good = true;
  const auto flush = [&] {
    good = good && snapshot::write_all(static_cast<int>(file), buffer, text.size(), bytes) == 0;
    bytes += text.size();
    text = base::TextWriter(buffer, sizeof(buffer));
  };
  for (uint32_t i = g_log.written; i < count; ++i) {
    const Entry& entry = g_log.entries[i];
    if (sizeof(buffer) - text.size() < kMaximumName + 100) flush();
    if (entry.nodes != nodes) {
      nodes = entry.nodes;
      text.add("# nodes ").add_decimal(entry.nodes).add('\n');
    }
    text.add_hexadecimal(entry.start).add(' ').add_hexadecimal(entry.size).add(' ');
    text.add(g_log.names.find(entry.name)).add('\n');
  }
  flush();
  snapshot::close_file(static_cast<int>(file));
  if (good) {  // else all of it again next time, at the same place
    g_log.written = count;
    g_log.file_bytes = bytes;
    g_log.nodes_written = nodes;
  }
  return true;
}

void write_code_names_anew() {
  g_log.written = 1;
  g_log.nodes_written = 0;
  g_log.file_bytes = 0;
}

}  // namespace silt::node
