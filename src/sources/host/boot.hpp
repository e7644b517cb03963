// SPDX-License-Identifier: Apache-2.0
// When and which boot this is: the start of every counter that the kernel keeps. Any thread.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/roots.hpp"

namespace edgehaul::host {

// A live host: the wall clock less the time since boot, to the nanosecond; it moves when the clock
// is stepped, so whoever needs a start that stays must keep the first one with its boot_id. A
// recorded host: btime of its /proc/stat, to the second.
base::UnixNanos boot_time(const base::Roots& roots, const base::Clock& clock);

// The kernel's random name of this boot.
Result<std::string> boot_id(const base::Roots& roots);

}  // namespace edgehaul::host
