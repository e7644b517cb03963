// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/detect.hpp"

#include <algorithm>
#include <array>

#include <dirent.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::kubelet {

namespace {

constexpr std::size_t kMaxArguments = 64 * 1024;
constexpr std::size_t kMaxProcesses = 100'000;
constexpr const char* kKubeletPki = "/var/lib/kubelet/pki";

// What a distribution leaves on a host, in the order in which they are looked for: those that keep
// to folders of their own first.
struct Layout {
  const char* distribution;
  std::array<const char*, 2> marks;  // either means that it is there
  std::array<const char*, 2> pair;   // the API server's client certificate and key, servers only
  std::array<const char*, 2> node;   // the node's own
  std::array<const char*, 3> authorities;
};

constexpr Layout kLayouts[] = {
    {"rke2",
     {"/var/lib/rancher/rke2/agent/kubelet.kubeconfig",
      "/var/lib/rancher/rke2/agent/client-kubelet.crt"},
     {"/var/lib/rancher/rke2/server/tls/client-kube-apiserver.crt",
      "/var/lib/rancher/rke2/server/tls/client-kube-apiserver.key"},
     {"/var/lib/rancher/rke2/agent/client-kubelet.crt",
      "/var/lib/rancher/rke2/agent/client-kubelet.key"},
     {"/var/lib/rancher/rke2/agent/server-ca.crt", nullptr, nullptr}},
    {"k3s",
     {"/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
      "/var/lib/rancher/k3s/agent/client-kubelet.crt"},
     {"/var/lib/rancher/k3s/server/tls/client-kube-apiserver.crt",
      "/var/lib/rancher/k3s/server/tls/client-kube-apiserver.key"},
     {"/var/lib/rancher/k3s/agent/client-kubelet.crt",
      "/var/lib/rancher/k3s/agent/client-kubelet.key"},
     {"/var/lib/rancher/k3s/agent/server-ca.crt", nullptr, nullptr}},
    {"canonical-kubernetes",
     {"/var/snap/k8s/common/args/kubelet", nullptr},
     {"/etc/kubernetes/pki/apiserver-kubelet-client.crt",
      "/etc/kubernetes/pki/apiserver-kubelet-client.key"},
     {nullptr, nullptr},
     {"/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/kubelet.crt", nullptr}},
    {"microk8s",
     {"/var/snap/microk8s/current/args/kubelet", nullptr},
     {"/var/snap/microk8s/current/certs/apiserver-kubelet-client.crt",
      "/var/snap/microk8s/current/certs/apiserver-kubelet-client.key"},
     {nullptr, nullptr},
     {"/var/snap/microk8s/current/certs/ca.crt", nullptr, nullptr}},
    {"nodeadm",
     {"/etc/kubernetes/kubelet/config.json", nullptr},
     {nullptr, nullptr},
     {"/var/lib/kubelet/pki/kubelet-client-current.pem",
      "/var/lib/kubelet/pki/kubelet-client-current.pem"},
     {"/var/lib/kubelet/pki/kubelet.crt", "/etc/kubernetes/pki/ca.crt", nullptr}},
    {"kubeadm",
     {"/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet.conf"},
     {"/etc/kubernetes/pki/apiserver-kubelet-client.crt",
      "/etc/kubernetes/pki/apiserver-kubelet-client.key"},
     {"/var/lib/kubelet/pki/kubelet-client-current.pem",
      "/var/lib/kubelet/pki/kubelet-client-current.pem"},
     {"/var/lib/kubelet/pki/kubelet.crt", "/etc/kubernetes/pki/ca.crt", nullptr}},
};

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// The last "--name=value" or "--name value" of arguments that `mark` ends.
std::string argument(std::string_view all, char mark, std::string_view name) {
  std::string found;
  bool is_next = false;
  while (!all.empty()) {
    const std::size_t end = std::min(all.find(mark), all.size());
    std::string_view word = text::trim(all.substr(0, end));
    all.remove_prefix(std::min(end + 1, all.size()));
    if (is_next) found = word;
    is_next = false;
    while (word.starts_with('-'))
      word.remove_prefix(1);
    if (!word.starts_with(name)) continue;
    word.remove_prefix(name.size());
    if (word.empty()) {
      is_next = true;
    } else if (word.front() == '=') {
      found = word.substr(1);
    }
  }
  if (found.size() >= 2 && found.front() == '"' && found.back() == '"')
    found = found.substr(1, found.size() - 2);
  return found;
}

// Arguments of the first process called "kubelet"; empty when there is none: k3s runs its kubelet
// inside itself.
std::string running_arguments(const base::Roots& roots) {
  DIR* processes = ::opendir(roots.proc.c_str());
  if (processes == nullptr) return {};
  std::string buffer;
  std::string arguments;
  for (std::size_t looked = 0; looked < kMaxProcesses; ++looked) {
    const dirent* entry = ::readdir(processes);
    if (entry == nullptr) break;
    const std::string_view pid = entry->d_name;
    if (!text::parse_u64(pid)) continue;
    const std::string folder = roots.in_proc(pid);
    const auto name = base::read_line(folder + "/comm");
    if (!name || *name != "kubelet") continue;
    if (const auto body = base::read_file(folder + "/cmdline", buffer, kMaxArguments)) {
      arguments = *body;
      break;
    }
  }
  ::closedir(processes);
  return arguments;
}

// Value of "key: value" at the top of a YAML file of simple lines, quotes taken off.
std::string top_level(const std::string& path, std::string_view key) {
  std::string buffer;
  const auto body = base::read_file(path, buffer, kMaxArguments);
  if (!body) return {};
  std::string_view rest = *body;
  while (auto line = text::next_line(rest)) {
    const auto halves = text::split_once(*line, ':');
    if (!halves || halves->head != key) continue;
    std::string_view value = text::trim(halves->tail);
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\''))
      value = value.substr(1, value.find(value.front(), 1) - 1);
    return std::string(value);
  }
  return {};
}

