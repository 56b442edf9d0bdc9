// SPDX-License-Identifier: Apache-2.0
//
// The options of `run` and `soak` that become settings of the interposer: they follow from the one
// table of settings.

#ifndef SILT_SYMBOLIZER_COMMANDS_RECORD_OPTIONS_H_
#define SILT_SYMBOLIZER_COMMANDS_RECORD_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <initializer_list>

#include "interposer/format/settings.h"
#include "symbolizer/process/launch.h"

namespace silt::commands {

// All of the table but those left out.
void add_record_options(CLI::App& app, process::RecordSettings& settings,
                        std::initializer_list<format::SettingId> left_out = {});

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_RECORD_OPTIONS_H_
