// SPDX-License-Identifier: Apache-2.0
// What can be set for the sources of disks, file systems, network and sensors. Plain data with its
// defaults; filled by config/, read when the sources are made. Lists are globs in which '*' also
// matches '/'; a name is taken when an include matches and no exclude does.
#pragma once

#include <chrono>

#include "base/globs.hpp"

namespace edgehaul::host {

using base::Globs;

struct DiskOptions {
  bool enabled = true;
  Globs include = {"*"};
  Globs exclude = {"loop*", "ram*", "zram*", "fd[0-9]*"};
};

struct FilesystemOptions {
  bool enabled = true;
  Globs include_devices = {"*"};
  Globs exclude_devices;
  Globs include_mountpoints = {"*"};
  // What container runtimes and the kubelet mount for others, and what is no storage.
  Globs exclude_mountpoints = {
      "/dev",
      "/dev/*",
      "/proc",
      "/proc/*",
      "/sys",
      "/sys/*",
      "/run/credentials/*",
      "/run/containerd/*",
      "/run/docker/*",
      "/run/k3s/*",
      "/run/netns/*",
      "/var/lib/docker/*",
      "/var/lib/containerd/*",
      "/var/lib/containers/storage/*",
      "/var/lib/kubelet/pods/*",
      "/var/lib/kubelet/plugins/*",
      "/var/lib/kubelet/plugins_registry/*",
      "/var/lib/rancher/*/agent/containerd/*",
      "/var/snap/microk8s/common/run/containerd/*",
      "/var/snap/microk8s/common/var/lib/containerd/*",
  };
  // Types that the kernel marks as having no device (tmpfs, overlay, nfs, fuse…) are taken only
  // when they match here; all others always.
  Globs virtual_types;
  Globs exclude_types = {"squashfs", "iso9660", "erofs", "autofs", "cramfs"};
  // How long one tick waits for mounts that do not answer, all of them together.
  std::chrono::milliseconds deadline{100};
};

struct NetworkOptions {
  bool enabled = true;
  Globs include = {"*"};
  Globs exclude = {"veth*", "cali*", "cni*", "flannel*", "lxc*"};
};

struct ConnectionsOptions {
  bool enabled = true;
  std::chrono::seconds every{30};  // a count costs milliseconds on a host with much memory
};

struct LinkOptions {
  bool enabled = true;
  Globs include = {"*"};
  Globs exclude = {"veth*", "cali*", "cni*", "flannel*", "lxc*"};
};

struct NetstatOptions {
  bool enabled = true;
};

struct SensorsOptions {
  bool enabled = true;
  Globs include = {"*"};  // over the chip's name: "coretemp", "nvme", "cpu-thermal"
  Globs exclude;
  std::chrono::seconds every{30};  // sensors are slow: read this often, repeated in between
};

struct TimeOptions {
  bool enabled = true;
};

struct MdraidOptions {
  bool enabled = true;
  Globs include = {"*"};
  Globs exclude;
};

struct EdacOptions {
  bool enabled = true;
  std::chrono::seconds every{30};
};

struct EmmcOptions {
  bool enabled = true;
  std::chrono::seconds every{600};
};

struct DeviceOptions {
  DiskOptions disk;
  FilesystemOptions filesystem;
  NetworkOptions network;
  ConnectionsOptions connections;
  LinkOptions link;
  NetstatOptions netstat;
  SensorsOptions sensors;
  TimeOptions time;
  MdraidOptions mdraid;
  EdacOptions edac;
  EmmcOptions emmc;
};

}  // namespace edgehaul::host
