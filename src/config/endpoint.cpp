// SPDX-License-Identifier: Apache-2.0
#include "config/endpoint.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::config {

namespace {

constexpr std::size_t kMaxUrl = 2048;

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != std::string_view::npos &&
           host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  }
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), is_name);
}

Result<void> take_authority(std::string_view text, Endpoint& out) {
  if (const auto halves = text::split_last(text, '@')) {
    out.has_user = true;
    text = halves->tail;
  }
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return fail(Errc::invalid, "'[' without its ']'");
    ++end;
  }
  out.host = text.substr(0, end);
  if (!is_host(out.host)) return fail(Errc::invalid, "no host name or address in it");
  if (end >= text.size()) return {};
  std::uint32_t port = 0;
  if (text[end] != ':' || !text::parse_into(text.substr(end + 1), port) || port == 0 ||
      port > 65535) {
    return fail(Errc::invalid, "the port is not a number from 1 to 65535");
  }
  out.port = port;
  return {};
}

}  // namespace

std::string Endpoint::url() const {
  return fmt::format("{}://{}:{}{}", scheme, host, port, path);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint out;
  if (text.size() > kMaxUrl) return fail(Errc::invalid, "longer than 2048 bytes");
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), is_odd))
    return fail(Errc::invalid, "has a blank in it");
  if (const std::size_t mark = text.find("://"); mark != std::string_view::npos) {
    out.scheme = text::lower(text.substr(0, mark));
    text.remove_prefix(mark + 3);
  }
  if (text.find_first_of("?#") != std::string_view::npos) {
    return fail(Errc::invalid, "a query or fragment has no meaning here");
  }
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) out.path = text.substr(slash);
  while (out.path.ends_with('/'))
    out.path.pop_back();
  if (auto taken = take_authority(text.substr(0, slash), out); !taken) return pass(taken.error());
  return out;
}

std::string redact(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos || scheme > at ? 0 : scheme + 3;
  return std::string(url.substr(0, begin)) + "***" + std::string(url.substr(at));
}

}  // namespace edgehaul::config
