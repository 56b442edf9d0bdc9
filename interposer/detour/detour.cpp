// SPDX-License-Identifier: Apache-2.0
//
// See detour.h. Normal context.

#include "interposer/detour/detour.h"

#include <initializer_list>

#include "interposer/base/symbol_search.h"
#include "interposer/base/text.h"
#include "interposer/detour/code_pages.h"
#include "interposer/detour/decoder.h"
#include "interposer/detour/entries.h"
#include "interposer/detour/plan.h"

namespace silt::detour {
namespace {

using format::InnerRefusal;

bool is_a_sanitizers() {
  for (const char* symbol :
       {"__asan_init", "__tsan_init", "__msan_init", "__hwasan_init", "__lsan_init"}) {
    if (base::is_defined(symbol)) return true;
  }
  return false;
}

InnerRefusal attempt(const Program& program, EntryPoints& entries, const char* library,
                     const char** blame, base::TextWriter& why) {
  if (is_a_sanitizers()) return InnerRefusal::kSanitizer;
  if (entries.doubtful != nullptr) {
    *blame = entries.doubtful;
    why.add("several functions have this name, or one several meanings");
    return InnerRefusal::kNames;
  }
  if (program.has_text_relocations()) {
    why.add("the loader has changed the program's code");
    return InnerRefusal::kCode;
  }
  if (!is_single_thread()) {
    why.add("a library has started a thread already");
    return InnerRefusal::kThreads;
  }
  base::TextBuffer<4096> folder;
  folder.add(library, static_cast<size_t>(base::base_name(library) - library));
  Decoder decoder;
  if (!decoder.open(folder.c_str())) {
    why.add("libZydis was not found; install libzydis4.0");
    return InnerRefusal::kDecoder;
  }
  follow_operators(program, decoder, &entries);
  return Plan(program, entries).carry_out(decoder, blame, why);
}

}  // namespace

Outcome detour_inner_allocators(bool wanted, const char* library,
                                void (*complain)(const char* line)) {
  Outcome outcome;
  Program program;
  EntryPoints entries;
  if (!wanted) return Outcome{false, InnerRefusal::kOff};
  if (!program.open()) return outcome;
  find_entry_points(program, &entries);
  if (entries.count == 0) return outcome;
  const char* blame = nullptr;
  base::TextBuffer<256> why;
  outcome.refusal = attempt(program, entries, library, &blame, why);
  outcome.seen = outcome.refusal == InnerRefusal::kNone;
  if (outcome.seen || outcome.refusal == InnerRefusal::kSanitizer) return outcome;
  base::TextBuffer<512> line;
  line.add("the allocator inside the program (")
      .add(entries.all[0].name)
      .add(") is not recorded: ");
  if (blame != nullptr) line.add("'").add(blame).add("': ");
  complain(line.add(why.c_str()).c_str());
  return outcome;
}

}  // namespace silt::detour
