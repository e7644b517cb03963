// SPDX-License-Identifier: Apache-2.0
// What a sender gets: the search for it on disk and in memory.
#include <algorithm>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

// A lease of one signal gives up after so many records of others, once it has something; one of an
// origin does so in any case.
constexpr std::size_t kMaxSkipped = 4096;
constexpr std::size_t kMaxLeased = 100'000;  // per destination

}  // namespace

// What a lease has gathered and whether it wants more.
struct Engine::Search {
  const Wanted& wanted;
  std::optional<Signal> signal;
  std::uint64_t bytes = 0;
  std::size_t skipped = 0;
  std::size_t records = 0;
  bool is_full = false;
  std::vector<Leased> rows;

  bool takes(const RowHead& head) {
    const bool is_known =
        (head.kind == static_cast<std::uint8_t>(Kind::request) && coding_of(head).has_value()) ||
        head.is_frames();
    if (!is_known || head.signal < 1 || head.signal > 4 ||
        (signal && static_cast<std::uint8_t>(*signal) != head.signal) ||
        (wanted.origin && static_cast<std::uint8_t>(*wanted.origin) != head.origin)) {
      is_full = ++skipped > kMaxSkipped && (records > 0 || wanted.origin);
      return false;
    }
    return true;
  }
  // With one record more of this size.
  bool fits(std::uint64_t size) {
    if (records > 0 && bytes + size > wanted.max_bytes) is_full = true;
    return !is_full;
  }
  bool wants_as_it_lies(const RowHead& head) const {
    return wanted.coding != codec::Coding::identity && coding_of(head) == wanted.coding &&
           head.size >= wanted.coded_from;
  }
  bool spans(RecordId id) const { return id > wanted.after && id < wanted.before; }

  void count(RecordId id, std::uint64_t size) {
    rows.back().ids.push_back(id);
    bytes += size;
    is_full = ++records >= wanted.max_records || bytes >= wanted.max_bytes;
  }
  Leased& add(const RowHead& head, std::string body) {
    signal = static_cast<Signal>(head.signal);
    Leased& leased = rows.emplace_back();
    static_cast<RowHead&>(leased.row) = head;
    leased.row.body = std::move(body);
    return leased;
  }
};

std::vector<Leased> Engine::lease(std::size_t index, const Wanted& wanted) {
  if (index >= ledger_.destinations().size() || wanted.max_records == 0) return {};
  if (ledger_.destinations()[index].leased.size() >= kMaxLeased) return {};
  if (wanted.coding == codec::Coding::zstd && wanted.coded_from < zstd_from_) {
    zstd_from_ = wanted.coded_from;
  }
  for (int attempt = 0;; ++attempt) {
    Search search{wanted, wanted.signal, 0, 0, 0, false, {}};
    // Ids in memory are always greater than those on disk.
    const bool is_oldest = wanted.order == Order::oldest_first;
    if (!is_oldest) search_memory(index, search);
    if (store_ && !search.is_full) {
      auto found = search_disk(index, search);
      store_ ? store_->rest() : void();
      if (!found && overcome(found.error(), attempt)) continue;
    }
    if (is_oldest && !search.is_full) search_memory(index, search);
    for (const Leased& leased : search.rows) {
      for (const Part& part : parts_of(leased.row)) {
        const auto& ids = leased.ids;
        if (std::find(ids.begin(), ids.end(), part.id) != ids.end()) ledger_.lease(index, part);
      }
    }
    return std::move(search.rows);
  }
}

