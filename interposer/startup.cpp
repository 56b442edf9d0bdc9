// SPDX-License-Identifier: Apache-2.0
//
// The interposer's only constructor and destructor: settings, the unwinder, the tables, the
// triggers, in this order; then recording begins. Until then hooks pass straight through. Normal
// context.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interposer/base/environment.h"
#include "interposer/base/log.h"
#include "interposer/base/memory.h"
#include "interposer/base/old_symbols.h"
#include "interposer/base/options.h"
#include "interposer/base/own_stack.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/detour/detour.h"
#include "interposer/format/snapshot.h"
#include "interposer/hook/own_signals.h"
#include "interposer/hook/process.h"
#include "interposer/hook/real.h"
#include "interposer/owners/copied_process.h"
#include "interposer/owners/early_heap.h"
#include "interposer/owners/looking.h"
#include "interposer/runtime/runtime.h"
#include "interposer/snapshot/arming.h"
#include "interposer/snapshot/box_file.h"
#include "interposer/snapshot/labels.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/signals.h"
#include "interposer/snapshot/size_watch.h"
#include "interposer/snapshot/trigger.h"
#include "interposer/snapshot/writer.h"
#include "interposer/track/recorder.h"
#include "interposer/track/verification.h"
#include "interposer/unwind/derive.h"
#include "interposer/unwind/object.h"

extern "C" char** environ;

