// SPDX-License-Identifier: Apache-2.0
#include "identity/maas.hpp"

#include <cstdint>
#include <utility>

#include <unistd.h>

#include <boost/json/basic_parser_impl.hpp>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "identity/secret_file.hpp"

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

// Walks over the document and keeps four texts of its stable part, "v1"; the rest (`ds` holds what
// the metadata service said) passes by without being stored.
class InstanceReader {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Fault = boost::system::error_code;

  Instance instance;

  bool on_document_begin(Fault&) { return true; }
  bool on_document_end(Fault&) { return true; }
  bool on_object_begin(Fault&) { return enter(); }
  bool on_object_end(std::size_t, Fault&) { return leave(); }
  bool on_array_begin(Fault&) { return enter(); }
  bool on_array_end(std::size_t, Fault&) { return leave(); }
  bool on_key_part(json::string_view part, std::size_t, Fault&) {
    if (key_.size() + part.size() <= kMaxKey) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t size, Fault& fault) {
    on_key_part(part, size, fault);
    if (size > kMaxKey) key_.clear();
    if (depth_ == 1) is_stable_ = key_ == "v1";
    target_ = depth_ == 2 && is_stable_ ? target_of(key_) : nullptr;
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t size, Fault&) {
    if (target_ != nullptr && size <= kMaxValue) target_->append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t size, Fault& fault) {
    on_string_part(part, size, fault);
    return end_value();
  }
  bool on_number_part(json::string_view, Fault&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Fault&) { return end_value(); }
  bool on_uint64(std::uint64_t, json::string_view, Fault&) { return end_value(); }
  bool on_double(double, json::string_view, Fault&) { return end_value(); }
  bool on_bool(bool, Fault&) { return end_value(); }
  bool on_null(Fault&) { return end_value(); }
  bool on_comment_part(json::string_view, Fault&) { return true; }
  bool on_comment(json::string_view, Fault&) { return true; }

 private:
  bool enter() {
    target_ = nullptr;
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool end_value() {
    target_ = nullptr;
    return true;
  }
  std::string* target_of(std::string_view key) {
    if (key == "cloud_name") return &instance.cloud;
    if (key == "instance_id") return &instance.id;
    if (key == "local_hostname") return &instance.host_name;
    if (key == "availability_zone") return &instance.zone;
    return nullptr;
  }

  static constexpr std::size_t kMaxKey = 32;
  std::string key_;
  std::string* target_ = nullptr;
  bool is_stable_ = false;
  int depth_ = 0;
};

Result<Instance> parse_instance(std::string_view body) {
  json::basic_parser<InstanceReader> parser(json::parse_options{.max_depth = 16});
  boost::system::error_code fault;
  const std::size_t taken = parser.write_some(false, body.data(), body.size(), fault);
  const bool is_whole =
      !fault && text::trim(body.substr(taken)).find_first_not_of("\r\n") == std::string_view::npos;
  if (!is_whole) return fail(Errc::malformed, "{}: not JSON", kInstance);
  return std::move(parser.handler().instance);
}

Instance read_instance(const base::Roots& roots, Draft& draft) {
  const auto file = SecretFile::read(roots.at(kInstance), kMaxFile);
  if (file) {
    auto instance = parse_instance(file->text());
    if (instance) return std::move(*instance);
    draft.note("maas: " + instance.error().message);
  } else if (file.error().code != Errc::absent) {
    draft.note("maas: " + file.error().message);
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
