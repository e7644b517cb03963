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

// The part of a request that holds items [low, high), in order of appearance.
class Cut {
 public:
  Cut(std::uint64_t low, std::uint64_t high, bool is_last)
      : low_(low), high_(high), is_last_(is_last) {}

  // `base` is the index of the first item in `bytes`.
  std::string piece(const Message& message, std::string_view bytes, std::uint64_t base) const {
    std::string out;
    const bool holds_start = base >= low_;
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
  // Appends what of one carrier or item belongs here; returns the index of the item after it.
  std::uint64_t carry(const Field& field, const Token& token, std::uint64_t base,
                      std::string& out) const {
    const std::uint64_t items = field.role == Role::item ? 1 : count(*field.child, token.bytes);
    const std::uint64_t end = base + items;
    if (items == 0) {
      // Without items it belongs where its neighbours are, and to one piece only.
      if (base >= low_ && (base < high_ || is_last_)) out += token.raw;
    } else if (base >= low_ && end <= high_) {
      out += token.raw;
    } else if (std::max(base, low_) < std::min(end, high_)) {
      wire::put_bytes(out, field.number, piece(*field.child, token.bytes, base));
    }
    return end;
  }

  std::uint64_t low_;
  std::uint64_t high_;
  bool is_last_;
};

Halves cut_at(const Message& message, std::string_view request, std::uint64_t middle,
              std::uint64_t items) {
  return {Cut(0, middle, false).piece(message, request, 0),
          Cut(middle, items, true).piece(message, request, 0)};
}

class Splitter {
 public:
  Splitter(const Message& message, std::size_t max_bytes, std::size_t budget)
      : message_(message), max_bytes_(max_bytes), budget_(budget) {}

  void add(std::string piece, std::uint64_t items) {
    if (piece.size() <= max_bytes_ || items < 2) return pieces_.push_back(std::move(piece));
    const std::uint64_t middle = items / 2;
    Halves halves = cut_at(message_, piece, middle, items);
    const std::size_t both = halves.first.size() + halves.second.size();
    const std::size_t growth = both - std::min(both, piece.size());
    if (growth > budget_) return pieces_.push_back(std::move(piece));
    budget_ -= growth;
    std::string().swap(piece);
    add(std::move(halves.first), middle);
    add(std::move(halves.second), items - middle);
  }

  std::vector<std::string> take() { return std::move(pieces_); }

 private:
  const Message& message_;
  std::size_t max_bytes_;
  std::size_t budget_;
  std::vector<std::string> pieces_;
};

}  // namespace

Result<Halves> halve(Signal signal, std::string_view request) {
  if (signal == Signal::profiles) return fail(Errc::invalid, "profiles cannot be cut");
  const auto seen = inspect(signal, request);
  if (!seen) return pass(seen.error());
  if (seen->items < 2) return fail(Errc::invalid, "one item cannot be cut");
  return cut_at(schema::request(signal), request, seen->items / 2, seen->items);
}

std::string slice(Signal signal, std::string_view request, std::uint64_t low, std::uint64_t high,
                  std::uint64_t items) {
  return Cut(low, high, high >= items).piece(schema::request(signal), request, 0);
}

Result<std::vector<std::string>> split(Signal signal, std::string_view request,
                                       std::size_t max_bytes) {
  if (request.size() <= max_bytes || signal == Signal::profiles) {
    return std::vector<std::string>{std::string(request)};
  }
  const auto seen = inspect(signal, request);
  if (!seen) return pass(seen.error());
  Splitter splitter(schema::request(signal), max_bytes, request.size() * (kMaxGrowth - 1));
  splitter.add(std::string(request), seen->items);
  return splitter.take();
}

}  // namespace edgehaul::otlp
