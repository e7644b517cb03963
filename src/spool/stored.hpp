// SPDX-License-Identifier: Apache-2.0
// A record as it lies on disk: packed (zstd when that is smaller) and sealed with a CRC32C over
// every column, so that a damaged row is found when it is read and costs only itself. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

// What the body is. A kind this build does not know is kept, shown and never leased.
enum class Kind : std::uint8_t {
  request = 1,  // bytes of one Export…ServiceRequest
};

enum class BodyCoding : std::uint8_t { plain = 0, zstd = 1 };

// All columns but the body; what counting, bounding and listing need.
struct RowHead {
  RecordId id = 0;
  std::uint8_t kind = static_cast<std::uint8_t>(Kind::request);
  std::uint8_t signal = 0;
  std::uint8_t origin = 0;
  std::uint8_t coding = 0;
  base::UnixNanos time = 0;
  std::int64_t born = 0;  // seconds on the spool's own clock (age_clock.hpp)
  std::uint32_t items = 0;
  std::uint32_t size = 0;  // of the body before packing
  std::uint32_t crc = 0;
  std::uint64_t stored = 0;  // of the body as packed
};

struct StoredRecord : RowHead {
  std::string body;
};

// The largest body that is taken: far above any receiver's limit, far below SQLite's.
inline constexpr std::size_t kMaxBodyBytes = 256U << 20;

// No id reaches this (AUTOINCREMENT ends at 2^63 - 1); one more or less than an id is a number too.
inline constexpr RecordId kMaxId = 1ULL << 62;

// Packs everything but id and born; `crc` then covers the body alone. The slow half, done on the
// thread of the caller.
Result<StoredRecord> pack(NewRecord record);

// Completes `crc` when id and born are known.
void seal(StoredRecord& record);

// What `crc` should be.
std::uint32_t crc_of(const RowHead& head, std::string_view body);

// Checks the CRC and unpacks. Errc::malformed says what is wrong.
Result<Record> unpack(StoredRecord stored);

}  // namespace edgehaul::spool
