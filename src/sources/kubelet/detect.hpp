// SPDX-License-Identifier: Apache-2.0
// Which Kubernetes this host runs, and where it keeps what a kubelet's client needs. Looks at files
// below the roots only. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/roots.hpp"

namespace edgehaul::kubelet {

struct KeyPair {
  std::string cert_file;
  std::string key_file;  // may be the same file
};

struct Found {
  std::string distribution;  // "kubeadm" (also PXK-E), "k3s", "rke2", "canonical-kubernetes",
                             // "nodeadm", "microk8s"; empty: no kubelet
  std::string node_name;     // empty: not known
  std::string port = "10250";
  std::string token_file;          // made for us; empty: there is none
  std::vector<KeyPair> key_pairs;  // the likeliest first; need not exist
  std::string kubeconfig;          // of the node, where its certificate has no file of its own
  std::vector<std::string> authorities;  // that may have signed the kubelet's own certificate

  bool is_found() const { return !distribution.empty(); }
};

Found detect(const base::Roots& roots);

// Where an operator puts a token that `edgehaul kubelet-rbac` made; preferred when it is there.
inline constexpr const char* kTokenFile = "/etc/edgehaul/kubelet.token";

}  // namespace edgehaul::kubelet
