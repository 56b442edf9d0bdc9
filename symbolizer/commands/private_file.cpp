// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/private_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;

// A new file for its owner only; the error is errno's.
std::FILE* new_file(const fs::path& path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = open(path.c_str(), kFlags, 0600);
  return fd < 0 ? nullptr : fdopen(fd, "w");
}

}  // namespace

std::optional<Error> fill_file(const fs::path& path, const Fill& fill) {
  std::FILE* const out = new_file(path);
  if (out == nullptr) return Error{"cannot write " + in_quotes(path) + ": " + errno_text(errno)};
  bool whole = true;
  auto error = fill([&](std::string_view bytes) {
    whole = whole && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
    return whole;
  });
  whole = std::fclose(out) == 0 && whole;
  if (!error && !whole) {
    error = Error{"cannot write " + in_quotes(path) + ": " + errno_text(errno)};
  }
  return error;
}

fs::path temporary_beside(const fs::path& path) {
  return path.native() + "." + std::to_string(getpid()) + ".tmp";
}

std::optional<Error> put_in_place(const fs::path& temporary, const fs::path& path,
                                  std::optional<Error> error) {
  if (!error && std::rename(temporary.c_str(), path.c_str()) != 0) {
    error = Error{"cannot write " + in_quotes(path) + ": " + errno_text(errno)};
  }
  if (error) std::remove(temporary.c_str());
  return error;
}

std::optional<Error> write_private_file(const fs::path& path, std::string_view bytes) {
  const fs::path temporary = temporary_beside(path);
  auto error = fill_file(temporary, [&](const Write& write) -> std::optional<Error> {
    write(bytes);
    return std::nullopt;
  });
  return put_in_place(temporary, path, std::move(error));
}

}  // namespace silt::commands
