// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/name.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace edgehaul::cgroup {

namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kSlice = ".slice";

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kRuntimes{{
    {"cri-containerd", "containerd"},
    {"nerdctl", "containerd"},
    {"crio", "cri-o"},
    {"docker", "docker"},
    {"libpod", "podman"},
    {"libpod-payload", "podman"},
}};

constexpr std::array<std::string_view, 9> kUnitSuffixes{
    ".service", ".scope", ".mount", ".socket", ".swap", ".automount", ".timer", ".device", ".path"};

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::string_view runtime_of(std::string_view prefix) {
  for (const auto& [name, runtime] : kRuntimes) {
    if (name == prefix) return runtime;
  }
  return {};
}

// 8-4-4-4-12 hex digits, or the 32 of a static pod's configuration hash.
std::optional<std::string> parse_uid(std::string_view text) {
  std::string uid(text);
  std::replace(uid.begin(), uid.end(), '_', '-');
  if (uid.size() == 32 && is_hex(uid)) return uid;
  if (uid.size() != 36) return std::nullopt;
  for (std::size_t i = 0; i < uid.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? uid[i] != '-' : !is_hex({&uid[i], 1})) return std::nullopt;
  }
  return uid;
}

struct Kubepods {
  Qos qos = Qos::guaranteed;
  std::string pod_uid;  // empty: kubepods itself or a class of it
};

// "kubelet-kubepods-burstable-pod1234_….slice" without its suffix: the last part counts, for
// systemd repeats the names of all slices above.
std::optional<Kubepods> parse_kubepods_slice(std::string_view name) {
  constexpr std::string_view kMark = "kubepods";
  const std::size_t at = name.rfind(kMark);
  if (at == std::string_view::npos || (at > 0 && name[at - 1] != '-')) return std::nullopt;
  std::string_view rest = name.substr(at + kMark.size());
  Kubepods out;
  for (const auto& [mark, qos] : {std::pair<std::string_view, Qos>{"-burstable", Qos::burstable},
                                  {"-besteffort", Qos::besteffort}}) {
    if (!rest.starts_with(mark)) continue;
    out.qos = qos;
    rest.remove_prefix(mark.size());
  }
  if (rest.empty()) return out;
  if (!rest.starts_with("-pod")) return std::nullopt;
  auto uid = parse_uid(rest.substr(4));
  if (!uid) return std::nullopt;
  out.pod_uid = std::move(*uid);
  return out;
}

Name kubepods_name(Kubepods found) {
  Name out;
  out.kind = found.pod_uid.empty() ? Kind::slice : Kind::pod;
  out.qos = found.qos;
  out.is_kubepods = true;
  out.pod_uid = std::move(found.pod_uid);
  return out;
}

// The cgroupfs driver: kubepods[/burstable|/besteffort]/podUID.
std::optional<Name> parse_cgroupfs(const Name& parent, std::string_view component) {
  if (component == "kubepods") return kubepods_name({});
  if (!parent.is_kubepods || parent.kind != Kind::slice) return std::nullopt;
  if (component == "burstable") return kubepods_name({Qos::burstable, {}});
  if (component == "besteffort") return kubepods_name({Qos::besteffort, {}});
  if (!component.starts_with("pod")) return std::nullopt;
  auto uid = parse_uid(component.substr(3));
  if (!uid) return std::nullopt;
  return kubepods_name({parent.qos, std::move(*uid)});
}

// "[RUNTIME-]ID[.scope]", or "POD.slice:RUNTIME:ID" of a runtime that was told systemd's form and
// uses cgroupfs.
std::optional<Name> parse_container(const Name& parent, std::string_view component) {
  take_suffix(component, kScope);
  if (component.size() < kIdLength) return std::nullopt;
  const std::string_view id = component.substr(component.size() - kIdLength);
  if (!is_hex(id)) return std::nullopt;
  std::string_view prefix = component.substr(0, component.size() - kIdLength);
  Name out;
  out.kind = Kind::container;
  out.qos = parent.qos;
  out.pod_uid = parent.pod_uid;
  out.container_id = id;
  if (prefix.empty()) {
    out.runtime = parent.runtime;  // "docker/ID"
    return out;
  }
  const char mark = prefix.back();
  if (mark != '-' && mark != ':') return std::nullopt;
  prefix.remove_suffix(1);
  if (prefix.ends_with("-conmon")) {
    out.kind = Kind::helper;
    out.container_id.clear();
    return out;
  }
  if (const std::size_t colon = prefix.rfind(':'); colon != std::string_view::npos) {
    std::string_view slice = prefix.substr(0, colon);
    if (take_suffix(slice, kSlice)) {
      if (auto pod = parse_kubepods_slice(slice); pod && !pod->pod_uid.empty()) {
        out.qos = pod->qos;
        out.pod_uid = std::move(pod->pod_uid);
      }
    }
    prefix.remove_prefix(colon + 1);
  }
  out.runtime = runtime_of(prefix);
  return out;
}

bool is_unit(std::string_view component) {
  return std::any_of(kUnitSuffixes.begin(), kUnitSuffixes.end(), [&](std::string_view suffix) {
    return component.size() > suffix.size() && component.ends_with(suffix);
  });
}

}  // namespace

std::string_view qos_name(Qos qos) {
  constexpr std::array<std::string_view, 4> kNames{"", "guaranteed", "burstable", "besteffort"};
  return kNames[static_cast<std::size_t>(qos)];
}

Name classify(const Name& parent, std::string_view component) {
  if (auto container = parse_container(parent, component)) return std::move(*container);
  if (auto kubepods = parse_cgroupfs(parent, component)) return std::move(*kubepods);
  std::string_view stem = component;
  const bool is_slice = take_suffix(stem, kSlice);
  if (is_slice) {
    if (auto kubepods = parse_kubepods_slice(stem)) return kubepods_name(std::move(*kubepods));
  }
  Name out;
  out.qos = parent.qos;
  out.pod_uid = parent.pod_uid;
  const bool is_inside = parent.kind == Kind::unit || parent.kind == Kind::inner;
  if (is_inside) {
    out.kind = Kind::inner;
  } else if (is_slice) {
    out.kind = Kind::slice;
  } else if (is_unit(component)) {
    out.kind = Kind::unit;
  }
  // "docker/ID": the folder tells the runtime that the name does not.
  if (component == "docker") out.runtime = "docker";
  return out;
}

}  // namespace edgehaul::cgroup
