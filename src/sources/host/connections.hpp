// SPDX-License-Identifier: Apache-2.0
// TCP sockets by state, from sock_diag(7) where this process shares the host's network namespace,
// else from the socket tables in /proc. No process is looked at. Collect thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/faults.hpp"
#include "sources/host/net_file.hpp"

namespace edgehaul::host {

// Indexed by the kernel's state number, 1 (established) to 12 (new request).
inline constexpr std::size_t kTcpStates = 13;
using TcpCounts = std::array<std::uint64_t, kTcpStates>;

// Adds the sockets of a body of net/tcp or net/tcp6.
void count_tcp_table(std::string_view body, TcpCounts& counts, Faults& faults);

// Adds the sockets of one datagram of a sock_diag dump; true when the dump is over.
Result<bool> count_diag_messages(std::string_view datagram, TcpCounts& counts);

// Counts all TCP sockets, IPv4 and IPv6, with one dump each. `counts` is changed on success only.
Result<void> count_by_diag(TcpCounts& counts);

class Connections final : public metric::Source {
 public:
  explicit Connections(const base::Roots& roots);
  std::string_view name() const override { return "connections"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Result<void> count_tables(TcpCounts& counts);

  NetFile tcp_;
  NetFile tcp6_;
  bool use_diag_;
};

}  // namespace edgehaul::host
