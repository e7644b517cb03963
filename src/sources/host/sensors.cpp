// SPDX-License-Identifier: Apache-2.0
#include "sources/host/sensors.hpp"

#include <array>
#include <utility>

namespace edgehaul::host {

namespace {

// The first tick waits this long for sensors, so that a single tick shows them.
constexpr std::chrono::milliseconds kFirstScan{250};
// Readings older than this many periods say nothing about now.
constexpr int kStalePeriods = 3;

void add(metric::Batch& batch, const SensorReading& reading) {
  std::array<metric::Attr, 4> attrs = {metric::Attr("hw.id", reading.id),
                                       metric::Attr("hw.name", reading.name), metric::Attr("", ""),
                                       metric::Attr("", "")};
  std::size_t count = 2;
  if (!reading.location.empty())
    attrs[count++] = metric::Attr("hw.sensor_location", reading.location);
  if (!reading.limit_type.empty())
    attrs[count++] = metric::Attr("hw.limit_type", reading.limit_type);
  batch.add(reading.metric, reading.value, metric::Attrs(attrs.data(), count));
}

}  // namespace

void scan_sensors(const std::string& sys, const SensorWishes& wishes,
                  std::vector<SensorReading>& out) {
  read_hwmon(sys, wishes, out);
  read_thermal(sys, wishes, out);
}

class Sensors::Scan final : public Offload::Task {
 public:
  Scan(std::string sys, SensorScan scan) : Task(Lane::sensor), sys_(std::move(sys)), scan_(scan) {}
  void run() override {
    found.clear();
    scan_(sys_, wishes, found);
  }

  SensorWishes wishes;
  std::vector<SensorReading> found;

 private:
  std::string sys_;
  SensorScan scan_;
};

Sensors::Sensors(const base::Roots& roots, const SensorsOptions& options, const base::Clock& clock,
                 std::shared_ptr<Offload> offload, SensorScan scan)
    : options_(options),
      clock_(clock),
      offload_(std::move(offload)),
      scan_(std::make_shared<Scan>(roots.sys, scan)) {}

Sensors::~Sensors() = default;

void Sensors::start_scan(const metric::Batch& batch) {
  scan_->wishes = {options_.include, options_.exclude,
                   batch.wants(metric::id("hw.temperature.limit")),
                   batch.wants(metric::id("hw.voltage")), batch.wants(metric::id("hw.current"))};
  offload_->post(scan_);
  scan_began_ = clock_.steady();
  is_scanning_ = true;
  if (!std::exchange(has_scanned_, true)) {
    last_answer_ = scan_began_;
    offload_->await({scan_}, kFirstScan);
  }
}

Result<void> Sensors::read(metric::Batch& batch) {
  const base::Steady now = clock_.steady();
  if (!is_scanning_ && (!has_scanned_ || now - scan_began_ >= options_.every)) start_scan(batch);
  if (is_scanning_ && offload_->take(*scan_)) {
    is_scanning_ = false;
    last_answer_ = now;
    std::swap(readings_, scan_->found);
  }
  if (now - last_answer_ > kStalePeriods * options_.every) {
    readings_.clear();
    return fail(Errc::timeout, "the sensors do not answer");
  }
  for (const SensorReading& reading : readings_)
    add(batch, reading);
  if (readings_.empty() && !is_scanning_) return fail(Errc::absent, "no sensors");
  return {};
}

}  // namespace edgehaul::host
