// SPDX-License-Identifier: Apache-2.0
#include "config/headers.hpp"

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace edgehaul::config {

namespace {

constexpr std::array<std::string_view, 12> kOwn{
    "accept-encoding", "connection",       "content-encoding", "content-length", "content-type",
    "edgehaul-batch",  "grpc-encoding",    "grpc-timeout",     "host",           "te",
    "trailer",         "transfer-encoding"};

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

// RFC 9110 section 5.6.2.
bool is_token(std::string_view name) {
  const auto is_tchar = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_tchar);
}

// RFC 7617: base64 of user:password. Text that was copied short is the usual fault.
std::optional<Complaint> judge_basic(std::string_view coded) {
  const std::string hint = "make it with: printf %s 'USER:PASSWORD' | base64 -w0";
  if (coded.empty()) return Complaint{"nothing follows Basic", hint};
  const auto plain = base::base64_decode(coded);
  if (coded.size() % 4 != 0 && coded.find_first_not_of(kBase64) == std::string_view::npos) {
    return Complaint{
        "what follows Basic is not valid base64: its length is not a multiple of 4, "
        "a character may be missing at its end",
        hint};
  }
  if (!plain) {
    return Complaint{"what follows Basic is not base64",
                     coded.find(':') == std::string_view::npos
                         ? hint
                         : "USER:PASSWORD must be encoded: printf %s … | base64 -w0"};
  }
  if (plain->find(':') == std::string::npos) {
    return Complaint{"what follows Basic is not USER:PASSWORD", hint};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Complaint> judge_header(std::string_view name, std::string_view value) {
  if (!is_token(name)) return Complaint{"not a header name", "letters, digits and '-'"};
  const std::string lower = text::lower(name);
  if (std::find(kOwn.begin(), kOwn.end(), lower) != kOwn.end()) {
    return Complaint{"edgehaul sets this header itself", "remove it"};
  }
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  };
  if (std::any_of(value.begin(), value.end(), is_control)) {
    return Complaint{"its value has a line break or control character", {}};
  }
  if (value.empty()) return Complaint{"its value is empty", {}};
  if (lower != "authorization") return std::nullopt;
  const auto halves = text::split_once(value, ' ');
  const std::string scheme = text::lower(halves ? halves->head : value);
  if (scheme == "basic") return judge_basic(text::trim(halves ? halves->tail : std::string_view()));
  if (!halves) {
    return Complaint{"its value has no scheme", "begin it with Basic or Bearer and a space"};
  }
  return std::nullopt;
}

}  // namespace edgehaul::config
