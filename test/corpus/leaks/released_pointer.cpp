// SPDX-License-Identifier: Apache-2.0
//
// unique_ptr::release where get was meant. The object and what its constructor makes (a name and a
// vector) are lost together; they meet at the line that makes the object.
//
// truth: leak texture

#include <memory>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

class Texture {
 public:
  SILT_NOINLINE explicit Texture(int id)
      : name_("texture with a name too long to be inside " + std::to_string(id)), pixels_(64, id) {}
  size_t size() const { return pixels_.size() + name_.size(); }

 private:
  std::string name_;
  std::vector<int> pixels_;
};

static size_t upload(const Texture* texture) { return texture->size(); }

SILT_NOINLINE static size_t draw(int id) {
  auto texture = std::make_unique<Texture>(id);  // LEAK: texture
  const size_t size = upload(texture.release());
  return size;
}

int main() {
  size_t sum = 0;
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 160; i++) {
      sum += draw(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  return sum == 0;
}
