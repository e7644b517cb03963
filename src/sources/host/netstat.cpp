// SPDX-License-Identifier: Apache-2.0
#include "sources/host/netstat.hpp"

#include <unistd.h>
#include <algorithm>
#include <utility>

namespace edgehaul::host {

namespace {

using metric::id;

struct CounterRow {
  std::string_view group;
  std::string_view key;
  metric::Id metric;
  std::string_view attribute;  // empty: none
  std::string_view value;
};

constexpr CounterRow kCounters[] = {
    {"Tcp", "InSegs", id("system.network.tcp.segments"), "direction", "receive"},
    {"Tcp", "OutSegs", id("system.network.tcp.segments"), "direction", "transmit"},
    {"Tcp", "RetransSegs", id("system.network.tcp.retransmits"), "", ""},
    {"Tcp", "ActiveOpens", id("system.network.tcp.opens"), "type", "active"},
    {"Tcp", "PassiveOpens", id("system.network.tcp.opens"), "type", "passive"},
    {"Tcp", "OutRsts", id("system.network.tcp.resets"), "", ""},
    {"Tcp", "InErrs", id("system.network.tcp.errors"), "", ""},
    {"TcpExt", "ListenOverflows", id("system.network.tcp.listen_overflows"), "", ""},
    {"TcpExt", "ListenDrops", id("system.network.tcp.listen_drops"), "", ""},
    {"TcpExt", "TCPTimeouts", id("system.network.tcp.timeouts"), "", ""},
    {"Udp", "InDatagrams", id("system.network.udp.datagrams"), "direction", "receive"},
    {"Udp", "OutDatagrams", id("system.network.udp.datagrams"), "direction", "transmit"},
    {"Udp", "InErrors", id("system.network.udp.errors"), "error.type", "receive"},
    {"Udp", "NoPorts", id("system.network.udp.errors"), "error.type", "no_port"},
    {"Udp", "RcvbufErrors", id("system.network.udp.errors"), "error.type", "receive_buffer"},
    {"Udp", "SndbufErrors", id("system.network.udp.errors"), "error.type", "send_buffer"},
};

// Words of a sockstat line after its name: "inuse 12 orphan 0 tw 3".
template <class Visit>
bool visit_pairs(std::string_view line, Visit visit) {
  for (;;) {
    const std::string_view key = text::next_field(line);
    if (key.empty()) return true;
    const auto value = text::parse_u64(text::next_field(line));
    if (!value) return false;
    visit(key, *value);
  }
}

void note_absence(Error error, Faults& faults) {
  if (error.code != Errc::absent) faults.add(std::move(error));
}

}  // namespace

bool parse_softnet_row(std::string_view line, SoftnetRow& out) {
  return text::parse_into(text::next_field(line), out.processed, 16) &&
         text::parse_into(text::next_field(line), out.dropped, 16) &&
         text::parse_into(text::next_field(line), out.time_squeezed, 16);
}

void parse_sockstat(std::string_view body, SocketUse& use, Faults& faults) {
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    const std::string_view name = text::next_field(rest);
    bool is_sound = true;
    if (name == "TCP:" || name == "TCP6:") {
      is_sound = visit_pairs(rest, [&](std::string_view key, std::uint64_t value) {
        if (key == "inuse") use.tcp_inuse += value;
        if (key == "orphan") use.tcp_orphan += value;
        if (key == "tw") use.tcp_time_wait += value;
        if (key == "alloc") use.tcp_allocated += value;
        if (key == "mem") use.tcp_pages += value;
      });
    } else if (name == "UDP:" || name == "UDP6:") {
      is_sound = visit_pairs(rest, [&](std::string_view key, std::uint64_t value) {
        if (key == "inuse") use.udp_inuse += value;
        if (key == "mem") use.udp_pages += value;
      });
    }
    if (!is_sound) faults.malformed("sockstat", *line);
  }
}