std::string host_name(const base::Roots& roots) {
  auto name = base::read_line(roots.in_proc("sys/kernel/hostname"));
  if (!name || name->empty()) name = base::read_line(roots.at("/etc/hostname"));
  return name ? text::lower(*name) : std::string();  // as the kubelet does
}

std::string arguments_of(const base::Roots& roots, std::string_view distribution) {
  std::string running = running_arguments(roots);
  if (!running.empty()) return running;
  const bool is_snap = distribution == "canonical-kubernetes" || distribution == "microk8s";
  if (!is_snap) return {};
  std::string buffer;
  const auto body = base::read_file(
      roots.at(distribution == "microk8s" ? "/var/snap/microk8s/current/args/kubelet"
                                          : "/var/snap/k8s/common/args/kubelet"),
      buffer, kMaxArguments);
  if (!body) return {};
  std::string arguments(*body);
  std::replace(arguments.begin(), arguments.end(), '\n', '\0');
  return arguments;
}

std::string node_name(const base::Roots& roots, const Found& found, std::string_view arguments) {
  std::string name = argument(arguments, '\0', "hostname-override");
  if (name.empty() && (found.distribution == "k3s" || found.distribution == "rke2"))
    name = top_level(roots.at("/etc/rancher/" + found.distribution + "/config.yaml"), "node-name");
  return name.empty() ? host_name(roots) : name;
}

void add_files(const base::Roots& roots, const std::string& prefix, const Layout& layout,
               Found& found) {
  for (const auto& pair : {layout.pair, layout.node}) {
    if (pair[0] != nullptr)
      found.key_pairs.push_back({roots.at(prefix + pair[0]), roots.at(prefix + pair[1])});
  }
  if (found.distribution == "canonical-kubernetes")
    found.kubeconfig = roots.at(prefix + "/etc/kubernetes/kubelet.conf");
  for (const char* authority : layout.authorities) {
    if (authority != nullptr) found.authorities.push_back(roots.at(prefix + authority));
  }
}

// Where the agent mode of Palette Edge installs, "" when it does not.
std::string stylus_root(const base::Roots& roots) {
  std::string buffer;
  const auto body = base::read_file(roots.at("/etc/spectro/environment"), buffer, kMaxArguments);
  if (!body) return {};
  std::string arguments(*body);
  std::string root = argument(arguments, '\n', "STYLUS_ROOT");
  while (root.ends_with('/'))
    root.pop_back();
  return root;
}

}  // namespace

Found detect(const base::Roots& roots) {
  Found found;
  for (const std::string& prefix : {std::string(), stylus_root(roots)}) {
    for (const Layout& layout : kLayouts) {
      const bool is_there = std::any_of(
          layout.marks.begin(), layout.marks.end(),
          [&](const char* mark) { return mark != nullptr && exists(roots.at(prefix + mark)); });
      if (!is_there) continue;
      found.distribution = layout.distribution;
      add_files(roots, prefix, layout, found);
      break;
    }
    if (found.is_found()) break;
  }
  if (exists(roots.at(kTokenFile))) found.token_file = roots.at(kTokenFile);
  if (!found.is_found()) return found;
  const std::string arguments = arguments_of(roots, found.distribution);
  found.node_name = node_name(roots, found, arguments);
  if (const std::string port = argument(arguments, '\0', "port"); !port.empty()) found.port = port;
  const std::string folder = argument(arguments, '\0', "cert-dir");
  if (!folder.empty() && folder != kKubeletPki)
    found.authorities.push_back(roots.at(folder + "/kubelet.crt"));
  if (const std::string own = argument(arguments, '\0', "tls-cert-file"); !own.empty())
    found.authorities.push_back(roots.at(own));
  return found;
}

}  // namespace edgehaul::kubelet
