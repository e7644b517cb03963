// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "otlp/request.hpp"
#include "otlp/schema.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

using schema::Field;
using schema::Message;
using schema::Role;
using wire::Fault;
using wire::Reader;
using wire::Token;

// Pieces repeat the headers above their items. When that would make them together larger than this
// many times the request, cutting further helps nobody.
constexpr std::size_t kMaxGrowth = 4;

std::uint64_t count(const Message& message, std::string_view bytes) {
  std::uint64_t items = 0;
  Reader reader(bytes);
  Token token;
  while (!reader.done() && reader.next(token) == Fault::none) {
    const Field* field = message.find(token.number);
    if (field == nullptr || field->role == Role::plain) continue;
    items += field->role == Role::item ? 1 : count(*field->child, token.bytes);
  }
  return items;
}

// The part of a request that holds the items of `ranges`, in order of appearance.
class Cut {
 public:
  // Of a request of `items` items.
  Cut(std::span<const ItemRange> ranges, std::uint64_t items) : ranges_(ranges), items_(items) {}

  // `base` is the index of the first item in `bytes`.
  std::string piece(const Message& message, std::string_view bytes, std::uint64_t base) const {
    std::string out;
    const bool holds_start = holds(base);
    Reader reader(bytes);
    Token token;
    while (!reader.done() && reader.next(token) == Fault::none) {
      const Field* field = message.find(token.number);
      if (field == nullptr) {
        if (holds_start) out += token.raw;
      } else if (field->role == Role::plain) {
        out += token.raw;
      } else {
        base = carry(*field, token, base, out);
      }
    }
    return out;
  }

 private:
  // The first range that ends behind `item`.
  std::span<const ItemRange>::iterator range_at(std::uint64_t item) const {
    return std::upper_bound(
        ranges_.begin(), ranges_.end(), item,
        [](std::uint64_t wanted, const ItemRange& range) { return wanted < range.high; });
  }
  bool holds(std::uint64_t item) const {
    const auto range = range_at(item);
    return range != ranges_.end() && range->low <= item;
  }

  // Appends what of one carrier or item belongs here; returns the index of the item after it.
  std::uint64_t carry(const Field& field, const Token& token, std::uint64_t base,
                      std::string& out) const {
    const std::uint64_t items = field.role == Role::item ? 1 : count(*field.child, token.bytes);
    const std::uint64_t end = base + items;
    const auto range = range_at(base);
    if (items == 0) {
      // Without items it belongs where its neighbours are, and to one piece only.
      const bool is_behind_all = base == items_ && base > 0;
      if (holds(is_behind_all ? base - 1 : base)) out += token.raw;
    } else if (range == ranges_.end() || range->low >= end) {
      return end;
    } else if (range->low <= base && end <= range->high) {
      out += token.raw;
    } else {
      wire::put_bytes(out, field.number, piece(*field.child, token.bytes, base));
    }
    return end;
  }

  std::span<const ItemRange> ranges_;
  std::uint64_t items_;
};

std::string part_of(const Message& message, std::string_view request, const ItemRange& range,
                    std::uint64_t items) {
  return Cut({&range, 1}, items).piece(message, request, 0);
}

Halves cut_at(const Message& message, std::string_view request, std::uint64_t middle,
              std::uint64_t items) {
  return {{part_of(message, request, {0, middle}, items), middle},
          {part_of(message, request, {middle, items}, items), items - middle}};
}

class Splitter {
 public:
  Splitter(const Message& message, std::size_t max_bytes, std::size_t budget)
      : message_(message), max_bytes_(max_bytes), budget_(budget) {}

  void add(Piece piece) {
    if (piece.bytes.size() <= max_bytes_ || piece.items < 2) {
      return pieces_.push_back(std::move(piece));
    }
    Halves halves = cut_at(message_, piece.bytes, piece.items / 2, piece.items);
    const std::size_t both = halves.first.bytes.size() + halves.second.bytes.size();
    const std::size_t growth = both - std::min(both, piece.bytes.size());
    if (growth > budget_) return pieces_.push_back(std::move(piece));
    budget_ -= growth;
    std::string().swap(piece.bytes);
    add(std::move(halves.first));
    add(std::move(halves.second));
  }

  std::vector<Piece> take() { return std::move(pieces_); }

 private:
  const Message& message_;
  std::size_t max_bytes_;
  std::size_t budget_;
  std::vector<Piece> pieces_;
};

}  // namespace

Result<Halves> halve(Signal signal, std::string_view request) {
  if (signal == Signal::profiles) return fail(Errc::invalid, "profiles cannot be cut");
  const auto seen = inspect(signal, request);
  if (!seen) return pass(seen.error());
  if (seen->items < 2) return fail(Errc::invalid, "one item cannot be cut");
  return cut_at(schema::request(signal), request, seen->items / 2, seen->items);
}

std::string slice(Signal signal, std::string_view request, std::span<const ItemRange> ranges,
                  std::uint64_t items) {
  return Cut(ranges, items).piece(schema::request(signal), request, 0);
}

Result<std::vector<Piece>> split(Signal signal, std::string_view request, std::size_t max_bytes) {
  const auto seen = inspect(signal, request);
  if (!seen) return pass(seen.error());
  Piece whole{std::string(request), seen->items};
  if (request.size() <= max_bytes || signal == Signal::profiles) {
    return std::vector<Piece>{std::move(whole)};
  }
  Splitter splitter(schema::request(signal), max_bytes, request.size() * (kMaxGrowth - 1));
  splitter.add(std::move(whole));
  return splitter.take();
}

}  // namespace edgehaul::otlp
