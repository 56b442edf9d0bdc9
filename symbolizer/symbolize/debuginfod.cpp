// SPDX-License-Identifier: Apache-2.0
//
// See debuginfod.h.

#include "symbolizer/symbolize/debuginfod.h"

#include <dlfcn.h>

#include <cstdlib>

namespace silt::symbolize {
namespace {

// The types of the library's functions are those of elfutils/debuginfod.h.
struct Client;

}  // namespace

int fetch_from_server(const std::vector<uint8_t>& build_id) {
  if (build_id.empty() || std::getenv("DEBUGINFOD_URLS") == nullptr) return -1;
  void* library = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return -1;
  const auto begin = reinterpret_cast<Client* (*)()>(dlsym(library, "debuginfod_begin"));
  const auto end = reinterpret_cast<void (*)(Client*)>(dlsym(library, "debuginfod_end"));
  const auto find = reinterpret_cast<int (*)(Client*, const unsigned char*, int, char**)>(
      dlsym(library, "debuginfod_find_executable"));
  if (begin == nullptr || end == nullptr || find == nullptr) return -1;
  Client* client = begin();
  if (client == nullptr) return -1;
  const int fd = find(client, build_id.data(), static_cast<int>(build_id.size()), nullptr);
  end(client);
  return fd;
}

}  // namespace silt::symbolize
