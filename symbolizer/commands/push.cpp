// SPDX-License-Identifier: Apache-2.0
//
// `silt push`: profiles of recordings to a server of profiles. The only command that talks to a
// network, and only to the address that it is given.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/exported.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/push/receiver.h"
#include "symbolizer/render/render.h"

namespace silt::commands {
namespace {

constexpr const char* kPushExamples = R"(
Examples:
  silt push http://localhost:4040 silt.shop.*      to Pyroscope
  silt push --to parca http://localhost:7070 silt.shop.4711
  silt push --header-file tenant.txt http://pyroscope.svc:4040 silt.shop.*
                                                   lines such as 'X-Scope-OrgID: team-a'
Sent is the newest snapshot of each recording, with its labels. No redirect is followed, and no
proxy asked.

Exit status: 0 all were taken; 2 usage; 3 a recording could not be read, or one was not taken.
)";

struct PushOptions {
  InputOptions inputs;
  std::string url;
  std::string to = "pyroscope";
  std::string name;
  std::string header_file;
  std::string timeout = "10s";
};

struct Target {
  push::Url url;
  const push::Receiver* receiver = nullptr;
  push::Headers headers;
  double seconds = 0;
};

Result<push::Headers> read_headers(const std::string& path) {
  push::Headers headers;
  if (path.empty()) return headers;
  constexpr uint64_t kMost = 64 << 10;  // servers refuse less
  const auto failure = [&path](const std::string& why) {
    return Error{"cannot read --header-file " + in_quotes(path) + ": " + why};
  };
  const auto source = FileSource::open(path);
  if (!source) return failure(source.error().message);
  if (source->size() > kMost) return failure("is larger than 64 KiB");
  const auto text = source->read(0, source->size());
  if (!text) return failure(text.error().message);
  std::istringstream file(*text);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    auto header = push::parse_header(line);
    // The line may be a secret: it is not repeated.
    if (!header)
      return Error{in_quotes(path) + " has a line that is no header: " + header.error().message};
    headers.push_back(std::move(*header));
  }
  return headers;
}

Result<Target> target_of(const PushOptions& options) {
  const auto url = push::parse_url(options.url);
  if (!url)
    return usage_error("cannot push to " + in_quotes(options.url) + ": " + url.error().message);
  const auto timeout = parse_duration(options.timeout);
  if (!timeout || *timeout == 0) {
    return usage_error("--timeout " + in_quotes(options.timeout) +
                       " is not a time: 500ms, 10s, 1m");
  }
  auto headers = read_headers(options.header_file);
  if (!headers) return headers.error();
  return Target{*url, push::find_receiver(options.to), std::move(*headers),
                static_cast<double>(*timeout) / 1e9};
}

push::Profile profile_of(const render::Exported& one, std::vector<read::Label> labels,
                         const std::string& name) {
  push::Profile profile;
  const report::Report& report = one.report;
  profile.name = !name.empty() ? name : report.program.empty() ? "silt" : report.program;
  profile.labels = std::move(labels);
  profile.begin_ns = report.start_realtime_ns;
  profile.end_ns =
      report.snapshots.empty() ? profile.begin_ns : report.snapshots.back().realtime_ns;
  profile.pprof = render::render_pprof(report);
  return profile;
}

// Servers that are busy or starting say so with these.
bool is_passing(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string refusal(const push::Response& response) {
  std::string text = "it answered " + std::to_string(response.status);
  if (response.status / 100 == 3) {
    text += ", a redirect";
    if (!response.location.empty()) text += " to " + in_quotes(response.location);
    return text + "; none is followed: push there if you trust it";
  }
  constexpr size_t kShown = 200;
  const std::string body = one_line(response.body.substr(0, kShown));
  return body.empty() ? text : text + ": " + body;
}

// Three times, for a server that is starting or restarts. A request that was sent and not answered
// is not repeated: it may have been taken.
std::optional<Error> send(const Target& target, push::Request request) {
  constexpr int kTries = 3;
  constexpr auto kPause = std::chrono::milliseconds(250);
  request.headers.insert(request.headers.end(), target.headers.begin(), target.headers.end());
  std::string why;
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    if (attempt > 1) std::this_thread::sleep_for(kPause * attempt);
    const auto response = push::post(target.url, request, target.seconds);
    if (!response) {
      why = response.error().message;
      if (!why.starts_with("cannot connect")) break;
      continue;
    }
    if (response->status / 100 == 2) return std::nullopt;
    why = refusal(*response);
    if (!is_passing(response->status)) break;
  }
  return Error{why};
}

int run_push(const PushOptions& options) {
  const Result<Target> target = target_of(options);
  if (!target) {
    log::error(target.error().message);
    return status_of(target.error());
  }
  const Result<std::vector<render::Exported>> all = load_exported(options.inputs, true);
  if (!all) {
    log::error(all.error().message);
    return status_of(all.error());
  }
  std::vector<std::vector<read::Label>> labels = render::export_labels(*all);
  int status = kDone;
  size_t sent = 0;
  for (size_t i = 0; i < all->size(); ++i) {
    const push::Profile profile = profile_of((*all)[i], std::move(labels[i]), options.name);
    if (const auto error = send(*target, target->receiver->request(profile))) {
      log::error("cannot push " + in_quotes((*all)[i].path) + " to " + in_quotes(options.url) +
                 ": " + error->message);
      status = kInput;
    } else {
      ++sent;
    }
  }
  log::step("pushed " + std::to_string(sent) + " of " + std::to_string(all->size()));
  return status;
}

}  // namespace

void register_push(CLI::App& app, int& status) {
  const auto options = std::make_shared<PushOptions>();
  CLI::App* command =
      app.add_subcommand("push", "send recordings as profiles to Pyroscope or Parca");
  command->add_option("URL", options->url, "where to: http://HOST[:PORT][/PATH]")
      ->required()
      ->type_name("URL");
  command
      ->add_option("recordings", options->inputs.paths,
                   "recording folders or snapshot files; none: the newest recording here")
      ->type_name("FOLDER|FILE");
  std::vector<std::string> names;
  for (const push::Receiver& receiver : push::receivers()) names.emplace_back(receiver.name);
  command->add_option("--to", options->to, "what listens there")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command
      ->add_option("--name", options->name,
                   "what the application is called there (default: the program's name)")
      ->type_name("NAME");
  command
      ->add_option("--header-file", options->header_file,
                   "a file with headers to send along, one a line: a tenant, an authorization")
      ->type_name("FILE");
  command->add_option("--timeout", options->timeout, "how long one may take")
      ->capture_default_str()
      ->type_name("TIME");
  add_input_options(*command, options->inputs);
  command->footer(kPushExamples);
  command->callback([options, &status] { status = run_push(*options); });
}

}  // namespace silt::commands
