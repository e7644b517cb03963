// SPDX-License-Identifier: Apache-2.0
// Who has settled what: per destination the settled ids and the leases, over all of them the ids
// that nobody needs any more, and the counts for status. The ledger is the truth while the process
// runs; the tables follow with the next commit and may lag while the disk fails. Spool thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "spool/id_set.hpp"
#include "spool/spool.hpp"
#include "spool/stats.hpp"
#include "spool/stored.hpp"

namespace edgehaul::spool {

class Ledger {
 public:
  explicit Ledger(std::vector<std::string> names);

  struct Destination {
    std::string name;
    IdSet settled;  // and still held
    std::map<RecordId, Amount> leased;
    Amount waiting;
    bool is_dirty = true;   // differs from its row in the table
    RecordId from[5] = {};  // per signal, see hint()
    IdRange others{0, 0};   // first is excluded, see found_no_own()
  };

  const std::vector<Destination>& destinations() const { return destinations_; }
  void restore(std::size_t index, IdSet settled);
  void saved(std::size_t index) { destinations_[index].is_dirty = false; }
  // Everything is to be written again: the file is a new one.
  void forget_saved();

  // What the row holds is held from now on; for a row of before this start, too, when it is
  // counted.
  void hold(const RowHead& row);
  // It left before it was settled by all; `ids` of the row, those that are done left out.
  void drop(const RowHead& row) { drop(row, ids_of(row)); }
  void drop(const RowHead& row, const IdSet& ids);
  // The same records in another row; those that are missing there were dropped.
  void rewrite(const std::vector<RowHead>& before, const RowHead& after);
  bool is_leased(RecordId id) const;
  bool is_leased(const RowHead& row) const;  // any record of it
  // Dropped, and its row is still to be erased.
  void discard(const RowHead& record);
  void discard_unheld(RecordId id) { done_.add(id); }
  // The file was lost: what comes out of it is held again, one record at a time.
  void forget_counts();
  // Settled, leased or done: nothing for this destination. The end of the run of such ids in the
  // direction of `order`, or 0.
  RecordId skip(std::size_t index, RecordId id, Order order) const;

  void lease(std::size_t index, const Part& record);
  void give_back(std::size_t index, RecordId id);
  // False when it was not leased: settled twice, or its record is gone.
  bool settle(std::size_t index, RecordId id);

  // Ids that every destination has settled and whose rows may still be there.
  const IdSet& done() const { return done_; }
  void erased(IdRange ids) { done_.remove(ids.first, ids.last); }
  // The done ones among rows that also hold others: they are kept as progress until the row goes.
  const IdSet& lingering() const { return lingering_; }
  void set_lingering(IdSet ids);
  IdSet progress(std::size_t index) const;  // what the destination's row in the table should say
  // After restore(): what all destinations had settled before this start.
  void find_done();

  // Rows with after < id <= last were there at the start and are not counted yet.
  void expect_rows(RecordId after, RecordId last);
  // Nothing of this signal below the hint is left to lease; the search may start there.
  RecordId hint(std::size_t index, Signal signal) const;
  void raise_hint(std::size_t index, Signal signal, RecordId id);
  void forget_hints(RecordId id);  // there may be something at `id`
  // Above `after` and up to `to` a search found nothing of our own to lease: behind a long backlog
  // of peers' records the next one need not look through them again.
  void found_no_own(std::size_t index, RecordId after, RecordId to);
  // Where a search above `after` may begin instead.
  RecordId skip_others(std::size_t index, RecordId after) const;
  const Amount& held() const { return held_; }

 private:
  void hold(const Part& record);
  void unhold(const Part& record);
  bool is_counted(RecordId id) const { return id <= counted_ || id > uncounted_last_; }
  bool settled_by_others(std::size_t index, RecordId id) const;

  std::vector<Destination> destinations_;
  IdSet done_;
  IdSet lingering_;
  Amount held_;
  RecordId counted_ = 0;
  RecordId uncounted_last_ = 0;
};

}  // namespace edgehaul::spool
