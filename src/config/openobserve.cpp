// SPDX-License-Identifier: Apache-2.0
#include "config/openobserve.hpp"

#include <sys/stat.h>
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"
#include "config/endpoint.hpp"

namespace edgehaul::config {

namespace {

constexpr std::size_t kMaxPassword = 4096;

bool is_organization(std::string_view name) {
  return !name.empty() && name.size() <= 128 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

class Preparation {
 public:
  explicit Preparation(Draft& draft) : draft_(draft), to_(draft.to) {}

  std::vector<KeyComplaint> run(bool has_protocol) {
    if (has_protocol && to_.protocol == forward::Protocol::grpc) {
      add("protocol", "the preset speaks HTTP: OpenObserve's gRPC says OK for data it lost",
          "remove it");
    }
    to_.protocol = forward::Protocol::http;
    complete_path();
    add_credentials();
    if (!draft_.stream.empty()) to_.headers.emplace_back("stream-name", draft_.stream);
    complaints_.push_back({Severity::note, "endpoint",
                           "OpenObserve drops logs and traces that are older than its "
                           "ZO_INGEST_ALLOWED_UPTO when they arrive, 5 hours unless it was raised",
                           "raise it beyond the longest outage"});
    return std::move(complaints_);
  }

 private:
  void add(const char* key, std::string message, std::string suggestion = {}) {
    complaints_.push_back({Severity::error, key, std::move(message), std::move(suggestion)});
  }

  // A base path (ZO_BASE_URI) may stand before /api; what is wrong with the endpoint otherwise is
  // told by those who check every endpoint.
  void complete_path() {
    auto endpoint = parse_endpoint(to_.endpoint);
    if (to_.endpoint.empty() || !endpoint) return;
    const std::size_t api = endpoint->path.find("/api/");
    if (api != std::string::npos) {
      std::string_view inside = std::string_view(endpoint->path).substr(api + 5);
      inside = inside.substr(0, inside.find('/'));
      if (!draft_.organization.empty() && draft_.organization != inside) {
        add("organization", fmt::format("the endpoint's path says {}", inside),
            "remove one of the two");
      }
      return;
    }
    const std::string name = draft_.organization.empty() ? "default" : draft_.organization;
    if (!is_organization(name)) {
      add("organization", "not an organization's name", "letters, digits, '.', '_' and '-'");
      return;
    }
    to_.endpoint = fmt::format("{}{}/api/{}", base_of(to_.endpoint), endpoint->path, name);
  }

  // Scheme, host and port as they were written.
  static std::string base_of(const std::string& url) {
    const std::size_t mark = url.find("://");
    const std::size_t host = mark == std::string::npos ? 0 : mark + 3;
    return url.substr(0, url.find('/', host));
  }

  void add_credentials() {
    const auto is_authorization = [](const auto& header) {
      return text::lower(header.first) == "authorization";
    };
    const bool has_header = std::any_of(to_.headers.begin(), to_.headers.end(), is_authorization);
    if (has_header && !draft_.user.empty()) {
      add("user", "there is an authorization header already", "remove one of the two");
    }
    if (has_header) return;
    if (draft_.user.empty()) return add("user", "missing", "such as root@example.com");
    if (draft_.user.find(':') != std::string::npos) {
      return add("user", "has a colon, which Basic credentials cannot hold");
    }
    if (draft_.password_file.empty()) {
      return add("password_file", "missing", "name a file that holds the password alone");
    }
    std::string password;
    if (!read_password(password)) return;
    to_.headers.emplace_back(
        "authorization",
        "Basic " + base::base64_encode(fmt::format("{}:{}", draft_.user, password), true));
  }

  bool read_password(std::string& password) {
    struct stat status {};
    if (::stat(draft_.password_file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
      add("password_file", "not a plain file");
      return false;
    }
    if (const auto read = base::read_file(draft_.password_file, password, kMaxPassword); !read) {
      add("password_file", "cannot be read: " + read.error().message);
      return false;
    }
    while (password.ends_with('\n') || password.ends_with('\r'))
      password.pop_back();
    if (password.empty()) add("password_file", "is empty");
    return !password.empty();
  }

  Draft& draft_;
  forward::Destination& to_;
  std::vector<KeyComplaint> complaints_;
};

}  // namespace

std::vector<KeyComplaint> apply_openobserve(Draft& draft, bool has_protocol) {
  return Preparation(draft).run(has_protocol);
}

}  // namespace edgehaul::config
