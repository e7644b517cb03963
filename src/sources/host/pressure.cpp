// SPDX-License-Identifier: Apache-2.0
#include "sources/host/pressure.hpp"

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr std::string_view kStallType = "system.pressure.stall_type";

struct Metrics {
  metric::Id total;
  std::array<metric::Id, 3> shares;
};
constexpr Metrics kMetrics[] = {
    {metric::id("system.cpu.linux.pressure.total"),
     {metric::id("system.cpu.linux.pressure.10s"), metric::id("system.cpu.linux.pressure.1m"),
      metric::id("system.cpu.linux.pressure.5m")}},
    {metric::id("system.memory.linux.pressure.total"),
     {metric::id("system.memory.linux.pressure.10s"), metric::id("system.memory.linux.pressure.1m"),
      metric::id("system.memory.linux.pressure.5m")}},
    {metric::id("system.io.linux.pressure.total"),
     {metric::id("system.io.linux.pressure.10s"), metric::id("system.io.linux.pressure.1m"),
      metric::id("system.io.linux.pressure.5m")}},
    {metric::id("system.irq.linux.pressure.total"),
     {metric::id("system.irq.linux.pressure.10s"), metric::id("system.irq.linux.pressure.1m"),
      metric::id("system.irq.linux.pressure.5m")}},
};
constexpr std::size_t kCpu = 0;

// "avg10=0.18 avg60=0.07 avg300=1.51 total=55078894"
std::optional<Stall> parse_stall(std::string_view line) {
  constexpr std::string_view kAverages[] = {"avg10=", "avg60=", "avg300="};
  constexpr std::string_view kTotal = "total=";
  Stall out;
  for (std::size_t i = 0; i < out.shares.size(); ++i) {
    const std::string_view field = text::next_field(line);
    double percent = 0;
    if (!field.starts_with(kAverages[i])) return std::nullopt;
    if (!text::parse_into(field.substr(kAverages[i].size()), percent)) return std::nullopt;
    out.shares[i] = percent / 100;
  }
  const std::string_view field = text::next_field(line);
  if (!field.starts_with(kTotal)) return std::nullopt;
  if (!text::parse_into(field.substr(kTotal.size()), out.total_us)) return std::nullopt;
  return out;
}

void add_stall(metric::Batch& batch, const Metrics& metrics, const std::optional<Stall>& stall,
               const char* type) {
  if (!stall) return;
  batch.add(metrics.total, static_cast<double>(stall->total_us) / 1e6, {{kStallType, type}});
  for (std::size_t i = 0; i < metrics.shares.size(); ++i)
    batch.add(metrics.shares[i], stall->shares[i], {{kStallType, type}});
}

}  // namespace

Pressure parse_pressure(std::string_view body, Faults& faults) {
  Pressure out;
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    const std::string_view key = text::next_field(rest);
    if (key != "some" && key != "full") continue;
    auto& stall = key == "some" ? out.some : out.full;
    stall = parse_stall(rest);
    if (!stall) faults.malformed("pressure", *line);
  }
  return out;
}

PressureSource::PressureSource(const base::Roots& roots, const PressureOptions&)
    : files_{KeptFile(roots.in_proc("pressure/cpu")), KeptFile(roots.in_proc("pressure/memory")),
             KeptFile(roots.in_proc("pressure/io")), KeptFile(roots.in_proc("pressure/irq"))} {}

Result<void> PressureSource::read(metric::Batch& batch) {
  Faults faults;
  std::size_t absent = 0;
  for (std::size_t i = 0; i < kFiles; ++i) {
    auto body = files_[i].read();
    if (!body) {
      if (body.error().code != Errc::absent) {
        faults.add(std::move(body.error()));
      } else if (++absent == kFiles) {
        return pass(std::move(body.error()));
      }
      continue;
    }
    Pressure pressure = parse_pressure(*body, faults);
    if (!pressure.some && !pressure.full) faults.malformed(files_[i].path(), "");
    // For a whole host "full" of the CPU has no meaning; the kernel prints zeros (psi.rst).
    if (i == kCpu) pressure.full.reset();
    add_stall(batch, kMetrics[i], pressure.some, "some");
    add_stall(batch, kMetrics[i], pressure.full, "full");
  }
  return faults.result();
}

}  // namespace edgehaul::host