namespace silt {
namespace {

using base::LogLevel;
using track::recorder;

constinit base::Options g_options{};

void complain(const char* line) { base::log(LogLevel::kWarn, line); }

const char* module_of(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
  return info.dli_fname;
}

const void* link_map_of(const void* address) {
  unwind::Object object;
  return unwind::find_object(reinterpret_cast<uint64_t>(address), &object) ? object.link_map
                                                                           : nullptr;
}

bool is_libc(const char* allocator) {
  const char* const name = base::base_name(allocator);
  return base::starts_with(name, "libc.so.") || base::starts_with(name, "libc-2.");
}

// glibc's blocks lie 32 bytes apart at the least; others', and those that a library's own operator
// new cuts out of larger ones, may lie 16 apart.
bool blocks_lie_far_apart(const char* allocator) {
  if (!is_libc(allocator)) return false;
  const auto operator_new = reinterpret_cast<const void*>(hook::real.new_plain);
  if (operator_new == nullptr) return true;
  const char* const runtime = base::base_name(module_of(operator_new));
  return base::starts_with(runtime, "libstdc++.so") || base::starts_with(runtime, "libc++");
}

// As `mkdir -p`; what is there already stays as it is. 0 or an error.
int make_folders(const char* path) {
  constexpr long kAllRights = 0777;  // less the umask
  base::TextBuffer<4096> made;
  int error = 0;
  for (const char* c = path;; ++c) {
    if ((*c == '/' || *c == '\0') && c != path) {
      const long result = base::system_call(SYS_mkdirat, AT_FDCWD,
                                            reinterpret_cast<long>(made.c_str()), kAllRights);
      error = result == -EEXIST ? 0 : static_cast<int>(-result);
    }
    if (*c == '\0') return error;
    made.add(*c);
  }
}

// Relative to the folder the program was started in, whatever it changes to later; and so for what
// it starts, from wherever: they are told the absolute path, in the environment, which they get
// LD_PRELOAD by too. A program that lists its environment sees this one variable more.
bool settle_out_folder() {
  base::TextBuffer<4096> path;
  const char* const folder = g_options.out_folder;
  if (folder[0] != '/') {
    path.add(snapshot::process_info.working_directory);
    if (!base::equal(folder, ".")) path.add('/').add(folder);
  } else {
    path.add(folder);
  }
  if (folder[0] != '/' && g_options.children) base::set_variable("SILT_OUT", path.c_str());
  bool writable = access(path.c_str(), W_OK | X_OK) == 0;
  int error = errno;
  if (!writable && error == ENOENT) {
    error = make_folders(path.c_str());
    writable = error == 0 && access(path.c_str(), W_OK | X_OK) == 0;
    if (error == 0) error = errno;
  }
  snapshot::set_out_folder(path.c_str(), writable);
  if (writable || snapshot::can_record_in_other_users_folder()) return true;
  base::TextBuffer<4400> line;
  line.add("no snapshot can be written to '").add(path.c_str()).add("': ");
  line.add(base::error_text(error)).add("; set SILT_OUT to a folder that can be written");
  complain(line.c_str());
  return false;
}

// SILT_CHILDREN=0: what a recorded program executes is not recorded. The first process leaves its
// pid in the environment.
bool wanted_here() {
  if (g_options.children) return true;
  const char* const root = getenv("SILT_ROOT_PID");
  const auto pid = static_cast<uint64_t>(base::system_call(SYS_getpid));
  base::TextBuffer<24> own;
  own.add_decimal(pid);
  if (root != nullptr && !base::equal(root, own.c_str())) return false;
  if (root == nullptr) setenv("SILT_ROOT_PID", own.c_str(), 1);
  return true;
}

uint64_t random_seed() {
  const char* const given = getenv("SILT_SEED");
  if (given != nullptr) {
    const char* end;
    return base::parse_decimal(given, &end);
  }
  uint64_t seed = 0;
  base::system_call(SYS_getrandom, reinterpret_cast<long>(&seed), sizeof(seed), 1);
  return seed;
}

void take_copy_nice() {
  const char* const given = getenv("SILT_COPY_NICE");
  const char* end = given;
  const uint64_t above = given == nullptr ? 0 : base::parse_decimal(given, &end);
  if (end != given && *end == '\0') owners::set_copy_nice(static_cast<long>(above % 40));
}

void start_runtimes(const char* library) {
  base::TextBuffer<8192> path;  // LD_PRELOAD may hold a relative one
  if (library[0] != '/') path.add(snapshot::process_info.working_directory).add('/');
  path.add(library);
  runtime::start_runtimes(runtime::runtimes, g_options, path.c_str());
}

void start_on_this_stack() {
  const int saved_errno = errno;
  hook::resolve_real_functions();
  hook::resolve_remaining_functions();
  if (getauxval(AT_SECURE) != 0) return;  // setuid: leave it alone
  base::remember_process();
  base::remember_standard_error();
  base::set_defaults(&g_options);
  base::read_options(environ, &g_options, complain);
  base::set_log_level(g_options.log_level);
  // Opened by a program, not preloaded: the hooks are not in force, so there is nothing to do.
  if (dlsym(RTLD_DEFAULT, "napi_register_module_v1") == nullptr) {
    dlerror();
    return;
  }
  if (runtime::is_left_out(runtime::runtimes, g_options) || !wanted_here()) {
    snapshot::show_left_out();
    errno = saved_errno;
    return;
  }
  hook::begin_to_measure();
  if (!snapshot::claim_signals(g_options.signal)) {
    complain("the signal for snapshots could not be claimed: only SILT_EVERY and exit take them");
  }
  snapshot::read_process_info();
  const bool writable = settle_out_folder();
  snapshot::find_labels(g_options.labels);

  uint32_t flags = 0;
  if (!unwind::open_unwinder()) {
    flags |= format::kFlagNoUnwinder;
    base::TextBuffer<200> line;
    line.add(arch::kUnwindLibrary).add(" was not found: stacks follow frame pointers only; ");
    line.add("install libunwind8");
    complain(line.c_str());
  }
  const char* const allocator = module_of(reinterpret_cast<const void*>(hook::real.malloc));
  snapshot::set_allocator(allocator);
  hook::real.malloc_calls_no_hook =
      is_libc(allocator) && is_libc(module_of(reinterpret_cast<const void*>(hook::real.calloc)));
  const char* const library = module_of(reinterpret_cast<const void*>(&module_of));
  const detour::Outcome inner = detour::detour_inner_allocators(g_options.inner, library, complain);
  flags |= format::inner_refusal_flags(inner.refusal);
  if (inner.seen) flags |= format::kFlagInnerSeen;
  recorder.live.set_granule_shift(blocks_lie_far_apart(allocator) && !inner.seen ? 5 : 4);
  recorder.objects.set_granule_shift(4);
  // Who calls malloc finds the program's own first, if it has one.
  if (!inner.seen && base::is_defined_before_this_library("malloc")) {
    flags |= format::kFlagOwnMalloc;
  }

  recorder.sample_interval_bytes = g_options.sample_bytes;
  recorder.bounded = g_options.memory_bytes != 0;
  recorder.memory_limit_bytes =
      g_options.memory_bytes == base::kMemoryAuto ? 0 : g_options.memory_bytes;
  base::set_memory_limit(recorder.memory_limit_bytes);
  recorder.every_nanoseconds = g_options.every_nanoseconds;
  recorder.record_mappings = g_options.mmap;
  recorder.random_seed = random_seed();
  take_copy_nice();
  track::start_verification(getenv("SILT_VERIFY_WALK"), snapshot::process_info.executable);
  recorder.modules.set_executable(snapshot::process_info.executable);
  hook::find_short_operators(link_map_of);
  hook::watch_process(snapshot::start_over_in_child);
  owners::start_owners();
  snapshot::install(
      {g_options.at_exit, g_options.children, g_options.owners, flags, !writable, g_options.keep});
  if (g_options.blackbox && g_options.asleep) {
    complain("no black box: SILT_START=asleep records nothing that it could keep");
  } else if (g_options.blackbox) {
    snapshot::start_box(allocator);
  }
  start_runtimes(library);
  snapshot::prepare_arming(g_options.sample_bytes);
  snapshot::size_watch.begin(g_options.at);
  if (is_libc(allocator)) owners::note_early_heap();
  if (track::start_recorder(g_options.asleep)) {
    snapshot::begin();
  } else {
    complain("no memory for tables: nothing is recorded");
  }
  errno = saved_errno;
}

// What is done here takes some 40 kB of stack, the loader's work and the decoder's included, and a
// program may have been given less than that for all of its stack (`ulimit -s`).
constinit base::OwnStack<size_t{256} * 1024> g_start_stack{};

__attribute__((constructor)) void start() {
  g_start_stack.run([] { start_on_this_stack(); });
  base::release_pages(&g_start_stack, sizeof(g_start_stack));
}

__attribute__((destructor)) void stop() {
  if (!recorder.started.load(std::memory_order_acquire)) return;
  if (recorder.verify_walks) track::tell_verification();
  snapshot::take_at_exit();
  runtime::stop_runtimes();
}

}  // namespace
}  // namespace silt
