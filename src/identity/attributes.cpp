// SPDX-License-Identifier: Apache-2.0
#include "identity/attributes.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

// Semantic conventions' names where there is one; else palette.*, kairos.* and maas.*.
constexpr auto kDefs = std::to_array<AttributeDef>({
    {"host.name", "host", true, "Name of the host.",
     "the kernel's node name, else `/etc/hostname`"},
    {"host.id", "host", true, "Id of the installation.",
     "`/etc/machine-id`, else `/var/lib/dbus/machine-id`"},
    {"host.arch", "host", true, "Processor architecture: amd64, arm64, …", "uname"},
    {"os.type", "os", true, "Always linux.", ""},
    {"os.name", "os", false, "Name of the distribution.",
     "`NAME` of `/etc/os-release`, else `/usr/lib/os-release`"},
    {"os.version", "os", false, "Version of the distribution.", "`VERSION_ID` there"},
    {"os.description", "os", false, "Distribution and kernel in words.",
     "`PRETTY_NAME` there and `/proc/sys/kernel/osrelease`"},
    {"os.build_id", "os", false, "Build of the image.", "`BUILD_ID` there"},
    {"hw.vendor", "hardware", false, "Maker of the machine.",
     "`/sys/class/dmi/id/sys_vendor`, else the device tree's `compatible`"},
    {"hw.model", "hardware", false, "Model of the machine.",
     "`/sys/class/dmi/id/product_name`, else the device tree's `model`"},
    {"hw.serial_number", "hardware", false, "Serial number of the machine.",
     "`/sys/class/dmi/id/product_serial` (for root or with CAP_DAC_READ_SEARCH), else the device "
     "tree's `serial-number`"},
    {"palette.edge_host.id", "palette", true, "Id under which Palette knows the edge host.",
     "`stylus.site.name`; else `prefix` and the first id below `deviceUIDPaths`, "
     "`/sys/class/dmi/id/product_uuid` unless that is set"},
    {"palette.host_mode", "palette", false, "appliance or agent.",
     "`/opt/spectrocloud/state/agent-mode` below `STYLUS_ROOT`"},
    {"palette.management_mode", "palette", false, "central or local.", "`stylus.managementMode`"},
    {"palette.project.name", "palette", false, "Project of the edge host.",
     "`stylus.site.projectName`"},
    {"palette.project.uid", "palette", false, "Project of the edge host.",
     "`stylus.site.projectUid`"},
    {"palette.cluster.uid", "palette", false, "Cluster that the host is meant for.",
     "`stylus.site.clusterId`"},
    {"palette.site.tag.*", "palette", false, "A tag of the site, by its name.",
     "`stylus.site.tags` and `tagsFromFile`"},
    {"kairos.name", "kairos", false, "Name of the image.", "`/etc/kairos-release`"},
    {"kairos.version", "kairos", false, "Version of the image.", "`/etc/kairos-release`"},
    {"kairos.image.label", "kairos", false, "Label of the image.", "`/etc/kairos-release`"},
    {"kairos.fips", "kairos", false, "Whether the image is a FIPS build.", "`/etc/kairos-release`"},
    {"kairos.boot.state", "kairos", false, "Image that booted: active, passive, recovery, …",
     "`/run/cos/*_mode`"},
    {"kairos.boot.uki", "kairos", false, "true after a Trusted Boot.", "`/run/cos/uki_boot_mode`"},
    {"maas.system_id", "maas", true, "Id of the machine in MAAS.",
     "`v1.instance_id` of `/run/cloud-init/instance-data.json`, else "
     "`/var/lib/cloud/data/instance-id`"},
    {"maas.hostname", "maas", false, "Name of the machine in MAAS.", "`v1.local_hostname` there"},
    {"maas.zone", "maas", false, "Zone in MAAS, where cloud-init knows it.",
     "`v1.availability_zone` there"},
    {"k8s.cluster.name", "palette", true, "Name of the cluster, where it was set beforehand.",
     "`stylus.site.clusterName`"},
    {"k8s.node.name", "kubernetes", true, "Name of the node.", "the kubelet's configuration"},
    {"palette.kubernetes.distribution", "kubernetes", false, "kubeadm, k3s, rke2, …",
     "the kubelet's files"},
    {"service.name", "", true, "Always edgehaul.", ""},
    {"service.version", "", false, "Version of edgehaul.", ""},
});

bool matches(const std::vector<std::string>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(),
                     [name](const auto& glob) { return text::glob_match(glob, name); });
}

}  // namespace

std::span<const AttributeDef> attribute_defs() {
  return kDefs;
}

Place place_of(std::string_view name, const Choice& choice) {
  if (matches(choice.exclude, name)) return Place::nowhere;
  if (matches(choice.include, name)) return Place::resource;
  for (const AttributeDef& def : kDefs) {
    if (text::glob_match(def.name, name)) return def.on ? Place::resource : Place::info;
  }
  return Place::info;
}

std::string attributes_markdown() {
  std::string out = "| attribute | meaning | from | on every sample |\n|---|---|---|---|\n";
  for (const AttributeDef& def : kDefs) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", def.name, def.meaning,
                       def.origin.empty() ? "–" : def.origin, def.on ? "yes" : "");
  }
  return out;
}

}  // namespace edgehaul::identity
