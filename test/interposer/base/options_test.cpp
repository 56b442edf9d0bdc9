// SPDX-License-Identifier: Apache-2.0
//
// Settings from the environment: each variable with values that are understood, and with values
// that are named, leave the default, and never stop the target.

#include "interposer/base/options.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace silt::base {
namespace {

std::vector<std::string> complaints;

struct Outcome {
  Options options;
  std::vector<std::string> complaints;
};

Outcome read(std::vector<const char*> environment) {
  Outcome outcome;
  set_defaults(&outcome.options);
  complaints.clear();
  environment.push_back(nullptr);
  read_options(environment.data(), &outcome.options,
               [](const char* line) { complaints.emplace_back(line); });
  outcome.complaints = complaints;
  return outcome;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_refused(const std::string& name, const std::string& value) {
  INFO(name << "=" << value);
  const std::string entry = name + "=" + value;
  const Outcome outcome = read({entry.c_str()});
  REQUIRE(outcome.complaints.size() == 1);
  CHECK(contains(outcome.complaints[0], name));
  CHECK(contains(outcome.complaints[0], "'" + value + "'"));
  CHECK(contains(outcome.complaints[0], "the default is used"));
  const Outcome plain = read({});
  CHECK(std::string(outcome.options.out_folder) == plain.options.out_folder);
  CHECK(outcome.options.signal == plain.options.signal);
  CHECK(outcome.options.sample_bytes == plain.options.sample_bytes);
  CHECK(outcome.options.every_nanoseconds == plain.options.every_nanoseconds);
  CHECK(outcome.options.at_exit == plain.options.at_exit);
  CHECK(outcome.options.children == plain.options.children);
  CHECK(outcome.options.mmap == plain.options.mmap);
  CHECK(outcome.options.log_level == plain.options.log_level);
}

}  // namespace

TEST_CASE("an environment without settings gives the documented defaults") {
  const Outcome outcome = read({"PATH=/bin", "SILTY=1", "XSILT_OUT=/x", "SILT_OUT"});
  CHECK(outcome.complaints.empty());
  CHECK(std::string(outcome.options.out_folder) == ".");
  CHECK(outcome.options.signal == 12);
  CHECK(outcome.options.sample_bytes == 0);
  CHECK(outcome.options.memory_bytes == kMemoryAuto);
  CHECK(outcome.options.every_nanoseconds == 0);
  CHECK(outcome.options.at_exit);
  CHECK(outcome.options.children);
  CHECK(outcome.options.mmap);
  CHECK(outcome.options.inner);
  CHECK(outcome.options.log_level == LogLevel::kWarn);
}

TEST_CASE("no environment at all is no error") {
  Options options;
  set_defaults(&options);
  read_options(nullptr, &options, [](const char*) { FAIL("nothing to complain about"); });
  CHECK(options.signal == kDefaultSignal);
}

TEST_CASE("every setting is taken from its variable") {
  const Outcome outcome =
      read({"SILT_OUT=/var/tmp/x", "SILT_SIGNAL=SIGRTMAX", "SILT_SAMPLE=512K", "SILT_EVERY=5m",
            "SILT_MEMORY=64M", "SILT_AT_EXIT=0", "SILT_CHILDREN=no", "SILT_MMAP=off",
            "SILT_INNER=0", "SILT_LOG=info"});
  CHECK(outcome.complaints.empty());
  CHECK(std::string(outcome.options.out_folder) == "/var/tmp/x");
  CHECK(outcome.options.signal == 64);
  CHECK(outcome.options.sample_bytes == 512 * 1024);
  CHECK(outcome.options.memory_bytes == 64 << 20);
  CHECK(outcome.options.every_nanoseconds == 300'000'000'000);
  CHECK_FALSE(outcome.options.at_exit);
  CHECK_FALSE(outcome.options.children);
  CHECK_FALSE(outcome.options.mmap);
  CHECK_FALSE(outcome.options.inner);
  CHECK(outcome.options.log_level == LogLevel::kInfo);
}

TEST_CASE("an interval or a pause of Java's that is set is taken as it is") {
  const Outcome plain = read({});
  CHECK(plain.options.java);
  CHECK(plain.options.java_interval_adapts);
  CHECK(plain.options.java_interval_bytes == 64 * 1024);
  CHECK(plain.options.java_pause_ns == 1'000'000'000);
  const Outcome set = read({"SILT_JAVA=0", "SILT_JAVA_INTERVAL=1G", "SILT_JAVA_PAUSE=250ms"});
  CHECK(set.complaints.empty());
  CHECK_FALSE(set.options.java);
  CHECK_FALSE(set.options.java_interval_adapts);
  CHECK(set.options.java_interval_bytes == 1 << 30);
  CHECK(set.options.java_pause_ns == 250'000'000);
  // Java has no number for more.
  const Outcome too_large = read({"SILT_JAVA_INTERVAL=2G"});
  CHECK(too_large.complaints.size() == 1);
  CHECK(too_large.options.java_interval_adapts);
  CHECK(too_large.options.java_interval_bytes == 64 * 1024);
}

TEST_CASE("a value that is not understood is named once and leaves every default") {
  check_refused("SILT_OUT", "");
  check_refused("SILT_SIGNAL", "");
  check_refused("SILT_SIGNAL", "KILL");
  check_refused("SILT_SIGNAL", "SIGSEGV");
  check_refused("SILT_SIGNAL", "9");
  check_refused("SILT_SIGNAL", "11");
  check_refused("SILT_SIGNAL", "32");
  check_refused("SILT_SIGNAL", "33");
  check_refused("SILT_SIGNAL", "65");
  check_refused("SILT_SIGNAL", "-1");
  check_refused("SILT_SIGNAL", "12x");
  check_refused("SILT_SIGNAL", "99999999999999999999999");
  check_refused("SILT_SIGNAL", "SIG");
  check_refused("SILT_SAMPLE", "");
  check_refused("SILT_SAMPLE", "-1");
  check_refused("SILT_SAMPLE", "K");
  check_refused("SILT_SAMPLE", "1.5X");
  check_refused("SILT_SAMPLE", "1P");
  check_refused("SILT_SAMPLE", "1Ki");
  check_refused("SILT_SAMPLE", "99999999999999999999999");
  check_refused("SILT_SAMPLE", "9999999999999G");
  check_refused("SILT_MEMORY", "");
  check_refused("SILT_MEMORY", "all");
  check_refused("SILT_EVERY", "");
  check_refused("SILT_EVERY", "5d");
  check_refused("SILT_EVERY", "s");
  check_refused("SILT_EVERY", "5 m");
  check_refused("SILT_EVERY", "9999999999999999999h");
  check_refused("SILT_AT_EXIT", "");
  check_refused("SILT_AT_EXIT", "2");
  check_refused("SILT_CHILDREN", "maybe");
  check_refused("SILT_MMAP", "yess");
  check_refused("SILT_INNER", "maybe");
  check_refused("SILT_JAVA", "all");
  check_refused("SILT_JAVA_INTERVAL", "often");
  check_refused("SILT_JAVA_PAUSE", "1d");
  check_refused("SILT_LOG", "debug");
  check_refused("SILT_LOG", "");
}

TEST_CASE("a folder that is too long is refused and not cut") {
  const std::string longest = "SILT_OUT=" + std::string(4095, 'a');
  CHECK(std::string(read({longest.c_str()}).options.out_folder) == std::string(4095, 'a'));
  const std::string longer = longest + "a";
  const Outcome outcome = read({longer.c_str()});
  CHECK(std::string(outcome.options.out_folder) == ".");
  CHECK(outcome.complaints.size() == 1);
}

TEST_CASE("each unknown name is complained about once, those of the tool never") {
  const Outcome outcome = read({"SILT_SAMPEL=1", "SILT_LIBRARY=/x", "SILT_ROOT_PID=7",
                                "SILT_=", "SILT_VERIFY_WALK=1", "SILT_SEED=5", "SILT_out=/x"});
  REQUIRE(outcome.complaints.size() == 3);
  CHECK(contains(outcome.complaints[0], "SILT_SAMPEL"));
  CHECK(contains(outcome.complaints[1], "SILT_ "));
  CHECK(contains(outcome.complaints[2], "SILT_out"));
}

TEST_CASE("a name of any length is complained about in one bounded line") {
  const std::string entry = "SILT_" + std::string(100'000, 'X') + "=1";
  const Outcome outcome = read({entry.c_str()});
  REQUIRE(outcome.complaints.size() == 1);
  CHECK(outcome.complaints[0].size() < 300);
}

TEST_CASE("a value of any length is complained about in one bounded line") {
  const std::string entry = "SILT_SIGNAL=" + std::string(100'000, '9');
  const Outcome outcome = read({entry.c_str()});
  REQUIRE(outcome.complaints.size() == 1);
  CHECK(outcome.complaints[0].size() < 520);
}

TEST_CASE("signals are read by name, number, or none") {
  const auto signal = [](const char* text) {
    int number = -1;
    return parse_signal(text, &number) ? number : -1;
  };
  CHECK(signal("USR1") == 10);
  CHECK(signal("SIGUSR1") == 10);
  CHECK(signal("sigusr2") == 12);
  CHECK(signal("usr2") == 12);
  CHECK(signal("HUP") == 1);
  CHECK(signal("RTMIN") == 34);
  CHECK(signal("SIGRTMAX") == 64);
  CHECK(signal("34") == 34);
  CHECK(signal("64") == 64);
  CHECK(signal("28") == 28);
  CHECK(signal("0") == 0);
  CHECK(signal("none") == 0);
  CHECK(signal("NONE") == 0);
  CHECK(signal("STOP") == -1);
  CHECK(signal("USR") == -1);
  CHECK(signal("USR22") == -1);
}

TEST_CASE("sizes take the units K, M and G in each spelling") {
  const auto size = [](const char* text) {
    uint64_t bytes = 77;
    return parse_size(text, &bytes) ? bytes : UINT64_MAX;
  };
  CHECK(size("0") == 0);
  CHECK(size("512") == 512);
  CHECK(size("512k") == 512 << 10);
  CHECK(size("512KB") == 512000);
  CHECK(size("512KiB") == 512 << 10);
  CHECK(size("3M") == 3 << 20);
  CHECK(size("2G") == uint64_t{2} << 30);
  CHECK(size("9223372036854775807") == INT64_MAX);
  CHECK(size("9223372036854775808") == UINT64_MAX);
  CHECK(size("8589934591G") == uint64_t{8589934591} << 30);
  CHECK(size("8589934592G") == UINT64_MAX);
  CHECK(size("1B") == 1);
  CHECK(size("1KiBx") == UINT64_MAX);
}

TEST_CASE("durations take ms, s, m, min and h; a plain number is seconds") {
  const auto duration = [](const char* text) {
    uint64_t nanoseconds = 77;
    return parse_duration(text, &nanoseconds) ? nanoseconds : UINT64_MAX;
  };
  CHECK(duration("0") == 0);
  CHECK(duration("500ms") == 500'000'000);
  CHECK(duration("30") == 30'000'000'000);
  CHECK(duration("30s") == 30'000'000'000);
  CHECK(duration("5m") == 300'000'000'000);
  CHECK(duration("5min") == 300'000'000'000);
  CHECK(duration("2h") == 7'200'000'000'000);
  CHECK(duration("2H") == UINT64_MAX);
  CHECK(duration("1us") == UINT64_MAX);
}

TEST_CASE("switches are read in every spelling and case") {
  for (const char* text : {"1", "yes", "on", "true", "YES", "True"}) {
    bool value = false;
    CHECK(parse_switch(text, &value));
    CHECK(value);
  }
  for (const char* text : {"0", "no", "off", "false", "OFF", "No"}) {
    bool value = true;
    CHECK(parse_switch(text, &value));
    CHECK_FALSE(value);
  }
}

}  // namespace silt::base
