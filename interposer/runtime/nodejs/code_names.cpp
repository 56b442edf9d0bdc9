// SPDX-License-Identifier: Apache-2.0
//
// See code_names.h. Texts lie one after the other in one mapping, each with its NUL, the size of
// its positions and these; when it is full, those that are still names are copied into a new one.

#include "interposer/runtime/nodejs/code_names.h"

#include "interposer/base/text.h"

namespace silt::nodejs {
namespace {

constexpr uint64_t kFirstTexts = uint64_t{256} << 10;
constexpr uint64_t kMostTexts = uint64_t{1} << 31;
constexpr uint64_t kFirstHashes = 4096;

constexpr size_t kSizeBytes = 2;

uint64_t hash_of_bytes(uint64_t hash, const void* bytes, size_t size) {
  const auto* const at = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 0x100000001b3;
  return hash;
}

uint64_t hash_of(const char* text, size_t size, PositionBytes positions) {
  uint64_t hash = hash_of_bytes(0xcbf29ce484222325, text, size);
  hash = hash_of_bytes(hash, positions.data, positions.size);
  return hash ^ hash >> 29;
}

bool same(PositionBytes a, PositionBytes b) {
  if (a.size != b.size) return false;
  for (size_t i = 0; i < a.size; ++i) {
    if (a.data[i] != b.data[i]) return false;
  }
  return true;
}

// Lines are records.
char printable(char c) { return c == '\n' || c == '\r' || c == '\0' ? ' ' : c; }

}  // namespace

PositionBytes CodeNames::positions_of(uint32_t name) {
  const char* const text = text_of(name);
  const auto* const at = reinterpret_cast<const uint8_t*>(text) + base::length(text) + 1;
  return {at + kSizeBytes, at[0] | size_t{at[1]} << 8};
}

size_t CodeNames::bytes_of(uint32_t name) {
  return base::length(text_of(name)) + 1 + kSizeBytes + positions_of(name).size;
}

bool CodeNames::is_of(uint32_t name, const char* text, size_t size) {
  const char* const known = text_of(name);
  if (size > kMaximumName) size = kMaximumName;
  for (size_t i = 0; i < size; ++i) {
    if (known[i] != printable(text[i])) return false;
  }
  return known[size] == '\0';
}

uint32_t CodeNames::refer(const char* text, size_t size, PositionBytes positions) {
  char clean[kMaximumName + 1];
  if (size > kMaximumName) size = kMaximumName;
  for (size_t i = 0; i < size; ++i) clean[i] = printable(text[i]);
  clean[size] = '\0';
  if (positions.size > PositionGatherer::kMostBytes) positions = {};
  const uint64_t hash = hash_of(clean, size, positions);
  for (uint64_t i = hash & hash_mask_; by_hash_ != nullptr && by_hash_[i] != 0;
       i = (i + 1) & hash_mask_) {
    const uint32_t name = by_hash_[i];
    if (names_[name].text != 0 && base::equal(text_of(name), clean) &&
        same(positions_of(name), positions)) {
      ++names_[name].references;
      return name;
    }
  }
  const size_t bytes = size + 1 + kSizeBytes + positions.size;
  if (!make_room_for_hash() || !make_room_for_text(bytes)) return 0;
  const uint32_t name = take_place();
  if (name == 0) return 0;
  Name& entry = names_[name];
  char* const to = texts_ + text_end_;
  base::copy_bytes(to, clean, size + 1);
  to[size + 1] = static_cast<char>(positions.size);
  to[size + 2] = static_cast<char>(positions.size >> 8);
  base::copy_bytes(to + size + 1 + kSizeBytes, positions.data, positions.size);
  entry.text = static_cast<uint32_t>(text_end_);
  text_end_ += bytes;
  entry.references = 1;
  entry.written = kNotWritten;
  entry.used.store(0, std::memory_order_relaxed);
  entry.serial.store(++last_serial_, std::memory_order_relaxed);
  ++names_count_;
  put_hash(hash, name);
  ++hash_taken_;
  return name;
}

void CodeNames::release(uint32_t name) {
  Name& entry = names_[name];
  if (--entry.references == 0 && entry.used.load(std::memory_order_seq_cst) == 0) drop(name);
}

void CodeNames::finish_writing(bool good) {
  for (uint32_t name = 1; name < limit_; ++name) {
    Written& written = names_[name].written;
    if (written == kBeingWritten) written = good ? kWritten : kNotWritten;
  }
}

void CodeNames::write_anew() {
  for (uint32_t name = 1; name < limit_; ++name) names_[name].written = kNotWritten;
}

uint32_t CodeNames::take_place() {
  if (free_ != 0) {
    const uint32_t name = free_;
    free_ = names_[name].next_free;
    return name;
  }
  return names_.ensure(limit_) == nullptr ? 0 : limit_++;
}

void CodeNames::drop(uint32_t name) {
  Name& entry = names_[name];
  text_dead_ += bytes_of(name);
  entry.text = 0;
  entry.next_free = free_;
  free_ = name;
  --names_count_;
}

bool CodeNames::make_room_for_text(size_t size) {
  if (texts_ != nullptr && text_end_ + size <= text_room_) return true;
  const uint64_t live = text_end_ - text_dead_;
  uint64_t room = kFirstTexts;
  while (room < 2 * live + size + 1) room *= 2;
  if (room > kMostTexts) return false;
  auto* const texts = static_cast<char*>(base::map_memory(room));
  if (texts == nullptr) return false;
  uint64_t end = 1;
  for (uint32_t name = 1; name < limit_; ++name) {
    if (names_[name].text == 0) continue;
    const size_t bytes = bytes_of(name);
    base::copy_bytes(texts + end, text_of(name), bytes);
    names_[name].text = static_cast<uint32_t>(end);
    end += bytes;
  }
  if (texts_ != nullptr) base::unmap_memory(texts_, text_room_);
  texts_ = texts;
  text_room_ = room;
  text_end_ = end;
  text_dead_ = 0;
  return true;
}

bool CodeNames::make_room_for_hash() {
  if (by_hash_ != nullptr && hash_taken_ * 2 <= hash_mask_) return true;
  uint64_t places = kFirstHashes;
  while (places < uint64_t{names_count_} * 4) places *= 2;
  auto* const fresh = static_cast<uint32_t*>(base::map_memory(places * sizeof(uint32_t)));
  if (fresh == nullptr) return by_hash_ != nullptr && hash_taken_ * 8 < hash_mask_ * 7;
  if (by_hash_ != nullptr) base::unmap_memory(by_hash_, (hash_mask_ + 1) * sizeof(uint32_t));
  by_hash_ = fresh;
  hash_mask_ = places - 1;
  hash_taken_ = 0;
  for (uint32_t name = 1; name < limit_; ++name) {
    if (names_[name].text == 0) continue;
    const char* const text = text_of(name);
    put_hash(hash_of(text, base::length(text), positions_of(name)), name);
    ++hash_taken_;
  }
  return true;
}

void CodeNames::put_hash(uint64_t hash, uint32_t name) {
  uint64_t i = hash & hash_mask_;
  while (by_hash_[i] != 0) i = (i + 1) & hash_mask_;
  by_hash_[i] = name;
}

}  // namespace silt::nodejs
