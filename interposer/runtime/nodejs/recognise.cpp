// SPDX-License-Identifier: Apache-2.0
//
// See recognise.h. Normal context.

#include "interposer/runtime/nodejs/recognise.h"

namespace silt::nodejs {
namespace {

// Options whose value is the next argument. Those that are missing here cost at most that a
// launcher is recorded.
constexpr const char* kOptionsWithValue[] = {"-r",
                                             "--require",
                                             "--import",
                                             "--loader",
                                             "--experimental-loader",
                                             "-C",
                                             "--conditions",
                                             "--env-file",
                                             "--env-file-if-exists",
                                             "--title",
                                             "--input-type",
                                             "--inspect-port",
                                             "--debug-port",
                                             "--icu-data-dir",
                                             "--openssl-config",
                                             "--redirect-warnings",
                                             "--dns-result-order",
                                             "--trace-event-categories",
                                             "--trace-event-file-pattern",
                                             "--report-dir",
                                             "--report-directory",
                                             "--report-filename",
                                             "--report-signal",
                                             "--unhandled-rejections",
                                             "--diagnostic-dir",
                                             "--cpu-prof-dir",
                                             "--cpu-prof-name",
                                             "--cpu-prof-interval",
                                             "--heap-prof-dir",
                                             "--heap-prof-name",
                                             "--heap-prof-interval",
                                             "--heapsnapshot-signal",
                                             "--stack-trace-limit",
                                             "--watch-path",
                                             "--snapshot-blob",
                                             "--max-http-header-size",
                                             "--tls-keylog",
                                             "--tls-cipher-list",
                                             "--secure-heap",
                                             "--secure-heap-min",
                                             "--localstorage-file",
                                             "--disable-warning",
                                             "--experimental-default-type",
                                             "--network-family-autoselection-attempt-timeout"};
constexpr const char* kNoScript[] = {"-e", "--eval", "-p", "--print", "-pe", "-i", "--interactive"};
constexpr const char* kForbidding[] = {"--permission",
                                       "--experimental-permission",
                                       "--experimental-policy",
                                       "--no-addons",
                                       "--build-snapshot",
                                       "--build-snapshot-config",
                                       "--experimental-config-file",
                                       "--experimental-default-config-file"};

constexpr const char* kLauncherNames[] = {"npm-cli.js",  "npx-cli.js", "npm",      "npx",
                                          "corepack.js", "yarn.js",    "yarn.cjs", "yarnpkg",
                                          "pnpm.cjs",    "pnpx.cjs",   "pnpm.mjs"};
constexpr const char* kLauncherEnds[] = {"/pm2/bin/pm2",
                                         "/pm2/bin/pm2-runtime",
                                         "/pm2/bin/pm2-dev",
                                         "/pm2/bin/pm2-docker",
                                         "/pm2/lib/Daemon.js",
                                         "/pm2/lib/binaries/CLI.js",
                                         "/pm2/lib/binaries/Runtime.js",
                                         "/pm2/lib/binaries/Runtime4Docker.js",
                                         "/pm2/lib/binaries/DevCLI.js"};

char as_dash(char c) { return c == '_' ? '-' : c; }

// Node takes --a_b for --a-b. The word ends at a space, an equals sign or the end of the text.
bool is_option(const char* word, const char* option) {
  size_t i = 0;
  for (; option[i] != '\0'; ++i) {
    if (as_dash(word[i]) != option[i]) return false;
  }
  return word[i] == '\0' || word[i] == '=' || word[i] == ' ';
}

template <size_t kCount>
const char* one_of(const char* word, const char* const (&options)[kCount]) {
  for (const char* option : options) {
    if (is_option(word, option)) return option;
  }
  return nullptr;
}

bool has_value_attached(const char* argument) {
  for (; *argument != '\0'; ++argument) {
    if (*argument == '=') return true;
  }
  return false;
}

bool ends_with(const char* text, const char* end) {
  const size_t text_size = base::length(text);
  const size_t end_size = base::length(end);
  return text_size >= end_size && base::equal(text + (text_size - end_size), end);
}

// Calls visit(argument) for each of node's own options; returns the script.
template <typename Visit>
const char* walk_options(const Arguments& arguments, Visit&& visit) {
  const char* const end = arguments.bytes + arguments.size;
  const auto next = [end](const char* at) {
    return at + base::length(at) + 1 < end ? at + base::length(at) + 1 : end;
  };
  if (arguments.size == 0) return nullptr;
  for (const char* at = next(arguments.bytes); at < end; at = next(at)) {
    if (at[0] != '-') return *at == '\0' ? nullptr : at;
    if (base::equal(at, "-")) return nullptr;
    if (base::equal(at, "--")) {
      at = next(at);
      return at < end ? at : nullptr;
    }
    visit(at);
    if (one_of(at, kNoScript) != nullptr) return nullptr;
    if (one_of(at, kOptionsWithValue) != nullptr && !has_value_attached(at)) at = next(at);
    if (at >= end) break;
  }
  return nullptr;
}

// As node reads it: quotes around what holds a space, backslashes before quotes and backslashes.
// Returns the bytes that it takes, be there room for them or not.
size_t add_quoted(base::TextWriter* text, const char* path) {
  bool plain = true;
  for (const char* c = path; *c != '\0'; ++c) {
    if (*c == ' ' || *c == '"' || *c == '\\') plain = false;
  }
  if (plain) {
    text->add(path);
    return base::length(path);
  }
  size_t bytes = 2;
  text->add('"');
  for (const char* c = path; *c != '\0'; ++c, ++bytes) {
    if (*c == '"' || *c == '\\') {
      text->add('\\');
      ++bytes;
    }
    text->add(*c);
  }
  text->add('"');
  return bytes;
}

bool contains(const char* text, const char* part) {
  for (; *text != '\0'; ++text) {
    if (base::starts_with(text, part)) return true;
  }
  return false;
}

}  // namespace

const char* script_of(const Arguments& arguments) {
  return walk_options(arguments, [](const char*) {});
}

bool is_launcher(const char* path) {
  const char* const name = base::base_name(path);
  for (const char* launcher : kLauncherNames) {
    if (base::equal(name, launcher)) return true;
  }
  // A copy of yarn that a project brings along: .yarn/releases/yarn-4.1.0.cjs
  if (base::starts_with(name, "yarn-") && ends_with(name, "js")) return true;
  for (const char* end : kLauncherEnds) {
    if (ends_with(path, end)) return true;
  }
  return false;
}

const char* forbidding_option(const Arguments& arguments, const char* node_options) {
  const char* found = nullptr;
  walk_options(arguments, [&found](const char* option) {
    if (found == nullptr) found = one_of(option, kForbidding);
  });
  for (const char* at = node_options; found == nullptr && *at != '\0'; ++at) {
    if (*at == '-' && (at == node_options || at[-1] == ' ')) found = one_of(at, kForbidding);
  }
  return found;
}

bool extend_node_options(const char* node_options, const char* script, const char* flags,
                         base::TextWriter* result) {
  const size_t before = base::length(node_options);
  result->add(node_options);
  if (before != 0) result->add(' ');
  const size_t begin = result->size();
  constexpr char kRequire[] = "--require ";
  result->add(kRequire);
  size_t end = begin + sizeof(kRequire) - 1 + add_quoted(result, script);
  if (contains(node_options, result->c_str() + begin)) return false;
  if (*flags != '\0') {
    result->add(' ').add(flags);
    end += 1 + base::length(flags);
  }
  return result->size() == end;
}

}  // namespace silt::nodejs
