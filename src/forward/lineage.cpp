// SPDX-License-Identifier: Apache-2.0
#include "forward/lineage.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::forward {

namespace {

constexpr std::size_t kInstallationBytes = 16;
constexpr std::size_t kNonceBytes = 8;

}  // namespace

Lineage Lineage::begin(const std::optional<std::string>& saved, spool::RecordId next) {
  Lineage lineage;
  std::string_view rest = saved ? std::string_view(*saved) : std::string_view();
  lineage.installation_ = std::string(text::next_field(rest));
  for (auto field = text::next_field(rest); !field.empty(); field = text::next_field(rest)) {
    const auto halves = text::split_once(field, '@');
    Start start;
    if (!halves || !text::parse_into(halves->tail, start.first)) continue;
    start.nonce = std::string(halves->head);
    // A start that made nothing needs no name.
    if (start.first < next) lineage.starts_.push_back(std::move(start));
  }
  if (lineage.installation_.empty()) {
    lineage.installation_ = spool::random_hex(kInstallationBytes);
    // What waits was made before records had names: an edgehaul that was upgraded.
    if (next > 1) lineage.starts_.push_back({spool::random_hex(kNonceBytes), 1});
  }
  lineage.starts_.push_back({spool::random_hex(kNonceBytes), next});
  if (lineage.starts_.size() > kMaxStarts) lineage.starts_.erase(lineage.starts_.begin());
  return lineage;
}

std::string Lineage::text() const {
  std::string out = installation_;
  for (const Start& start : starts_)
    out += fmt::format(" {}@{}", start.nonce, start.first);
  return out;
}

spool::Batch Lineage::name(const std::vector<spool::Slice>& slices) const {
  spool::Batch batch;
  batch.installation = installation_;
  for (const spool::Slice& slice : slices) {
    const auto after =
        std::upper_bound(starts_.begin(), starts_.end(), slice.id,
                         [](spool::RecordId id, const Start& start) { return id < start.first; });
    if (after == starts_.begin()) return {};
    const Start& start = *(after - 1);
    if (batch.runs.empty() || batch.runs.back().nonce != start.nonce) {
      batch.runs.push_back({start.nonce, start.first, {}});
    }
    batch.runs.back().slices.push_back(slice);
  }
  return batch;
}

}  // namespace edgehaul::forward
