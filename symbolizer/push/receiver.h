// SPDX-License-Identifier: Apache-2.0
//
// What a profile is sent as: the requests that Pyroscope and Parca take over HTTP, as their
// documentation has them. One row of a table each.

#ifndef SILT_SYMBOLIZER_PUSH_RECEIVER_H_
#define SILT_SYMBOLIZER_PUSH_RECEIVER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/push/http.h"
#include "symbolizer/read/recording.h"

namespace silt::push {

struct Profile {
  std::string name;                 // of the application
  std::vector<read::Label> labels;  // under names that Prometheus allows
  uint64_t begin_ns = 0;            // Unix time
  uint64_t end_ns = 0;
  std::string pprof;  // gzipped
};

struct Receiver {
  std::string_view name;
  Request (*request)(const Profile& profile);
};
std::span<const Receiver> receivers();
const Receiver* find_receiver(std::string_view name);

std::string base64(std::string_view bytes);

}  // namespace silt::push

#endif  // SILT_SYMBOLIZER_PUSH_RECEIVER_H_
