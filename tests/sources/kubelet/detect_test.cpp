// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/detect.hpp"

#include <algorithm>
#include <string_view>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace std::string_view_literals;
using kubelet::detect;
using kubelet::Found;

namespace {

bool has(const test::TempDir& root, const std::vector<std::string>& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), root.at(path)) != paths.end();
}

}  // namespace

TEST_CASE("detect: no kubelet") {
  const test::TempDir root;
  const Found found = detect(root.roots());
  CHECK_FALSE(found.is_found());
  CHECK(found.key_pairs.empty());
}

TEST_CASE("detect: each distribution by what it leaves on the host") {
  struct Row {
    const char* mark;
    const char* distribution;
    const char* first_cert;  // nullptr: none
    const char* authority;
  };
  const Row rows[] = {
      {"var/lib/kubelet/config.yaml", "kubeadm", "etc/kubernetes/pki/apiserver-kubelet-client.crt",
       "var/lib/kubelet/pki/kubelet.crt"},
      {"etc/kubernetes/kubelet.conf", "kubeadm", "etc/kubernetes/pki/apiserver-kubelet-client.crt",
       "etc/kubernetes/pki/ca.crt"},
      {"var/lib/rancher/k3s/agent/kubelet.kubeconfig", "k3s",
       "var/lib/rancher/k3s/server/tls/client-kube-apiserver.crt",
       "var/lib/rancher/k3s/agent/server-ca.crt"},
      {"var/lib/rancher/rke2/agent/client-kubelet.crt", "rke2",
       "var/lib/rancher/rke2/server/tls/client-kube-apiserver.crt",
       "var/lib/rancher/rke2/agent/server-ca.crt"},
      {"var/snap/k8s/common/args/kubelet", "canonical-kubernetes",
       "etc/kubernetes/pki/apiserver-kubelet-client.crt", "etc/kubernetes/pki/ca.crt"},
      {"etc/kubernetes/kubelet/config.json", "nodeadm",
       "var/lib/kubelet/pki/kubelet-client-current.pem", "etc/kubernetes/pki/ca.crt"},
      {"var/snap/microk8s/current/args/kubelet", "microk8s",
       "var/snap/microk8s/current/certs/apiserver-kubelet-client.crt",
       "var/snap/microk8s/current/certs/ca.crt"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mark);
    const test::TempDir root;
    root.write(row.mark, "");
    root.write("etc/hostname", "Edge-1\n");
    const Found found = detect(root.roots());
    CHECK(found.distribution == row.distribution);
    CHECK(found.node_name == "edge-1");  // lower case, as the kubelet registers it
    CHECK(found.port == "10250");
    REQUIRE_FALSE(found.key_pairs.empty());
    CHECK(found.key_pairs[0].cert_file == root.at(row.first_cert));
    CHECK(has(root, found.authorities, row.authority));
    CHECK(found.token_file.empty());
  }
}

TEST_CASE("detect: arguments of the running kubelet win over the host's name") {
  const test::TempDir root;
  root.write("var/lib/kubelet/config.yaml", "");
  root.write("etc/hostname", "edge-1\n");
  root.write("proc/17/comm", "bash\n");
  root.write("proc/17/cmdline", std::string("--hostname-override=wrong\0", 26));
  root.write("proc/99/comm", "kubelet\n");
  constexpr std::string_view kArguments(
      "/usr/bin/kubelet\0--hostname-override=node-a\0--port\00010999\0--cert-dir=/data/pki\0"sv);
  root.write("proc/99/cmdline", std::string(kArguments));
  const Found found = detect(root.roots());
  CHECK(found.node_name == "node-a");
  CHECK(found.port == "10999");
  CHECK(has(root, found.authorities, "data/pki/kubelet.crt"));
}

TEST_CASE("detect: node names of k3s and of snaps") {
  const test::TempDir k3s;
  k3s.write("var/lib/rancher/k3s/agent/kubelet.kubeconfig", "");
  k3s.write("etc/rancher/k3s/config.yaml", "write-kubeconfig-mode: \"0644\"\nnode-name: \"n-7\"\n");
  k3s.write("etc/hostname", "edge-1\n");
  CHECK(detect(k3s.roots()).node_name == "n-7");

  const test::TempDir snap;
  snap.write("var/snap/k8s/common/args/kubelet",
             "--node-ip=10.0.0.1\n--hostname-override=\"n-8\"\n");
  CHECK(detect(snap.roots()).node_name == "n-8");
}

TEST_CASE("detect: a token made for us, and the agent mode's own root") {
  const test::TempDir root;
  root.write("etc/spectro/environment", "PATH=/bin\nSTYLUS_ROOT=/opt/stylus/\n");
  root.write("opt/stylus/var/lib/kubelet/config.yaml", "");
  root.write("etc/edgehaul/kubelet.token", "t");
  const Found found = detect(root.roots());
  CHECK(found.distribution == "kubeadm");
  CHECK(found.token_file == root.at("etc/edgehaul/kubelet.token"));
  CHECK(has(root, found.authorities, "opt/stylus/etc/kubernetes/pki/ca.crt"));
}

TEST_CASE("detect: files that are junk are as good as none") {
  const test::TempDir root;
  root.write("var/lib/kubelet/config.yaml", "");
  root.write("etc/hostname", "\xff\n");
  root.write("proc/99/comm", "kubelet\n");
  root.write("proc/99/cmdline", std::string(200'000, '-'));
  root.write("proc/x/comm", "kubelet\n");
  root.write("proc/1/comm", "");
  const Found found = detect(root.roots());
  CHECK(found.distribution == "kubeadm");
  CHECK(found.port == "10250");
}
