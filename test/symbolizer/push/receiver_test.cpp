// SPDX-License-Identifier: Apache-2.0
//
// The requests that servers of profiles get. test_push.py takes them apart as such a server would.

#include "symbolizer/push/receiver.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace silt::push {
namespace {

Profile profile() {
  Profile made;
  made.name = "shop";
  made.labels = {{"version", "1.2"}, {"pod", "a,b={c} \"d\""}};
  made.begin_ns = 1'700'000'000'000'000'000;
  made.end_ns = 1'700'000'060'500'000'000;
  made.pprof = std::string("\x1f\x8b\0silt", 7);
  return made;
}

}  // namespace

TEST_CASE("bytes in base64") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64(std::string("\xff\x00\xfe", 3)) == "/wD+");
}

TEST_CASE("Pyroscope gets times in seconds, and labels that cannot break out of the name") {
  const Request request = find_receiver("pyroscope")->request(profile());
  CHECK_THAT(request.target, Catch::StartsWith("/ingest?name=shop%7Bversion%3D1.2%2Cpod%3Da_b__c__"
                                               "_d_%7D&from=1700000000&until=1700000060&"));
  CHECK(request.target.find(' ') == std::string::npos);
  REQUIRE(request.headers.size() == 1);
  const std::string boundary = request.headers[0].second.substr(
      request.headers[0].second.find("boundary=") + std::string("boundary=").size());
  // The profile has the usual boundary in it.
  CHECK(boundary != "silt");
  CHECK(request.body.find(profile().pprof) != std::string::npos);
  CHECK_THAT(request.body, Catch::EndsWith("--" + boundary + "--\r\n"));
}

TEST_CASE("Parca gets a series with the labels as they are") {
  const Request request = find_receiver("parca")->request(profile());
  CHECK(request.target == "/profiles/writeraw");
  const auto json = nlohmann::json::parse(request.body);
  const auto& series = json["series"][0];
  CHECK(series["labels"]["labels"][0]["name"] == "__name__");
  CHECK(series["labels"]["labels"][1]["value"] == "shop");
  CHECK(series["labels"]["labels"][3]["value"] == "a,b={c} \"d\"");
  CHECK(series["samples"][0]["rawProfile"] == base64(profile().pprof));
}

TEST_CASE("a receiver that is not known is none") { CHECK(find_receiver("x") == nullptr); }

}  // namespace silt::push
