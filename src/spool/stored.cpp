// SPDX-License-Identifier: Apache-2.0
#include "spool/stored.hpp"

#include <algorithm>
#include <array>

#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "spool/batch.hpp"

namespace edgehaul::spool {

namespace {

// Bodies below this gain too little to pay for a zstd frame.
constexpr std::size_t kWorthPacking = 64;

class Fields {
 public:
  template <class Number>
  void add(Number number) {
    const auto bits = static_cast<std::uint64_t>(number);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes_[used_++] = static_cast<char>(bits >> shift);
    }
  }
  std::string_view view() const { return {bytes_.data(), used_}; }

 private:
  std::array<char, 9 * 8> bytes_{};
  std::size_t used_ = 0;
};

std::uint32_t cover(const RowHead& head, std::uint32_t body_crc) {
  Fields fields;
  fields.add(head.id);
  fields.add(head.kind);
  fields.add(head.signal);
  fields.add(head.origin);
  fields.add(head.coding);
  fields.add(head.time);
  fields.add(head.born);
  fields.add(head.items);
  fields.add(head.size);
  const std::uint32_t crc = base::crc32c(fields.view(), body_crc);
  if (!head.is_frames()) return crc;
  Fields more;
  more.add(head.until);
  more.add(head.shape);
  return base::crc32c(format_ids(head.ids), base::crc32c(more.view(), crc));
}

std::uint64_t share(std::uint64_t sum, std::size_t part, std::size_t of) {
  return sum * (part + 1) / of - sum * part / of;
}

constexpr int kBlockLevel = 6;
constexpr int kFastLevel = -2;

// How a body that came coded may lie.
std::optional<BodyCoding> as_it_came(codec::Coding coding) {
  if (coding == codec::Coding::zstd) return BodyCoding::zstd;
  if (coding == codec::Coding::gzip) return BodyCoding::gzip;
  return std::nullopt;
}

// The body packed for the disk, where that makes it smaller.
std::optional<std::string> packed_body(NewRecord& record, BodyCoding& coding, Packing packing) {
  std::string packed;
  if (const auto came = as_it_came(record.coded.coding); came && !record.coded.bytes.empty()) {
    coding = *came;
    packed = std::move(record.coded.bytes);
  } else if (record.body.size() >= kWorthPacking) {
    const bool is_lz4 = packing == Packing::fast;
    coding = is_lz4 ? BodyCoding::lz4 : BodyCoding::zstd;
    auto made = codec::encode(is_lz4 ? codec::Coding::lz4 : codec::Coding::zstd, record.body,
                              packing == Packing::fast_zstd ? kFastLevel : 0);
    if (made) packed = std::move(*made);
  }
  if (packed.empty() || packed.size() >= record.body.size()) return std::nullopt;
  return packed;
}

}  // namespace

Result<StoredRecord> pack(NewRecord&& record, Packing packing) {
  if (record.body.size() > kMaxBodyBytes) {
    return fail(Errc::too_large, "a record of {} bytes is over the bound of {}", record.body.size(),
                kMaxBodyBytes);
  }
  StoredRecord stored;
  stored.signal = static_cast<std::uint8_t>(record.signal);
  stored.origin = static_cast<std::uint8_t>(record.origin);
  stored.time = record.time;
  stored.items = record.items;
  stored.size = static_cast<std::uint32_t>(record.body.size());
  BodyCoding coding = BodyCoding::plain;
  if (auto packed = packed_body(record, coding, packing)) {
    stored.body = std::move(*packed);
    stored.body.shrink_to_fit();
    stored.coding = static_cast<std::uint8_t>(coding);
  } else {
    stored.body = std::move(record.body);
  }
  stored.stored = stored.body.size();
  stored.crc = base::crc32c(stored.body);
  if (record.batch && record.batch->bytes() == stored.size) stored.batch = std::move(record.batch);
  return stored;
}

RowHead head_of_frames() {
  RowHead head;
  head.kind = static_cast<std::uint8_t>(Kind::frames);
  head.signal = static_cast<std::uint8_t>(Signal::metrics);
  head.origin = static_cast<std::uint8_t>(Origin::own);
  return head;
}

Result<StoredRecord> pack(const frame::Frame& frame, const frame::Frame& anchor,
                          std::uint64_t anchor_id) {
  auto body = frame::encode_step(frame, anchor);
  if (!body) return pass(std::move(body.error()));
  StoredRecord stored;
  static_cast<RowHead&>(stored) = head_of_frames();
  stored.time = stored.until = frame.time;
  stored.items = static_cast<std::uint32_t>(frame.shape->points());
  stored.size = static_cast<std::uint32_t>(frame.shape->form().size());
  stored.shape = anchor_id;
  stored.stored = body->size();
  stored.crc = base::crc32c(*body);
  stored.body = std::move(*body);
  return stored;
}

