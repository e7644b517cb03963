// SPDX-License-Identifier: Apache-2.0
#include "forward/words.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "forward/compose.hpp"

namespace edgehaul::forward {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

void replace_all(std::string& text, std::string_view what) {
  constexpr std::string_view mask = "***";
  // Shorter values ("1", "true") would garble ordinary words and guard nothing.
  if (what.size() < 6) return;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + mask.size())) {
    text.replace(at, what.size(), mask);
  }
}

}  // namespace

std::string tidy(std::string_view text, std::size_t limit) {
  // Enough input for `limit` bytes even if all of it is blanks and broken bytes to some extent.
  const std::string clean = text::to_utf8(text.substr(0, limit * 4));
  std::string out;
  for (const char c : clean) {
    const bool is_blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    if (is_blank && (out.empty() || out.back() == ' ')) continue;
    out.push_back(is_blank ? ' ' : c);
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  if (out.size() <= limit) return out;
  std::size_t end = limit;
  while (end > 0 && is_continuation(out[end]))
    --end;
  return out.substr(0, end) + "…";
}

std::string shown_endpoint(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t path = std::min(url.find('/', host), url.size());
  const std::size_t at = url.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < host) return tidy(url);
  return tidy(std::string(url.substr(0, host)).append(url.substr(at + 1)));
}

std::string shown_target(const Destination& destination, otlp::Signal signal) {
  if (destination.protocol == Protocol::http) {
    return "POST " + shown_endpoint(request_url(destination.endpoint, otlp::http_path(signal)));
  }
  return fmt::format("gRPC {} {}", shown_endpoint(destination.endpoint), otlp::signal_name(signal));
}

std::string without_secrets(std::string text, const Destination& destination) {
  for (const auto& [name, value] : destination.headers) {
    replace_all(text, value);
    if (const auto halves = text::split_once(value, ' ')) replace_all(text, halves->tail);
  }
  return text;
}

std::string_view explain_refusal(std::string_view words) {
  const std::string lower = text::lower(words);
  const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  if (has("too old") || has("old data")) {
    return "they were older than the server's ingestion window and are lost; with OpenObserve "
           "raise "
           "ZO_INGEST_ALLOWED_UPTO beyond the longest outage";
  }
  if (has("too far") || has("future")) {
    return "their time is ahead of what the server takes and they are lost; look at the clocks";
  }
  return {};
}

std::string without_numbers(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_digit(c)) {
      out.push_back(c);
    } else if (out.empty() || out.back() != '#') {
      out.push_back('#');
    }
  }
  return out;
}

}  // namespace edgehaul::forward
