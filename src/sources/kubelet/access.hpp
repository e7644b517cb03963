// SPDX-License-Identifier: Apache-2.0
// How to ask the kubelet: where, as whom, and whom to believe, put together from the options and
// what detect() found. Files are read anew each time, since all of them rotate. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/client.hpp"
#include "sources/kubelet/detect.hpp"
#include "sources/kubelet/options.hpp"

namespace edgehaul::kubelet {

struct Access {
  http::ClientRequest request;     // without tls.server_name
  std::vector<std::string> names;  // to verify the certificate against, in turn; "": the URL's host
  std::string who;                 // for messages: "token of FILE", "certificate FILE", "nobody"
  // Changes when any credential or authority does; then no old connection may be used.
  std::size_t fingerprint = 0;
};

// Errc::invalid or absent: a configured file cannot be used.
Result<Access> read_access(const Options& options, const Found& found);

}  // namespace edgehaul::kubelet