Result<StoredRecord> pack(std::span<const frame::Frame> frames, const IdSet& ids,
                          std::int64_t born) {
  auto body = frame::encode_block(frames, kBlockLevel);
  if (!body) return pass(std::move(body.error()));
  StoredRecord stored;
  static_cast<RowHead&>(stored) = head_of_frames();
  stored.id = ids.ranges().back().last;
  stored.ids = ids;
  stored.time = frames.front().time;
  stored.until = frames.back().time;
  stored.born = born;
  for (const frame::Frame& frame : frames) {
    stored.items += static_cast<std::uint32_t>(frame.shape->points());
    stored.size += static_cast<std::uint32_t>(frame.shape->form().size());
  }
  stored.stored = body->size();
  stored.crc = base::crc32c(*body);
  stored.body = std::move(*body);
  seal(stored);
  return stored;
}

std::optional<codec::Coding> coding_of(const RowHead& row) {
  switch (static_cast<BodyCoding>(row.coding)) {
    case BodyCoding::plain:
      return codec::Coding::identity;
    case BodyCoding::zstd:
      return codec::Coding::zstd;
    case BodyCoding::gzip:
      return codec::Coding::gzip;
    case BodyCoding::lz4:
      return codec::Coding::lz4;
  }
  return std::nullopt;
}

Result<std::string> plain_body(const StoredRecord& stored) {
  const auto coding = coding_of(stored);
  if (!coding) return fail(Errc::malformed, "packed in a way that this version does not know");
  return codec::decode(*coding, stored.body, stored.size);
}

void seal(StoredRecord& record) {
  record.crc = cover(record, record.crc);
}

IdSet ids_of(const RowHead& row) {
  if (row.is_frames()) return row.ids;
  IdSet ids;
  ids.add(row.id);
  return ids;
}

std::vector<Part> parts_of(const RowHead& row) {
  if (!row.is_frames()) return {{row.id, row.items, row.stored, row.size, row.time}};
  std::vector<Part> parts;
  const std::size_t count = row.ids.count();
  const base::UnixNanos steps = static_cast<base::UnixNanos>(std::max<std::size_t>(count, 2)) - 1;
  const base::UnixNanos step = (row.until - row.time) / steps;
  for (const RecordId id : row.ids.list()) {
    const std::size_t at = parts.size();
    parts.push_back({id, share(row.items, at, count), share(row.stored, at, count),
                     share(row.size, at, count),
                     row.time + step * static_cast<base::UnixNanos>(at)});
  }
  return parts;
}

std::uint32_t crc_of(const RowHead& head, std::string_view body) {
  return cover(head, base::crc32c(body));
}

Result<std::vector<frame::Frame>> frames_of(const StoredRecord& row,
                                            const frame::AnchorPtr& anchor) {
  if (crc_of(row, row.body) != row.crc) {
    return fail(Errc::malformed, "record {}: its CRC32C does not fit its bytes", row.id);
  }
  auto frames = frame::decode_block(row.body, anchor.get());
  if (!frames) return within(fmt::format("record {}", row.id), std::move(frames.error()));
  if (frames->size() != row.ids.count()) {
    return fail(Errc::malformed, "record {}: {} frames for {} ids", row.id, frames->size(),
                row.ids.count());
  }
  return frames;
}

Record as_record(const frame::Frame& frame, RecordId id) {
  Record record;
  record.id = id;
  record.signal = Signal::metrics;
  record.origin = Origin::own;
  record.time = frame.time;
  record.items = static_cast<std::uint32_t>(frame.shape->points());
  record.body = frame.request();
  record.size = static_cast<std::uint32_t>(record.body.size());
  return record;
}

Result<StoredRecord> as_request(const StoredRecord& row, const frame::AnchorPtr& anchor,
                                RecordId id) {
  const auto ids = row.ids.list();
  const auto at = std::find(ids.begin(), ids.end(), id);
  if (at == ids.end()) return fail(Errc::absent, "record {}: not in its row", id);
  auto frames = frames_of(row, anchor);
  if (!frames) return pass(std::move(frames.error()));
  auto packed = pack(as_record((*frames)[static_cast<std::size_t>(at - ids.begin())], id));
  if (!packed) return packed;
  packed->id = id;
  packed->born = row.born;
  seal(*packed);
  return packed;
}

Record without_body(const RowHead& row) {
  Record record;
  record.id = row.id;
  record.signal = static_cast<Signal>(row.signal);
  record.origin = static_cast<Origin>(row.origin);
  record.time = row.time;
  record.items = row.items;
  record.size = row.size;
  return record;
}

Result<Record> unpack(StoredRecord&& stored, bool as_it_lies) {
  if (crc_of(stored, stored.body) != stored.crc) {
    return fail(Errc::malformed, "record {}: its CRC32C does not fit its bytes", stored.id);
  }
  Record record = without_body(stored);
  const auto coding = coding_of(stored);
  if (as_it_lies && coding && *coding != codec::Coding::identity) {
    record.coded = {*coding, std::move(stored.body)};
    return record;
  }
  if (coding == codec::Coding::identity) {
    record.body = std::move(stored.body);
    return record;
  }
  auto plain = plain_body(stored);
  if (!plain) return within(fmt::format("record {}", stored.id), std::move(plain.error()));
  record.body = std::move(*plain);
  return record;
}

}  // namespace edgehaul::spool
