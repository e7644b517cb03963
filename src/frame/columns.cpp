// SPDX-License-Identifier: Apache-2.0
#include "frame/columns.hpp"

#include <unordered_map>
#include <utility>

#include "frame/column.hpp"

namespace edgehaul::frame {

namespace {

using Numbers = std::vector<std::uint64_t>;

// Starts and times are nearly always those of the point before: only what differs is kept. The
// first time goes by that of its frame.
class Neighbours {
 public:
  explicit Neighbours(const Frame& frame) : time_(static_cast<std::uint64_t>(frame.time)) {}

  std::uint64_t less_before(Blank blank, std::uint64_t number) {
    std::uint64_t* before = of(blank);
    return before == nullptr ? number : number - std::exchange(*before, number);
  }
  std::uint64_t plus_before(Blank blank, std::uint64_t difference) {
    std::uint64_t* before = of(blank);
    return before == nullptr ? difference : *before += difference;
  }

 private:
  std::uint64_t* of(Blank blank) {
    if (blank == Blank::start) return &start_;
    return blank == Blank::time ? &time_ : nullptr;
  }
  std::uint64_t start_ = 0;
  std::uint64_t time_;
};

Numbers differences(const Frame& frame) {
  Numbers numbers = frame.numbers;
  Neighbours neighbours(frame);
  const auto slots = frame.shape->slots();
  for (std::size_t i = 0; i < slots.size(); ++i)
    numbers[i] = neighbours.less_before(slots[i].blank, numbers[i]);
  return numbers;
}

void undo_differences(Frame& frame) {
  Neighbours neighbours(frame);
  const auto slots = frame.shape->slots();
  for (std::size_t i = 0; i < slots.size(); ++i)
    frame.numbers[i] = neighbours.plus_before(slots[i].blank, frame.numbers[i]);
}

void put_stream(std::string& out, const std::string& stream) {
  put_varint(out, stream.size());
  out += stream;
}

void put_streams(std::string& out, const Streams& streams) {
  for (const std::string* stream : {&streams.modes, &streams.firsts, &streams.steps, &streams.bits})
    put_stream(out, *stream);
}

bool take_stream(Reader& from, Reader& stream) {
  std::uint64_t size = 0;
  std::string_view bytes;
  if (!from.take_varint(size, from.rest().size()) || !from.take_bytes(bytes, size)) return false;
  stream = Reader(bytes);
  return true;
}

bool take_streams(Reader& from, StreamReaders& in) {
  for (Reader* stream : {&in.modes, &in.firsts, &in.steps, &in.bits}) {
    if (!take_stream(from, *stream)) return false;
  }
  return true;
}

bool are_done(const StreamReaders& in) {
  return in.modes.done() && in.firsts.done() && in.steps.done() && in.bits.done();
}

}  // namespace

void ColumnMap::add(const Shape& shape) {
  std::unordered_map<std::uint64_t, std::uint32_t> known;
  for (std::size_t i = 0; i < series_.size(); ++i)
    known.emplace(series_[i], static_cast<std::uint32_t>(i));
  std::vector<std::uint32_t>& columns = columns_.emplace_back();
  for (const Slot& slot : shape.slots()) {
    const auto at = known.find(slot.series);
    if (at != known.end() && blanks_[at->second] == slot.blank) {
      columns.push_back(at->second);
      known.erase(at);  // two alike in one shape: the other one gets a column of its own
    } else {
      columns.push_back(static_cast<std::uint32_t>(blanks_.size()));
      blanks_.push_back(slot.blank);
      series_.push_back(slot.series);
    }
  }
}

// Runs of columns: first column, count.
void ColumnMap::write(std::string& out) const {
  const std::vector<std::uint32_t>& columns = columns_.back();
  for (std::size_t i = 0; i < columns.size();) {
    std::size_t end = i + 1;
    while (end < columns.size() && columns[end] == columns[end - 1] + 1)
      ++end;
    put_varint(out, columns[i]);
    put_varint(out, end - i);
    i = end;
  }
}

bool ColumnMap::add(const Shape& shape, Reader& from) {
  const auto slots = shape.slots();
  std::vector<std::uint32_t>& columns = columns_.emplace_back();
  while (columns.size() < slots.size()) {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    if (!from.take_varint(first, blanks_.size()) ||
        !from.take_varint(count, slots.size() - columns.size()) || count == 0) {
      return false;
    }
    for (std::uint64_t column = first; column < first + count; ++column) {
      const Blank blank = slots[columns.size()].blank;
      if (column == blanks_.size()) blanks_.push_back(blank);
      if (blanks_[column] != blank) return false;
      columns.push_back(static_cast<std::uint32_t>(column));
    }
  }
  return true;
}

namespace {

// As below, for what a tick with a new shape costs: each column has one number.
std::string encode_only(const ColumnMap& map, std::size_t shape, const Frame& frame) {
  const auto to = map.of(shape);
  const Numbers numbers = differences(frame);
  Numbers columns(map.blanks().size());
  for (std::size_t slot = 0; slot < numbers.size(); ++slot)
    columns[to[slot]] = numbers[slot];
  Streams streams;
  for (std::size_t i = 0; i < columns.size(); ++i)
    put_column(std::span(&columns[i], 1), map.blanks()[i] == Blank::real, streams);
  std::string out;
  put_streams(out, streams);
  return out;
}

}  // namespace

std::string encode_columns(const ColumnMap& map, std::span<const std::size_t> shape_of,
                           std::span<const Frame> frames) {
  if (frames.size() == 1) return encode_only(map, shape_of.front(), frames.front());
  std::vector<Numbers> columns(map.blanks().size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto to = map.of(shape_of[i]);
    const Numbers numbers = differences(frames[i]);
    for (std::size_t slot = 0; slot < numbers.size(); ++slot)
      columns[to[slot]].push_back(numbers[slot]);
  }
  Streams streams;
  for (std::size_t i = 0; i < columns.size(); ++i)
    put_column(columns[i], map.blanks()[i] == Blank::real, streams);
  std::string out;
  put_streams(out, streams);
  return out;
}

bool decode_columns(const ColumnMap& map, std::span<const std::size_t> shape_of, Reader& from,
                    std::span<Frame> frames) {
  std::vector<std::size_t> counts(map.blanks().size());
  for (const std::size_t shape : shape_of) {
    for (const std::uint32_t column : map.of(shape))
      ++counts[column];
  }
  StreamReaders in{Reader(""), Reader(""), Reader(""), Reader("")};
  if (!take_streams(from, in)) return false;
  std::vector<Numbers> columns(counts.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].resize(counts[i]);
    if (counts[i] == 0 || !take_column(in, map.blanks()[i] == Blank::real, columns[i])) {
      return false;
    }
  }
  std::vector<std::size_t> next(columns.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].numbers.reserve(map.of(shape_of[i]).size());
    for (const std::uint32_t column : map.of(shape_of[i])) {
      frames[i].numbers.push_back(columns[column][next[column]++]);
    }
    undo_differences(frames[i]);
  }
  return are_done(in);
}

// At each tick, so without a copy of either's numbers.
std::string encode_steps(const Frame& frame, const Frame& anchor) {
  Neighbours known(anchor);
  Neighbours numbers(frame);
  const auto slots = frame.shape->slots();
  Streams streams;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const Blank blank = slots[i].blank;
    put_step(known.less_before(blank, anchor.numbers[i]),
             numbers.less_before(blank, frame.numbers[i]), blank == Blank::real, streams);
  }
  std::string out;
  put_streams(out, streams);
  return out;
}

bool decode_steps(Reader& from, const Frame& anchor, Frame& frame) {
  StreamReaders in{Reader(""), Reader(""), Reader(""), Reader("")};
  if (!take_streams(from, in)) return false;
  const Numbers known = differences(anchor);
  const auto slots = frame.shape->slots();
  frame.numbers.resize(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!take_step(in, slots[i].blank == Blank::real, known[i], frame.numbers[i])) return false;
  }
  undo_differences(frame);
  return are_done(in);
}

}  // namespace edgehaul::frame
