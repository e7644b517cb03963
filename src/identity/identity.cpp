// SPDX-License-Identifier: Apache-2.0
#include "identity/identity.hpp"

#include "identity/draft.hpp"
#include "identity/environment.hpp"
#include "identity/host.hpp"
#include "identity/os.hpp"

namespace edgehaul::identity {

namespace {

void set_service(const Options& options, Draft& draft) {
  draft.set("edgehaul", "service.name", "edgehaul");
  draft.set("edgehaul", "service.version", options.version);
  draft.set("edgehaul", "service.instance.id", options.instance_id);
}

}  // namespace

Identity resolve(const base::Roots& roots, const Options& options) {
  Draft draft;
  detect_host(roots, draft);
  detect_os(roots, draft);
  set_service(options, draft);
  detect_environment(options.environment_attributes, options.environment_service, draft);
  for (const auto& [key, value] : options.attributes) {
    // `host.id: ""` takes an attribute away.
    if (value.empty()) draft.erase(key);
    draft.set("configuration", key, value);
  }
  return draft.take();
}

}  // namespace edgehaul::identity
