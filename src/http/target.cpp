// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include "base/text.hpp"
#include "http/easy.hpp"

namespace edgehaul::http {

namespace {

using Url = std::unique_ptr<CURLU, CurlFree>;

std::string part(const Url& url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  const std::unique_ptr<char, CurlFree> owner(text);
  return text;
}

}  // namespace

std::string Target::place() const {
  return fmt::format("{}:{}", host, port);
}

Result<Target> parse_target(std::string_view what, const std::string& url) {
  const Url parsed(curl_url());
  if (url.find('\0') != std::string::npos) return fail(Errc::invalid, "{}: holds a NUL byte", what);
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
  if (code == CURLUE_BAD_SCHEME || code == CURLUE_UNSUPPORTED_SCHEME) {
    return fail(Errc::invalid, "{}: must begin with http:// or https://", what);
  }
  if (code != CURLUE_OK) return fail(Errc::invalid, "{}: not a URL", what);
  Target target{text::lower(part(parsed, CURLUPART_SCHEME)), part(parsed, CURLUPART_HOST), 0};
  if (target.scheme != "http" && target.scheme != "https") {
    return fail(Errc::invalid, "{}: must begin with http:// or https://", what);
  }
  if (!text::parse_into(part(parsed, CURLUPART_PORT), target.port) || target.port == 0) {
    return fail(Errc::invalid, "{}: bad port", what);
  }
  return target;
}

std::string with_host(const std::string& url, const std::string& host) {
  const Url parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const bool bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
  const std::string quoted = bare_v6 ? "[" + host + "]" : host;
  if (curl_url_set(parsed.get(), CURLUPART_HOST, quoted.c_str(), 0) != CURLUE_OK) return {};
  return part(parsed, CURLUPART_URL);
}

}  // namespace edgehaul::http
