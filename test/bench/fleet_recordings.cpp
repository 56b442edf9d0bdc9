// SPDX-License-Identifier: Apache-2.0
//
// Writes what a fleet leaves behind: a recording for each of many pods of one service, all of them
// process 1. Those of version 1.1 leak in one place, those of 1.0 do not; caches and short-lived
// blocks are everywhere. Ten pods share a host.
// usage: fleet_recordings FOLDER PODS SNAPSHOTS STACKS

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "test/symbolizer/recording_builder.h"

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNoon = 1'700'000'000 * kSecond;
constexpr int kDepth = 15;

void write_pod(const std::string& folder, int number, int snapshots, int stacks) {
  const bool leaks = number % 4 == 3;
  silt::test::RecordingBuilder process;
  silt::test::SnapshotValues& values = process.values();
  values.program = "shop";
  values.executable = "/srv/shop";
  values.command = "shop --port 80";
  values.meta.pid = 1;
  values.meta.parent_pid = 0;
  values.meta.start_realtime_ns = kNoon + static_cast<uint64_t>(number) * kSecond;
  values.labels = {{"version", leaks ? "1.1" : "1.0"},
                   {"pod", "shop-" + std::to_string(number)},
                   {"host", "n" + std::to_string(number / 10)}};
  const auto leak =
      process.stack({"SessionTable::add", "handle_login", "dispatch", "worker", "main"});
  const auto cache = process.stack({"Cache::put", "handle_item", "dispatch", "worker", "main"});
  std::vector<silt::test::RecordingBuilder::StackId> all;
  for (int i = 0; i < stacks; ++i) {
    std::vector<std::string> names = {"make_" + std::to_string(i)};
    for (int depth = kDepth; depth > 1; --depth) {
      names.push_back("call_" + std::to_string(depth) + "_" +
                      std::to_string(i % (1 << (depth / 2))));
    }
    names.push_back("main");
    all.push_back(process.stack(names));
  }
  process.allocate(cache, 10'000, 40'000'000);
  for (int at = 0; at < snapshots; ++at) {
    for (size_t i = 0; i < all.size(); ++i) {
      process.allocate(all[i], 10 + i % 7, 1000 + 64 * (i % 7));
      process.free_oldest(all[i], at == 0 ? 2 : 10 + i % 7);
    }
    if (leaks) process.allocate(leak, 50, 50 * 4096);
    process.free_oldest(cache, 100);
    process.allocate(cache, 100, 400'000);
    process.take_snapshot(60.0 * at + 1);
  }
  process.write(folder + "/silt.shop.1" + (number == 0 ? "" : "." + std::to_string(number + 1)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: fleet_recordings FOLDER PODS SNAPSHOTS STACKS\n");
    return 2;
  }
  try {
    for (int pod = 0; pod < std::atoi(argv[2]); ++pod) {
      write_pod(argv[1], pod, std::atoi(argv[3]), std::atoi(argv[4]));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fleet_recordings: %s\n", error.what());
    return 1;
  }
  return 0;
}
