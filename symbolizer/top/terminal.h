// SPDX-License-Identifier: Apache-2.0
//
// The terminal of `silt top`: a screen of its own, keys without Enter, and everything as it was
// when the object goes, however the program ends short of a crash.

#ifndef SILT_SYMBOLIZER_TOP_TERMINAL_H_
#define SILT_SYMBOLIZER_TOP_TERMINAL_H_

#include <signal.h>
#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "symbolizer/top/keys.h"

namespace silt::top {

class Terminal {
 public:
  enum class Wake { kTime, kRedraw, kKey, kQuit };

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Standard output is a terminal that can be redrawn; otherwise pictures follow one another.
  bool live() const { return live_; }
  size_t width() const;
  size_t height() const;

  void draw(const std::vector<std::string>& lines);
  // kKey: keys() were pressed. kQuit: a signal asks for it, or the terminal is gone.
  Wake wait(std::chrono::steady_clock::duration longest);
  const std::vector<Pressed>& keys() const { return pressed_; }
  // Keys can be read.
  bool has_keys() const { return keys_; }
  // Back to what was there before, early: for what is to stay on the screen.
  void restore();

 private:
  bool live_ = false;
  bool keys_ = false;
  std::vector<Pressed> pressed_;
  bool drawn_ = false;
  bool quit_ = false;
  int signals_ = -1;
  sigset_t mask_before_{};
  termios before_{};
};

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_TERMINAL_H_
