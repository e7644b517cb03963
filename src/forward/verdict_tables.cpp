// SPDX-License-Identifier: Apache-2.0
// The rows that README.md shows.
#include "forward/verdict.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace edgehaul::forward {

namespace {

struct StatusRow {
  int status;
  Kind kind;
  std::string_view reason;
};

// OTLP/HTTP says that only 429, 502, 503 and 504 may be tried again and that the rest is dropped.
// Dropping is what we never do: an answer that speaks about us or the server's set-up holds the
// data, one that may pass is tried again, one about the content leads to the guilty record.
constexpr std::array kStatuses{
    StatusRow{400, Kind::reject, "Bad Request"}, StatusRow{401, Kind::hold, "Unauthorized"},
    StatusRow{402, Kind::hold, "Payment Required"}, StatusRow{403, Kind::hold, "Forbidden"},
    StatusRow{404, Kind::hold, "Not Found"}, StatusRow{405, Kind::hold, "Method Not Allowed"},
    StatusRow{406, Kind::hold, "Not Acceptable"},
    StatusRow{407, Kind::hold, "Proxy Authentication Required"},
    StatusRow{408, Kind::retry, "Request Timeout"}, StatusRow{409, Kind::retry, "Conflict"},
    StatusRow{410, Kind::hold, "Gone"}, StatusRow{411, Kind::hold, "Length Required"},
    StatusRow{412, Kind::hold, "Precondition Failed"},
    StatusRow{413, Kind::split, "Content Too Large"}, StatusRow{414, Kind::hold, "URI Too Long"},
    StatusRow{415, Kind::hold, "Unsupported Media Type"},
    StatusRow{417, Kind::hold, "Expectation Failed"},
    StatusRow{421, Kind::hold, "Misdirected Request"},
    StatusRow{422, Kind::reject, "Unprocessable Content"}, StatusRow{423, Kind::retry, "Locked"},
    StatusRow{425, Kind::retry, "Too Early"}, StatusRow{426, Kind::hold, "Upgrade Required"},
    StatusRow{428, Kind::hold, "Precondition Required"},
    StatusRow{429, Kind::retry, "Too Many Requests"},
    StatusRow{431, Kind::hold, "Request Header Fields Too Large"},
    StatusRow{451, Kind::hold, "Unavailable For Legal Reasons"},
    StatusRow{499, Kind::retry, "Client Closed Request"},  // nginx gave up on its upstream
    // OpenObserve says 500 when its write-ahead log is busy, and servers say it when one record
    // trips them: try for a while, then look for that record.
    StatusRow{500, Kind::doubtful, "Internal Server Error"},
    StatusRow{501, Kind::hold, "Not Implemented"}, StatusRow{502, Kind::retry, "Bad Gateway"},
    StatusRow{503, Kind::retry, "Service Unavailable"},
    StatusRow{504, Kind::retry, "Gateway Timeout"},
    StatusRow{505, Kind::hold, "HTTP Version Not Supported"},
    StatusRow{507, Kind::retry, "Insufficient Storage"},
    StatusRow{511, Kind::hold, "Network Authentication Required"},  // a captive portal
};

const StatusRow* find_row(int status) {
  const auto* const row = std::find_if(kStatuses.begin(), kStatuses.end(),
                                       [status](const StatusRow& r) { return r.status == status; });
  return row == kStatuses.end() ? nullptr : row;
}

}  // namespace

std::string status_words(int status) {
  const StatusRow* const row = find_row(status);
  return row == nullptr ? fmt::format("{}", status) : fmt::format("{} {}", status, row->reason);
}

Kind kind_of_status(int status) {
  if (const StatusRow* const row = find_row(status)) return row->kind;
  if (status >= 200 && status < 300) return Kind::delivered;
  if (status >= 300 && status < 400) return Kind::hold;
  if (status >= 400 && status < 500) return Kind::reject;
  if (status >= 500 && status < 600) return Kind::retry;
  return Kind::hold;
}

// The retryable ones are the specification's. UNKNOWN and INTERNAL are what servers answer both
// when they are in trouble and when a record trips them.
Kind kind_of_code(grpc::Code code) {
  switch (code) {
    case grpc::Code::ok:
      return Kind::delivered;
    case grpc::Code::cancelled:
    case grpc::Code::deadline_exceeded:
    case grpc::Code::aborted:
    case grpc::Code::out_of_range:
    case grpc::Code::unavailable:
    case grpc::Code::data_loss:
      return Kind::retry;
    case grpc::Code::unknown:
    case grpc::Code::internal:
    case grpc::Code::resource_exhausted:
      return Kind::doubtful;
    case grpc::Code::unauthenticated:
    case grpc::Code::permission_denied:
    case grpc::Code::not_found:
    case grpc::Code::unimplemented:
      return Kind::hold;
    case grpc::Code::invalid_argument:
    case grpc::Code::already_exists:
    case grpc::Code::failed_precondition:
      return Kind::reject;
  }
  return Kind::doubtful;
}

bool blames_size(std::string_view words) {
  // grpc-go, grpc C++ and JS, tonic, grpc-java, grpc-dotnet, Go's net/http, proxies.
  constexpr std::array<std::string_view, 7> phrases{
      "larger than max", "too large",    "exceeds maximum size", "exceeds the max",
      "body size limit", "message size", "exceeds the limit"};
  const std::string lower = text::lower(words);
  return std::any_of(phrases.begin(), phrases.end(), [&lower](std::string_view phrase) {
    return lower.find(phrase) != std::string::npos;
  });
}

}  // namespace edgehaul::forward
