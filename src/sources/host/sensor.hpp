// SPDX-License-Identifier: Apache-2.0
// What a scan of the sensors finds. Plain data; made on Offload's threads, read by the collect
// thread when the scan is over.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "metric/catalogue.hpp"
#include "sources/host/device_options.hpp"

namespace edgehaul::host {

struct SensorReading {
  metric::Id metric = metric::kNoMetric;
  double value = 0;
  std::string id;               // "coretemp/coretemp.0/temp1", unique on the host
  std::string name;             // the chip: "coretemp"
  std::string location;         // the label: "Core 0"; may be empty
  std::string_view limit_type;  // of hw.temperature.limit only
};

// What to read: some sensors take long, so nothing is read that nobody wants.
struct SensorWishes {
  Globs include;
  Globs exclude;
  bool limits = false;
  bool voltages = false;
  bool currents = false;
};

inline constexpr std::size_t kMaxReadings = 2048;

// All sensors below <sys>/class/hwmon, and all zones below <sys>/class/thermal. A sensor that
// cannot be read just now, or says that it is broken, is left out.
void read_hwmon(const std::string& sys, const SensorWishes& wishes,
                std::vector<SensorReading>& out);
void read_thermal(const std::string& sys, const SensorWishes& wishes,
                  std::vector<SensorReading>& out);

}  // namespace edgehaul::host
