// SPDX-License-Identifier: Apache-2.0
//
// The log of compiled code on its way into a recording's perf map; see jit_log.h and code_log.h.

#include <fcntl.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/runtime/nodejs/code_log.h"
#include "interposer/runtime/nodejs/jit_log.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::nodejs {

constinit CodeLog code_log{};

void CodeLog::append(uint64_t start, uint32_t size, uint32_t name, uint32_t nodes,
                     PositionBytes code_positions) {
  if (pending_count == pending_room) {
    const uint32_t room = pending_room == 0 ? kFirstSweep : pending_room * 2;
    auto* const fresh = static_cast<CodeEntry*>(base::map_within_limit(room * sizeof(CodeEntry)));
    if (fresh == nullptr) return;
    if (pending != nullptr) {
      base::copy_bytes(fresh, pending, pending_count * sizeof(CodeEntry));
      base::unmap_memory(pending, pending_room * sizeof(CodeEntry));
    }
    pending = fresh;
    pending_room = room;
  }
  names.refer_again(name);
  pending[pending_count++] = CodeEntry{start, size, name, nodes, positions.put(code_positions)};
}

void CodeLog::keep_positions_of_pending() {
  positions.begin_keeping();
  for (uint32_t i = 0; i < pending_count; ++i) {
    pending[i].positions = positions.keep(pending[i].positions);
  }
  positions.end_keeping();
}

namespace {

// One pass of what the recording does not have yet into its map.
class MapWriter {
 public:
  explicit MapWriter(int folder) : folder_(folder), bytes_(code_log.file_bytes) {}

  bool write() {
    uint32_t entries = 0;
    {
      const CodeGuard guard;
      if (!guard) return false;
      code_log.writing = true;
      entries = code_log.pending_count;
    }
    uint32_t nodes = code_log.nodes_written;
    for (uint32_t at = 0; at < entries; flush()) {
      const CodeGuard guard;
      while (at < entries && has_room()) {
        const CodeEntry& entry = code_log.pending[at++];
        if (entry.nodes != nodes) {
          nodes = entry.nodes;
          text_.add("# nodes ").add_decimal(nodes).add('\n');
        }
        add_line(entry.start, entry.size, code_log.names.text_of(entry.name));
        add_positions(code_log.positions.at(entry.positions));
      }
    }
    uint32_t next = 1;
    while (next != 0) {
      {
        const CodeGuard guard;
        next = code_log.names.visit_unwritten(next, [&](uint64_t serial, uint32_t name) {
          if (!has_room()) return false;
          add_line(begin_of_serial(serial), kPlaces, code_log.names.text_of(name));
          add_positions(code_log.names.positions_of(name));
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

  // Each byte of positions makes at most three characters.
  bool has_room() const {
    return kBuffer - text_.size() > kMaximumName + 3 * PositionGatherer::kMostBytes + 200;
  }

  void add_line(uint64_t start, uint64_t size, const char* name) {
    text_.add_hexadecimal(start).add(' ').add_hexadecimal(size).add(' ').add(name).add('\n');
  }

  // `# positions 0+56 2f-2d … 9`: the offset into the code as a difference to the one before, the
  // sign of the script's difference, and that; the last is where the code ends, if that is told.
  void add_positions(PositionBytes positions) {
    if (positions.size == 0) return;
    text_.add("# positions");
    visit_positions(
        positions,
        [this](uint64_t code, int64_t script) {
          text_.add(' ').add_hexadecimal(code).add(script < 0 ? '-' : '+');
          text_.add_hexadecimal(static_cast<uint64_t>(script < 0 ? -script : script));
        },
        [this](uint64_t code) { text_.add(' ').add_hexadecimal(code); });
    text_.add('\n');
  }

  void flush() {
    if (text_.size() == 0) return;
    if (file_ < 0 && good_) {
      base::TextBuffer<40> name;
      name.add("perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid)));
      name.add(".map");
      // Which is there already if the disk was full.
      const int create = code_log.file_bytes == 0 ? O_CREAT : 0;
      file_ = snapshot::open_file(folder_, name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | create,
                                  0600);
    }
    good_ = good_ && file_ >= 0 &&
            snapshot::write_all(static_cast<int>(file_), buffer_, text_.size(), bytes_) == 0;
    bytes_ += text_.size();
    text_ = base::TextWriter(buffer_, kBuffer);
  }

  // What did not get written is written again next time, at the same place.
  void finish(uint32_t entries, uint32_t nodes) const {
    const CodeGuard guard;
    if (good_) {
      for (uint32_t i = 0; i < entries; ++i) code_log.names.release(code_log.pending[i].name);
      for (uint32_t i = entries; i < code_log.pending_count; ++i) {
        code_log.pending[i - entries] = code_log.pending[i];
      }
      code_log.pending_count -= entries;
      code_log.keep_positions_of_pending();
      code_log.file_bytes = bytes_;
      code_log.nodes_written = nodes;
    }
    code_log.names.finish_writing(good_);
    code_log.writing = false;
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

uint64_t code_log_bytes() {
  const CodeGuard guard;
  if (!guard) return 0;
  return code_log.names.mapped_bytes() + code_log.machine_code.mapped_bytes() +
         code_log.byte_code.mapped_bytes() + code_log.positions.mapped_bytes() +
         uint64_t{code_log.pending_room} * sizeof(CodeEntry);
}

bool write_code_names(int folder) {
  if (!code_log.any.load(std::memory_order_relaxed)) return false;
  return MapWriter(folder).write();
}

void write_code_names_anew() {
  const CodeGuard guard;
  if (!guard) return;
  code_log.writing = false;
  code_log.nodes_written = 0;
  code_log.file_bytes = 0;
  for (uint32_t i = 0; i < code_log.pending_count; ++i)
    code_log.names.release(code_log.pending[i].name);
  code_log.pending_count = 0;
  code_log.keep_positions_of_pending();
  code_log.machine_code.for_each([](const CodePlaces::Place& place) {
    code_log.append(place.start.load(std::memory_order_relaxed),
                    place.size.load(std::memory_order_relaxed),
                    place.name.load(std::memory_order_relaxed), 0, {});
  });
  code_log.names.write_anew();
}

}  // namespace silt::nodejs
