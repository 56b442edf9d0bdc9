// SPDX-License-Identifier: Apache-2.0
//
// Which variable of a module lies at an address, and which member of it: `server.table_.sessions_`.
// The symbol table knows the variable; debug information its type, down to the member.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DATA_NAMES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DATA_NAMES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/symbolize/module_file.h"

namespace silt::symbolize {

// Opens each module once. Not thread-safe.
class DataNames {
 public:
  explicit DataNames(const Options& options);
  ~DataNames();
  DataNames(const DataNames&) = delete;
  DataNames& operator=(const DataNames&) = delete;

  // `address` is one of the file; with `thread_local_offset` an offset into the module's
  // thread-local variables instead.
  const DataName& find(const std::string& path, const std::vector<uint8_t>& build_id,
                       uint64_t address, bool thread_local_offset);
  // The function that holds an address of the file, demangled; empty: not known.
  std::string function(const std::string& path, const std::vector<uint8_t>& build_id,
                       uint64_t address);

 private:
  struct Module;
  Module& module_of(const std::string& path, const std::vector<uint8_t>& build_id);

  const Options options_;
  std::map<std::string, std::unique_ptr<Module>> modules_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DATA_NAMES_H_
