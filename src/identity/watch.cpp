// SPDX-License-Identifier: Apache-2.0
#include "identity/watch.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/fd.hpp"
#include "identity/user_data.hpp"

namespace edgehaul::identity {

namespace {

// What resolve() and kubelet::detect() read. Folders change when files come and go:
// /run/cos, and device-plugins, where each start of a kubelet, perhaps with other arguments, makes
// a socket.
constexpr std::array kPaths{"/etc/machine-id",
                            "/var/lib/dbus/machine-id",
                            "/etc/hostname",
                            "/etc/os-release",
                            "/usr/lib/os-release",
                            "/etc/kairos-release",
                            "/run/cos",
                            "/oem",
                            "/etc/spectro/environment",
                            "/opt/spectrocloud",
                            "/opt/spectrocloud/state",
                            "/run/cloud-init/instance-data.json",
                            "/var/lib/cloud/data/instance-id",
                            "/etc/cloud/cloud.cfg.d/90_maas_datasource.cfg",
                            "/var/lib/kubelet/config.yaml",
                            "/var/lib/kubelet/device-plugins",
                            "/var/lib/kubelet/kubeconfig",
                            "/etc/kubernetes/kubelet.conf",
                            "/etc/kubernetes/kubelet",
                            "/etc/rancher/k3s/config.yaml",
                            "/etc/rancher/rke2/config.yaml",
                            "/var/lib/rancher/k3s/agent",
                            "/var/lib/rancher/rke2/agent",
                            "/var/snap/k8s/common/args/kubelet",
                            "/var/snap/microk8s/current/args/kubelet"};

// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes)
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
      value_ = (value_ ^ (number >> shift & 0xFF)) * 0x100000001B3ULL;
  }
  void add_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return add(0);
    add(status.st_ino);
    add(static_cast<std::uint64_t>(status.st_size));
    for (const timespec& time : {status.st_mtim, status.st_ctim}) {
      add(static_cast<std::uint64_t>(time.tv_sec));
      add(static_cast<std::uint64_t>(time.tv_nsec));
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

}  // namespace

std::uint64_t fingerprint(const base::Roots& roots) {
  Hash hash;
  utsname kernel{};
  if (roots.is_live() && ::uname(&kernel) == 0) hash.add(kernel.nodename);
  for (const char* path : kPaths)
    hash.add_file(roots.at(path));
  Draft unused;
  for (const std::string& path : user_data_files(roots, unused)) {
    hash.add(path);
    hash.add_file(roots.at(path));
  }
  return hash.value();
}

Watch::Watch(base::Roots roots, const base::Clock& clock, std::chrono::milliseconds tick,
             std::function<Identity()> resolve)
    : roots_(std::move(roots)),
      clock_(clock),
      look_every_(std::min<std::chrono::milliseconds>(kLookEvery, kLookTicks * tick)),
      resolve_(std::move(resolve)),
      resolved_(fingerprint(roots_)),
      seen_(resolved_),
      next_look_(clock.steady() + look_every_),
      current_(std::make_shared<const Identity>(resolve_())) {}

Watch::Shared Watch::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool Watch::refresh() {
  if (clock_.steady() < next_look_) return false;
  next_look_ = clock_.steady() + look_every_;
  const std::uint64_t now = fingerprint(roots_);
  const bool lies_still = now == seen_;
  seen_ = now;
  if (now == resolved_ || !lies_still) return false;
  resolved_ = now;
  auto next = std::make_shared<const Identity>(resolve_());
  const Shared before = current();
  const bool is_other = next->attributes != before->attributes ||
                        next->details != before->details || next->notes != before->notes;
  if (!is_other) return false;
  const std::lock_guard lock(mutex_);
  current_ = std::move(next);
  return true;
}

}  // namespace edgehaul::identity
