// SPDX-License-Identifier: Apache-2.0
// Bodies of peers' records that were committed a moment ago: whoever sends them next need neither
// read nor unpack them. Bounded in bytes and time; what found no room is read from the disk. The
// tail is the spool's thread's, its room any thread's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

// Bytes that may be kept; outlives every HotBody.
class HotRoom {
 public:
  static constexpr std::size_t kBytes = 8U << 20;

  bool take(std::size_t bytes) {
    std::size_t held = held_.load(std::memory_order_relaxed);
    do {
      if (held + bytes > kBytes) return false;
    } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
    return true;
  }
  void give(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> held_{0};
};

// A record's body with its share of the room, as it was before packing and, where it came coded, as
// it came.
class HotBody {
 public:
  HotBody() = default;
  // Room for so many bytes; false where there is none.
  HotBody(HotRoom& room, std::size_t bytes)
      : bytes_(bytes), room_(room.take(bytes) ? &room : nullptr) {}
  HotBody(HotBody&& other) noexcept { swap(other); }
  HotBody& operator=(HotBody&& other) noexcept {
    HotBody(std::move(other)).swap(*this);
    return *this;
  }
  HotBody(const HotBody&) = delete;
  HotBody& operator=(const HotBody&) = delete;
  ~HotBody() {
    if (room_ != nullptr) room_->give(bytes_);
  }
  explicit operator bool() const { return room_ != nullptr; }

  std::string plain;
  std::string coded;  // under the coding of its row

 private:
  void swap(HotBody& other) noexcept {
    plain.swap(other.plain);
    coded.swap(other.coded);
    std::swap(bytes_, other.bytes_);
    std::swap(room_, other.room_);
  }
  std::size_t bytes_ = 0;
  HotRoom* room_ = nullptr;
};

class HotTail {
 public:
  // Whoever keeps up has asked by then.
  static constexpr std::chrono::seconds kTime{5};

  void add(RecordId id, HotBody body, base::Steady now) {
    bodies_.insert_or_assign(id, Kept{std::move(body), now});
  }
  // Null: read it from the disk.
  HotBody* find(RecordId id) {
    const auto at = bodies_.find(id);
    return at != bodies_.end() ? &at->second.body : nullptr;
  }
  void erase(RecordId id) { bodies_.erase(id); }
  // Ids grow with time.
  void cool(base::Steady now) {
    while (!bodies_.empty() && now - bodies_.begin()->second.since >= kTime)
      bodies_.erase(bodies_.begin());
  }
  std::optional<base::Steady> oldest() const {
    return bodies_.empty() ? std::nullopt : std::optional(bodies_.begin()->second.since);
  }

 private:
  struct Kept {
    HotBody body;
    base::Steady since;
  };
  std::map<RecordId, Kept> bodies_;
};

}  // namespace edgehaul::spool
