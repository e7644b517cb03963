// SPDX-License-Identifier: Apache-2.0
// Counters of the network stack: TCP and UDP (net/snmp, net/netstat), sockets (net/sockstat) and
// the receive soft interrupt (net/softnet_stat). Collect thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/roots.hpp"
#include "base/text.hpp"
#include "metric/source.hpp"
#include "sources/host/faults.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/net_file.hpp"
#include "sources/host/unwrap32.hpp"

namespace edgehaul::host {

// Calls visit(group, key, value) for each counter of net/snmp or net/netstat, where a line of keys
// and a line of values follow each other: "Tcp: InSegs OutSegs" / "Tcp: 12 34".
template <class Visit>
void parse_key_value_lines(std::string_view body, Faults& faults, Visit visit);

// One row of net/softnet_stat, for one CPU: hexadecimal, 32 bits.
struct SoftnetRow {
  std::uint64_t processed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t time_squeezed = 0;
};
bool parse_softnet_row(std::string_view line, SoftnetRow& out);

// What sockstat and sockstat6 say; memory in pages.
struct SocketUse {
  std::uint64_t tcp_inuse = 0;
  std::uint64_t tcp_orphan = 0;
  std::uint64_t tcp_time_wait = 0;
  std::uint64_t tcp_allocated = 0;
  std::uint64_t tcp_pages = 0;
  std::uint64_t udp_inuse = 0;
  std::uint64_t udp_pages = 0;
};
// Adds what `body` holds to `use`, so that IPv4 and IPv6 come to one sum.
void parse_sockstat(std::string_view body, SocketUse& use, Faults& faults);

class Netstat final : public metric::Source {
 public:
  explicit Netstat(const base::Roots& roots);
  std::string_view name() const override { return "netstat"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  // True when at least one of the files is there.
  bool read_counters(metric::Batch& batch, NetFile& file, Faults& faults);
  bool read_sockets(metric::Batch& batch, Faults& faults);
  bool read_softnet(metric::Batch& batch, Faults& faults);

  struct CpuRow {
    Unwrap32 processed, dropped, time_squeezed;
  };
  NetFile snmp_;
  NetFile netstat_;
  NetFile sockstat_;
  NetFile sockstat6_;
  KeptFile softnet_;
  std::vector<CpuRow> rows_;
};

template <class Visit>
void parse_key_value_lines(std::string_view body, Faults& faults, Visit visit) {
  while (auto keys = text::next_line(body)) {
    auto values = text::next_line(body);
    const std::string_view group = text::next_field(*keys);
    if (!values || group.size() < 2 || text::next_field(*values) != group) {
      faults.malformed("netstat", group);
      return;  // the pairs are out of step: nothing after this can be trusted
    }
    for (;;) {
      const std::string_view key = text::next_field(*keys);
      const std::string_view value = text::next_field(*values);
      if (key.empty() || value.empty()) break;
      // Some are signed (MaxConn is -1); none of those is a counter.
      if (const auto number = text::parse_u64(value)) {
        visit(group.substr(0, group.size() - 1), key, *number);
      } else if (!text::parse_i64(value)) {
        faults.malformed(key, value);
      }
    }
  }
}

}  // namespace edgehaul::host
