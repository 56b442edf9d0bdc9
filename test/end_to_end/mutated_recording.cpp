// SPDX-License-Identifier: Apache-2.0
//
// Copies a recording and damages it in one of its files, as a seed says. Most snapshots get right
// checksums again, or no damage would get past them.
// usage: mutated_recording FOLDER NEW_FOLDER SEED

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "test/symbolizer/snapshot_writer.h"

namespace {

using Random = std::mt19937_64;

// Numbers at the borders of what fields and sums can hold.
constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 2,
                                 0x7f,
                                 0x80,
                                 0xffff,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 uint64_t{1} << 62,
                                 uint64_t{1} << 63,
                                 UINT64_MAX - 1,
                                 UINT64_MAX};

void damage(std::string& bytes, Random& random) {
  if (bytes.empty()) return;
  const auto place = [&] { return random() % bytes.size(); };
  const size_t at = place();
  const size_t length = std::min<size_t>(random() % 64, bytes.size() - at);
  switch (random() % 7) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      break;
    case 1:
      bytes[at] = static_cast<char>(random());
      break;
    case 2: {
      const uint64_t number = kNumbers[random() % std::size(kNumbers)];
      const size_t size = std::min<size_t>(random() % 2 == 0 ? 4 : 8, bytes.size() - at);
      const size_t aligned = at - at % 4;
      std::memcpy(bytes.data() + aligned, &number, std::min(size, bytes.size() - aligned));
      break;
    }
    case 3:
      bytes.resize(at);
      break;
    case 4:
      std::fill_n(bytes.begin() + static_cast<long>(at), length, '\0');
      break;
    case 5:
      bytes.insert(place(), bytes.substr(at, length));
      break;
    default:
      std::swap_ranges(bytes.begin() + static_cast<long>(at),
                       bytes.begin() + static_cast<long>(at + std::min(length, bytes.size() - at)),
                       bytes.begin() + static_cast<long>(std::min(place(), bytes.size() - length)));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::filesystem::path target = arguments[2];
  Random random(std::strtoull(arguments[3], nullptr, 10));
  std::filesystem::create_directories(target);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    if (!entry.is_regular_file()) continue;
    files.push_back(target / entry.path().filename());
    std::filesystem::copy_file(entry.path(), files.back(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  if (files.empty()) return 1;
  std::sort(files.begin(), files.end());
  for (int round = 0; round < 2; ++round) {
    const std::filesystem::path& chosen = files[random() % files.size()];
    std::ifstream input(chosen, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(input), {}};
    input.close();
    for (uint64_t left = 1 + random() % 6; left > 0; --left) damage(bytes, random);
    if (chosen.extension() == ".silt" && random() % 4 != 0) silt::test::mend_checksums(bytes);
    std::ofstream(chosen, std::ios::binary | std::ios::trunc) << bytes;
  }
  return 0;
}
