// SPDX-License-Identifier: Apache-2.0
//
// See the header. What a snapshot says of threads (interposer/snapshot/threads.cpp), but in the
// simplest form: an item for each node.

#include "symbolizer/read/box_threads.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace silt::read {
namespace {

using format::SectionType;

// Of parts that no thread has for itself: one entry for all.
constexpr uint32_t kRest = format::kBoxThreads;

struct Share {
  uint32_t thread = 0;
  uint64_t size = 0;
};

uint32_t thread_of(const BoxTables& tables, uint32_t part) {
  const bool told = part < tables.header.threads_told &&
                    static_cast<uint32_t>(tables.header.threads[part].word) != 0;
  return told ? part : kRest;
}

// Largest first; empty: not known. A part below zero has taken away what others counted before.
std::vector<Share> shares_of(const BoxTables& tables, const std::vector<BoxPart>& parts) {
  uint64_t sum_bytes = 0;
  uint64_t negative = 0;
  for (const BoxPart& part : parts) {
    negative |= part.count.blocks | part.count.bytes;
    sum_bytes |= part.count.bytes;
  }
  if (negative >> 63 != 0) return {};
  std::vector<Share> shares;
  for (const BoxPart& part : parts) {
    const uint64_t size = sum_bytes != 0 ? part.count.bytes : part.count.blocks;
    if (size == 0) continue;
    const uint32_t thread = thread_of(tables, part.part);
    const auto same = std::find_if(shares.begin(), shares.end(),
                                   [thread](const Share& share) { return share.thread == thread; });
    if (same == shares.end()) {
      shares.push_back({thread, size});
    } else if (__builtin_add_overflow(same->size, size, &same->size)) {
      return {};
    }
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.size > b.size; });
  return shares;
}

uint64_t percent(uint64_t part, double sum) {
  const auto share = static_cast<uint64_t>(static_cast<double>(part) * 100 / sum);
  return std::max<uint64_t>(share, 1);
}

void add_item_of(std::string& out, uint32_t gap, const std::vector<Share>& shares) {
  add_varint(out, gap);
  add_varint(out, 0);  // more nodes
  const size_t told = std::min<size_t>(shares.size(), format::kMostThreadsOfStack);
  double sum = 0;
  for (const Share& share : shares) sum += static_cast<double>(share.size);
  // One number alone says that it is all of it.
  add_varint(out, told);
  for (size_t i = 0; i < told; ++i) {
    add_varint(out, shares[i].thread);
    if (shares.size() > 1) add_varint(out, percent(shares[i].size, sum));
  }
}

format::ThreadEntry entry_of(const format::BoxThread& told, Strings& strings) {
  format::ThreadEntry entry{};
  entry.id = static_cast<uint32_t>(told.word);
  if (entry.id == 0) {
    entry.flags = format::kThreadRest;
    return entry;
  }
  if ((told.word & format::kBoxThreadSeveral) != 0) {
    entry.flags = format::kThreadSeveral;  // the name is the last one's alone
    return entry;
  }
  entry.name = strings.add(told.names[(told.word & format::kBoxSecondName) != 0 ? 1 : 0]);
  return entry;
}

}  // namespace

void add_box_threads(const BoxTables& tables, const std::vector<uint32_t>& order, Strings& strings,
                     Sections& sections) {
  if (tables.header.threads_told == 0) return;
  std::string items;
  uint32_t count = 0;
  uint32_t next = 1;
  uint32_t threads = 0;
  for (uint32_t number = 1; number <= order.size(); ++number) {
    const auto parts = tables.parts.find(order[number - 1]);
    if (parts == tables.parts.end()) continue;
    const std::vector<Share> shares = shares_of(tables, parts->second);
    if (shares.empty()) continue;
    add_item_of(items, number - next, shares);
    next = number + 1;
    ++count;
    for (const Share& share : shares) threads = std::max(threads, share.thread + 1);
  }
  std::string entries;
  for (uint32_t i = 0; i < threads; ++i) {
    add_item(entries,
             entry_of(i < kRest ? tables.header.threads[i] : format::BoxThread{}, strings));
  }
  sections.add(SectionType::kThreadStacks, count, std::move(items));
  sections.add(SectionType::kThreads, threads, std::move(entries));
}

}  // namespace silt::read
