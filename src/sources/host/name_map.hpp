// SPDX-License-Identifier: Apache-2.0
// What a source remembers of each device between ticks, by name: whether the operator wants it, its
// printable name, and the source's own state. It also keeps streams unique: a name that turns up
// twice in a tick is given out once. Bounded; belongs to one source, collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/globs.hpp"
#include "base/text.hpp"
#include "sources/host/device_options.hpp"

namespace edgehaul::host {

using base::is_wanted;
using base::matches_any;

template <class State>
class NameMap {
 public:
  struct Entry {
    std::string name;  // valid UTF-8
    State state{};
    std::uint32_t seen = 0;
    bool wanted = false;
  };

  NameMap(Globs include, Globs exclude, std::size_t bound = 4096)
      : include_(std::move(include)), exclude_(std::move(exclude)), bound_(bound) {}

  void begin_tick() {
    ++tick_;
    overflow_ = 0;
  }

  // The entry of a wanted device that has not been asked for in this tick, else null.
  Entry* take(std::string_view raw) {
    auto found = entries_.find(raw);
    if (found == entries_.end()) {
      if (entries_.size() >= bound_) {
        ++overflow_;
        return nullptr;
      }
      found = entries_.try_emplace(std::string(raw)).first;
      found->second.name = text::to_utf8(raw);
      found->second.wanted = is_wanted(include_, exclude_, raw);
    }
    Entry& entry = found->second;
    if (entry.seen == tick_) return nullptr;
    entry.seen = tick_;
    return entry.wanted ? &entry : nullptr;
  }

  // Forgets the devices that are gone.
  void end_tick() {
    std::erase_if(entries_, [this](const auto& item) { return item.second.seen != tick_; });
  }

  // How many devices were left out in this tick because of the bound.
  std::size_t overflow() const { return overflow_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  Globs include_;
  Globs exclude_;
  std::size_t bound_;
  std::size_t overflow_ = 0;
  std::uint32_t tick_ = 0;
};

}  // namespace edgehaul::host
