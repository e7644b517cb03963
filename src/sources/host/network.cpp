// SPDX-License-Identifier: Apache-2.0
#include "sources/host/network.hpp"

#include "sources/host/faults.hpp"

namespace edgehaul::host {

namespace {

bool parse_traffic(std::string_view& rest, InterfaceTraffic& out) {
  return text::parse_into(text::next_field(rest), out.bytes) &&
         text::parse_into(text::next_field(rest), out.packets) &&
         text::parse_into(text::next_field(rest), out.errors) &&
         text::parse_into(text::next_field(rest), out.dropped);
}

void add_traffic(metric::Batch& batch, std::string_view device, std::string_view direction,
                 const InterfaceTraffic& traffic) {
  const metric::Attr attrs[] = {{"device", device}, {"direction", direction}};
  batch.add(metric::id("system.network.io"), traffic.bytes, attrs);
  batch.add(metric::id("system.network.packets"), traffic.packets, attrs);
  batch.add(metric::id("system.network.errors"), traffic.errors, attrs);
  batch.add(metric::id("system.network.dropped"), traffic.dropped, attrs);
}

// Both files are there only once the nf_conntrack module is.
void add_conntrack(metric::Batch& batch, metric::Id metric, KeptFile& file, Faults& faults) {
  if (!batch.wants(metric)) return;
  auto body = file.read();
  if (!body) {
    if (body.error().code != Errc::absent) faults.add(std::move(body.error()));
    return;
  }
  if (const auto value = text::parse_u64(text::trim(*body))) {
    batch.add(metric, *value);
  } else {
    faults.malformed(file.path(), *body);
  }
}

}  // namespace

std::optional<InterfaceStats> parse_net_dev_line(std::string_view line) {
  // Names of aliases hold colons themselves ("eth0:1"); the counters never do.
  const auto halves = text::split_last(line, ':');
  if (!halves) return std::nullopt;
  InterfaceStats stats;
  stats.name = text::trim(halves->head);
  std::string_view rest = halves->tail;
  if (stats.name.empty() || !parse_traffic(rest, stats.receive)) return std::nullopt;
  for (int i = 0; i < 4; ++i)  // fifo, frame, compressed, multicast
    text::next_field(rest);
  if (!parse_traffic(rest, stats.transmit)) return std::nullopt;
  return stats;
}

Network::Network(const base::Roots& roots, const NetworkOptions& options)
    : dev_(roots, "dev"),
      conntrack_count_(roots.in_proc("sys/net/netfilter/nf_conntrack_count")),
      conntrack_max_(roots.in_proc("sys/net/netfilter/nf_conntrack_max")),
      interfaces_(options.include, options.exclude) {}

Result<void> Network::read(metric::Batch& batch) {
  Faults faults;
  add_conntrack(batch, metric::id("system.network.conntrack.count"), conntrack_count_, faults);
  add_conntrack(batch, metric::id("system.network.conntrack.max"), conntrack_max_, faults);
  auto body = dev_.read();
  if (!body) return pass(std::move(body.error()));
  interfaces_.begin_tick();
  for (int heading = 2; const auto line = text::next_line(*body); --heading) {
    if (heading > 0 && line->find('|') != std::string_view::npos) continue;
    const auto stats = parse_net_dev_line(*line);
    if (!stats) {
      faults.malformed("net/dev", *line);
      continue;
    }
    if (const auto* entry = interfaces_.take(stats->name)) {
      add_traffic(batch, entry->name, "receive", stats->receive);
      add_traffic(batch, entry->name, "transmit", stats->transmit);
    }
  }
  interfaces_.end_tick();
  if (interfaces_.overflow() > 0)
    faults.add(
        Error(Errc::too_large, fmt::format("{} interfaces left out", interfaces_.overflow())));
  return faults.result();
}

}  // namespace edgehaul::host
