// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "sources/host/folder.hpp"
#include "sources/host/name_map.hpp"
#include "sources/host/sensor.hpp"

namespace edgehaul::host {

namespace {

struct Channel {
  std::string_view prefix;
  metric::Id metric;
  double per_unit;  // the kernel's numbers are this many to one of ours
};

constexpr Channel kChannels[] = {
    {"temp", metric::id("hw.temperature"), 1e3}, {"fan", metric::id("hw.fan.speed"), 1},
    {"in", metric::id("hw.voltage"), 1e3},       {"curr", metric::id("hw.current"), 1e3},
    {"power", metric::id("hw.power"), 1e6},
};

struct Limit {
  std::string_view suffix;
  std::string_view type;
};

constexpr Limit kLimits[] = {
    {"_lcrit", "low.critical"},
    {"_min", "low.degraded"},
    {"_max", "high.degraded"},
    {"_crit", "high.critical"},
};

struct Chip {
  std::string folder;
  std::string name;
  std::string device;  // bus address, as the number in "hwmon3" changes from boot to boot
};

std::optional<Chip> open_chip(const std::string& parent, const std::string& entry) {
  Chip chip{parent + "/" + entry, {}, {}};
  chip.device = link_base(chip.folder + "/device");
  chip.name = read_text(chip.folder + "/name");
  if (chip.name.empty()) {  // old drivers keep everything with the device
    chip.folder += "/device";
    chip.name = read_text(chip.folder + "/name");
  }
  if (chip.name.empty()) return std::nullopt;
  // The kernel mirrors thermal zones here; they are read where they live.
  if (chip.device.starts_with("thermal_zone")) return std::nullopt;
  if (chip.device.empty()) chip.device = entry;
  return chip;
}

struct File {
  const Channel* channel;
  std::string sensor;  // "temp1"
};

// "temp1_input" and "power1_average" are values; other suffixes belong to one.
std::optional<File> parse_file_name(std::string_view name) {
  const auto halves = text::split_once(name, '_');
  if (!halves) return std::nullopt;
  for (const Channel& channel : kChannels) {
    if (!halves->head.starts_with(channel.prefix)) continue;
    if (!text::parse_u64(halves->head.substr(channel.prefix.size()))) continue;
    const bool is_value =
        halves->tail == "input" || (channel.prefix == "power" && halves->tail == "average");
    if (is_value) return File{&channel, std::string(halves->head)};
  }
  return std::nullopt;
}

bool is_wished(metric::Id metric, const SensorWishes& wishes) {
  if (metric == metric::id("hw.voltage")) return wishes.voltages;
  if (metric == metric::id("hw.current")) return wishes.currents;
  return true;
}

void read_limits(const std::string& path, const SensorReading& of,
                 std::vector<SensorReading>& out) {
  for (const Limit& limit : kLimits) {
    const auto value = read_i64(path + std::string(limit.suffix));
    if (!value) continue;
    SensorReading reading = of;
    reading.metric = metric::id("hw.temperature.limit");
    reading.value = static_cast<double>(*value) / 1e3;
    reading.limit_type = limit.type;
    out.push_back(std::move(reading));
  }
}

void read_sensor(const Chip& chip, const std::string& file_name, const File& file,
                 const SensorWishes& wishes, std::vector<SensorReading>& out) {
  const std::string path = chip.folder + "/" + file.sensor;
  const auto value = read_i64(chip.folder + "/" + file_name);
  if (!value || read_u64(path + "_fault").value_or(0) == 1) return;
  SensorReading reading;
  reading.metric = file.channel->metric;
  reading.value = static_cast<double>(*value) / file.channel->per_unit;
  reading.id = chip.name + "/" + chip.device + "/" + file.sensor;
  reading.name = chip.name;
  reading.location = read_text(path + "_label");
  const bool is_temperature = reading.metric == metric::id("hw.temperature");
  if (is_temperature && wishes.limits) read_limits(path, reading, out);
  out.push_back(std::move(reading));
}

void read_chip(const Chip& chip, const SensorWishes& wishes, std::set<std::string>& seen,
               std::vector<SensorReading>& out) {
  // Sorted, so power1_average would come before power1_input, which is the one to have.
  auto names = list_folder(chip.folder);
  for (const std::string_view wanted : {"_input", "_average"}) {
    for (const std::string& name : names) {
      if (!name.ends_with(wanted) || out.size() >= kMaxReadings) continue;
      const auto file = parse_file_name(name);
      if (!file || !is_wished(file->channel->metric, wishes)) continue;
      if (!seen.insert(chip.name + "/" + chip.device + "/" + file->sensor).second) continue;
      read_sensor(chip, name, *file, wishes, out);
    }
  }
}

}  // namespace

void read_hwmon(const std::string& sys, const SensorWishes& wishes,
                std::vector<SensorReading>& out) {
  const std::string parent = sys + "/class/hwmon";
  std::set<std::string> seen;
  for (const std::string& entry : list_folder(parent, "hwmon")) {
    const auto chip = open_chip(parent, entry);
    if (chip && is_wanted(wishes.include, wishes.exclude, chip->name))
      read_chip(*chip, wishes, seen, out);
  }
}

}  // namespace edgehaul::host
