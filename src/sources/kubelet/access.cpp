// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/access.hpp"

#include <algorithm>
#include <functional>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "sources/kubelet/kubeconfig.hpp"

namespace edgehaul::kubelet {

namespace {

constexpr std::size_t kMaxPem = 1024 * 1024;
constexpr std::size_t kMaxToken = 64 * 1024;
constexpr std::string_view kPath = "/stats/summary";

Result<std::string> read_text(std::string_view what, const std::string& path, std::size_t limit) {
  std::string buffer;
  const auto body = base::read_file(path, buffer, limit);
  if (!body) return within(what, body.error());
  return std::string(*body);
}

void use_token(Access& access, const std::string& token, std::string who) {
  access.request.headers.emplace_back("authorization", "Bearer " + token);
  access.who = std::move(who);
}

Result<void> read_token(const std::string& path, Access& access) {
  const auto body = read_text("token", path, kMaxToken);
  if (!body) return pass(body.error());
  const std::string token(text::trim(*body));
  if (token.empty()) return fail(Errc::invalid, "token {}: the file is empty", path);
  use_token(access, token, "the token of " + path);
  return {};
}

Result<void> read_pair(const KeyPair& pair, Access& access) {
  const auto cert = read_text("certificate", pair.cert_file, kMaxPem);
  if (!cert) return pass(cert.error());
  const std::string& key_file = pair.key_file.empty() ? pair.cert_file : pair.key_file;
  const auto key = read_text("key", key_file, kMaxPem);
  if (!key) return pass(key.error());
  access.request.tls.cert_pem = *cert;
  access.request.tls.key_pem = *key;
  access.who = "the certificate " + pair.cert_file;
  return {};
}

Result<void> read_login(const std::string& path, Access& access) {
  auto login = read_kubeconfig(path);
  if (!login) return pass(login.error());
  access.request.tls.cert_pem = login->cert_pem;
  access.request.tls.key_pem = login->key_pem;
  access.request.tls.ca_pem = login->ca_pem;
  access.who = "the user of " + path;
  if (!login->token.empty()) use_token(access, login->token, access.who);
  return {};
}

Result<void> read_configured(const Options& options, Access& access) {
  if (!options.kubeconfig.empty()) {
    if (auto done = read_login(options.kubeconfig, access); !done) return done;
  }
  if (!options.cert_file.empty()) {
    if (auto done = read_pair({options.cert_file, options.key_file}, access); !done) return done;
  }
  if (!options.token_file.empty()) return read_token(options.token_file, access);
  return {};
}

// Whatever can be read; without any the kubelet will say that it wants some.
void read_found(const Found& found, Access& access) {
  if (!found.token_file.empty() && read_token(found.token_file, access)) return;
  for (const KeyPair& pair : found.key_pairs) {
    if (read_pair(pair, access)) return;
  }
  if (!found.kubeconfig.empty())
    static_cast<void>(read_login(found.kubeconfig, access).has_value());
}

Result<void> read_authorities(const Options& options, const Found& found, Access& access) {
  std::string& pem = access.request.tls.ca_pem;
  if (!options.ca_file.empty()) {
    auto body = read_text("ca_file", options.ca_file, kMaxPem);
    if (!body) return pass(body.error());
    pem = std::move(*body);
    return {};
  }
  for (const std::string& path : found.authorities) {
    if (const auto body = read_text("ca", path, kMaxPem)) pem += "\n" + *body;
  }
  return {};
}

std::size_t fingerprint(const http::ClientRequest& request) {
  std::string all;
  for (const auto& [name, value] : request.headers)
    all += name + value;
  all += request.tls.ca_pem + '\0' + request.tls.cert_pem + '\0' + request.tls.key_pem;
  return std::hash<std::string>{}(all);
}

std::vector<std::string> names_of(const Options& options, const Found& found) {
  if (!options.node_name.empty()) return {options.node_name};
  std::vector<std::string> names;
  if (!found.node_name.empty()) names.push_back(found.node_name);
  names.emplace_back();  // distributions that put 127.0.0.1 into the certificate
  return names;
}

}  // namespace

Result<Access> read_access(const Options& options, const Found& found) {
  Access access;
  std::string endpoint = options.endpoint;
  if (endpoint.empty()) endpoint = "https://127.0.0.1:" + found.port;
  while (endpoint.ends_with('/'))
    endpoint.pop_back();
  access.request.url = endpoint + std::string(kPath);
  access.request.timeout = options.timeout;
  access.request.connect_timeout = options.timeout;
  access.request.max_response = options.max_size;
  access.request.headers.emplace_back("accept", "application/json");
  access.who = "nobody";
  access.names = {std::string()};
  // The read-only port asks for nothing, and a token must not travel in the clear.
  if (!endpoint.starts_with("https://")) return access;
  const bool is_configured =
      !options.token_file.empty() || !options.cert_file.empty() || !options.kubeconfig.empty();
  if (is_configured) {
    if (auto done = read_configured(options, access); !done) return pass(done.error());
  } else {
    read_found(found, access);
  }
  access.request.tls.insecure_skip_verify = options.insecure_skip_verify;
  if (auto done = read_authorities(options, found, access); !done) return pass(done.error());
  if (!options.insecure_skip_verify) access.names = names_of(options, found);
  access.fingerprint = fingerprint(access.request);
  return access;
}

}  // namespace edgehaul::kubelet
