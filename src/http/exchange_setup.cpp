// SPDX-License-Identifier: Apache-2.0
// The options of one request's easy handle.
#include <algorithm>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "http/ca_bundle.hpp"
#include "http/exchange.hpp"

namespace edgehaul::http {

namespace {

// Unacknowledged bytes for so long end a connection: the kernel alone would hold on to a peer that
// has vanished for a quarter of an hour (tcp(7), TCP_USER_TIMEOUT).
constexpr unsigned kUnackedMillis = 20'000;
constexpr long kKeepaliveIdleSeconds = 60;
constexpr long kKeepaliveEverySeconds = 15;
// A connection is not kept for longer, so that moved names and rebalanced peers are followed.
constexpr long kMaxLifetimeSeconds = 30 * 60;

int tune_socket(void*, curl_socket_t socket, curlsocktype) {
  // Fails on Unix sockets, where it has no meaning.
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnackedMillis, sizeof kUnackedMillis);
  return CURL_SOCKOPT_OK;
}

bool is_token(std::string_view name) {  // RFC 9110 §5.6.2
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

Result<void> check_readable(std::string_view what, const std::string& path) {
  if (path.empty()) return {};
  const auto file = base::open_at(AT_FDCWD, path.c_str());
  if (!file) return fail(Errc::invalid, "{} {}", what, file.error().message);
  return {};
}

}  // namespace

Result<void> Exchange::prepare(bool fresh_connection) {
  if (easy_.get() == nullptr) return fail(Errc::io, "libcurl: no handle");
  if (auto done = set_url(); !done) return done;
  if (auto done = set_headers(); !done) return done;
  if (auto done = set_tls(); !done) return done;
  if (auto done = set_proxy(); !done) return done;
  set_method();
  set_version();
  set_limits(fresh_connection);
  if (easy_.fault() != CURLE_OK) {
    return fail(Errc::invalid, "{}: libcurl refuses an option ({})", target_.place(),
                static_cast<int>(easy_.fault()));
  }
  return {};
}

Result<void> Exchange::set_url() {
  auto target = parse_target("URL", request_.url);
  if (!target) return pass(target.error());
  target_ = std::move(*target);
  easy_.set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!request_.unix_socket.empty()) easy_.set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket);
  const std::string& name = request_.tls.server_name;
  if (name.empty() || target_.scheme != "https") {
    easy_.set(CURLOPT_URL, request_.url);
    return {};
  }
  // libcurl takes the name to verify from the URL: so the name goes there, and the connection is
  // led to the real host.
  const std::string renamed = with_host(request_.url, name);
  if (renamed.empty()) return fail(Errc::invalid, "tls server_name '{}': not a host name", name);
  easy_.set(CURLOPT_URL, renamed);
  connect_to_.add(fmt::format("::{}:{}", target_.host, target_.port));
  easy_.set_pointer(CURLOPT_CONNECT_TO, connect_to_.get());
  return {};
}

Result<void> Exchange::set_headers() {
  if (!is_token(request_.method)) return fail(Errc::invalid, "{}: not a method", target_.place());
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name)) return fail(Errc::invalid, "header '{}': not a header name", name);
    if (!is_field_value(value)) {
      return fail(Errc::invalid, "header '{}': control character in its value", name);
    }
    header_lines_.add(value.empty() ? fmt::format("{};", name)
                                    : fmt::format("{}: {}", name, value));
  }
  const auto given = [&](std::string_view wanted) {
    return std::any_of(request_.headers.begin(), request_.headers.end(),
                       [&](const auto& field) { return text::lower(field.first) == wanted; });
  };
  // What libcurl would add by itself. An Expect would cost a second wherever it is not understood.
  for (const char* own : {"Accept", "Content-Type", "Expect"}) {
    if (!given(text::lower(own))) header_lines_.add(std::string(own) + ":");
  }
  if (connect_to_.get() != nullptr && !given("host")) {
    const bool is_default = target_.port == 443;
    header_lines_.add("Host: " + (is_default ? target_.host : target_.place()));
  }
  easy_.set_pointer(CURLOPT_HTTPHEADER, header_lines_.get());
  easy_.set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  return {};
}

