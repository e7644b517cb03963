// SPDX-License-Identifier: Apache-2.0
#include "sources/host/disk.hpp"

#include "sources/host/faults.hpp"

namespace edgehaul::host {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

bool parse_traffic(std::string_view& rest, DiskTraffic& out) {
  return text::parse_into(text::next_field(rest), out.operations) &&
         text::parse_into(text::next_field(rest), out.merged) &&
         text::parse_into(text::next_field(rest), out.sectors) &&
         text::parse_into(text::next_field(rest), out.ms);
}

double seconds(std::uint64_t ms) {
  return static_cast<double>(ms) / 1000.0;
}

void add_traffic(metric::Batch& batch, std::string_view device, std::string_view direction,
                 const DiskTraffic& traffic, std::uint64_t ms) {
  const metric::Attr attrs[] = {{"device", device}, {"direction", direction}};
  batch.add(metric::id("system.disk.io"), traffic.sectors * kSectorBytes, attrs);
  batch.add(metric::id("system.disk.operations"), traffic.operations, attrs);
  batch.add(metric::id("system.disk.merged"), traffic.merged, attrs);
  batch.add(metric::id("system.disk.operation_time"), seconds(ms), attrs);
}

}  // namespace

std::optional<DiskStats> parse_diskstats_line(std::string_view line) {
  DiskStats stats;
  text::next_field(line);
  text::next_field(line);
  stats.name = text::next_field(line);
  if (stats.name.empty() || !parse_traffic(line, stats.read) || !parse_traffic(line, stats.write))
    return std::nullopt;
  if (!text::parse_into(text::next_field(line), stats.in_flight) ||
      !text::parse_into(text::next_field(line), stats.io_ms) ||
      !text::parse_into(text::next_field(line), stats.weighted_ms)) {
    return std::nullopt;
  }
  return stats;
}

Disk::Disk(const base::Roots& roots, const DiskOptions& options)
    : file_(roots.in_proc("diskstats")), devices_(options.include, options.exclude) {}

Result<void> Disk::read(metric::Batch& batch) {
  auto body = file_.read();
  if (!body) return pass(std::move(body.error()));
  Faults faults;
  devices_.begin_tick();
  while (const auto line = text::next_line(*body)) {
    const auto stats = parse_diskstats_line(*line);
    if (!stats) {
      faults.malformed("diskstats", *line);
      continue;
    }
    if (stats->is_unused()) continue;
    if (auto* entry = devices_.take(stats->name)) add(batch, *stats, entry->name, entry->state);
  }
  devices_.end_tick();
  if (devices_.overflow() > 0)
    faults.add(Error(Errc::too_large, fmt::format("{} devices left out", devices_.overflow())));
  return faults.result();
}

void Disk::add(metric::Batch& batch, const DiskStats& stats, std::string_view device,
               State& state) {
  const std::uint64_t operations = stats.read.operations + stats.write.operations;
  const std::uint64_t sectors = stats.read.sectors + stats.write.sectors;
  // All counters fall together when another disk has taken the name; a wrap is one field alone.
  if (operations < state.operations || sectors < state.sectors) {
    for (Unwrap32* ms : {&state.read_ms, &state.write_ms, &state.io_ms, &state.weighted_ms})
      ms->restart();
  }
  state.operations = operations;
  state.sectors = sectors;
  add_traffic(batch, device, "read", stats.read, state.read_ms.feed(stats.read.ms));
  add_traffic(batch, device, "write", stats.write, state.write_ms.feed(stats.write.ms));
  const metric::Attr attrs[] = {{"device", device}};
  batch.add(metric::id("system.disk.io_time"), seconds(state.io_ms.feed(stats.io_ms)), attrs);
  batch.add(metric::id("system.disk.weighted_io_time"),
            seconds(state.weighted_ms.feed(stats.weighted_ms)), attrs);
  batch.add(metric::id("system.disk.pending_operations"), stats.in_flight, attrs);
}

}  // namespace edgehaul::host
