// SPDX-License-Identifier: Apache-2.0
#include "config/destination.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/endpoint.hpp"
#include "config/headers.hpp"
#include "config/openobserve.hpp"
#include "config/pem.hpp"

namespace edgehaul::config {

namespace {

// One destination under examination; add() finds the line of the key.
class Examination {
 public:
  Examination(Draft& draft, const std::string& entry, const Places& places, Faults& faults)
      : draft_(draft), to_(draft.to), entry_(entry), places_(places), faults_(faults) {}

  void run() {
    apply_preset();
    check_endpoint();
    check_headers();
    check_tls();
    check_proxy();
    check_window();
    if (to_.backoff_initial > to_.backoff_max) {
      add(Severity::error, "backoff.initial", "longer than backoff.max");
    }
  }

 private:
  void add(Severity severity, const std::string& name, std::string message,
           std::string suggestion = {}) {
    const std::string key = entry_ + "." + name;
    auto found = places_.find(key);
    const std::string written = found == places_.end() ? "" : redact(found->second.written);
    if (found == places_.end()) found = places_.find(entry_);
    faults_.push_back({severity, found == places_.end() ? Where() : found->second.where, key,
                       written, std::move(message), std::move(suggestion)});
  }

  bool is_written(const std::string& name) const { return places_.contains(entry_ + "." + name); }

  void apply_preset() {
    if (draft_.preset == Preset::openobserve) {
      for (KeyComplaint& complaint : apply_openobserve(draft_, is_written("protocol"))) {
        add(complaint.severity, complaint.key, std::move(complaint.message),
            std::move(complaint.suggestion));
      }
      return;
    }
    const std::pair<const char*, const std::string&> keys[] = {
        {"organization", draft_.organization},
        {"user", draft_.user},
        {"password_file", draft_.password_file},
        {"stream", draft_.stream}};
    for (const auto& [name, value] : keys) {
      if (value.empty()) continue;
      add(Severity::error, name, "belongs to a preset", "write preset: openobserve");
    }
  }

  void check_endpoint() {
    if (to_.endpoint.empty()) {
      add(Severity::error, "endpoint", "missing", "such as https://central.example:4317");
      return;
    }
    auto endpoint = parse_endpoint(to_.endpoint);
    if (!endpoint) {
      add(Severity::error, "endpoint", endpoint.error().message,
          "such as https://central.example:4317");
      return;
    }
    if (endpoint->has_user) {
      add(Severity::error, "endpoint", "a user has no place in an endpoint",
          "use headers: {authorization: \"Basic …\"}");
    }
    infer_protocol(*endpoint);
    complete_scheme(*endpoint);
    complete_port(*endpoint);
    judge_port(*endpoint);
    to_.protocol == forward::Protocol::grpc ? judge_grpc(*endpoint) : judge_http(*endpoint);
    to_.endpoint = endpoint->url();
    is_plaintext_ = endpoint->scheme == "http";
  }

  // Only when no protocol was written: the ports and paths that nobody serves gRPC on mean HTTP.
  void infer_protocol(const Endpoint& endpoint) {
    if (is_written("protocol") || draft_.preset != Preset::none) return;
    if (endpoint.path.empty() && endpoint.port != 4318 && endpoint.port != 5080) return;
    to_.protocol = forward::Protocol::http;
    add(Severity::note, "endpoint", "protocol: http is taken from its port or path");
  }

  void complete_scheme(Endpoint& endpoint) {
    if (endpoint.scheme.empty()) {
      // As the collector's otlp exporter reads host:port: TLS unless tls.insecure is set.
      endpoint.scheme = draft_.insecure ? "http" : "https";
      if (draft_.insecure) return;
      if (to_.protocol == forward::Protocol::http) {
        add(Severity::error, "endpoint", "has no scheme", "begin it with https:// or http://");
      } else {
        add(Severity::note, "endpoint", "without a scheme TLS is used",
            "write https://, or http:// for plaintext");
      }
    } else if (endpoint.scheme != "http" && endpoint.scheme != "https") {
      add(Severity::error, "endpoint", "unknown scheme", "https:// or http://");
    } else if (draft_.insecure && endpoint.scheme == "https") {
      add(Severity::error, "tls.insecure", "contradicts https:// in the endpoint",
          "write http://, or tls.insecure_skip_verify to encrypt without checking who answers");
    }
  }

  void complete_port(Endpoint& endpoint) {
    if (endpoint.port != 0) return;
    const bool is_grpc = to_.protocol == forward::Protocol::grpc;
    endpoint.port = is_grpc ? 4317 : endpoint.scheme == "http" ? 80 : 443;
    add(Severity::note, "endpoint", fmt::format("without a port {} is used", endpoint.port), {});
  }

