// SPDX-License-Identifier: Apache-2.0
//
// A polymorphic job handed to a worker thread through a queue; the worker runs it and drops the
// pointer. Born in one thread, lost in another.
//
// truth: leak job

#include <condition_variable>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>

#include "test/corpus/rounds.h"

class Job {
 public:
  virtual ~Job() = default;
  virtual int run() = 0;
};

class Resize : public Job {
 public:
  explicit Resize(int width) : width_(width) {}
  int run() override { return width_ / 2 + settings_[0]; }

 private:
  int width_;
  int settings_[14] = {};
};

class Worker {
 public:
  Worker() : thread_([this] { loop(); }) {}
  ~Worker() {
    push(nullptr);
    thread_.join();
  }
  void push(Job* job) {
    const std::lock_guard lock(mutex_);
    jobs_.push(job);
    changed_.notify_one();
  }

 private:
  void loop() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !jobs_.empty(); });
      Job* job = jobs_.front();
      jobs_.pop();
      if (job == nullptr) return;
      done_ += job->run();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<Job*> jobs_;
  int done_ = 0;
  std::thread thread_;
};

SILT_NOINLINE static void request(Worker& worker, int id) {
  worker.push(new Resize(id));  // LEAK: job
}

int main() {
  Worker worker;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      request(worker, i);
      pace(i, 160);
    }
    take_snapshot();
  }
  return 0;
}
