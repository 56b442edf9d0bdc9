// SPDX-License-Identifier: Apache-2.0
//
// Sleeps, in the one way that is asked for, and has one thread only: who interrupts the program
// interrupts that. Its handler of SIGUSR1 does nothing.
//
//   sleeper WAY SECONDS
//
// Says `ready sleeping`, then `slept WAY RESULT ERRNO`, and `early` if neither the time had
// passed nor its own handler had run. pause and sigsuspend wait for that.

#include <signal.h>
#include <time.h>

#include "test/programs/truth.h"

enum { kWays = 7 };
static const char* const kNames[kWays] = {"sleep", "usleep", "nanosleep", "clock_nanosleep",
                                          "until", "pause",  "sigsuspend"};
static int seconds;
static volatile sig_atomic_t handled;

static void on_own(int number) {
  (void)number;
  handled = 1;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void say(const char* what, const char* way, int result, int error) {
  char text[128];
  const int size = snprintf(text, sizeof text, "%s %s %d %d\n", what, way, result, error);
  victim_say(text, (size_t)size);
}

static int sleep_by(int way) {
  struct timespec time = {seconds, 0};
  sigset_t none;
  sigemptyset(&none);
  switch (way) {
    case 0:
      return (int)sleep((unsigned)seconds);
    case 1:
      return usleep((useconds_t)seconds * 1000000);
    case 2:
      return nanosleep(&time, NULL);
    case 3:
      return clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
    case 4:
      clock_gettime(CLOCK_MONOTONIC, &time);
      time.tv_sec += seconds;
      return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    case 5:
      return pause();
    default:
      return sigsuspend(&none);
  }
}

int main(int argc, char** argv) {
  VICTIM_CHECK(argc == 3);
  int way = 0;
  while (way < kWays && strcmp(kNames[way], argv[1]) != 0) ++way;
  VICTIM_CHECK(way < kWays);
  seconds = atoi(argv[2]);
  struct sigaction action = {.sa_handler = on_own};
  VICTIM_CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  victim_say("ready sleeping\n", 15);
  const double begin = now();
  errno = 77;
  const int result = sleep_by(way);
  const int error = errno;
  say("slept", kNames[way], result, error);
  if (!handled && now() - begin < seconds - 0.05) victim_say("early\n", 6);
  return 0;
}
