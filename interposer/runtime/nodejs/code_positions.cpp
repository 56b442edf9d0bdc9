// SPDX-License-Identifier: Apache-2.0
//
// See code_positions.h.

#include "interposer/runtime/nodejs/code_positions.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/varint.h"

namespace silt::nodejs {
namespace {

constexpr size_t kMostOfPair = 20;
constexpr uint64_t kEndIsTold = UINT64_MAX;
constexpr uint32_t kSizeBytes = 2;  // before each

uint64_t fold_sign(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

}  // namespace

void PositionGatherer::begin() {
  if (waiting_ == end_) waiting_ = end_ = 0;
  if (kRoom - end_ < kMostRecord) make_room();
  head_ = Head{};
  open_ = true;
  cut_ = false;
  script_offset_ = 0;
}

void PositionGatherer::make_room() {
  for (size_t i = waiting_; i < end_; ++i) bytes_[i - waiting_] = bytes_[i];
  end_ -= waiting_;
  waiting_ = 0;
  if (kRoom - end_ < kMostRecord) end_ = 0;  // what waits is of code that never comes, or too much
}

void PositionGatherer::add(uint64_t code_offset, uint64_t script_offset) {
  if (!open_ || cut_ || code_offset < head_.last_code_offset) return;
  if (head_.size > 0 && script_offset == script_offset_) return;
  uint8_t* const begin = bytes_ + end_ + sizeof(Head);
  uint8_t* at = begin + head_.size;
  at = snapshot::put_varint(at, code_offset - head_.last_code_offset);
  cut_ = kMostBytes - head_.size < kMostOfPair + kMostOfEnd;
  if (!cut_) {
    at = snapshot::put_varint(at, fold_sign(static_cast<int64_t>(script_offset - script_offset_)));
  }
  head_.size = static_cast<size_t>(at - begin);
  head_.last_code_offset = code_offset;
  script_offset_ = script_offset;
}

void PositionGatherer::end(uint64_t start) {
  if (!open_) return;
  open_ = false;
  head_.start = start;
  if (cut_) head_.last_code_offset = kEndIsTold;
  __builtin_memcpy(bytes_ + end_, &head_, sizeof(head_));
  end_ += sizeof(Head) + head_.size + kMostOfEnd;
}

PositionBytes PositionGatherer::take(uint64_t start, uint64_t code_size) {
  for (size_t at = waiting_; at < end_;) {
    Head head;
    __builtin_memcpy(&head, bytes_ + at, sizeof(head));
    uint8_t* const data = bytes_ + at + sizeof(head);
    at += sizeof(head) + head.size + kMostOfEnd;
    if (head.start != start) continue;
    waiting_ = at;
    if (head.size == 0 || code_size <= head.last_code_offset) return {data, head.size};
    uint8_t* const end = snapshot::put_varint(data + head.size, code_size - head.last_code_offset);
    return {data, static_cast<size_t>(end - data)};
  }
  return {};
}

uint32_t CodePositions::put(PositionBytes bytes) {
  if (bytes.size == 0 || bytes.size > PositionGatherer::kMostBytes) return 0;
  const auto size = static_cast<uint32_t>(bytes.size) + kSizeBytes;
  if (room_ - end_ < size || room_ == 0) {
    if (room_ >= kMostRoom) return 0;
    const uint32_t room = room_ == 0 ? kFirstRoom : room_ * 2;
    auto* const fresh = static_cast<uint8_t*>(base::map_within_limit(room));
    if (fresh == nullptr) return 0;
    if (bytes_ != nullptr) {
      base::copy_bytes(fresh, bytes_, end_);
      base::unmap_memory(bytes_, room_);
    }
    bytes_ = fresh;
    room_ = room;
  }
  const uint32_t place = end_;
  bytes_[place] = static_cast<uint8_t>(bytes.size);
  bytes_[place + 1] = static_cast<uint8_t>(bytes.size >> 8);
  base::copy_bytes(bytes_ + place + kSizeBytes, bytes.data, bytes.size);
  end_ += size;
  return place;
}

PositionBytes CodePositions::at(uint32_t place) const {
  if (place == 0) return {};
  const size_t size = bytes_[place] | size_t{bytes_[place + 1]} << 8;
  return {bytes_ + place + kSizeBytes, size};
}

uint32_t CodePositions::keep(uint32_t place) {
  if (place == 0) return 0;
  const auto size = static_cast<uint32_t>(at(place).size) + kSizeBytes;
  const uint32_t to = kept_end_;
  // Ascending: what is copied lies at or behind where it goes.
  for (uint32_t i = 0; to != place && i < size; ++i) bytes_[to + i] = bytes_[place + i];
  kept_end_ += size;
  return to;
}

}  // namespace silt::nodejs
