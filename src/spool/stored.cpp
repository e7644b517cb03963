// SPDX-License-Identifier: Apache-2.0
#include "spool/stored.hpp"

#include <array>

#include "base/codec.hpp"
#include "base/crc32c.hpp"

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
  return base::crc32c(fields.view(), body_crc);
}

}  // namespace

Result<StoredRecord> pack(NewRecord record) {
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
  stored.coding = static_cast<std::uint8_t>(BodyCoding::plain);
  if (record.body.size() >= kWorthPacking) {
    auto packed = codec::encode(codec::Coding::zstd, record.body);
    if (packed && packed->size() < record.body.size()) {
      record.body = std::move(*packed);
      record.body.shrink_to_fit();
      stored.coding = static_cast<std::uint8_t>(BodyCoding::zstd);
    }
  }
  stored.stored = record.body.size();
  stored.crc = base::crc32c(record.body);
  stored.body = std::move(record.body);
  return stored;
}

void seal(StoredRecord& record) {
  record.crc = cover(record, record.crc);
}

std::uint32_t crc_of(const RowHead& head, std::string_view body) {
  return cover(head, base::crc32c(body));
}

Result<Record> unpack(StoredRecord stored) {
  if (crc_of(stored, stored.body) != stored.crc) {
    return fail(Errc::malformed, "record {}: its CRC32C does not fit its bytes", stored.id);
  }
  Record record;
  record.id = stored.id;
  record.signal = static_cast<Signal>(stored.signal);
  record.origin = static_cast<Origin>(stored.origin);
  record.time = stored.time;
  record.items = stored.items;
  if (stored.coding == static_cast<std::uint8_t>(BodyCoding::plain)) {
    record.body = std::move(stored.body);
    return record;
  }
  auto plain = codec::decode(codec::Coding::zstd, stored.body, stored.size);
  if (!plain) return within(fmt::format("record {}", stored.id), std::move(plain.error()));
  record.body = std::move(*plain);
  return record;
}

}  // namespace edgehaul::spool
