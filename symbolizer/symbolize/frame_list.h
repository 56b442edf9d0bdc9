// SPDX-License-Identifier: Apache-2.0
//
// The frames of a stack. A hundred thousand stacks are made of some thousand frames, each with half
// a dozen texts: lists share them, so that a frame is kept once however many stacks it stands in.
// Equal addresses of frames mean the same place, which lets a format remember what it made of one.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_FRAME_LIST_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_FRAME_LIST_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "symbolizer/symbolize/frame.h"

namespace silt::symbolize {

// Innermost first. Frames do not change once they are in a list.
class FrameList {
 public:
  using Shared = std::shared_ptr<const Frame>;

  class const_iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Frame;
    using difference_type = std::ptrdiff_t;
    using pointer = const Frame*;
    using reference = const Frame&;

    const_iterator() = default;
    explicit const_iterator(const Shared* at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    reference operator[](difference_type n) const { return *at_[n]; }
    const_iterator& operator++() { return *this += 1; }
    const_iterator operator++(int) { return const_iterator(at_++); }
    const_iterator& operator--() { return *this += -1; }
    const_iterator operator--(int) { return const_iterator(at_--); }
    const_iterator& operator+=(difference_type n) {
      at_ += n;
      return *this;
    }
    const_iterator& operator-=(difference_type n) { return *this += -n; }
    friend const_iterator operator+(const_iterator it, difference_type n) { return it += n; }
    friend const_iterator operator+(difference_type n, const_iterator it) { return it += n; }
    friend const_iterator operator-(const_iterator it, difference_type n) { return it -= n; }
    friend difference_type operator-(const_iterator a, const_iterator b) { return a.at_ - b.at_; }
    auto operator<=>(const const_iterator&) const = default;

   private:
    const Shared* at_ = nullptr;
  };

  FrameList() = default;
  FrameList(std::vector<Frame> frames) {
    for (Frame& frame : frames) push_back(std::move(frame));
  }
  FrameList(std::initializer_list<Frame> frames) : FrameList(std::vector<Frame>(frames)) {}

  void push_back(Frame frame) {
    frames_.push_back(std::make_shared<const Frame>(std::move(frame)));
  }
  void push_back(Shared frame) { frames_.push_back(std::move(frame)); }
  // Adds the outer frames `other` has from its index `begin` on; shares them.
  void append(const FrameList& other, size_t begin = 0) {
    frames_.insert(frames_.end(), other.frames_.begin() + static_cast<std::ptrdiff_t>(begin),
                   other.frames_.end());
  }
  void drop_innermost(size_t count) {
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  template <typename Unwanted>
  void drop_if(Unwanted&& unwanted) {
    std::erase_if(frames_, [&](const Shared& frame) { return unwanted(*frame); });
  }

  size_t size() const { return frames_.size(); }
  bool empty() const { return frames_.empty(); }
  const Frame& operator[](size_t index) const { return *frames_[index]; }
  const Frame& at(size_t index) const { return *frames_.at(index); }
  const Frame& front() const { return *frames_.front(); }
  const Frame& back() const { return *frames_.back(); }
  const_iterator begin() const { return const_iterator(frames_.data()); }
  const_iterator end() const { return const_iterator(frames_.data() + frames_.size()); }

 private:
  std::vector<Shared> frames_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_FRAME_LIST_H_
