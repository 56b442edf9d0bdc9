// SPDX-License-Identifier: Apache-2.0
//
// Poisson sampling by bytes: sampling points lie on the stream of allocated bytes with exponential
// distances of mean N, and a block that covers a point is recorded. A block of s bytes is thus
// sampled with probability p = 1 - exp(-s / N) and stands for 1 / p blocks, which keeps every sum
// unbiased. The weight is rounded to a whole number at random, up or down in proportion, so that
// live and cumulative figures agree. Pure, but for the generator's state. Hook context.

#ifndef SILT_INTERPOSER_TRACK_SAMPLER_H_
#define SILT_INTERPOSER_TRACK_SAMPLER_H_

#include <cstdint>

namespace silt::track {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
uint64_t next_random(uint64_t* state);

// A distance to the next sampling point, in bytes, at least 1.
int64_t draw_distance(uint64_t* random, uint64_t interval_bytes);

// How many blocks a sampled block of this size stands for; at least 1.
uint32_t draw_weight(uint64_t* random, uint64_t size_bytes, uint64_t interval_bytes);

// exp(-x) for x >= 0 and log(x) for 0 < x <= 1, to about 1e-9: the C library has them in libm,
// which the interposer does not need otherwise.
double exp_of_negative(double x);
double log_of(double x);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_SAMPLER_H_
