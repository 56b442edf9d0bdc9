// SPDX-License-Identifier: Apache-2.0
//
// See copied_process.h.

#include "interposer/owners/copied_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::owners {
namespace {

using base::system_call;

constexpr long kCloseRange = 436;

void close_all_but(int folder) {
  const long before = folder > 0 ? system_call(kCloseRange, 0, folder - 1, 0) : 0;
  if (before == 0 && system_call(kCloseRange, folder + 1, UINT32_MAX, 0) == 0) return;
  // Before Linux 5.9. Numbers can be as high as the limit says, or said once.
  struct rlimit limit {};
  system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, reinterpret_cast<long>(&limit));
  constexpr uint64_t kMost = 1 << 20;
  const uint64_t end = limit.rlim_max < kMost ? limit.rlim_max : kMost;
  for (uint64_t fd = 0; fd < end; ++fd) {
    if (static_cast<int>(fd) != folder) system_call(SYS_close, static_cast<long>(fd));
  }
}

void limit(int what, uint64_t soft, uint64_t hard) {
  const struct rlimit bound { soft, hard };
  system_call(SYS_prlimit64, 0, what, reinterpret_cast<long>(&bound), 0);
}

void write_text(const char* path, const char* text) {
  const long fd = snapshot::open_file(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  system_call(SYS_write, fd, reinterpret_cast<long>(text), static_cast<long>(base::length(text)));
  snapshot::close_file(static_cast<int>(fd));
}

// The kernel's struct sigaction; all zero is the default.
struct DefaultAction {
  void* handler = nullptr;
  uint64_t flags = 0;
  void* restorer = nullptr;
  base::SignalSet mask = 0;
};

bool copy_all(int from, int to, uint64_t* size) {
  static constinit char buffer[64 * 1024]{};
  *size = 0;
  for (;;) {
    const long got = snapshot::read_file(from, buffer, sizeof(buffer));
    if (got == 0) return true;
    if (got < 0 || snapshot::write_all(to, buffer, static_cast<size_t>(got), *size) != 0) {
      return false;
    }
    *size += static_cast<uint64_t>(got);
  }
}

void sleep_ns(uint64_t nanoseconds) {
  const struct timespec pause {
    static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)
  };
  system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
}

// Ten below the program: a tenth of its share of a processor that is wanted by both. At the very
// lowest three seconds of work would take minutes on a busy machine, and the pages that the program
// writes meanwhile are kept twice for as long.
constinit long g_nice_above = 10;

long nice_in_copy() {
  constexpr long kLowest = 19;
  const long own = 20 - system_call(SYS_getpriority, PRIO_PROCESS, 0);  // the kernel says 40 to 1
  return own + g_nice_above < kLowest ? own + g_nice_above : kLowest;
}

bool is_there(int folder, const char* name) {
  return system_call(SYS_faccessat, folder, reinterpret_cast<long>(name), 0) == 0;
}

}  // namespace

void set_copy_nice(long above) {
  if (above >= 0) g_nice_above = above;
}

void settle_in_copy(int folder, const Life& life) {
  write_text("/proc/self/oom_score_adj", "1000");
  close_all_but(folder);
  system_call(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>(life.name));
  const struct sched_param none {};
  system_call(SYS_sched_setscheduler, 0, SCHED_BATCH, reinterpret_cast<long>(&none));
  system_call(SYS_setpriority, PRIO_PROCESS, 0, nice_in_copy());
  limit(RLIMIT_CPU, life.most_cpu_seconds, life.most_cpu_seconds);
  limit(RLIMIT_CORE, 1, 1);  // one byte: no dump, not even through a pipe
  const DefaultAction action;
  constexpr int kTimed[] = {SIGALRM, SIGXCPU};
  base::SignalSet set = 0;
  for (const int number : kTimed) {
    system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&action), 0, sizeof(set));
    set |= base::signal_bit(number);
  }
  // A fault ends the copy without a word, whatever the program does about faults.
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}) {
    system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&action), 0, sizeof(set));
  }
  system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&set), 0, sizeof(set));
  struct itimerval alarm {};
  alarm.it_value.tv_sec = static_cast<time_t>(life.longest_ns / 1'000'000'000);
  system_call(SYS_setitimer, ITIMER_REAL, reinterpret_cast<long>(&alarm), 0);
}

void end_copy(int status) {
  for (;;) arch::raw_syscall(SYS_exit_group, status);
}

// By /proc where process_vm_readv does not answer: some seccomp filters of containers forbid it,
// and emulators do not have it.
long read_copied(uint64_t address, void* into, size_t size_bytes) {
  iovec to{into, size_bytes};
  iovec from{reinterpret_cast<void*>(address), size_bytes};
  const long read =
      system_call(SYS_process_vm_readv, system_call(SYS_getpid), reinterpret_cast<long>(&to), 1,
                  reinterpret_cast<long>(&from), 1, 0);
  if (read >= 0 || read == -EFAULT) return read;
  const long memory = snapshot::open_file(AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (memory < 0) return memory;
  const long got = system_call(SYS_pread64, memory, reinterpret_cast<long>(into),
                               static_cast<long>(size_bytes), static_cast<long>(address));
  snapshot::close_file(static_cast<int>(memory));
  return got == -EIO || got == 0 ? -EFAULT : got;
}

int open_written(const snapshot::OwnersRequest& request) {
  constexpr uint64_t kBetweenLooks = 2'000'000;
  for (;;) {
    const bool under_way = is_there(request.folder, request.temporary_name);
    const long file =
        snapshot::open_file(request.folder, request.final_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file >= 0 || !under_way) return static_cast<int>(file);
    sleep_ns(kBetweenLooks);
  }
}

bool add_to_snapshot(const snapshot::OwnersRequest& request, int file, Result& result) {
  base::TextBuffer<48> name;
  name.add('.').add(request.final_name).add(".owners");
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const auto path = reinterpret_cast<long>(name.c_str());
  const long copy = snapshot::open_file(request.folder, name.c_str(), kFlags, 0600);
  if (copy < 0) return false;
  uint64_t size = 0;
  bool done = copy_all(file, static_cast<int>(copy), &size);
  if (done) {
    snapshot::SectionWriter out(static_cast<int>(copy), size);
    done = write_result(out, result) && out.finish() == 0;
  }
  done = done && system_call(SYS_renameat, request.folder, path, request.folder,
                             reinterpret_cast<long>(request.final_name)) == 0;
  if (!done) system_call(SYS_unlinkat, request.folder, path, 0);
  return done;
}

}  // namespace silt::owners
