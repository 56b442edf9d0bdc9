// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/push/receiver.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <tuple>

namespace silt::push {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kSecond = 1'000'000'000;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// In Pyroscope's `name{key=value,…}` nothing is quoted.
std::string unquoted(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (std::string_view("{},=\"").find(c) != std::string_view::npos || c <= ' ') c = '_';
  }
  return plain;
}

// Live and allocated memory; growth, which may be negative, is no profile of Pyroscope's.
std::string sample_types() {
  Json types;
  for (const auto& [type, unit, adds_up] :
       {std::tuple{"inuse_space", "bytes", false}, std::tuple{"inuse_objects", "objects", false},
        std::tuple{"alloc_space", "bytes", true}, std::tuple{"alloc_objects", "objects", true}}) {
    types[type] = {{"units", unit},
                   {"display-name", type},
                   {"aggregation", adds_up ? "sum" : "average"},
                   {"cumulative", adds_up},
                   {"sampled", false}};
  }
  return dumped(types);
}

// A line that is in none of the parts.
std::string boundary_of(std::string_view a, std::string_view b) {
  std::string boundary = "silt";
  while (a.find(boundary) != std::string_view::npos || b.find(boundary) != std::string_view::npos) {
    boundary += "-" + std::to_string(boundary.size());
  }
  return boundary;
}

// POST /ingest: multipart, with the profile and what its values are.
Request to_pyroscope(const Profile& profile) {
  std::string name = unquoted(profile.name) + "{";
  for (const read::Label& label : profile.labels) {
    if (name.back() != '{') name += ',';
    name += label.key + "=" + unquoted(label.value);
  }
  name += "}";
  Request request;
  request.target = "/ingest?name=" + percent_encoded(name) +
                   "&from=" + std::to_string(profile.begin_ns / kSecond) +
                   "&until=" + std::to_string(profile.end_ns / kSecond) +
                   "&format=pprof&spyName=silt";
  const std::string types = sample_types();
  const std::string boundary = boundary_of(profile.pprof, types);
  const auto part = [&](const char* field, const char* file, const std::string& bytes) {
    request.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field +
                    "\"; filename=\"" + file + "\"\r\nContent-Type: application/octet-stream\r\n" +
                    "\r\n" + bytes + "\r\n";
  };
  part("profile", "profile.pb.gz", profile.pprof);
  part("sample_type_config", "sample_type_config.json", types);
  request.body += "--" + boundary + "--\r\n";
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  return request;
}

// POST /profiles/writeraw: parca.profilestore.v1alpha1.WriteRawRequest as JSON.
Request to_parca(const Profile& profile) {
  Json labels = Json::array(
      {{{"name", "__name__"}, {"value", "memory"}}, {{"name", "job"}, {"value", profile.name}}});
  for (const read::Label& label : profile.labels) {
    if (label.key == "job") continue;
    labels.push_back({{"name", label.key}, {"value", label.value}});
  }
  Json series;
  series["labels"]["labels"] = std::move(labels);
  series["samples"] = Json::array({{{"rawProfile", base64(profile.pprof)}}});
  Request request;
  request.target = "/profiles/writeraw";
  request.body = dumped({{"series", Json::array({std::move(series)})}, {"normalized", false}});
  request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

constexpr Receiver kReceivers[] = {{"pyroscope", to_pyroscope}, {"parca", to_parca}};

}  // namespace

std::span<const Receiver> receivers() { return kReceivers; }

const Receiver* find_receiver(std::string_view name) {
  const auto at = std::find_if(std::begin(kReceivers), std::end(kReceivers),
                               [name](const Receiver& receiver) { return receiver.name == name; });
  return at == std::end(kReceivers) ? nullptr : at;
}

std::string base64(std::string_view bytes) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t three = 0;
    for (size_t i = 0; i < 3; ++i) {
      three = three << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (size_t i = 0; i < 4; ++i) {
      text += at + i <= bytes.size() ? kLetters[three >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

}  // namespace silt::push
