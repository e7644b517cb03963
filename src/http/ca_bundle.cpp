// SPDX-License-Identifier: Apache-2.0
#include "http/ca_bundle.hpp"

#include <unistd.h>

namespace edgehaul::http {

namespace {

constexpr const char* kPaths[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine, Arch, Flatcar
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL, Fedora
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older RHEL and its kin
    "/var/lib/ca-certificates/ca-bundle.pem",             // SUSE
    "/etc/ssl/ca-bundle.pem",                             // older SUSE
    "/etc/ssl/cert.pem",                                  // musl distributions
};

}  // namespace

std::string find_ca_bundle(std::string_view root) {
  for (const char* path : kPaths) {
    std::string candidate = std::string(root) + path;
    if (::access(candidate.c_str(), R_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace edgehaul::http
