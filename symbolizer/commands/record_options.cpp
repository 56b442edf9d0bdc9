// SPDX-License-Identifier: Apache-2.0
//
// Choices are the parser's to check; other values are understood when the program is launched.

#include "symbolizer/commands/record_options.h"

#include <CLI/Validators.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace silt::commands {
namespace {

using format::Setting;
using format::SettingId;
using format::SettingKind;

bool takes_no_value(const Setting& setting) {
  return std::string_view(setting.option).starts_with("--no-");
}

// Choices the parser checks and names itself; other kinds have a name for their values.
std::vector<std::string> choices_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::kSwitch:
      return {"0", "1"};
    case SettingKind::kLogLevel:
      return {"error", "warn", "info"};
    case SettingKind::kNodeWish:
      return {"0", "1", "all"};
    case SettingKind::kStart:
      return {"awake", "asleep"};
    default:
      return {};
  }
}

const char* value_name(SettingKind kind) {
  switch (kind) {
    case SettingKind::kFolder:
      return "FOLDER";
    case SettingKind::kSignal:
      return "SIGNAL";
    case SettingKind::kTime:
      return "TIME";
    case SettingKind::kKeep:
      return "NUMBER";
    case SettingKind::kMarks:
      return "MARKS";
    case SettingKind::kLabels:
      return "KEY=VALUE,...";
    default:
      return "SIZE";
  }
}

}  // namespace

void add_record_options(CLI::App& app, process::RecordSettings& settings,
                        std::initializer_list<SettingId> left_out) {
  for (const Setting& setting : format::kSettings) {
    if (std::find(left_out.begin(), left_out.end(), setting.id) != left_out.end()) continue;
    std::string& value = settings[setting.id];
    if (takes_no_value(setting)) {
      app.add_flag_callback(
          setting.option, [&value] { value = "0"; },
          std::string(setting.meaning) + " (" + setting.variable + "=0)");
      continue;
    }
    CLI::Option* const option =
        app.add_option(setting.option, value,
                       std::string(setting.meaning) + " (" + setting.variable +
                           "; default: " + setting.initial + ")");
    if (const auto choices = choices_of(setting.kind); !choices.empty()) {
      option->check(CLI::IsMember(choices));
    } else {
      option->type_name(value_name(setting.kind));
    }
  }
}

}  // namespace silt::commands
