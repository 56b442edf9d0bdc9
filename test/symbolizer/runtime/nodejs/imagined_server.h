// SPDX-License-Identifier: Apache-2.0
//
// A Node.js process as a recording shows it, without any: for whole reports with known truth.

#ifndef SILT_TEST_SYMBOLIZER_RUNTIME_NODEJS_IMAGINED_SERVER_H_
#define SILT_TEST_SYMBOLIZER_RUNTIME_NODEJS_IMAGINED_SERVER_H_

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "symbolizer/report/build.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::report {

inline const read::ScriptFrame kMain{"onRequest", "file:///srv/app.js", 3, 1};
inline const read::ScriptFrame kTimers{"listOnTimeout", "node:internal/timers", 524, 1};

inline constexpr double kInterval = 32768;
// An imagined server: objects live in JavaScript heaps, of which V8 samples some.
class Server {
 public:
  explicit Server(unsigned seed) : random_(seed) {
    process.values().program = "node";
    process.values().managed_heaps.resize(1);
    process.values().managed_heaps[0].sampling_interval_bytes = static_cast<uint64_t>(kInterval);
  }

  // Objects on the heap; samples of them as V8's profiler takes them.
  void objects(test::RecordingBuilder::ScriptStack stack, double count, double size) {
    used_ += count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    const uint64_t samples = sampled(count * chance);
    if (samples == 0) return;
    const auto stands_for = static_cast<uint64_t>(static_cast<double>(samples) / chance);
    process.allocate(stack, samples, stands_for,
                     static_cast<uint64_t>(static_cast<double>(stands_for) * size));
  }
  // What no sample tells of.
  void grow(double bytes) { used_ += bytes; }
  void collect(test::RecordingBuilder::ScriptStack stack, double count, double size) {
    used_ -= count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    process.free_oldest(stack, sampled(count * chance));
  }
  void snapshot(double seconds) {
    process.values().managed_heaps[0].heap_used_bytes = static_cast<uint64_t>(5e6 + used_);
    process.values().managed_heaps[0].heap_total_bytes = static_cast<uint64_t>(8e6 + used_);
    process.take_snapshot(seconds);
  }
  Report report() {
    recording_ = process.recording();
    recording_.heap_growth = heap_growth;
    symbolize::Symbolizer symbolizer(recording_, {});
    return build_report(recording_, names_of(symbolizer), {});
  }

  test::RecordingBuilder process;
  std::vector<read::HeapGrowth> heap_growth;  // as two looks at the heaps told it

 private:
  uint64_t sampled(double mean) {  // the distribution has no mean of zero
    return mean > 0 ? std::poisson_distribution<uint64_t>(mean)(random_) : 0;
  }

  std::mt19937 random_;
  double used_ = 0;
  read::Recording recording_;
};

// The findings that are leaks.
std::vector<const Finding*> accused(const Report& report);

}  // namespace silt::report

#endif  // SILT_TEST_SYMBOLIZER_RUNTIME_NODEJS_IMAGINED_SERVER_H_