Netstat::Netstat(const base::Roots& roots)
    : snmp_(roots, "snmp"),
      netstat_(roots, "netstat"),
      sockstat_(roots, "sockstat"),
      sockstat6_(roots, "sockstat6"),
      softnet_(roots.in_proc("net/softnet_stat")) {}

Result<void> Netstat::read(metric::Batch& batch) {
  Faults faults;
  bool is_there = read_counters(batch, snmp_, faults);
  is_there = read_counters(batch, netstat_, faults) || is_there;
  is_there = read_sockets(batch, faults) || is_there;
  is_there = read_softnet(batch, faults) || is_there;
  if (!is_there && faults.count() == 0) return fail(Errc::absent, "no counters of the network");
  return faults.result();
}

bool Netstat::read_counters(metric::Batch& batch, NetFile& file, Faults& faults) {
  auto body = file.read();
  if (!body) {
    note_absence(std::move(body.error()), faults);
    return false;
  }
  std::uint32_t given = 0;  // a key that turns up twice must not make a second point
  parse_key_value_lines(
      *body, faults, [&](std::string_view group, std::string_view key, std::uint64_t value) {
        std::uint32_t bit = 1;
        for (const CounterRow& row : kCounters) {
          const bool is_it = row.key == key && row.group == group;
          if (is_it && (given & bit) == 0) {
            given |= bit;
            const metric::Attr attr(row.attribute, row.value);
            batch.add(row.metric, value, metric::Attrs(&attr, row.attribute.empty() ? 0 : 1));
          }
          bit <<= 1;
        }
      });
  return true;
}

bool Netstat::read_sockets(metric::Batch& batch, Faults& faults) {
  SocketUse use;
  auto body = sockstat_.read();
  if (!body) {
    note_absence(std::move(body.error()), faults);
    return false;
  }
  parse_sockstat(*body, use, faults);
  if (auto six = sockstat6_.read()) parse_sockstat(*six, use, faults);
  const auto count = [&](std::string_view transport, std::string_view state, std::uint64_t value) {
    batch.add(id("system.network.socket.count"), value,
              {{"network.transport", transport}, {"state", state}});
  };
  count("tcp", "inuse", use.tcp_inuse);
  count("tcp", "orphan", use.tcp_orphan);
  count("tcp", "time_wait", use.tcp_time_wait);
  count("tcp", "allocated", use.tcp_allocated);
  count("udp", "inuse", use.udp_inuse);
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  constexpr metric::Id kMemory = id("system.network.socket.memory");
  batch.add(kMemory, use.tcp_pages * page, {{"network.transport", "tcp"}});
  batch.add(kMemory, use.udp_pages * page, {{"network.transport", "udp"}});
  return true;
}

bool Netstat::read_softnet(metric::Batch& batch, Faults& faults) {
  auto body = softnet_.read();
  if (!body) {
    note_absence(std::move(body.error()), faults);
    return false;
  }
  // A CPU that comes or goes shifts the rows, so they no longer mean the same CPUs.
  const auto lines = static_cast<std::size_t>(std::count(body->begin(), body->end(), '\n'));
  if (lines != rows_.size()) rows_.assign(lines, CpuRow());
  SoftnetRow sum;
  std::size_t at = 0;
  while (const auto line = text::next_line(*body)) {
    SoftnetRow raw;
    if (!parse_softnet_row(*line, raw)) {
      faults.malformed("softnet_stat", *line);
      continue;
    }
    if (at == rows_.size()) break;  // a last line that was cut off
    CpuRow& row = rows_[at++];
    sum.processed += row.processed.feed(raw.processed);
    sum.dropped += row.dropped.feed(raw.dropped);
    sum.time_squeezed += row.time_squeezed.feed(raw.time_squeezed);
  }
  if (at == 0) return true;
  batch.add(id("system.network.softnet.processed"), sum.processed);
  batch.add(id("system.network.softnet.dropped"), sum.dropped);
  batch.add(id("system.network.softnet.time_squeezed"), sum.time_squeezed);
  return true;
}

}  // namespace edgehaul::host
