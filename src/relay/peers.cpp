// SPDX-License-Identifier: Apache-2.0
#include "relay/peers.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace edgehaul::relay {

namespace {
constexpr std::size_t kMaxWords = 256;
constexpr std::size_t kMaxName = 128;
constexpr base::UnixNanos kSecond = 1'000'000'000;
}  // namespace

std::string_view host_of(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
  return peer.substr(0, peer.rfind(':'));
}

// Strangers that are refused make room first, and never push out a peer that has sent something.
PeerRow* Peers::row(std::string_view name, base::UnixNanos now, Event event) {
  const std::string key = text::to_utf8(name.substr(0, kMaxName));
  if (const auto found = rows_.find(key); found != rows_.end()) return &found->second;
  if (rows_.size() >= max_rows_) {
    const auto oldest =
        std::min_element(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.second.has_sent, a.second.last_seen) <
                 std::pair(b.second.has_sent, b.second.last_seen);
        });
    ++forgotten_;
    if (oldest->second.has_sent && event == Event::refused) return nullptr;
    rows_.erase(oldest);
  }
  PeerRow& made = rows_[key];
  made.name = key;
  made.first_seen = now;
  return &made;
}

void Peers::note(std::string_view name, base::UnixNanos now, Event event, std::uint64_t items,
                 std::uint64_t bytes, std::string_view words) {
  const std::lock_guard lock(mutex_);
  PeerRow* const found = row(name, now, event);
  if (found == nullptr) return;
  PeerRow& peer = *found;
  peer.last_seen = now;
  switch (event) {
    case Event::taken:
      peer.has_sent = true;
      ++peer.requests;
      peer.items += items;
      peer.bytes += bytes;
      return;
    case Event::refused:
      ++peer.refused;
      break;
    case Event::deferred:
      ++peer.deferred;
      break;
  }
  peer.last_error = text::to_utf8(words.substr(0, kMaxWords));
  peer.last_error_time = now;
}

std::vector<PeerRow> Peers::rows() const {
  std::vector<PeerRow> out;
  {
    const std::lock_guard lock(mutex_);
    out.reserve(rows_.size());
    for (const auto& [name, row] : rows_)
      out.push_back(row);
  }
  std::sort(out.begin(), out.end(), [](const PeerRow& a, const PeerRow& b) {
    return a.last_seen != b.last_seen ? a.last_seen < b.last_seen : a.name < b.name;
  });
  return out;
}

std::uint64_t Peers::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

std::string Peers::text(std::size_t most) const {
  std::string out;
  for (const PeerRow& row : rows()) {
    if (!row.has_sent || row.name.find('\n') != std::string::npos) continue;
    const std::string line =
        fmt::format("{} {} {}\n", row.first_seen / kSecond, row.last_seen / kSecond, row.name);
    if (out.size() + line.size() > most) break;
    out += line;
  }
  return out;
}

void Peers::restore(std::string_view text) {
  const std::lock_guard lock(mutex_);
  while (!text.empty() && rows_.size() < max_rows_) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first_end = std::min(line.find(' '), line.size());
    const std::size_t last_end = std::min(line.find(' ', first_end + 1), line.size());
    if (last_end == line.size()) continue;
    const auto first = text::parse_i64(line.substr(0, first_end));
    const auto last = text::parse_i64(line.substr(first_end + 1, last_end - first_end - 1));
    const std::string_view name = line.substr(last_end + 1);
    constexpr std::int64_t kMost = INT64_MAX / kSecond;
    if (!first || !last || *first < 0 || *last < *first || *last > kMost || name.empty() ||
        name.size() > kMaxName || !text::is_utf8(name)) {
      continue;
    }
    PeerRow& row = rows_[std::string(name)];
    row.name = name;
    row.has_sent = true;
    row.first_seen = *first * kSecond;
    row.last_seen = std::max(row.last_seen, *last * kSecond);
  }
}

}  // namespace edgehaul::relay
