// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sources/host/folder.hpp"
#include "sources/host/name_map.hpp"
#include "sources/host/sensor.hpp"

namespace edgehaul::host {

namespace {

constexpr int kMaxTrips = 16;

// At which temperatures the kernel reacts: "hot" warns, "critical" shuts the machine down.
void read_trips(const std::string& zone, const SensorReading& of, std::vector<SensorReading>& out) {
  bool has_hot = false;
  bool has_critical = false;
  for (int i = 0; i < kMaxTrips; ++i) {
    const std::string trip = zone + "/trip_point_" + std::to_string(i);
    const std::string type = read_text(trip + "_type");
    if (type.empty()) return;
    bool* const has = type == "hot" ? &has_hot : type == "critical" ? &has_critical : nullptr;
    if (has == nullptr || *has) continue;
    const auto value = read_i64(trip + "_temp");
    if (!value) continue;
    *has = true;
    SensorReading reading = of;
    reading.metric = metric::id("hw.temperature.limit");
    reading.value = static_cast<double>(*value) / 1e3;
    reading.limit_type = has == &has_hot ? "high.degraded" : "high.critical";
    out.push_back(std::move(reading));
  }
}

}  // namespace

void read_thermal(const std::string& sys, const SensorWishes& wishes,
                  std::vector<SensorReading>& out) {
  const std::string parent = sys + "/class/thermal";
  for (const std::string& entry : list_folder(parent, "thermal_zone")) {
    if (out.size() >= kMaxReadings) return;
    const std::string zone = parent + "/" + entry;
    SensorReading reading;
    reading.name = read_text(zone + "/type");
    if (reading.name.empty() || !is_wanted(wishes.include, wishes.exclude, reading.name)) continue;
    const auto value = read_i64(zone + "/temp");
    if (!value) continue;
    reading.metric = metric::id("hw.temperature");
    reading.value = static_cast<double>(*value) / 1e3;
    reading.id = reading.name + "/" + entry;
    if (wishes.limits) read_trips(zone, reading, out);
    out.push_back(std::move(reading));
  }
}

}  // namespace edgehaul::host
