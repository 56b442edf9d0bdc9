// SPDX-License-Identifier: Apache-2.0
//
// Sampling: recording only the blocks that cover sampling points, from the start or from the moment
// on at which the tables have outgrown what they may take. How far it is to the next point is drawn
// in sampler.h. Hook context.

#ifndef SILT_INTERPOSER_TRACK_SAMPLING_H_
#define SILT_INTERPOSER_TRACK_SAMPLING_H_

#include <cstdint>

#include "interposer/track/recorder.h"

namespace silt::track {

// This block covers a sampling point.
void record_sample(ThreadLocal& local, const void* address, uint64_t size_bytes,
                   const unwind::Frame& frame, BlockHeap heap = BlockHeap::kNative);

// The tables have outgrown what they may take: from here on allocations are sampled.
void fall_back();

// A thread was asked to look at its mode again, which it does when its hook ends.
inline constexpr uint32_t kPendingMode = uint32_t{1} << 31;
Mode changed_mode(ThreadLocal& local);

// The thread's first sampling point is drawn.
void start_sampling(ThreadLocal& local);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_SAMPLING_H_
