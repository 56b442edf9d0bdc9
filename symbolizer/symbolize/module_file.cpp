// SPDX-License-Identifier: Apache-2.0
//
// Candidates in order: the recorded path, the folders the user gave (as a system root, as a heap of
// files, as a build-id tree), the system's build-id tree, and a debuginfod server when asked to.

#include "symbolizer/symbolize/module_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/symbolize/debuginfod.h"

namespace silt::symbolize {
namespace {

namespace fs = std::filesystem;

constexpr char kUrlsVariable[] = "DEBUGINFOD_URLS";
constexpr char kSystemDebugFolder[] = "/usr/lib/debug";

// libdwfl asks debuginfod servers whenever this variable is set. Out of sight for one call.
class WithoutServers {
 public:
  WithoutServers() {
    if (const char* urls = std::getenv(kUrlsVariable)) {
      urls_ = urls;
      unsetenv(kUrlsVariable);
    }
  }
  ~WithoutServers() {
    if (urls_) setenv(kUrlsVariable, urls_->c_str(), 1);
  }
  WithoutServers(const WithoutServers&) = delete;
  WithoutServers& operator=(const WithoutServers&) = delete;

 private:
  std::optional<std::string> urls_;
};

std::string without_deleted(const std::string& path) {
  constexpr std::string_view kDeleted = " (deleted)";
  return path.ends_with(kDeleted) ? path.substr(0, path.size() - kDeleted.size()) : path;
}

std::vector<fs::path> candidates(const std::string& path, const std::string& id,
                                 const Options& options) {
  const fs::path file = without_deleted(path);
  std::vector<fs::path> found = {file};
  std::vector<fs::path> folders = options.debug_folders;
  folders.emplace_back(kSystemDebugFolder);
  for (const fs::path& folder : folders) {
    const bool given_by_user = folder != kSystemDebugFolder;
    if (given_by_user && !id.empty()) {
      found.push_back(folder / file.relative_path());
      found.push_back(folder / file.filename());
    }
    if (id.size() <= 2) continue;
    const fs::path by_id = folder / ".build-id" / id.substr(0, 2) / id.substr(2);
    if (given_by_user) found.push_back(by_id);
    found.push_back(by_id.native() + ".debug");
  }
  return found;
}

// The build-id of an ELF file, empty when it has none; no value when it is no ELF file.
std::optional<std::vector<uint8_t>> build_id_of(int fd) {
  elf_version(EV_CURRENT);
  Elf* elf = elf_begin(fd, ELF_C_READ_MMAP, nullptr);
  std::optional<std::vector<uint8_t>> result;
  if (elf != nullptr && elf_kind(elf) == ELF_K_ELF) {
    const void* bytes = nullptr;
    const ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);
    result.emplace();
    if (size > 0 && size <= 64) {
      result->resize(static_cast<size_t>(size));
      std::memcpy(result->data(), bytes, result->size());
    }
  }
  elf_end(elf);
  return result;
}

}  // namespace

std::string hex_text(const std::vector<uint8_t>& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

ModuleFile::ModuleFile(const Options& options)
    : options_(options), debug_path_(":.debug:" + std::string(kSystemDebugFolder)) {
  for (const auto& folder : options.debug_folders) {
    std::error_code ignored;
    debug_path_ += ':' + fs::absolute(folder, ignored).native();
  }
  debug_path_pointer_ = debug_path_.data();
  callbacks_.find_elf = dwfl_build_id_find_elf;
  callbacks_.find_debuginfo = find_debuginfo;
  callbacks_.section_address = dwfl_offline_section_address;
  callbacks_.debuginfo_path = &debug_path_pointer_;
}

ModuleFile::~ModuleFile() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

int ModuleFile::find_debuginfo(Dwfl_Module* module, void** userdata, const char* name,
                               Dwarf_Addr base, const char* file_name, const char* debuglink_file,
                               GElf_Word crc, char** debuginfo_file_name) {
  const auto* self = static_cast<const ModuleFile*>(*userdata);
  std::optional<WithoutServers> guard;
  if (self == nullptr || !self->options_.debuginfod) guard.emplace();
  return dwfl_standard_find_debuginfo(module, userdata, name, base, file_name, debuglink_file, crc,
                                      debuginfo_file_name);
}

Result<std::unique_ptr<ModuleFile>> ModuleFile::open(const std::string& path,
                                                     const std::vector<uint8_t>& build_id,
                                                     const Options& options) {
  if (path.empty()) return Error{"the module has no name"};
  const std::string id = hex_text(build_id);
  std::string reason;
  fs::path chosen;
  int fd = -1;
  for (const fs::path& candidate : candidates(path, id, options)) {
    std::error_code error;
    if (!candidate.is_absolute() || !fs::is_regular_file(candidate, error)) continue;
    const int opened = ::open(candidate.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (opened < 0) {
      if (reason.empty()) reason = in_quotes(candidate) + " cannot be read";
      continue;
    }
    const auto found = build_id_of(opened);
    // Nothing to compare with where no build-id was recorded: the recorded path is believed.
    if (found && (*found == build_id || build_id.empty())) {
      fd = opened;
      chosen = candidate;
      break;
    }
    ::close(opened);
    if (!reason.empty()) continue;
    if (!found) {
      reason = in_quotes(candidate) + " is not an ELF file";
    } else {
      const std::string other = found->empty() ? "none" : hex_text(*found);
      reason = in_quotes(candidate) + " is another build than the one recorded (build-id " + other +
               ", not " + id + ")";
    }
  }
  if (fd < 0 && options.debuginfod) {
    fd = fetch_from_server(build_id);
    chosen = path;
  }
  if (fd < 0 && !reason.empty()) return Error{reason};
  if (fd < 0) {
    return Error{"there is no file " + in_quotes(path) + " on this machine" +
                 (id.empty() ? "" : ", and no debug file for build-id " + id)};
  }

  std::unique_ptr<ModuleFile> file(new ModuleFile(options));
  file->dwfl_ = dwfl_begin(&file->callbacks_);
  if (file->dwfl_ != nullptr) {
    dwfl_report_begin(file->dwfl_);
    file->module_ = dwfl_report_elf(file->dwfl_, chosen.c_str(), chosen.c_str(), fd, 0, true);
    dwfl_report_end(file->dwfl_, nullptr, nullptr);
  }
  if (file->module_ == nullptr) {
    ::close(fd);
    return Error{in_quotes(chosen) + " cannot be used: " + dwfl_errmsg(-1)};
  }
  void** userdata = nullptr;
  dwfl_module_info(file->module_, &userdata, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (userdata != nullptr) *userdata = file.get();
  log::debug("names of " + in_quotes(path) + " come from " + in_quotes(chosen));
  return file;
}

std::optional<FileAddress> ModuleFile::address_of_offset(uint64_t offset) const {
  GElf_Addr bias = 0;
  Elf* elf = dwfl_module_getelf(module_, &bias);
  size_t count = 0;
  if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) return std::nullopt;
  for (size_t i = 0; i < std::min<size_t>(count, INT32_MAX); ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) break;
    if (header.p_type == PT_LOAD && offset >= header.p_offset &&
        offset - header.p_offset < header.p_filesz) {
      return FileAddress{header.p_vaddr + (offset - header.p_offset) + bias};
    }
  }
  return std::nullopt;
}

}  // namespace silt::symbolize
