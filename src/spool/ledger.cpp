// SPDX-License-Identifier: Apache-2.0
#include "spool/ledger.hpp"

#include <algorithm>

namespace edgehaul::spool {

namespace {

Amount amount_of(const Part& record) {
  return {1, record.items, record.stored};
}

void add(Amount& sum, const Amount& by) {
  sum.records += by.records;
  sum.items += by.items;
  sum.bytes += by.bytes;
}

void subtract(Amount& sum, const Amount& by) {
  sum.records -= std::min(sum.records, by.records);
  sum.items -= std::min(sum.items, by.items);
  sum.bytes -= std::min(sum.bytes, by.bytes);
}

}  // namespace

Ledger::Ledger(std::vector<std::string> names) {
  for (std::string& name : names) {
    destinations_.emplace_back();
    destinations_.back().name = std::move(name);
  }
}

void Ledger::restore(std::size_t index, IdSet settled) {
  destinations_[index].settled = std::move(settled);
  destinations_[index].is_dirty = false;
}

void Ledger::forget_saved() {
  for (Destination& destination : destinations_)
    destination.is_dirty = true;
}

void Ledger::find_done() {
  if (destinations_.empty()) return;
  IdSet all = destinations_.front().settled;
  for (const Destination& destination : destinations_)
    all = intersect(all, destination.settled);
  for (const IdRange& ids : all.ranges()) {
    done_.add(ids.first, ids.last);
    for (Destination& destination : destinations_) {
      destination.settled.remove(ids.first, ids.last);
      destination.is_dirty = true;
    }
  }
}

void Ledger::hold(const RowHead& row) {
  for (const Part& part : parts_of(row))
    hold(part);
}

void Ledger::hold(const Part& record) {
  if (done_.contains(record.id)) return;
  add(held_, amount_of(record));
  for (Destination& destination : destinations_) {
    if (!destination.settled.contains(record.id)) add(destination.waiting, amount_of(record));
  }
}

// The opposite of hold().
void Ledger::unhold(const Part& record) {
  if (done_.contains(record.id)) return;
  subtract(held_, amount_of(record));
  for (Destination& destination : destinations_) {
    if (!destination.settled.contains(record.id)) subtract(destination.waiting, amount_of(record));
  }
}

void Ledger::drop(const RowHead& row, const IdSet& ids) {
  for (const Part& part : parts_of(row)) {
    if (!ids.contains(part.id)) continue;
    if (is_counted(part.id)) unhold(part);
    for (Destination& destination : destinations_) {
      destination.leased.erase(part.id);
      if (!destination.settled.contains(part.id)) continue;
      destination.settled.remove(part.id, part.id);
      destination.is_dirty = true;
    }
  }
}

void Ledger::rewrite(const std::vector<RowHead>& before, const RowHead& after) {
  for (const RowHead& row : before) {
    for (const Part& part : parts_of(row))
      unhold(part);
    const IdSet gone = without(row.ids, after.ids);
    for (Destination& destination : destinations_) {
      IdSet rest = without(destination.settled, gone);
      destination.is_dirty = destination.is_dirty || rest != destination.settled;
      destination.settled = std::move(rest);
    }
  }
  for (const Part& part : parts_of(after)) {
    hold(part);
    for (Destination& destination : destinations_) {
      const auto lease = destination.leased.find(part.id);
      if (lease != destination.leased.end()) lease->second = amount_of(part);
    }
  }
}

void Ledger::discard(const RowHead& row) {
  drop(row);
  done_ = joined(std::move(done_), ids_of(row));
}

void Ledger::set_lingering(IdSet ids) {
  if (ids == lingering_) return;
  lingering_ = std::move(ids);
  forget_saved();
}

IdSet Ledger::progress(std::size_t index) const {
  return joined(destinations_[index].settled, lingering_);
}

void Ledger::forget_counts() {
  held_ = {};
  for (Destination& destination : destinations_)
    destination.waiting = {};
  counted_ = uncounted_last_ = 0;
}

bool Ledger::is_leased(RecordId id) const {
  return std::any_of(destinations_.begin(), destinations_.end(),
                     [id](const Destination& one) { return one.leased.contains(id); });
}

bool Ledger::is_leased(const RowHead& row) const {
  const IdSet all = ids_of(row);
  for (const Destination& destination : destinations_) {
    for (const IdRange& ids : all.ranges()) {
      const auto lease = destination.leased.lower_bound(ids.first);
      if (lease != destination.leased.end() && lease->first <= ids.last) return true;
    }
  }
  return false;
}

RecordId Ledger::skip(std::size_t index, RecordId id, Order order) const {
  const Destination& destination = destinations_[index];
  if (destination.leased.contains(id)) return id;
  for (const IdSet* ids : {&destination.settled, &done_}) {
    if (const auto range = ids->range_of(id)) {
      return order == Order::oldest_first ? range->last : range->first;
    }
  }
  return 0;
}

void Ledger::lease(std::size_t index, const Part& record) {
  destinations_[index].leased[record.id] = amount_of(record);
}

void Ledger::give_back(std::size_t index, RecordId id) {
  if (destinations_[index].leased.erase(id) > 0) forget_hints(id);
}

bool Ledger::settle(std::size_t index, RecordId id) {
  Destination& destination = destinations_[index];
  const auto lease = destination.leased.find(id);
  if (lease == destination.leased.end()) return false;
  const Amount amount = lease->second;
  destination.leased.erase(lease);
  const bool counted = is_counted(id);
  if (counted) subtract(destination.waiting, amount);
  if (!settled_by_others(index, id)) {
    destination.settled.add(id);
    destination.is_dirty = true;
    return true;
  }
  for (Destination& one : destinations_) {
    if (!one.settled.contains(id)) continue;
    one.settled.remove(id, id);
    one.is_dirty = true;
  }
  done_.add(id);
  if (counted) subtract(held_, amount);
  return true;
}

bool Ledger::settled_by_others(std::size_t index, RecordId id) const {
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    if (i != index && !destinations_[i].settled.contains(id)) return false;
  }
  return true;
}

RecordId Ledger::hint(std::size_t index, Signal signal) const {
  return destinations_[index].from[static_cast<std::size_t>(signal)];
}

void Ledger::raise_hint(std::size_t index, Signal signal, RecordId id) {
  destinations_[index].from[static_cast<std::size_t>(signal)] = id;
}

void Ledger::expect_rows(RecordId after, RecordId last) {
  counted_ = after;
  uncounted_last_ = last;
}

void Ledger::forget_hints(RecordId id) {
  for (Destination& destination : destinations_) {
    for (RecordId& from : destination.from)
      from = std::min(from, id);
    if (id <= destination.others.last) destination.others = {0, 0};
  }
}

void Ledger::found_no_own(std::size_t index, RecordId after, RecordId to) {
  destinations_[index].others = {after, to};
}

RecordId Ledger::skip_others(std::size_t index, RecordId after) const {
  const IdRange& others = destinations_[index].others;
  return after >= others.first && after < others.last ? others.last : after;
}

}  // namespace edgehaul::spool
