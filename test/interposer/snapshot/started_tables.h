// SPDX-License-Identifier: Apache-2.0
//
// The recorder's tables, begun once for all tests of a program.

#ifndef SILT_TEST_INTERPOSER_SNAPSHOT_STARTED_TABLES_H_
#define SILT_TEST_INTERPOSER_SNAPSHOT_STARTED_TABLES_H_

#include <catch2/catch.hpp>

#include "interposer/snapshot/process_info.h"
#include "interposer/track/recorder.h"

namespace silt::test {

inline void start_tables_once() {
  static const bool started = [] {
    snapshot::read_process_info();
    track::recorder.live.set_granule_shift(5);
    track::recorder.modules.set_executable(snapshot::process_info.executable);
    track::recorder.modules.note(reinterpret_cast<uint64_t>(&start_tables_once) + 1, 1);
    return track::start_recorder() && track::recorder.sampled.initialize();
  }();
  REQUIRE(started);
}

}  // namespace silt::test

#endif  // SILT_TEST_INTERPOSER_SNAPSHOT_STARTED_TABLES_H_
