// SPDX-License-Identifier: Apache-2.0
// The identity as it changes while the service runs: the files that it was made of are looked at
// now and then (by stat, not by reading), and read again when they have changed and lie still.
// refresh() belongs to the collect thread; current() is thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "identity/identity.hpp"

namespace edgehaul::identity {

// Between two looks, at most.
inline constexpr std::chrono::seconds kLookEvery{30};
// Where ticks come faster, looks do too: so many ticks from one to the next.
inline constexpr int kLookTicks = 3;

// A number that changes with the files below `roots` that resolve() reads, and with the live host's
// name. Costs some fifty stat(2).
std::uint64_t fingerprint(const base::Roots& roots);

class Watch {
 public:
  using Shared = std::shared_ptr<const Identity>;

  // `resolve` makes the identity anew; it runs here and in refresh(), which is called at each tick.
  Watch(base::Roots roots, const base::Clock& clock, std::chrono::milliseconds tick,
        std::function<Identity()> resolve);

  Shared current() const;
  // True when the identity became another one. Files that change are read only after two looks saw
  // them alike, so that one that is being written is not taken by half.
  bool refresh();

 private:
  const base::Roots roots_;
  const base::Clock& clock_;
  const std::chrono::milliseconds look_every_;
  const std::function<Identity()> resolve_;
  std::uint64_t resolved_;  // fingerprint of what current() was made of
  std::uint64_t seen_;      // fingerprint at the last look
  base::Steady next_look_;
  mutable std::mutex mutex_;
  Shared current_;
};

}  // namespace edgehaul::identity
