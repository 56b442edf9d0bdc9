// SPDX-License-Identifier: Apache-2.0
//
// The file of a module, found and opened: where the recording says it lies, or where debug files
// are kept, but only with the build-id that was recorded. A file that was rebuilt since would give
// wrong names with a straight face; it is refused with the reason. Where no build-id was recorded
// the recorded path is all there is to go by.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_MODULE_FILE_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_MODULE_FILE_H_

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::symbolize {

// Lower-case hexadecimal.
std::string hex_text(const std::vector<uint8_t>& bytes);

class ModuleFile {
 public:
  // `options` must outlive the module. The error is the reason why there are no names.
  static Result<std::unique_ptr<ModuleFile>> open(const std::string& path,
                                                  const std::vector<uint8_t>& build_id,
                                                  const Options& options);
  ~ModuleFile();
  ModuleFile(const ModuleFile&) = delete;
  ModuleFile& operator=(const ModuleFile&) = delete;

  // Addresses in it are those of the file: the module is laid out with load bias 0.
  Dwfl_Module* module() const { return module_; }

  // Through the program headers.
  std::optional<FileAddress> address_of_offset(uint64_t offset) const;

 private:
  explicit ModuleFile(const Options& options);

  static int find_debuginfo(Dwfl_Module* module, void** userdata, const char* name, Dwarf_Addr base,
                            const char* file_name, const char* debuglink_file, GElf_Word crc,
                            char** debuginfo_file_name);

  const Options& options_;
  std::string debug_path_;  // as libdwfl wants it; debug_path_pointer_ points into it
  char* debug_path_pointer_ = nullptr;
  Dwfl_Callbacks callbacks_{};
  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_MODULE_FILE_H_