  void judge_port(const Endpoint& endpoint) {
    const bool is_grpc = to_.protocol == forward::Protocol::grpc;
    if (is_grpc && (endpoint.port == 4318 || endpoint.port == 5080)) {
      add(Severity::warning, "endpoint",
          fmt::format("port {} usually speaks HTTP, not gRPC", endpoint.port), "protocol: http");
    } else if (!is_grpc && (endpoint.port == 4317 || endpoint.port == 5081)) {
      add(Severity::warning, "endpoint",
          fmt::format("port {} usually speaks gRPC, not HTTP", endpoint.port), "protocol: grpc");
    }
  }

  void judge_grpc(Endpoint& endpoint) {
    if (!endpoint.path.empty()) {
      add(Severity::error, "endpoint", "gRPC has no path", "remove it, or write protocol: http");
    }
    if (endpoint.port == 5081 && !has_header("organization")) {
      add(Severity::warning, "headers", "OpenObserve's gRPC wants the header organization",
          "such as organization: default");
    }
  }

  void judge_http(Endpoint& endpoint) {
    for (const std::string_view signal : {"/v1/metrics", "/v1/logs", "/v1/traces"}) {
      if (!endpoint.path.ends_with(signal)) continue;
      endpoint.path.resize(endpoint.path.size() - signal.size());
      add(Severity::warning, "endpoint",
          fmt::format("{} is appended by edgehaul and was taken off", signal), "remove it");
    }
    if (endpoint.port == 5080 && !endpoint.path.starts_with("/api/")) {
      add(Severity::warning, "endpoint", "OpenObserve wants its organization in the path",
          fmt::format("such as {}://{}:5080/api/default", endpoint.scheme, endpoint.host));
    }
  }

  bool has_header(std::string_view name) const {
    for (const auto& header : to_.headers) {
      if (text::lower(header.first) == name) return true;
    }
    return false;
  }

  void check_headers() {
    for (const auto& [name, value] : to_.headers) {
      if (auto complaint = judge_header(name, value)) {
        add(Severity::error, "headers." + name, std::move(complaint->message),
            std::move(complaint->suggestion));
      }
    }
    if (is_plaintext_ && has_header("authorization")) {
      add(Severity::warning, "headers.authorization", "is sent unencrypted over http://");
    }
  }

  void check_tls() {
    check_pem("tls.ca_file", to_.tls.ca_file, kCertificateMark, "certificate");
    check_pem("tls.cert_file", to_.tls.cert_file, kCertificateMark, "certificate");
    check_pem("tls.key_file", to_.tls.key_file, kPrivateKeyMark, "private key");
    if (to_.tls.cert_file.empty() != to_.tls.key_file.empty()) {
      const bool no_key = to_.tls.key_file.empty();
      add(Severity::error, no_key ? "tls.cert_file" : "tls.key_file",
          no_key ? "needs tls.key_file beside it" : "needs tls.cert_file beside it");
    }
    if (to_.tls.insecure_skip_verify) {
      add(Severity::warning, "tls.insecure_skip_verify",
          "anyone between here and there can read and change what is sent",
          "name the authority in tls.ca_file");
    }
    for (const char* name : {"tls.ca_file", "tls.cert_file", "tls.server_name"}) {
      if (is_plaintext_ && is_written(name)) {
        add(Severity::warning, name, "has no effect: the endpoint is plaintext",
            "write https:// in the endpoint");
      }
    }
  }

  void check_pem(const char* name, const std::string& path, std::string_view mark,
                 std::string_view what) {
    if (auto complaint = judge_pem(path, mark, what)) {
      add(Severity::error, name, *std::move(complaint));
    }
  }

  void check_proxy() {
    if (to_.proxy.url.empty()) {
      if (!to_.proxy.no_proxy.empty()) {
        add(Severity::warning, "no_proxy", "has no effect without proxy");
      }
      return;
    }
    const auto proxy = parse_endpoint(to_.proxy.url);
    if (!proxy) {
      add(Severity::error, "proxy", proxy.error().message, "such as http://proxy.example:3128");
    } else if (proxy->scheme.empty()) {
      to_.proxy.url = "http://" + to_.proxy.url;
    } else if (proxy->scheme != "http" && proxy->scheme != "https") {
      add(Severity::error, "proxy", "not an HTTP proxy", "http:// or https://");
    }
  }

  void check_window() {
    if (draft_.backlog_forbid.empty()) return;
    auto window = forward::parse_window(draft_.backlog_forbid);
    if (window) {
      to_.backlog_forbid = *window;
    } else {
      add(Severity::error, "backlog.forbid", window.error().message, "such as \"08:00-18:00\"");
    }
  }

  Draft& draft_;
  forward::Destination& to_;
  const std::string& entry_;
  const Places& places_;
  Faults& faults_;
  bool is_plaintext_ = false;
};

}  // namespace

void check_destination(Draft& draft, const std::string& entry, const Places& places,
                       Faults& faults) {
  Examination(draft, entry, places, faults).run();
}

}  // namespace edgehaul::config
