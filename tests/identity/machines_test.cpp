// SPDX-License-Identifier: Apache-2.0
// The detectors of hardware, Kairos and MAAS, over recorded machines and over files that lie.
#include <algorithm>

#include <doctest/doctest.h>

#include "identity/attributes.hpp"
#include "identity/identity.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using identity::Identity;

namespace {

std::string value(const Identity& identity, std::string_view key) {
  for (const auto* attributes : {&identity.attributes, &identity.details}) {
    for (const auto& [name, stated] : *attributes) {
      if (name == key) return std::get<std::string>(stated);
    }
  }
  return "-";
}

Identity recorded(std::string_view machine) {
  const std::string folder = test::source_file("fixtures/" + std::string(machine));
  return identity::resolve(base::Roots::below(folder), {});
}

constexpr const char* kMachines[] = {"kubeadm",      "k3s",  "hybrid-v1", "rke2",
                                     "docker",       "maas", "jetson",    "palette-appliance",
                                     "palette-agent"};

}  // namespace

TEST_CASE("machines: what each is recognised by") {
  struct Row {
    const char* machine;
    const char* key;
    const char* value;
  };
  const Row rows[] = {
      {"kubeadm", "hw.model", "PowerEdge R650"},
      {"kubeadm", "hw.serial_number", "7XK2M93"},
      {"kubeadm", "palette.edge_host.id", "-"},
      {"kubeadm", "maas.system_id", "-"},
      {"k3s", "hw.vendor", "-"},  // placeholders
      {"k3s", "hw.serial_number", "-"},
      {"maas", "maas.system_id", "yw4mrk"},
      {"maas", "maas.hostname", "node-7.maas"},
      {"maas", "maas.zone", "rack-12"},
      {"jetson", "hw.vendor", "nvidia"},
      {"jetson", "hw.model", "NVIDIA Jetson AGX Orin Developer Kit"},
      {"jetson", "hw.serial_number", "1421222012345"},
      {"jetson", "kairos.boot.state", "passive"},
      {"jetson", "palette.edge_host.id", "orin-3-lab"},
      {"palette-appliance", "palette.edge_host.id", "shop-f1c0d6a23b4e5f60817293a4b5c6d7e8"},
      {"palette-appliance", "palette.site.tag.store", "0042"},
      {"palette-appliance", "k8s.cluster.name", "store-0042"},
      {"palette-appliance", "kairos.version", "v3.4.2"},
      {"palette-appliance", "kairos.boot.state", "active"},
      {"palette-agent", "palette.edge_host.id", "edge-gw-0019"},
      {"palette-agent", "palette.host_mode", "agent"},
      {"palette-agent", "palette.management_mode", "local"},
      {"palette-agent", "palette.site.tag.Location", "Mumbai,India"},
      {"palette-agent", "kairos.name", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.machine);
    CAPTURE(row.key);
    CHECK(value(recorded(row.machine), row.key) == row.value);
  }
}

TEST_CASE("machines: every attribute that is found is in the table, and few are on every sample") {
  for (const char* machine : kMachines) {
    CAPTURE(machine);
    const Identity found = recorded(machine);
    CHECK(found.attributes.size() <= 8);
    for (const auto* attributes : {&found.attributes, &found.details}) {
      for (const auto& attribute : *attributes) {
        CAPTURE(attribute.first);
        const auto defs = identity::attribute_defs();
        CHECK(std::any_of(defs.begin(), defs.end(), [&](const auto& def) {
          return def.name == attribute.first ||
                 (def.name.ends_with('*') &&
                  attribute.first.starts_with(def.name.substr(0, def.name.size() - 1)));
        }));
      }
    }
  }
}

TEST_CASE("maas: only where cloud-init says so, and from files that may lie") {
  struct Row {
    const char* json;
    const char* system_id;
  };
  const Row rows[] = {
      {R"({"v1":{"cloud_name":"maas","instance_id":"abc123"}})", "abc123"},
      {R"({"v1":{"cloud_name":"MAAS","instance_id":"abc123"}})", "abc123"},
      {R"({"v1":{"cloud_name":"nocloud","instance_id":"abc123"}})", "-"},
      {R"({"v1":{"cloud_name":"maas","instance_id":7}})", "fallback"},
      {R"({"v1":[]})", "-"},
      {R"([])", "-"},
      {R"({"v1":{"cloud_name":"maas","inst)", "-"},
      {"\x00\xFF", "-"},
      {"", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    const test::TempDir machine;
    machine.write("run/cloud-init/instance-data.json", row.json);
    machine.write("var/lib/cloud/data/instance-id", "fallback\n");
    CHECK(value(identity::resolve(machine.roots(), {}), "maas.system_id") == row.system_id);
  }
  const test::TempDir machine;
  machine.write("run/cloud-init/instance-data.json", std::string(100'000, '['));
  CHECK(value(identity::resolve(machine.roots(), {}), "maas.system_id") == "-");
  machine.remove("run/cloud-init/instance-data.json");
  machine.write("etc/cloud/cloud.cfg.d/90_maas_datasource.cfg", "");
  machine.write("var/lib/cloud/data/instance-id", "yw4mrk\n");
  CHECK(value(identity::resolve(machine.roots(), {}), "maas.system_id") == "yw4mrk");
}

TEST_CASE("kairos: older images state their release in os-release; Trusted Boot") {
  const test::TempDir machine;
  machine.write("etc/os-release", "ID=kairos\nKAIROS_VERSION=v2.0.0\nKAIROS_NAME=\"old\"\n");
  machine.write("run/cos/recovery_mode", "");
  machine.write("run/cos/uki_boot_mode", "");
  Identity found = identity::resolve(machine.roots(), {});
  CHECK(value(found, "kairos.version") == "v2.0.0");
  CHECK(value(found, "kairos.boot.state") == "recovery");
  CHECK(value(found, "kairos.boot.uki") == "true");
  machine.write("etc/kairos-release", "KAIROS_VERSION=\"v3.0.0\"\n");
  found = identity::resolve(machine.roots(), {});
  CHECK(value(found, "kairos.version") == "v3.0.0");
  CHECK(value(found, "kairos.name") == "old");
}
