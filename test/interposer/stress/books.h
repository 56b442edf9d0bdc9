// SPDX-License-Identifier: Apache-2.0
//
// The books that the stress program keeps of its own, by entry point: what silt must say at the
// end, and by how much its estimates may vary when it samples. For one source file only.

#ifndef SILT_TEST_INTERPOSER_STRESS_BOOKS_H_
#define SILT_TEST_INTERPOSER_STRESS_BOOKS_H_

#include <cmath>
#include <cstddef>
#include <cstdio>

#include "test/interposer/stress/entry_points.h"

namespace {

double interval = 0;  // of sampling, 0: none

// What `expect` and `variance` say of one entry point.
struct Book {
  long allocated_blocks = 0;
  long allocated_bytes = 0;
  long freed_blocks = 0;
  long freed_bytes = 0;
  double variance_blocks = 0;
  double variance_bytes = 0;
};

// Of an estimate that is 1 / p, rounded at random, with probability p and else 0.
double variance_of(Entry entry, size_t size) {
  if (interval == 0 || entry == k_mmap || entry == k_mremap) return 0;
  const double p = -std::expm1(-static_cast<double>(size) / interval);
  const double fraction = 1 / p - std::floor(1 / p);
  return (1 - p) / p + p * fraction * (1 - fraction);
}

struct Books {
  Book of[kEntries];

  void add(Entry entry, size_t size) {
    Book& book = of[entry];
    ++book.allocated_blocks;
    book.allocated_bytes += static_cast<long>(size);
    const double variance = variance_of(entry, size);
    book.variance_blocks += variance;
    book.variance_bytes += variance * static_cast<double>(size) * static_cast<double>(size);
  }
  void add(const Books& part) {
    for (unsigned entry = 0; entry < kEntries; ++entry) {
      const Book& other = part.of[entry];
      of[entry].allocated_blocks += other.allocated_blocks;
      of[entry].allocated_bytes += other.allocated_bytes;
      of[entry].freed_blocks += other.freed_blocks;
      of[entry].freed_bytes += other.freed_bytes;
      of[entry].variance_blocks += other.variance_blocks;
      of[entry].variance_bytes += other.variance_bytes;
    }
  }
  void strike(Entry entry, size_t size) {
    Book& book = of[entry];
    ++book.freed_blocks;
    book.freed_bytes += static_cast<long>(size);
  }
};

}  // namespace

#endif  // SILT_TEST_INTERPOSER_STRESS_BOOKS_H_
