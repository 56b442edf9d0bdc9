// SPDX-License-Identifier: Apache-2.0
//
// See sandbox.h. Any context.

#include "interposer/base/sandbox.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::base {

constinit Sandbox sandbox{};

namespace {

constexpr uint32_t kDataWords = sizeof(seccomp_data) / sizeof(uint32_t);
constexpr uint32_t kKills = SECCOMP_RET_KILL_PROCESS;

bool answers_without_harm(uint32_t answer) {
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_TRACE:  // ENOSYS, unless a tracer is there to decide
    case SECCOMP_RET_USER_NOTIF:
      return true;
    default:
      return false;
  }
}

void describe_call(long number, const long* arguments, uint32_t* words) {
  seccomp_data call{};
  call.nr = static_cast<int>(number);
  call.arch = arch::kAuditArchitecture;
  for (int i = 0; i < 6; ++i) call.args[i] = static_cast<uint64_t>(arguments[i]);
  copy_bytes(words, &call, sizeof(call));
}

size_t bytes_of(size_t instructions) {
  return sizeof(Sandbox::Filter) + instructions * sizeof(sock_filter);
}

// With an invalid `how` rt_sigprocmask answers EFAULT for memory that cannot be read, else EINVAL.
bool readable(const void* memory, size_t size) {
  constexpr long kNoSuchHow = 0x5117;
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  if (begin + size < begin) return false;
  for (uintptr_t page = begin & ~(kPageSize - 1); page < begin + size; page += kPageSize) {
    if (system_call(SYS_rt_sigprocmask, kNoSuchHow, static_cast<long>(page), 0, 8) != -EINVAL) {
      return false;
    }
  }
  return true;
}

// The registers and the scratch memory of a filter under way.
class Machine {
 public:
  explicit Machine(const uint32_t* data) : data_(data) {}

  bool load(const sock_filter& instruction, uint32_t* to) {
    const uint32_t k = instruction.k;
    switch (BPF_MODE(instruction.code)) {
      case BPF_IMM:
        *to = k;
        return true;
      case BPF_ABS:
        if (k % sizeof(uint32_t) != 0 || k / sizeof(uint32_t) >= kDataWords) return false;
        *to = data_[k / sizeof(uint32_t)];
        return true;
      case BPF_MEM:
        if (k >= BPF_MEMWORDS) return false;
        *to = memory_[k];
        return true;
      case BPF_LEN:
        *to = sizeof(seccomp_data);
        return true;
      default:
        return false;
    }
  }

  bool store(uint32_t index, uint32_t value) {
    if (index >= BPF_MEMWORDS) return false;
    memory_[index] = value;
    return true;
  }

  bool compute(const sock_filter& instruction) {
    const uint32_t operand = BPF_SRC(instruction.code) == BPF_X ? x : instruction.k;
    switch (BPF_OP(instruction.code)) {
      case BPF_ADD:
        a += operand;
        return true;
      case BPF_SUB:
        a -= operand;
        return true;
      case BPF_MUL:
        a *= operand;
        return true;
      case BPF_DIV:
        if (operand == 0) return false;
        a /= operand;
        return true;
      case BPF_AND:
        a &= operand;
        return true;
      case BPF_OR:
        a |= operand;
        return true;
      case BPF_XOR:
        a ^= operand;
        return true;
      case BPF_LSH:
        a = operand < 32 ? a << operand : 0;
        return true;
      case BPF_RSH:
        a = operand < 32 ? a >> operand : 0;
        return true;
      case BPF_NEG:
        a = 0 - a;
        return true;
      default:
        return false;
    }
  }

  // How far to jump.
  bool jump(const sock_filter& instruction, uint32_t* distance) const {
    const uint32_t operand = BPF_SRC(instruction.code) == BPF_X ? x : instruction.k;
    bool taken;
    switch (BPF_OP(instruction.code)) {
      case BPF_JA:
        *distance = instruction.k;
        return true;
      case BPF_JEQ:
        taken = a == operand;
        break;
      case BPF_JGT:
        taken = a > operand;
        break;
      case BPF_JGE:
        taken = a >= operand;
        break;
      case BPF_JSET:
        taken = (a & operand) != 0;
        break;
      default:
        return false;
    }
    *distance = taken ? instruction.jt : instruction.jf;
    return true;
  }

