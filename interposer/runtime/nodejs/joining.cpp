// SPDX-License-Identifier: Apache-2.0
//
// See joining.h. Normal context, but for what is handed to the snapshot layer.

#include "interposer/runtime/nodejs/joining.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interposer/base/log.h"
#include "interposer/base/memory.h"
#include "interposer/base/own_ranges.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/runtime/nodejs/addon.h"
#include "interposer/runtime/nodejs/api.h"
#include "interposer/runtime/nodejs/heap_copy.h"
#include "interposer/runtime/nodejs/isolate_sections.h"
#include "interposer/runtime/nodejs/isolates.h"
#include "interposer/runtime/nodejs/jit_log.h"
#include "interposer/runtime/nodejs/recognise.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::nodejs {
namespace {

constexpr char kScriptName[] = "silt-node.cjs";
// Where V8 does not tell of its code. Without the first all interpreted code has one address.
constexpr char kFlagsWithMap[] = "--interpreted-frames-native-stack --perf-basic-prof";

constinit char g_arguments[32 * 1024]{};
constinit bool g_wrote_map = false;
struct CodeRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool contains(uint64_t pc) const { return pc - begin < end - begin; }
};

// The function in which V8's sampling profiler remembers an object, where it can be found.
constinit CodeRange g_sampler{};
// That by which V8 maps the pages of its heaps from version 24 on, where older ones make a part of
// a reservation usable: as there, they are told as JavaScript heap, not once more as mappings.
constinit CodeRange g_pages{};

Arguments read_arguments() {
  const long size =
      snapshot::read_small_file("/proc/self/cmdline", g_arguments, sizeof(g_arguments));
  return Arguments{g_arguments, size > 0 ? static_cast<size_t>(size) : 0};
}

// Why it is not joined; empty when it is.
constinit char g_why_not[600]{};

runtime::Presence give_up(const char* why, const char* detail) {
  base::TextWriter(g_why_not, sizeof(g_why_not)).add(why).add(detail);
  base::TextBuffer<700> line;
  line.add("the JavaScript side of this node is not recorded: ").add(g_why_not);
  base::log(base::LogLevel::kWarn, line.c_str());
  return runtime::Presence::kTold;
}

bool is_script_beside(const char* library, char* path) {
  const char* const name = base::base_name(library);
  base::TextWriter script(path, PATH_MAX);
  script.add(library, static_cast<size_t>(name - library)).add(kScriptName);
  return access(path, R_OK) == 0;
}

// The script lies beside the library, or beside what a link to it leads to.
bool find_script(const char* library, char* path) {
  char real[PATH_MAX];
  if (realpath(library, real) != nullptr && is_script_beside(real, path)) return true;
  return is_script_beside(library, path);
}

bool ask_isolates() { return ask(nullptr); }

bool is_own(uint64_t pc) { return base::in_this_library(pc) || g_pages.contains(pc); }

bool is_sampler(uint64_t pc) { return g_sampler.contains(pc); }

void write_heaps(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime) {
  write_isolates(out, strings, runtime);
  if (g_sampler.begin == g_sampler.end) return;
  const format::RuntimeSamplerEntry entry{g_sampler.begin, g_sampler.end};
  out.begin(format::SectionType::kRuntimeSampler);
  out.add(&entry, sizeof(entry));
  out.end(1);
}

// The code of an exported function; empty where it is not exported.
CodeRange find_function(const char* symbol) {
  // (dladdr1, which tells a function's size too, looks through all of node's symbols: 2 ms.)
  base::Library library;
  base::Symbol found;
  if (!base::find_library(symbol, &library) || !base::find_symbol(library, symbol, &found)) {
    return {};
  }
  return {found.address, found.address + found.size};
}

void find_engine_code() {
  g_sampler = find_function("_ZN2v88internal20SamplingHeapProfiler12SampleObjectEmm");
  g_pages = find_function("_ZN2v84base2OS8AllocateEPvmmNS1_16MemoryPermissionE");
}

void leave_to_parent() {
  forget_isolates();
  write_code_names_anew();
  g_wrote_map = false;
}

bool is_left_out(const base::Options& options) {
  if (options.node != base::NodeWish::kJoin || !find_node()) return false;
  const char* const script = script_of(read_arguments());
  if (script == nullptr) return false;
  char path[PATH_MAX];
  return is_launcher(realpath(script, path) != nullptr ? path : script);
}

runtime::Presence start(const base::Options& options, const char* library) {
  if (options.node == base::NodeWish::kOff || !find_node()) return runtime::Presence::kAbsent;
  const char* const before = getenv("NODE_OPTIONS");
  const char* const node_options = before == nullptr ? "" : before;
  const char* const forbidding = forbidding_option(read_arguments(), node_options);
  if (forbidding != nullptr) return give_up("it runs with ", forbidding);
  char script[PATH_MAX];
  if (!find_script(library, script)) return give_up("there is no script ", script);
  if (!find_api()) return give_up("it is older than version 18", "");

  const bool names = has_code_events();
  const bool map = !names && !options.asleep;
  const size_t room = base::length(node_options) + 2 * sizeof(script) + 200;
  auto* const text = static_cast<char*>(base::map_memory(room));
  if (text == nullptr) return give_up("there is no memory", "");
  base::TextWriter extended(text, room);
  if (extend_node_options(node_options, script, map ? kFlagsWithMap : "", &extended)) {
    setenv("NODE_OPTIONS", text, 1);
  }
  base::unmap_memory(text, room);
  g_wrote_map = map;

  offer_addon({options.node_interval_bytes, options.node_interval_adapts, options.node_inlining,
               options.at_exit, names});
  find_engine_code();
  offer_heaps();
  return runtime::Presence::kHere;
}

bool describe(snapshot::Strings& strings, format::RuntimeEntry* entry) {
  base::TextBuffer<40> version;
  add_version(&version);
  entry->version = strings.add(version.c_str());
  entry->why_not = strings.add(g_why_not);
  if (g_why_not[0] == '\0') entry->flags = format::kRuntimeHeaps;
  return true;
}

// Removes the map of compiled code that node wrote on silt's behalf.
void stop() {
  if (!g_wrote_map) return;
  base::TextBuffer<40> path;
  path.add("/tmp/perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid)));
  path.add(".map");
  struct stat status {};
  constexpr long kNotThroughLinks = 0x100;  // AT_SYMLINK_NOFOLLOW
  if (base::system_call(SYS_newfstatat, -100, reinterpret_cast<long>(path.c_str()),
                        reinterpret_cast<long>(&status), kNotThroughLinks) == 0 &&
      S_ISREG(status.st_mode) && status.st_uid == geteuid()) {
    unlink(path.c_str());
  }
}

}  // namespace

const runtime::Runtime runtime = {
    .name = "nodejs",
    .is_left_out = is_left_out,
    .start = start,
    .stop = stop,
    .ask = ask_isolates,
    .describe = describe,
    .write_heaps = write_heaps,
    .write_names = write_code_names,
    .write_names_anew = write_code_names_anew,
    .is_own = is_own,
    .is_sampler = is_sampler,
    .marks_heaps = true,
    .kept_bytes = code_log_bytes,
    .sleep = [](bool) { wake_isolates(); },
    .leave_to_parent = leave_to_parent,
};

}  // namespace silt::nodejs
