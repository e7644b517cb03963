// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "cli/command.hpp"
#include "sources/kubelet/detect.hpp"

namespace edgehaul::cli {

namespace {

constexpr std::array kOptions{
    OptionSpec{"--namespace", "NAME", "of the service account (kube-system)"},
    OptionSpec{"--nodes", "", "grant it to the nodes' own certificates instead of an account"},
};

constexpr std::string_view kRole = R"(apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: edgehaul-kubelet
rules:
  - apiGroups: [""]
    resources: [nodes/stats]
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: edgehaul-kubelet
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: edgehaul-kubelet
subjects:
)";

constexpr std::string_view kNodes = R"(  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: system:nodes
)";

std::string for_nodes() {
  return "# Lets every node's own client certificate read the usage of nodes, and nothing else.\n"
         "#   edgehaul kubelet-rbac --nodes | kubectl apply -f -\n" +
         std::string(kRole) + std::string(kNodes);
}

std::string for_account(std::string_view space) {
  std::string text = fmt::format(
      "# Lets a service account read the usage of nodes, and nothing else. Its token goes to each "
      "host:\n"
      "#   edgehaul kubelet-rbac --namespace {0} | kubectl apply -f -\n"
      "#   kubectl -n {0} get secret edgehaul-kubelet -o jsonpath='{{.data.token}}' | base64 -d\n"
      "# into {1} (mode 0600), where it is found by itself.\n",
      space, kubelet::kTokenFile);
  text += kRole;
  text += fmt::format(R"(  - kind: ServiceAccount
    name: edgehaul-kubelet
    namespace: {0}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: edgehaul-kubelet
  namespace: {0}
---
apiVersion: v1
kind: Secret
metadata:
  name: edgehaul-kubelet
  namespace: {0}
  annotations:
    kubernetes.io/service-account.name: edgehaul-kubelet
type: kubernetes.io/service-account-token
)",
                      space);
  return text;
}

// RFC 1123 label: goes into YAML as it is.
bool is_label(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace

int kubelet_rbac(Words words) {
  const Parsed parsed = parse("kubelet-rbac", "[--namespace NAME | --nodes]", words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  const auto space = parsed.args.value("--namespace");
  if (parsed.args.has("--nodes")) {
    if (space) {
      complain("kubelet-rbac", "--nodes has no service account and so no --namespace");
      return kUsage;
    }
    return print(for_nodes()) ? kOk : kFailure;
  }
  if (space && !is_label(*space)) {
    complain("kubelet-rbac", "--namespace: not a namespace's name (letters a-z, digits, -)");
    return kUsage;
  }
  return print(for_account(space.value_or("kube-system"))) ? kOk : kFailure;
}

}  // namespace edgehaul::cli
