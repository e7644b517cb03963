// SPDX-License-Identifier: Apache-2.0
#include "identity/identity.hpp"

#include <algorithm>

#include "identity/draft.hpp"
#include "identity/environment.hpp"
#include "identity/hardware.hpp"
#include "identity/host.hpp"
#include "identity/kairos.hpp"
#include "identity/maas.hpp"
#include "identity/os.hpp"
#include "identity/palette.hpp"

namespace edgehaul::identity {

namespace {

void detect(const base::Roots& roots, const Options& options, Draft& draft) {
  const auto wants = [&](std::string_view name) {
    const auto& names = options.choice.detectors;
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (wants("host")) detect_host(roots, draft);
  if (wants("os")) detect_os(roots, draft);
  if (wants("hardware")) detect_hardware(roots, draft);
  if (wants("palette")) detect_palette(roots, draft);
  if (wants("kairos")) detect_kairos(roots, draft);
  if (wants("maas")) detect_maas(roots, draft);
  if (wants("kubernetes")) {
    draft.set("kubernetes", "k8s.node.name", options.kubernetes.node_name);
    draft.set("kubernetes", "palette.kubernetes.distribution", options.kubernetes.distribution);
  }
}

void set_service(const Options& options, Draft& draft) {
  draft.set("edgehaul", "service.name", "edgehaul");
  draft.set("edgehaul", "service.version", options.version);
}

}  // namespace

Identity resolve(const base::Roots& roots, const Options& options) {
  Draft draft;
  detect(roots, options, draft);
  set_service(options, draft);
  draft.sort_out(options.choice);
  detect_environment(options.environment_attributes, options.environment_service, draft);
  for (const auto& [key, value] : options.attributes) {
    // `host.id: ""` takes an attribute away.
    if (value.empty()) draft.erase(key);
    draft.set("configuration", key, value);
  }
  return draft.take();
}

}  // namespace edgehaul::identity
