// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/commands/command.h"

namespace silt::commands {

void register_dump(CLI::App& app, int& status) {
  static_cast<void>(status);
  app.add_subcommand("dump", "");
}

}  // namespace silt::commands
