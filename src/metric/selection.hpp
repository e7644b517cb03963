// SPDX-License-Identifier: Apache-2.0
// Which metrics are emitted: the catalogue's defaults and what the configuration switches by name.
// Plain data; copied to the collect thread on reload.
#pragma once

#include <bitset>
#include <string_view>

#include "metric/catalogue.hpp"

namespace edgehaul::metric {

class Selection {
 public:
  Selection() {
    for (std::size_t i = 0; i < catalogue().size(); ++i)
      on_[i] = catalogue()[i].on;
  }
  bool on(Id id) const { return on_[static_cast<std::size_t>(id)]; }
  void set(Id id, bool on) { on_[static_cast<std::size_t>(id)] = on; }
  void set_all(bool on) { on ? on_.set() : on_.reset(); }
  // Switches every metric whose name matches a glob ("system.cpu.*"); returns how many there are.
  std::size_t set_matching(std::string_view glob, bool on);

 private:
  std::bitset<kRows.size()> on_;
};

}  // namespace edgehaul::metric
