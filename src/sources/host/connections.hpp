// SPDX-License-Identifier: Apache-2.0
// TCP sockets by state, from sock_diag(7) where this process shares the host's network namespace,
// else from the socket tables in /proc. No process is looked at. Either way the kernel walks its
// whole hash table, milliseconds on a host with much memory, so that is done now and then and the
// numbers are repeated in between. Collect thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
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

// Counts all TCP sockets, IPv4 and IPv6, with one dump. `counts` is changed on success only.
Result<void> count_by_diag(TcpCounts& counts);

class Connections final : public metric::Source {
 public:
  Connections(const base::Roots& roots, const ConnectionsOptions& options,
              const base::Clock& clock);
  std::string_view name() const override { return "connections"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Result<void> count(TcpCounts& counts);
  Result<void> count_tables(TcpCounts& counts);

  NetFile tcp_;
  NetFile tcp6_;
  bool use_diag_;
  ConnectionsOptions options_;
  const base::Clock& clock_;
  TcpCounts counts_{};
  bool has_counted_ = false;
  base::Steady last_count_{};
};

}  // namespace edgehaul::host
