// SPDX-License-Identifier: Apache-2.0
// Temperatures, fans, voltages and power from hwmon and the thermal zones. A scan can take seconds
// (sensors behind I2C or a management controller), so it runs on Offload's threads now and then,
// and what it found is repeated until the next one. Collect thread.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/offload.hpp"
#include "sources/host/sensor.hpp"

namespace edgehaul::host {

// One scan of all sensors; a function so that tests can let it hang.
using SensorScan = void (*)(const std::string& sys, const SensorWishes& wishes,
                            std::vector<SensorReading>& out);
void scan_sensors(const std::string& sys, const SensorWishes& wishes,
                  std::vector<SensorReading>& out);

class Sensors final : public metric::Source {
 public:
  Sensors(const base::Roots& roots, const SensorsOptions& options, const base::Clock& clock,
          std::shared_ptr<Offload> offload, SensorScan scan = scan_sensors);
  ~Sensors() override;
  std::string_view name() const override { return "sensors"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  class Scan;
  void start_scan(const metric::Batch& batch);

  SensorsOptions options_;
  const base::Clock& clock_;
  std::shared_ptr<Offload> offload_;
  std::shared_ptr<Scan> scan_;
  std::vector<SensorReading> readings_;
  bool has_scanned_ = false;
  bool is_scanning_ = false;
  base::Steady scan_began_{};
  base::Steady last_answer_{};
};

}  // namespace edgehaul::host
