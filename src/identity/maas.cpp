// SPDX-License-Identifier: Apache-2.0
#include "identity/maas.hpp"

#include <unistd.h>
#include <boost/json.hpp>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

namespace json = boost::json;

constexpr std::string_view kOrigin = "maas";
constexpr const char* kInstance = "/run/cloud-init/instance-data.json";
constexpr std::size_t kMaxFile = std::size_t{1} << 20;

bool exists(const base::Roots& roots, std::string_view path) {
  return ::access(roots.at(path).c_str(), F_OK) == 0;
}

struct Instance {
  std::string cloud;
  std::string id;
  std::string host_name;
  std::string zone;
};

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

// The stable part of the document only; `ds` holds what the metadata service said.
Result<Instance> parse_instance(std::string_view body) {
  json::stream_parser parser({}, {.max_depth = 16});
  boost::system::error_code fault;
  parser.write(body.data(), body.size(), fault);
  if (!fault) parser.finish(fault);
  if (fault) return fail(Errc::malformed, "{}: not JSON", kInstance);
  const json::value document = parser.release();
  const auto* top = document.if_object();
  const auto* v1 = top == nullptr ? nullptr : top->if_contains("v1");
  const auto* stable = v1 == nullptr ? nullptr : v1->if_object();
  if (stable == nullptr) return fail(Errc::malformed, "{}: has no \"v1\"", kInstance);
  return Instance{text_of(*stable, "cloud_name"), text_of(*stable, "instance_id"),
                  text_of(*stable, "local_hostname"), text_of(*stable, "availability_zone")};
}

Instance read_instance(const base::Roots& roots, Draft& draft) {
  std::string buffer;
  const auto body = base::read_file(roots.at(kInstance), buffer, kMaxFile);
  if (body) {
    auto instance = parse_instance(*body);
    if (instance) return *instance;
    draft.note("maas: " + instance.error().message);
  } else if (body.error().code != Errc::absent) {
    draft.note("maas: " + body.error().message);
  }
  return {};
}

}  // namespace

void detect_maas(const base::Roots& roots, Draft& draft) {
  Instance instance = read_instance(roots, draft);
  // curtin's file holds OAuth tokens: that it is there is all that is asked.
  const bool is_maas =
      text::lower(instance.cloud) == "maas" ||
      (instance.cloud.empty() && exists(roots, "/etc/cloud/cloud.cfg.d/90_maas_datasource.cfg"));
  if (!is_maas) return;
  if (instance.id.empty()) {
    instance.id = base::read_line(roots.at("/var/lib/cloud/data/instance-id")).value_or("");
  }
  draft.set(kOrigin, "maas.system_id", instance.id);
  draft.set(kOrigin, "maas.hostname", instance.host_name);
  draft.set(kOrigin, "maas.zone", instance.zone);
}

}  // namespace edgehaul::identity