Result<void> Engine::search_disk(std::size_t index, Search& search) {
  const Wanted& wanted = search.wanted;
  const bool is_oldest = wanted.order == Order::oldest_first;
  RecordId after = wanted.after;
  RecordId before = std::min(wanted.before, kMaxId);
  const bool is_of_own = !is_oldest && wanted.origin == Origin::own;
  if (is_of_own) after = ledger_.skip_others(index, after);
  const bool uses_hint = is_oldest && wanted.signal.has_value();
  const RecordId hint = uses_hint ? ledger_.hint(index, *wanted.signal) : 0;
  const bool raises_hint = uses_hint && after <= hint && !wanted.origin;
  if (hint > 0) after = std::max(after, hint - 1);
  RecordId last = after;
  auto row = store_->seek(wanted.order, after, before);
  while (row && *row && !search.is_full) {
    const RowHead& head = store_->head();
    const RecordId id = head.id;
    last = std::min(id, before - 1);
    if (head.is_frames()) {
      auto taken = search.takes(head) ? take_frames(index, search) : Result<void>();
      if (!taken) return taken;
    } else if (const RecordId end = ledger_.skip(index, id, wanted.order); end != 0 && end != id) {
      row = is_oldest ? store_->seek(wanted.order, end, before)
                      : store_->seek(wanted.order, after, end);
      continue;
    } else if (end == 0 && search.takes(head) && search.fits(head.size)) {
      if (auto taken = take_request(search); !taken) return taken;
    }
    if (search.is_full) break;
    row = store_->next();
  }
  if (!row) return pass(std::move(row.error()));
  if (is_of_own && search.rows.empty() && before == kMaxId) {
    ledger_.found_no_own(index, wanted.after, next_id_ - 1);
  }
  if (raises_hint) {
    const bool has_any = !search.rows.empty();
    ledger_.raise_hint(index, *wanted.signal, has_any ? search.rows.front().ids.front() : last + 1);
  }
  return {};
}

// The row at the store's cursor; its body out of memory where it is still there.
Result<void> Engine::take_request(Search& search) {
  const RowHead& head = store_->head();
  const bool as_it_lies = search.wants_as_it_lies(head);
  HotBody* const hot = hot_.find(head.id);
  if (hot == nullptr || (as_it_lies && hot->coded.empty())) {
    auto body = store_->body();
    if (!body) return pass(std::move(body.error()));
    search.add(head, std::move(*body)).is_as_it_lies = as_it_lies;
  } else {
    const bool is_last = ledger_.destinations().size() == 1;
    std::string& bytes = as_it_lies ? hot->coded : hot->plain;
    std::string mine = is_last ? std::move(bytes) : bytes;
    Leased& leased = search.add(head, as_it_lies ? std::move(mine) : std::string());
    leased.is_as_it_lies = as_it_lies;
    // NOLINTNEXTLINE(bugprone-use-after-move): in the other case alone
    if (!as_it_lies) leased.plain = std::move(mine);
    if (is_last) hot_.erase(head.id);
  }
  search.count(head.id, head.size);
  return {};
}

// Of the row at the store's cursor, what nobody has taken yet.
Result<void> Engine::take_frames(std::size_t index, Search& search) {
  const RowHead& head = store_->head();
  const bool is_oldest = search.wanted.order == Order::oldest_first;
  std::vector<Part> parts = parts_of(head);
  if (!is_oldest) std::reverse(parts.begin(), parts.end());
  bool has_row = false;
  for (const Part& part : parts) {
    if (!search.spans(part.id)) continue;
    if (ledger_.skip(index, part.id, search.wanted.order) != 0) continue;
    if (!search.fits(part.size)) return {};
    if (!has_row) {
      auto body = store_->body();
      if (!body) return pass(std::move(body.error()));
      if (!frame::is_readable(*body)) return {};  // of a newer edgehaul: it stays
      auto anchor = anchor_of_row();
      if (!anchor) return pass(std::move(anchor.error()));
      if (head.shape != 0 && !*anchor && salvage_) return {};  // it may still come
      search.add(head, std::move(*body)).anchor = std::move(*anchor);
      has_row = true;
    }
    search.count(part.id, part.size);
    if (search.is_full) return {};
  }
  return {};
}

// Null where it is inside, and where it is lost: the frame will say so.
Result<frame::AnchorPtr> Engine::anchor_of_row() {
  if (store_->head().shape == 0) return nullptr;
  auto anchor = shapes_.find(*store_, store_->head().shape);
  if (!anchor && anchor.error().code == Errc::absent) return nullptr;
  return anchor;
}

void Engine::search_memory(std::size_t index, Search& search) {
  const auto offer = [&](const StoredRecord& record) {
    if (record.id <= search.wanted.after || record.id >= search.wanted.before) return;
    if (ledger_.skip(index, record.id, search.wanted.order) != 0) return;
    if (!search.takes(record) || !search.fits(record.size)) return;
    search.add(record, record.body).anchor = record.anchor;
    search.count(record.id, record.size);
  };
  const auto& records = memory_.records();
  if (search.wanted.order == Order::oldest_first) {
    for (auto at = records.begin(); at != records.end() && !search.is_full; ++at) {
      offer(at->second);
    }
  } else {
    for (auto at = records.rbegin(); at != records.rend() && !search.is_full; ++at) {
      offer(at->second);
    }
  }
}

}  // namespace edgehaul::spool
