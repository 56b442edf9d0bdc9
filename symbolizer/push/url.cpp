// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/push/url.h"

#include <algorithm>
#include <cstdint>

namespace silt::push {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Characters that go into the request as they are.
bool is_of_url(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return false;
  }
  const int number = std::stoi(std::string(text));
  return number > 0 && number <= UINT16_MAX;
}

}  // namespace

std::string Url::authority() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Result<Url> parse_url(std::string_view text) {
  if (text.starts_with("https://")) {
    return Error{
        "https is not spoken: push to an agent or a proxy on this machine or in this pod, which "
        "encrypts"};
  }
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return Error{"expected http://HOST[:PORT][/PATH]"};
  if (!std::all_of(text.begin(), text.end(), is_of_url)) {
    return Error{"it has characters that an address cannot have"};
  }
  text.remove_prefix(kScheme.size());
  if (text.find_first_of("?#") != std::string_view::npos) {
    return Error{"a query or a fragment is not expected: silt adds its own"};
  }
  const size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  Url url;
  url.path = text.substr(slash);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (authority.find('@') != std::string_view::npos) {
    return Error{"names and passwords do not belong into an address: use --header-file"};
  }
  url.port = "80";
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return Error{"its '[' has no ']'"};
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    has_port = authority.starts_with(':');
    if (!authority.empty() && !has_port) return Error{"expected http://HOST[:PORT][/PATH]"};
    port = authority.substr(std::min<size_t>(1, authority.size()));
  } else {
    const size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = authority.substr(0, colon);
    if (has_port) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return Error{"it names no host"};
  if (has_port && !is_port(port)) return Error{"its port is not a number from 1 to 65535"};
  if (has_port) url.port = port;
  return url;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

}  // namespace silt::push
