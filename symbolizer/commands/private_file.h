// SPDX-License-Identifier: Apache-2.0
//
// Files that only their owner may read, made under a name that nobody has and then put in place of
// what is there: a reader never sees half of one, and no link is followed.

#ifndef SILT_SYMBOLIZER_COMMANDS_PRIVATE_FILE_H_
#define SILT_SYMBOLIZER_COMMANDS_PRIVATE_FILE_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "symbolizer/base/result.h"

namespace silt::commands {

using Write = std::function<bool(std::string_view)>;
using Fill = std::function<std::optional<Error>(const Write&)>;

// A new file; it is an error where one is.
std::optional<Error> fill_file(const std::filesystem::path& path, const Fill& fill);

// A name for it in the same folder, and the step from there; `error`: of what was to fill it.
std::filesystem::path temporary_beside(const std::filesystem::path& path);
std::optional<Error> put_in_place(const std::filesystem::path& temporary,
                                  const std::filesystem::path& path, std::optional<Error> error);

// All of it at once.
std::optional<Error> write_private_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_PRIVATE_FILE_H_
