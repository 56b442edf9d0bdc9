// SPDX-License-Identifier: Apache-2.0
//
// See code_names.h. Texts lie one after the other in one mapping; when it is full, those that are
// still names are copied into a new one.

#include "interposer/runtime/nodejs/code_names.h"

#include "interposer/base/text.h"

namespace silt::nodejs {
namespace {

constexpr uint64_t kFirstTexts = uint64_t{256} << 10;
constexpr uint64_t kMostTexts = uint64_t{1} << 31;
constexpr uint64_t kFirstHashes = 4096;

uint64_t hash_of_text(const char* text, size_t size) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < size; ++i) {
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x100000001b3;
  }
  return hash ^ hash >> 29;
}

// Lines are records.
char printable(char c) { return c == '\n' || c == '\r' || c == '\0' ? ' ' : c; }

}  // namespace

uint32_t CodeNames::refer(const char* text, size_t size) {
  char clean[kMaximumName + 1];
  if (size > kMaximumName) size = kMaximumName;
  for (size_t i = 0; i < size; ++i) clean[i] = printable(text[i]);
  clean[size] = '\0';
  const uint64_t hash = hash_of_text(clean, size);
  for (uint64_t i = hash & hash_mask_; by_hash_ != nullptr && by_hash_[i] != 0;
       i = (i + 1) & hash_mask_) {
    const uint32_t name = by_hash_[i];
    if (names_[name].text != 0 && base::equal(text_of(name), clean)) {
      ++names_[name].references;
      return name;
    }
  }
  if (!make_room_for_hash() || !make_room_for_text(size + 1)) return 0;
  const uint32_t name = take_place();
  if (name == 0) return 0;
  Name& entry = names_[name];
  base::copy_bytes(texts_ + text_end_, clean, size + 1);
  entry.text = static_cast<uint32_t>(text_end_);
  text_end_ += size + 1;
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
  text_dead_ += base::length(text_of(name)) + 1;
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
    const char* const text = text_of(name);
    const size_t bytes = base::length(text) + 1;
    base::copy_bytes(texts + end, text, bytes);
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
    put_hash(hash_of_text(text, base::length(text)), name);
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
