// SPDX-License-Identifier: Apache-2.0
//
// One POST over plain HTTP/1.1, to the address that was given and no other: no redirect is
// followed, no proxy of the environment asked, no cookie kept. A library for it (libcurl) would
// bring TLS, name services and a dozen libraries into a tool that runs in bare containers with
// nothing but glibc; what is needed of HTTP here is this file.

#ifndef SILT_SYMBOLIZER_PUSH_HTTP_H_
#define SILT_SYMBOLIZER_PUSH_HTTP_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/push/url.h"

namespace silt::push {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string target;  // "/ingest?name=…", after Url::path
  Headers headers;     // besides Host, Content-Length and Connection
  std::string body;
};

struct Response {
  int status = 0;
  std::string location;  // where it would send us; clean of nothing
  std::string body;      // its beginning
};

// "Name: value" with a name that HTTP allows and a value without control characters.
Result<std::pair<std::string, std::string>> parse_header(std::string_view line);

// What a server sent, from the status line on; an error when it is not HTTP.
Result<Response> parse_response(std::string_view bytes);

// `seconds` is for all of it: name, connection, sending and the answer.
Result<Response> post(const Url& url, const Request& request, double seconds);

}  // namespace silt::push

#endif  // SILT_SYMBOLIZER_PUSH_HTTP_H_
