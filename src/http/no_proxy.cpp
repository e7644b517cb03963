// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <optional>

#include <arpa/inet.h>

#include "base/text.hpp"
#include "http/target.hpp"

namespace edgehaul::http {

namespace {

struct Address {
  std::array<unsigned char, 16> bytes{};
  unsigned bits = 0;  // 32 or 128
};

std::string_view bare(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  return host;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(bare(text));
  Address address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) {
    address.bits = 32;
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    address.bits = 128;
    return address;
  }
  return std::nullopt;
}

bool in_block(const Address& address, const Address& block, unsigned prefix) {
  if (address.bits != block.bits || prefix > block.bits) return false;
  const unsigned whole = prefix / 8;
  if (std::memcmp(address.bytes.data(), block.bytes.data(), whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - prefix % 8) & 0xFFU;
  return (address.bytes.at(whole) & mask) == (block.bytes.at(whole) & mask);
}

bool matches_address(std::string_view entry, const Address& address) {
  const auto cidr = text::split_once(entry, '/');
  const auto block = parse_address(cidr ? cidr->head : entry);
  if (!block) return false;
  unsigned prefix = block->bits;
  if (cidr && !text::parse_into(cidr->tail, prefix)) return false;
  return in_block(address, *block, prefix);
}

bool matches_name(std::string entry, const std::string& host) {
  while (!entry.empty() && (entry.front() == '.' || entry.front() == '*'))
    entry.erase(0, 1);
  if (!entry.empty() && entry.back() == '.') entry.pop_back();
  if (entry.empty() || host.size() < entry.size()) return false;
  const std::size_t start = host.size() - entry.size();
  return host.compare(start, entry.size(), entry) == 0 && (start == 0 || host[start - 1] == '.');
}

// Takes a trailing ":port" off `entry`; false when it names another port. A bare IPv6 address has
// no port.
bool take_port(std::string_view& entry, std::uint16_t port) {
  const auto halves = text::split_last(entry, ':');
  if (!halves || halves->tail.find(']') != std::string_view::npos) return true;
  const bool bare_v6 =
      halves->head.find(':') != std::string_view::npos && halves->head.front() != '[';
  if (bare_v6) return true;
  std::uint16_t wanted = 0;
  if (!text::parse_into(halves->tail, wanted)) return true;
  entry = halves->head;
  return wanted == port;
}

bool matches(std::string_view entry, const std::string& host, std::uint16_t port) {
  if (entry == "*") return true;
  if (!take_port(entry, port)) return false;
  if (const auto address = parse_address(host)) return matches_address(entry, *address);
  return matches_name(text::lower(entry), host);
}

}  // namespace

bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
  std::string name = text::lower(bare(host));
  if (!name.empty() && name.back() == '.') name.pop_back();
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    const std::string_view entry = no_proxy.substr(0, end);
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    if (!entry.empty() && matches(entry, name, port)) return true;
  }
  return false;
}

}  // namespace edgehaul::http
