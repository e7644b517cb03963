// SPDX-License-Identifier: Apache-2.0
// Disk I/O counters from /proc/diskstats, one set of series per device and partition that was ever
// used. Collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/name_map.hpp"
#include "sources/host/unwrap32.hpp"

namespace edgehaul::host {

// One direction of a line of /proc/diskstats.
struct DiskTraffic {
  std::uint64_t operations = 0;
  std::uint64_t merged = 0;
  std::uint64_t sectors = 0;  // of 512 bytes, whatever the device's block size
  std::uint64_t ms = 0;       // printed with 32 bits
};

struct DiskStats {
  std::string_view name;
  DiskTraffic read;
  DiskTraffic write;
  std::uint64_t in_flight = 0;
  std::uint64_t io_ms = 0;
  std::uint64_t weighted_ms = 0;

  // A device that has never been used, as free loop devices are.
  bool is_unused() const {
    return read.operations == 0 && write.operations == 0 && read.sectors == 0 &&
           write.sectors == 0 && in_flight == 0 && io_ms == 0 && weighted_ms == 0;
  }
};

// nullopt when the line is no full set of counters. Fields after the 14th (discards, flushes) are
// not looked at.
std::optional<DiskStats> parse_diskstats_line(std::string_view line);

class Disk final : public metric::Source {
 public:
  Disk(const base::Roots& roots, const DiskOptions& options);
  std::string_view name() const override { return "disk"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  struct State {
    Unwrap32 read_ms, write_ms, io_ms, weighted_ms;
    std::uint64_t operations = 0;
    std::uint64_t sectors = 0;
  };
  void add(metric::Batch& batch, const DiskStats& stats, std::string_view device, State& state);

  KeptFile file_;
  NameMap<State> devices_;
};

}  // namespace edgehaul::host
