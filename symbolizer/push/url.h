// SPDX-License-Identifier: Apache-2.0
//
// Where profiles are pushed to: an address as people write it, taken apart. Only http is spoken.

#ifndef SILT_SYMBOLIZER_PUSH_URL_H_
#define SILT_SYMBOLIZER_PUSH_URL_H_

#include <string>
#include <string_view>

#include "symbolizer/base/result.h"

namespace silt::push {

struct Url {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;  // digits
  std::string path;  // "" or "/…", without a slash at its end

  // As the Host header has it.
  std::string authority() const;
};

// "http://host[:port][/path]". Errors say what is wrong, without the name of the option.
Result<Url> parse_url(std::string_view text);

// What is not a letter, digit or one of -._~ as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace silt::push

#endif  // SILT_SYMBOLIZER_PUSH_URL_H_