  uint32_t a = 0;
  uint32_t x = 0;

 private:
  const uint32_t* data_;
  uint32_t memory_[BPF_MEMWORDS]{};
};

}  // namespace

uint32_t run_filter(const sock_filter* program, size_t size, const uint32_t* data) {
  Machine machine(data);
  for (size_t at = 0; at < size; ++at) {  // jumps lead forward only
    const sock_filter& instruction = program[at];
    bool valid = true;
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        valid = machine.load(instruction, &machine.a);
        break;
      case BPF_LDX:
        valid = machine.load(instruction, &machine.x);
        break;
      case BPF_ST:
        valid = machine.store(instruction.k, machine.a);
        break;
      case BPF_STX:
        valid = machine.store(instruction.k, machine.x);
        break;
      case BPF_ALU:
        valid = machine.compute(instruction);
        break;
      case BPF_JMP: {
        uint32_t distance = 0;
        valid = machine.jump(instruction, &distance) && distance < size - at;
        at += distance;
        break;
      }
      case BPF_RET:
        return BPF_RVAL(instruction.code) == BPF_A ? machine.a : instruction.k;
      case BPF_MISC:
        if (BPF_MISCOP(instruction.code) == BPF_TAX)
          machine.x = machine.a;
        else
          machine.a = machine.x;
        break;
      default:
        valid = false;
    }
    if (!valid) return kKills;
  }
  return kKills;
}

bool Sandbox::survives(long number, const long* arguments) const {
  if (strict_.load(std::memory_order_acquire)) {
    return number == SYS_read || number == SYS_write || number == SYS_exit;
  }
  uint32_t words[kDataWords];
  describe_call(number, arguments, words);
  for (const Filter* filter = filters_.load(std::memory_order_acquire); filter != nullptr;
       filter = filter->next) {
    if (!answers_without_harm(run_filter(filter->program, filter->size, words))) return false;
  }
  return true;
}

Sandbox::Filter* Sandbox::copy(const sock_fprog* program) {
  if (!readable(program, sizeof(*program))) return nullptr;
  const size_t size = program->len;
  if (size == 0 || size > BPF_MAXINSNS || !readable(program->filter, size * sizeof(sock_filter))) {
    return nullptr;
  }
  auto* const filter = static_cast<Filter*>(map_memory(bytes_of(size)));
  if (filter == nullptr) return nullptr;
  filter->size = size;
  copy_bytes(filter->program, program->filter, size * sizeof(sock_filter));
  return filter;
}

void Sandbox::discard(Filter* filter) {
  if (filter != nullptr) unmap_memory(filter, bytes_of(filter->size));
}

bool Sandbox::lets_handlers_return(const Filter* filter) {
  if (filter == nullptr) return false;
  const long arguments[6]{};
  uint32_t words[kDataWords];
  describe_call(SYS_rt_sigreturn, arguments, words);
  // Any answer but the call itself leaves the handler's frame standing, and libc then faults.
  const uint32_t answer = run_filter(filter->program, filter->size, words);
  const uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

void Sandbox::add(Filter* filter) {
  if (filter == nullptr) return add_strict();
  const Filter* head = filters_.load(std::memory_order_relaxed);
  do {
    filter->next = head;
  } while (!filters_.compare_exchange_weak(head, filter, std::memory_order_release,
                                           std::memory_order_relaxed));
  active_.store(true, std::memory_order_release);
}

void Sandbox::add_strict() {
  strict_.store(true, std::memory_order_release);
  forbid_counter(true);
}

void Sandbox::take_back_strict() {
  strict_.store(false, std::memory_order_relaxed);
  counter_forbidden_.store(false, std::memory_order_relaxed);
}

void Sandbox::forbid_counter(bool forbidden) {
  counter_forbidden_.store(forbidden, std::memory_order_relaxed);
  active_.store(true, std::memory_order_release);
}

}  // namespace silt::base
