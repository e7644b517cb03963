// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/name.hpp"

#include <string>

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace edgehaul;
using namespace edgehaul::cgroup;

namespace {

const std::string kId(64, 'a');
const std::string kUid = "12345678-9abc-def0-1234-56789abcdef0";
const std::string kSystemdUid = "12345678_9abc_def0_1234_56789abcdef0";
const std::string kStatic = "0123456789abcdef0123456789abcdef";

// What the last directory of a path is.
Name of(std::string_view path) {
  Name name;
  name.kind = Kind::root;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto halves = text::split_once(path, '/');
    name = classify(name, halves ? halves->head : path);
    path = halves ? halves->tail : std::string_view();
  }
  return name;
}

struct Row {
  std::string path;
  Kind kind;
  std::string pod_uid = {};
  Qos qos = Qos::none;
  std::string runtime = {};
};

}  // namespace

TEST_CASE("name: pods and containers of both drivers and all classes, wherever they are nested") {
  const std::string burstable = "/kubepods.slice/kubepods-burstable.slice/";
  const std::string pod = "kubepods-burstable-pod" + kSystemdUid + ".slice";
  const std::string nested =
      "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
      "kubelet-kubepods-besteffort-pod" +
      kSystemdUid + ".slice";
  const Row rows[] = {
      {"/kubepods.slice", Kind::slice, "", Qos::guaranteed},
      {"/kubepods.slice/kubepods-burstable.slice", Kind::slice, "", Qos::burstable},
      {"/kubepods.slice/kubepods-pod" + kSystemdUid + ".slice", Kind::pod, kUid, Qos::guaranteed},
      {burstable + pod, Kind::pod, kUid, Qos::burstable},
      {burstable + pod + "/cri-containerd-" + kId + ".scope", Kind::container, kUid, Qos::burstable,
       "containerd"},
      {burstable + pod + "/crio-" + kId + ".scope", Kind::container, kUid, Qos::burstable, "cri-o"},
      {burstable + pod + "/crio-conmon-" + kId + ".scope", Kind::helper, kUid, Qos::burstable},
      {burstable + pod + "/docker-" + kId + ".scope", Kind::container, kUid, Qos::burstable,
       "docker"},
      {burstable + "kubepods-burstable-pod" + kStatic + ".slice", Kind::pod, kStatic,
       Qos::burstable},
      {nested, Kind::pod, kUid, Qos::besteffort},
      {nested + "/cri-containerd-" + kId + ".scope", Kind::container, kUid, Qos::besteffort,
       "containerd"},
      {"/kubepods", Kind::slice, "", Qos::guaranteed},
      {"/kubepods/besteffort", Kind::slice, "", Qos::besteffort},
      {"/kubepods/pod" + kUid + "/" + kId, Kind::container, kUid, Qos::guaranteed},
      {"/kubepods/burstable/pod" + kUid, Kind::pod, kUid, Qos::burstable},
      {"/kubepods/burstable/pod" + kStatic + "/" + kId, Kind::container, kStatic, Qos::burstable},
      {"/kubepods/besteffort/pod" + kUid + "/crio-" + kId, Kind::container, kUid, Qos::besteffort,
       "cri-o"},
      {"/system.slice/containerd.service/" + pod + ":cri-containerd:" + kId, Kind::container, kUid,
       Qos::burstable, "containerd"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Name name = of(row.path);
    CHECK(name.kind == row.kind);
    CHECK(name.pod_uid == row.pod_uid);
    CHECK(name.qos == row.qos);
    CHECK(name.runtime == row.runtime);
    CHECK(name.container_id == (row.kind == Kind::container ? kId : ""));
  }
}

TEST_CASE("name: containers without Kubernetes, units, slices and what is inside them") {
  const std::string user = "/user.slice/user-1000.slice/user@1000.service";
  const Row rows[] = {
      {"/system.slice/docker-" + kId + ".scope", Kind::container, "", Qos::none, "docker"},
      {"/docker/" + kId, Kind::container, "", Qos::none, "docker"},
      {"/docker", Kind::other, "", Qos::none, "docker"},
      {"/machine.slice/libpod-" + kId + ".scope", Kind::container, "", Qos::none, "podman"},
      {"/machine.slice/libpod-conmon-" + kId + ".scope", Kind::helper},
      {"/system.slice/web.service/libpod-payload-" + kId, Kind::container, "", Qos::none, "podman"},
      {user + "/user.slice/libpod-" + kId + ".scope", Kind::container, "", Qos::none, "podman"},
      {"/default/" + kId, Kind::container},
      {"/unknown-" + kId + ".scope", Kind::container},
      {"/system.slice", Kind::slice},
      {"/system.slice/ssh.service", Kind::unit},
      {"/system.slice/system-getty.slice/getty@tty1.service", Kind::unit},
      {"/system.slice/boot-efi.mount", Kind::unit},
      {"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", Kind::unit},
      {"/init.scope", Kind::unit},
      {"/user.slice/user-1000.slice/session-3.scope", Kind::unit},
      {user, Kind::unit},
      {user + "/app.slice", Kind::inner},
      {user + "/app.slice/gpg-agent.service", Kind::inner},
      {"/lxc", Kind::other},
      {"/lxc/c1", Kind::other},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Name name = of(row.path);
    CHECK(name.kind == row.kind);
    CHECK(name.runtime == row.runtime);
    CHECK(name.pod_uid == "");
  }
}

TEST_CASE("name: what only looks like a pod or a container is none") {
  const Row rows[] = {
      {"/kubepods.slice/kubepods-burstable-podx.slice", Kind::slice},
      {"/kubepods/podshort", Kind::other},
      {"/pod" + kUid, Kind::other},
      {"/notkubepods.slice", Kind::slice},
      {"/system.slice/x" + kId + ".scope", Kind::unit},
      {"/" + std::string(63, 'a'), Kind::other},
      {"/" + std::string(64, 'A'), Kind::other},
      {"/" + std::string(64, 'g'), Kind::other},
      {"/.service", Kind::other},
      {"/\xff\xfe", Kind::other},
      {"/kubepods/pod" + std::string(36, '-'), Kind::other},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Name name = of(row.path);
    CHECK(name.kind == row.kind);
    CHECK(name.pod_uid == "");
    CHECK(name.container_id == "");
  }
}
