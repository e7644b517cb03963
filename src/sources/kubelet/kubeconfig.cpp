// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/kubeconfig.hpp"

#include <array>
#include <cstdint>

#include <yaml-cpp/yaml.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::kubelet {

namespace {

constexpr std::size_t kMaxBytes = 1024 * 1024;

std::string scalar(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return {};
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

// The map `what` of the element of `list` called `name`; null when there is none.
YAML::Node named(const YAML::Node& list, const std::string& name, const char* what) {
  if (!list || !list.IsSequence()) return {};
  for (const auto& element : list) {
    if (scalar(element, "name") != name) continue;
    const YAML::Node part = element[what];
    if (part && part.IsMap()) return part;
  }
  return {};
}

constexpr std::array<std::int8_t, 256> base64_digits() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return digits;
}

Result<std::string> decode_base64(std::string_view coded) {
  static constexpr auto kDigits = base64_digits();
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : coded) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '=') continue;
    const std::int8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return fail(Errc::malformed, "not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFFU);
  }
  return out;
}

// "KEY-data" in base64, or the file that KEY names.
Result<std::string> read_part(const YAML::Node& node, const std::string& key,
                              const std::string& folder) {
  if (const std::string coded = scalar(node, (key + "-data").c_str()); !coded.empty()) {
    auto data = decode_base64(coded);
    return data ? data : within(key + "-data", data.error());
  }
  std::string path = scalar(node, key.c_str());
  if (path.empty()) return std::string();
  if (!path.starts_with('/')) path = folder + path;
  std::string buffer;
  const auto body = base::read_file(path, buffer, kMaxBytes);
  if (!body) return within(key, body.error());
  return std::string(*body);
}

Result<Login> read_login(const YAML::Node& root, const std::string& folder) {
  const YAML::Node context = named(root["contexts"], scalar(root, "current-context"), "context");
  if (!context.IsMap()) return fail(Errc::invalid, "current-context names no context");
  const YAML::Node user = named(root["users"], scalar(context, "user"), "user");
  if (!user.IsMap()) return fail(Errc::invalid, "the current context names no user");
  Login login;
  const auto take = [&](const YAML::Node& node, const char* key, std::string& out) -> Result<void> {
    auto part = read_part(node, key, folder);
    if (!part) return pass(part.error());
    out = std::move(*part);
    return {};
  };
  if (auto done = take(user, "client-certificate", login.cert_pem); !done)
    return pass(done.error());
  if (auto done = take(user, "client-key", login.key_pem); !done) return pass(done.error());
  if (auto done = take(user, "tokenFile", login.token); !done) return pass(done.error());
  if (login.token.empty()) login.token = scalar(user, "token");
  login.token = std::string(text::trim(login.token));
  if (login.cert_pem.empty() && login.token.empty()) {
    return fail(Errc::invalid,
                "the current user has neither a client certificate nor a token (plugins such as "
                "exec are not run)");
  }
  const YAML::Node cluster = named(root["clusters"], scalar(context, "cluster"), "cluster");
  if (cluster.IsMap()) {
    if (auto done = take(cluster, "certificate-authority", login.ca_pem); !done)
      return pass(done.error());
  }
  return login;
}

}  // namespace

Result<Login> read_kubeconfig(const std::string& path) {
  std::string buffer;
  const auto body = base::read_file(path, buffer, kMaxBytes);
  if (!body) return within("kubeconfig", body.error());
  try {
    const YAML::Node root = YAML::Load(std::string(*body));
    if (!root.IsMap()) return fail(Errc::malformed, "kubeconfig {}: no YAML map", path);
    auto login = read_login(root, path.substr(0, path.rfind('/') + 1));
    if (!login) return within("kubeconfig " + path, login.error());
    return login;
  } catch (const YAML::Exception& fault) {
    return fail(Errc::malformed, "kubeconfig {}:{}: not YAML", path, fault.mark.line + 1);
  }
}

}  // namespace edgehaul::kubelet
