// SPDX-License-Identifier: Apache-2.0
//
// A class with its own operator new (which counts, then calls the global one). As with any wrapper
// the innermost own frame is the operator; the line that helps makes the object. Either is right.
//
// truth: leak packet

#include <cstddef>
#include <new>

#include "test/corpus/rounds.h"

class Packet {
 public:
  explicit Packet(int id) : id_(id) {}
  int id() const { return id_ + payload_[0]; }
  SILT_NOINLINE static void* operator new(size_t size) {
    made_++;
    void* block = ::operator new(size);  // LEAK: packet
    keep(block);
    return block;
  }
  SILT_NOINLINE static void operator delete(void* block) { ::operator delete(block); }

 private:
  static inline int made_ = 0;
  int id_;
  char payload_[92] = {};
};

SILT_NOINLINE static int receive(int id) {
  Packet* packet = new Packet(id);  // LEAK: packet
  keep(packet);
  if (chance(5) != 0) {
    delete packet;
    return 0;
  }
  return packet->id() & 1;
}

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 320; i++) {
      sum += receive(i);
      pace(i, 320);
    }
    take_snapshot();
  }
  return sum == 0;
}
