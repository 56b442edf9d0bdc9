// SPDX-License-Identifier: Apache-2.0
//
// See verification.h. Hook context, but for start and tell.

#include "interposer/track/verification.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interposer/base/log.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/track/recorder.h"
#include "interposer/unwind/interpreter.h"
#include "interposer/unwind/reference_walk.h"

namespace silt::track {
namespace {

constexpr uint64_t kReported = 5;    // differences told in words, of each program
constexpr size_t kFramesAround = 4;  // told on either side of a difference

constinit base::SpinLock g_lock{};
constinit VerifiedProgram g_own{};
constinit VerifiedProgram* g_program = &g_own;
constinit VerificationFile* g_file = nullptr;
constinit unwind::Frame g_reference[unwind::kMaximumFrames + 2]{};
constinit uint64_t g_found[unwind::kMaximumFrames + 2]{};

// The slot of this program; all slots taken: the last.
VerifiedProgram* slot_for(VerificationFile& file, const char* path) {
  const char* const name = base::base_name(path);
  uint64_t words[4] = {};
  base::copy_bytes(reinterpret_cast<char*>(words), name,
                   base::length(name) < 31 ? base::length(name) : 31);
  if (words[0] == 0) words[0] = '?';
  for (VerifiedProgram& program : file.programs) {
    uint64_t first = 0;
    if (program.name[0].compare_exchange_strong(first, words[0], std::memory_order_relaxed)) {
      for (int i = 1; i < 4; ++i) program.name[i].store(words[i], std::memory_order_relaxed);
      return &program;
    }
    // One that is being claimed at this instant may be missed: then a name has two slots.
    bool same = first == words[0];
    for (int i = 1; i < 4; ++i) {
      same = same && program.name[i].load(std::memory_order_relaxed) == words[i];
    }
    if (same) return &program;
  }
  return &file.programs[VerificationFile::kSlots - 1];
}

void say(const char* text) {
  if (g_file == nullptr) return base::log(base::LogLevel::kError, text);
  const uint64_t size = base::length(text);
  const uint64_t at = g_file->text_used.fetch_add(size + 1, std::memory_order_relaxed);
  if (at + size + 1 > VerificationFile::kTextBytes) return;
  base::copy_bytes(g_file->text + at, text, size);
  g_file->text[at + size] = '\n';
}

template <typename Line>
void add_place(Line& line, uint64_t pc) {
  line.add("0x").add_hexadecimal(pc);
  for (uint32_t i = 0; i < recorder.modules.count(); ++i) {
    const ModuleRecord* const module = recorder.modules.at(i);
    if (module == nullptr || pc < module->start || pc >= module->end) continue;
    line.add(' ').add(module->path).add("+0x").add_hexadecimal(pc - module->load_bias);
    return;
  }
}

void differ(size_t frame, size_t expected, size_t found, const char* what, uint64_t wanted,
            uint64_t is) {
  if (g_program->different.fetch_add(1, std::memory_order_relaxed) >= kReported) return;
  base::TextBuffer<700> line;
  line.add("walk differs from libunwind's at frame ").add_decimal(frame).add(" in ").add(what);
  line.add(": expected 0x").add_hexadecimal(wanted).add(", found 0x").add_hexadecimal(is);
  say(line.c_str());
  const size_t first = frame > kFramesAround ? frame - kFramesAround : 0;
  for (size_t i = first; i <= frame + kFramesAround && (i < expected || i < found); ++i) {
    base::TextBuffer<700> row;
    row.add(i == frame ? "> #" : "  #").add_decimal(i).add(" expected ");
    if (i < expected) add_place(row, g_reference[i].pc);
    row.add(", found ");
    if (i < found) add_place(row, g_found[i]);
    say(row.c_str());
  }
}

void check_registers(const unwind::Spine& spine, size_t expected, size_t found) {
  size_t frame = 0;
  for (uint32_t i = spine.count(); i > 0 && frame < expected; --i) {
    const unwind::Frame& is = spine.frame(i - 1);
    if (is.pc == 0) continue;
    const unwind::Frame& wanted = g_reference[frame];
    if (is.sp != wanted.sp) return differ(frame, expected, found, "sp", wanted.sp, is.sp);
    if (spine.bp_live(i - 1) && is.bp != wanted.bp) {
      return differ(frame, expected, found, "bp", wanted.bp, is.bp);
    }
    ++frame;
  }
}

}  // namespace

void start_verification(const char* setting, const char* program) {
  recorder.verify_walks = setting != nullptr;
  if (setting == nullptr || setting[0] != '/') return;
  constexpr size_t kSize = sizeof(VerificationFile);
  const long file =
      base::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(setting), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  const bool large_enough =
      base::system_call(SYS_lseek, file, 0, SEEK_END) >= static_cast<long>(kSize);
  const long mapped = base::system_call(SYS_mmap, 0, static_cast<long>(kSize),
                                        PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  base::system_call(SYS_close, file);
  if (mapped < 0 || !large_enough) return;
  g_file = reinterpret_cast<VerificationFile*>(mapped);
  g_program = slot_for(*g_file, program);
  g_program->processes.fetch_add(1, std::memory_order_relaxed);
}

void verify_walk(const unwind::Frame& frame, StackId stack, const unwind::Spine* spine,
                 bool whole_allocation) {
  const base::SpinGuard guard(g_lock);
  g_program->walks.fetch_add(1, std::memory_order_relaxed);
  if (whole_allocation) g_program->allocations.fetch_add(1, std::memory_order_relaxed);
  constexpr size_t kRoom = unwind::kMaximumFrames + 1;
  bool complete = false;
  const size_t expected = unwind::reference_walk(frame.sp, g_reference, kRoom, &complete);
  size_t found = 0;
  bool whole = true;  // no marker says that outer frames are missing
  for (NodeId node = innermost_of(stack); node != kRoot && found <= kRoom;) {
    NodeId parent;
    uint64_t pc;
    recorder.stacks.read_node(node, &parent, &pc);
    if (is_pair(pc)) {
      node = innermost_of(native_of(pc));  // the runtime's frames are not on this stack
      continue;
    }
    if (pc == kMarkerTruncated || pc == kMarkerBroken) {
      whole = false;
    } else {
      g_found[found++] = pc;
    }
    node = parent;
  }
  for (size_t i = 0; i < expected && i < found; ++i) {
    if (g_found[i] == g_reference[i].pc) continue;
    // What stands for a function is in the place of its interpreter's pc.
    if (g_found[i] >= unwind::kFirstFunctionPc && unwind::interpreter.contains(g_reference[i].pc)) {
      continue;
    }
    if ((g_found[i] & kTagMask) == kEvaluatorTag &&
        recorder.evaluator.contains(g_reference[i].pc)) {
      continue;
    }
    return differ(i, expected, found, "pc", g_reference[i].pc, g_found[i]);
  }
  if (found < expected && whole) {
    return differ(found, expected, found, "end", g_reference[found].pc, 0);
  }
  if (found > expected && complete) {
    return differ(expected, expected, found, "length", 0, g_found[expected]);
  }
  if (spine != nullptr) check_registers(*spine, expected, found);
}

void tell_verification() {
  if (g_file != nullptr) return;
  base::TextBuffer<200> line;
  line.add("walks compared with libunwind's: ").add_decimal(g_program->walks);
  line.add(", of allocations: ").add_decimal(g_program->allocations);
  line.add(", different: ").add_decimal(g_program->different);
  base::log(base::LogLevel::kError, line.c_str());
}

void lock_verification() { g_lock.lock(); }
void unlock_verification() { g_lock.unlock(); }

}  // namespace silt::track
