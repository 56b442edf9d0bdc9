// SPDX-License-Identifier: Apache-2.0
//
// See samples.h.

#include "interposer/runtime/jvm/samples.h"

#include "interposer/base/text.h"
#include "interposer/track/sampler.h"

namespace silt::jvm {
namespace {

// Of names that a program can have silt keep.
constexpr size_t kMostText = size_t{32} << 20;

uint64_t mixed(uint64_t value) {
  value *= 0x9e3779b97f4a7c15;
  return value ^ value >> 29;
}

uint64_t hash_of(const char* text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (; *text != '\0'; ++text) hash = (hash ^ static_cast<uint8_t>(*text)) * 0x100000001b3;
  return mixed(hash);
}

uint64_t hash_of(Method method, int64_t location) {
  return mixed(reinterpret_cast<uint64_t>(method) ^ mixed(static_cast<uint64_t>(location)));
}

uint64_t hash_of_node(uint32_t parent, uint32_t place) {
  return mixed(uint64_t{parent} << 32 | place);
}

}  // namespace

Weight weight_of(uint64_t size, uint64_t interval) {
  const auto bytes = static_cast<double>(size);
  if (interval == 0 || size == 0) return {1, bytes};
  const double x = bytes / static_cast<double>(interval);
  // 1 - e^-x loses all digits for a small x; its series does not.
  const double p = x < 1e-5 ? x * (1 - x / 2) : 1 - track::exp_of_negative(x);
  return {1 / p, bytes / p};
}

// 0, the empty text, for one that finds no room.
uint32_t Samples::number_of_text(const char* text) {
  if (*text == '\0') return 0;
  if (!text_index_.make_room(kFirstSlots,
                             [this](uint32_t number) { return hash_of(texts_[number]); })) {
    return 0;
  }
  uint64_t at = hash_of(text) & text_index_.mask;
  for (; text_index_.slots[at] != 0; at = (at + 1) & text_index_.mask) {
    const uint32_t number = text_index_.slots[at] - 1;
    if (base::equal(texts_[number], text)) return number;
  }
  const size_t size = base::length(text) + 1;
  const uint32_t number = text_count_ == 0 ? 1 : text_count_;
  const char** const place = texts_.ensure(number);
  char* const kept = place == nullptr || text_blocks_.mapped_bytes() > kMostText
                         ? nullptr
                         : text_blocks_.take(size);
  if (kept == nullptr) return 0;
  base::copy_bytes(kept, text, size);
  *place = kept;
  *texts_.ensure(0) = "";
  text_index_.slots[at] = number + 1;
  ++text_index_.used;
  text_count_ = number + 1;
  return number;
}

uint32_t Samples::place_number(const CallFrame& frame) {
  if (place_index_.slots == nullptr) return kUnknown;
  uint64_t at = hash_of(frame.method, frame.location) & place_index_.mask;
  for (; place_index_.slots[at] != 0; at = (at + 1) & place_index_.mask) {
    const Place& place = places_[place_index_.slots[at] - 1];
    if (place.method == frame.method && place.location == frame.location) {
      return place_index_.slots[at] - 1;
    }
  }
  return kUnknown;
}

void Samples::find_places(const CallFrame* frames, size_t count, uint32_t* numbers) {
  const base::SpinGuard guard(lock_);
  for (size_t i = 0; i < count; ++i) numbers[i] = place_number(frames[i]);
}

uint32_t Samples::add_place(const CallFrame& frame, const char* function, const char* file,
                            uint32_t line) {
  const base::SpinGuard guard(lock_);
  const uint32_t known = place_number(frame);
  if (known != kUnknown) return known;
  const auto hash = [this](uint32_t number) {
    return hash_of(places_[number].method, places_[number].location);
  };
  const uint32_t number = place_count_ + 1;
  Place* const place = place_index_.make_room(kFirstSlots, hash) ? places_.ensure(number) : nullptr;
  if (place == nullptr) return kUnknown;
  *place = {frame.method, frame.location, number_of_text(function), number_of_text(file), line};
  uint64_t at = hash(number) & place_index_.mask;
  while (place_index_.slots[at] != 0) at = (at + 1) & place_index_.mask;
  place_index_.slots[at] = number + 1;
  ++place_index_.used;
  place_count_ = number;
  return number;
}

// The node itself where there is no room for more.
uint32_t Samples::child(uint32_t parent, uint32_t place) {
  const auto hash = [this](uint32_t number) {
    return hash_of_node(nodes_[number].parent, nodes_[number].place);
  };
  if (!node_index_.make_room(kFirstSlots, hash)) return parent;
  uint64_t at = hash_of_node(parent, place) & node_index_.mask;
  for (; node_index_.slots[at] != 0; at = (at + 1) & node_index_.mask) {
    const uint32_t number = node_index_.slots[at] - 1;
    if (nodes_[number].parent == parent && nodes_[number].place == place) return number;
  }
  const uint32_t number = node_count_ + 1;
  Node* const node = nodes_.ensure(number);
  if (node == nullptr) return parent;
  *node = {parent, place};
  node_index_.slots[at] = number + 1;
  ++node_index_.used;
  node_count_ = number;
  return number;
}

bool Samples::make_samples() {
  if (samples_ == nullptr) {
    samples_ = static_cast<Sample*>(base::map_within_limit(kMost * sizeof(Sample)));
  }
  return samples_ != nullptr && count_ < kMost;
}

bool Samples::add(Object weak, const char* class_name, Weight weight, uint32_t generation,
                  const uint32_t* places, size_t count) {
  const base::SpinGuard guard(lock_);
  if (!make_samples()) return false;
  uint32_t node = 0;
  for (size_t i = count; i-- > 0;) {
    if (places[i] != kUnknown) node = child(node, places[i]);
  }
  if (node == 0) return false;
  samples_[count_++] = {weak,       weight.objects, weight.bytes, node, number_of_text(class_name),
                        generation, serial_++};
  return true;
}

size_t Samples::size() {
  const base::SpinGuard guard(lock_);
  return count_;
}

uint32_t Samples::next_serial() {
  const base::SpinGuard guard(lock_);
  return serial_;
}

size_t Samples::copy_batch(size_t end, Object* weak) {
  const base::SpinGuard guard(lock_);
  const size_t count = end < kBatch ? end : kBatch;
  for (size_t i = 0; i < count; ++i) weak[i] = samples_[end - count + i].weak;
  return count;
}

// The last ones take the places of those that go: they were looked at before, or are new.
size_t Samples::remove(size_t begin, size_t count, const bool* drop, Object* weak) {
  const base::SpinGuard guard(lock_);
  size_t removed = 0;
  Object gone[kBatch];
  for (size_t i = count; i-- > 0;) {
    if (!drop[i]) continue;
    gone[removed++] = samples_[begin + i].weak;
    samples_[begin + i] = samples_[--count_];
  }
  base::copy_bytes(weak, gone, removed * sizeof(Object));
  return removed;
}

uint64_t Samples::mapped_bytes() {
  const base::SpinGuard guard(lock_);
  uint64_t bytes = text_blocks_.mapped_bytes() + uint64_t{place_count_} * sizeof(Place) +
                   uint64_t{node_count_} * sizeof(Node) + uint64_t{text_count_} * sizeof(char*);
  if (samples_ != nullptr) bytes += kMost * sizeof(Sample);
  for (const Index* index : {&place_index_, &node_index_, &text_index_}) {
    if (index->slots != nullptr) bytes += (index->mask + 1) * sizeof(uint32_t);
  }
  return bytes;
}

void Samples::abandon() {
  const base::SpinGuard guard(lock_);
  count_ = 0;
}

}  // namespace silt::jvm
