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
constexpr uint32_t kSizeBytes = 2;  // before each

uint64_t fold_sign(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

}  // namespace

void PositionGatherer::begin() {
  start_ = 0;
  code_offset_ = 0;
  script_offset_ = 0;
  size_ = 0;
}

void PositionGatherer::add(uint64_t code_offset, uint64_t script_offset) {
  if (kMostBytes - size_ < kMostOfPair || code_offset < code_offset_) return;
  if (size_ > 0 && script_offset == script_offset_) return;
  uint8_t* at = bytes_ + size_;
  at = snapshot::put_varint(at, code_offset - code_offset_);
  at = snapshot::put_varint(at, fold_sign(static_cast<int64_t>(script_offset - script_offset_)));
  size_ = static_cast<size_t>(at - bytes_);
  code_offset_ = code_offset;
  script_offset_ = script_offset;
}

PositionBytes PositionGatherer::take(uint64_t start) {
  if (start_ == 0 || start_ != start) return {};
  start_ = 0;
  return {bytes_, size_};
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
