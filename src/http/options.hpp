// SPDX-License-Identifier: Apache-2.0
// TLS and proxy settings shared by every client connection. Plain data, filled by config.
#pragma once

#include <string>

namespace edgehaul::http {

struct TlsOptions {
  std::string ca_file;    // PEM; added to nothing: replaces the system's bundle when set
  std::string cert_file;  // client certificate, PEM
  std::string key_file;
  std::string server_name;  // verify against (and send as SNI) this name instead of the URL's host
  bool insecure_skip_verify = false;
};

struct ProxyOptions {
  std::string url;       // "http://proxy:3128"; empty: none (environment variables are not read)
  std::string no_proxy;  // comma-separated names, suffixes, addresses and CIDR blocks
};

}  // namespace edgehaul::http
