// SPDX-License-Identifier: Apache-2.0
// TLS and proxy settings of clients, TLS settings of servers. Plain data, filled by config.
#pragma once

#include <string>

namespace edgehaul::http {

struct TlsOptions {
  std::string ca_file;    // PEM; added to nothing: replaces the system's bundle when set
  std::string cert_file;  // client certificate, PEM
  std::string key_file;
  // The same as PEM text, which beats the files; for credentials that are not in files of their
  // own.
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
  std::string server_name;  // verify against (and send as SNI) this name instead of the URL's host
  bool insecure_skip_verify = false;
};

struct ServerTls {
  std::string cert_file;  // PEM; empty: cleartext
  std::string key_file;
  std::string client_ca_file;  // set: clients must present a certificate of it (mTLS)

  bool operator==(const ServerTls&) const = default;
};

struct ProxyOptions {
  std::string url;       // "http://proxy:3128"; empty: none (environment variables are not read)
  std::string no_proxy;  // comma-separated names, suffixes, addresses and CIDR blocks
};

}  // namespace edgehaul::http
