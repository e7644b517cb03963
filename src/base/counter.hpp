// SPDX-License-Identifier: Apache-2.0
// A number that one thread raises and others read: relaxed atomics, no ordering promised.
#pragma once

#include <atomic>
#include <cstdint>

namespace edgehaul::base {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  void set(std::uint64_t to) { value_.store(to, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace edgehaul::base
