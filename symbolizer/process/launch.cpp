// SPDX-License-Identifier: Apache-2.0
//
// Settings travel as SILT_ variables, the library as LD_PRELOAD.

#include "symbolizer/process/launch.h"

#include <elf.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "interposer/format/memory_marks.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/exit_status.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/process/interposer_library.h"

namespace silt::process {
namespace {

using format::Setting;
using format::SettingId;
using format::SettingKind;

std::filesystem::path out_folder(const RecordSettings& settings) {
  std::error_code error;
  return std::filesystem::absolute(settings[SettingId::kOut], error);
}

std::string make_out_folder(const RecordSettings& settings) {
  std::error_code error;
  const std::string& named = settings[SettingId::kOut];
  const auto folder = out_folder(settings);
  std::filesystem::create_directories(folder, error);
  if (error) return "cannot make " + in_quotes(named) + ": " + errno_text(error.value());
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return "cannot write to " + in_quotes(named) + ": " + errno_text(errno);
  }
  return "";
}

void set_environment(const Launch& launch, const RecordSettings& settings) {
  for (const Setting& setting : format::kSettings) {
    if (settings[setting.id].empty()) continue;
    const std::string value =
        setting.kind == SettingKind::kFolder ? out_folder(settings).native() : settings[setting.id];
    setenv(setting.variable, value.c_str(), 1);
  }
  if (!launch.preload.empty()) setenv("LD_PRELOAD", launch.preload.c_str(), 1);
}

bool is_number_to_keep(const std::string& value) {
  uint32_t most = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, most);
  return error == std::errc() && stop == end &&
         (most == 0 || (most >= format::kFewestKept && most <= format::kMostKept));
}

bool is_understood(SettingKind kind, const std::string& value) {
  switch (kind) {
    case SettingKind::kSignal:
      return parse_signal(value).has_value();
    case SettingKind::kSize:
      return parse_size(value).has_value();
    case SettingKind::kTime:
      return parse_duration(value).has_value();
    case SettingKind::kKeep:
      return is_number_to_keep(value);
    case SettingKind::kMarks: {
      format::MemoryMarks marks{};
      return format::parse_memory_marks(value.data(), value.size(), &marks);
    }
    case SettingKind::kLabels:
      return format::for_labels(value.data(), value.size(),
                                [](const char*, size_t, const char*, size_t) { return true; });
    default:
      return true;  // the parser has seen to it
  }
}

bool is_elf(const std::filesystem::path& program) {
  const auto source = FileSource::open(program);
  const auto magic = source ? source->read(0, SELFMAG) : Result<std::string>(source.error());
  return magic && *magic == ELFMAG;
}

bool records_inner_allocators([[maybe_unused]] const RecordSettings& settings) {
#ifdef __x86_64__
  const std::string& given = settings[SettingId::kInner];
  const char* const inherited = std::getenv("SILT_INNER");
  const std::string value = !given.empty() ? given : inherited != nullptr ? inherited : "1";
  return value != "0" && value != "no" && value != "off" && value != "false";
#else
  return false;
#endif
}

}  // namespace

std::string mistake_in(const RecordSettings& settings) {
  for (const Setting& setting : format::kSettings) {
    const std::string& value = settings[setting.id];
    if (value.empty() || is_understood(setting.kind, value)) continue;
    return std::string(setting.option) + " " + in_quotes(value) + " is not understood (" +
           setting.understood + ")";
  }
  return "";
}

NotRunnable prepare_launch(const std::vector<std::string>& words, const RecordSettings& settings,
                           Launch& launch) {
  auto library = find_interposer();
  if (!library) return {library.error().message, kInput};
  auto preload = preload_value(*library, std::getenv("LD_PRELOAD"));
  if (!preload) return {preload.error().message, kInput};
  const NotRunnable problem = find_program(words.front(), std::getenv("PATH"), launch.program);
  if (problem.status != 0) return problem;
  if (!settings[SettingId::kOut].empty()) {
    if (std::string failure = make_out_folder(settings); !failure.empty()) {
      return {std::move(failure), kInput};
    }
  }
  launch.words = words;
  launch.preload = *preload;
  Obstacle obstacle = recording_obstacle(launch.program);
  // The library tells itself where it cannot.
  if (obstacle.inner && records_inner_allocators(settings)) obstacle.text.clear();
  const auto for_musl = obstacle.musl ? library_for_musl(*library) : std::filesystem::path();
  if (!for_musl.empty()) {
    preload = preload_value(for_musl, std::getenv("LD_PRELOAD"));
    if (!preload) return {preload.error().message, kInput};
    launch.preload = *preload;
    obstacle = Obstacle{};
  }
  if (obstacle.preload_harms) launch.preload.clear();
  if (!obstacle.text.empty()) {
    launch.obstacle = (obstacle.partly ? "not everything" : "nothing") +
                      (" will be recorded in " + in_quotes(launch.program)) + ": " + obstacle.text;
  }
  return {};
}

NotRunnable become(const Launch& launch, const RecordSettings& settings) {
  set_environment(launch, settings);
  std::vector<char*> arguments;
  for (const std::string& word : launch.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(launch.program.c_str(), arguments.data());
  int error = errno;
  if (error == ENOEXEC && !is_elf(launch.program)) {
    // A script without #! runs in the shell, as it would from a shell.
    std::string path = launch.program.native(), shell = "/bin/sh";
    arguments[0] = path.data();
    arguments.insert(arguments.begin(), shell.data());
    execv(shell.c_str(), arguments.data());
    error = errno;
  }
  return {"cannot run " + in_quotes(launch.program) + ": " + errno_text(error),
          error == ENOENT ? 127 : 126};
}

}  // namespace silt::process
