// SPDX-License-Identifier: Apache-2.0
// The credentials of a kubeconfig's current user. The cluster's server is not asked: the kubelet
// takes the same client certificates as the API server. Reads files; any thread.
#pragma once

#include <string>

#include "base/result.hpp"

namespace edgehaul::kubelet {

struct Login {
  std::string cert_pem;  // of the user's client certificate
  std::string key_pem;
  std::string token;
  std::string ca_pem;  // of the cluster
};

// Errors name the file and the field, never a value. Files that it names are relative to its
// folder. exec and auth-provider plugins are not run.
Result<Login> read_kubeconfig(const std::string& path);

}  // namespace edgehaul::kubelet