Result<void> Exchange::set_tls() {
  const TlsOptions& tls = request_.tls;
  if (target_.scheme != "https") return {};
  if (auto found = check_readable("tls ca_file", tls.ca_file); !found) return found;
  if (auto found = check_readable("tls cert_file", tls.cert_file); !found) return found;
  if (auto found = check_readable("tls key_file", tls.key_file); !found) return found;
  easy_.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  easy_.set(CURLOPT_SSL_VERIFYPEER, !tls.insecure_skip_verify);
  easy_.set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.insecure_skip_verify && !tls.ca_pem.empty()) {
    easy_.set_text(CURLOPT_CAINFO_BLOB, tls.ca_pem);
    easy_.set_text(CURLOPT_PROXY_CAINFO_BLOB, tls.ca_pem);
    easy_.set(CURLOPT_CAINFO, nullptr);
  } else if (!tls.insecure_skip_verify) {
    const std::string bundle = tls.ca_file.empty() ? find_ca_bundle() : tls.ca_file;
    if (bundle.empty()) {
      return fail(Errc::invalid,
                  "{}: this host has no bundle of certificate authorities; "
                  "set tls ca_file",
                  target_.place());
    }
    easy_.set(CURLOPT_CAINFO, bundle);
    easy_.set(CURLOPT_PROXY_CAINFO, bundle);
  }
  easy_.set(CURLOPT_CAPATH, nullptr);  // a distribution's libcurl has one built in
  if (!tls.cert_pem.empty()) {
    easy_.set_text(CURLOPT_SSLCERT_BLOB, tls.cert_pem);
    easy_.set_text(CURLOPT_SSLKEY_BLOB, tls.key_pem.empty() ? tls.cert_pem : tls.key_pem);
  } else if (!tls.cert_file.empty()) {
    easy_.set(CURLOPT_SSLCERT, tls.cert_file);
    easy_.set(CURLOPT_SSLKEY, tls.key_file.empty() ? tls.cert_file : tls.key_file);
  }
  return {};
}

Result<void> Exchange::set_proxy() {
  easy_.set(CURLOPT_NOPROXY, "");  // else libcurl asks the environment
  const bool direct = request_.proxy.url.empty() || !request_.unix_socket.empty() ||
                      bypasses_proxy(request_.proxy.no_proxy, target_.host, target_.port);
  if (direct) {
    easy_.set(CURLOPT_PROXY, "");
    return {};
  }
  auto proxy = parse_target("proxy", request_.proxy.url);
  if (!proxy) return pass(proxy.error());
  proxy_place_ = proxy->place();
  easy_.set(CURLOPT_PROXY, request_.proxy.url);
  easy_.set(CURLOPT_PROXYPORT, static_cast<long>(proxy->port));
  easy_.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true);
  // Proxies speak HTTP/1.1: cleartext HTTP/2 only gets past one inside a tunnel.
  easy_.set(CURLOPT_HTTPPROXYTUNNEL, request_.version == Version::http2_prior_knowledge);
  return {};
}

void Exchange::set_method() {
  const bool has_body = !request_.body.empty() || request_.method == "POST";
  if (has_body) {
    easy_.set(CURLOPT_POST, true);
    easy_.set_pointer(CURLOPT_POSTFIELDS, request_.body.data());
    easy_.set_size(CURLOPT_POSTFIELDSIZE_LARGE, request_.body.size());
  }
  if (request_.method == "HEAD") {
    easy_.set(CURLOPT_NOBODY, true);
  } else if (request_.method != (has_body ? "POST" : "GET")) {
    easy_.set(CURLOPT_CUSTOMREQUEST, request_.method);
  }
}

void Exchange::set_version() {
  switch (request_.version) {
    case Version::http1:
      easy_.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
      return;
    case Version::automatic:
      easy_.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
      break;
    case Version::http2_prior_knowledge:
      easy_.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
      break;
  }
  easy_.set(CURLOPT_PIPEWAIT, true);  // rather a stream on a connection in the making than another
}

void Exchange::set_limits(bool fresh_connection) {
  easy_.set_pointer(CURLOPT_PRIVATE, this);
  easy_.set_pointer(CURLOPT_ERRORBUFFER, words_.data());
  easy_.set_pointer(CURLOPT_HEADERFUNCTION, &Exchange::take_head);
  easy_.set_pointer(CURLOPT_HEADERDATA, this);
  easy_.set_pointer(CURLOPT_WRITEFUNCTION, &Exchange::take_body);
  easy_.set_pointer(CURLOPT_WRITEDATA, this);
  easy_.set_size(CURLOPT_MAXFILESIZE_LARGE, std::max<std::size_t>(request_.max_response, 1));
  const auto connect = std::max<std::int64_t>(request_.connect_timeout.count(), 1);
  easy_.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect));
  easy_.set(CURLOPT_NOSIGNAL, true);
  easy_.set(CURLOPT_QUICK_EXIT, true);  // a resolver thread of another build is not waited for
  easy_.set(CURLOPT_TCP_KEEPALIVE, true);
  easy_.set(CURLOPT_TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  easy_.set(CURLOPT_TCP_KEEPINTVL, kKeepaliveEverySeconds);
  easy_.set(CURLOPT_MAXLIFETIME_CONN, kMaxLifetimeSeconds);
  easy_.set_pointer(CURLOPT_SOCKOPTFUNCTION, &tune_socket);
  easy_.set(CURLOPT_FRESH_CONNECT, fresh_connection);
}

}  // namespace edgehaul::http
