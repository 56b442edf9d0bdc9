// SPDX-License-Identifier: Apache-2.0
//
// A program that says what a symbolizer should find out: a return address inside two inlined calls,
// and the lines of the three calls. Built in many ways.

#include <link.h>

#include <cstdio>

namespace {

int load_bias_of_main(dl_phdr_info* info, size_t, void* out) {
  *static_cast<unsigned long*>(out) = info->dlpi_addr;
  return 1;  // the program itself comes first
}

}  // namespace

namespace victim {

struct Reporter {
  [[gnu::noinline]] void report() const {
    unsigned long bias = 0;
    dl_iterate_phdr(load_bias_of_main, &bias);
    std::printf("%lx %lx %d %d %d\n", reinterpret_cast<unsigned long>(__builtin_return_address(0)),
                bias, inner_line, middle_line, outer_line);
  }
  int inner_line, middle_line, outer_line;
};

[[gnu::always_inline]] inline void inner(const Reporter& reporter) {
  reporter.report();  // line 32
  asm volatile("");
}

[[gnu::always_inline]] inline void middle(const Reporter& reporter) {
  inner(reporter);  // line 37
  asm volatile("");
}

[[gnu::noinline]] void outer(const Reporter& reporter) {
  middle(reporter);  // line 42
  asm volatile("");
}

}  // namespace victim

int main() {
  victim::outer({32, 37, 42});
  return 0;
}
