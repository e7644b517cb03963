// SPDX-License-Identifier: Apache-2.0
// A row as it lies on disk: one request, packed (zstd or LZ4 when that is smaller), or one or more
// ticks of our own as frames; sealed with a CRC32C over every column, so that a damaged row is
// found when it is read and costs only itself. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "frame/block.hpp"
#include "spool/id_set.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

// What the body is. A kind this build does not know is kept, shown and never leased.
enum class Kind : std::uint8_t {
  request = 1,  // bytes of one Export…ServiceRequest
  frames = 2,   // a block of frames (frame/block.hpp); lies in a table of its own
};

// A coding this build does not know is treated like a kind.
enum class BodyCoding : std::uint8_t { plain = 0, zstd = 1, gzip = 2, lz4 = 3 };

// All columns but the body; what counting, bounding and listing need.
struct RowHead {
  RecordId id = 0;  // of a row of frames: the last of its ids
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
  // Of frames only: their ids in the order of the block, the last frame's time, and the id of the
  // anchor of a single frame, in the shapes table (0: nothing is left out).
  IdSet ids;
  base::UnixNanos until = 0;
  std::uint64_t shape = 0;

  bool is_frames() const {
    return kind == static_cast<std::uint8_t>(Kind::frames) && (id == 0 || !ids.empty());
  }
  RecordId first() const { return is_frames() ? ids.ranges().front().first : id; }
};

// A record's share of its row. Shares of one row differ by one item or byte at most and add up.
struct Part {
  RecordId id = 0;
  std::uint64_t items = 0;
  std::uint64_t stored = 0;
  std::uint64_t size = 0;
  base::UnixNanos time = 0;  // of a frame inside a block: as if the ticks were evenly spread
};
std::vector<Part> parts_of(const RowHead& row);
IdSet ids_of(const RowHead& row);

struct StoredRecord : RowHead {
  std::string body;
  // On its way in only: what it is made of, and whether what was stored already is cut out of it.
  std::shared_ptr<const Batch> batch = nullptr;
  bool is_cut = false;
  frame::AnchorPtr anchor = nullptr;  // in memory only: what a single frame leaves out
};

// Kind, signal and origin of every row of frames.
RowHead head_of_frames();

// The largest body that is taken: far above any receiver's limit, far below SQLite's.
inline constexpr std::size_t kMaxBodyBytes = 256U << 20;

// What a body lies under; nullopt: unknown to this build.
std::optional<codec::Coding> coding_of(const RowHead& row);

// What becomes of a body that did not come packed.
enum class Packing : std::uint8_t {
  small,      // zstd
  fast,       // LZ4, half the time and a third larger than zstd at its fast levels
  fast_zstd,  // zstd at such a level: for what will leave as it lies
};

// Packs everything but id and born; `crc` then covers the body alone. The slow half, done on the
// thread of the caller. Leaves record.body where it is when the packed one is smaller.
Result<StoredRecord> pack(NewRecord&& record, Packing packing = Packing::small);
// The same for a frame as steps from `anchor`, which is kept elsewhere under `anchor_id`.
Result<StoredRecord> pack(const frame::Frame& frame, const frame::Frame& anchor,
                          std::uint64_t anchor_id);
// Many frames as one row that needs nothing else, complete with its CRC. `ids` are theirs.
Result<StoredRecord> pack(std::span<const frame::Frame> frames, const IdSet& ids,
                          std::int64_t born);

// The body as it was before packing; the CRC is not looked at.
Result<std::string> plain_body(const StoredRecord& stored);

// Completes `crc` when id and born are known.
void seal(StoredRecord& record);

// What `crc` should be.
std::uint32_t crc_of(const RowHead& head, std::string_view body);

// Checks the CRC and unpacks a request, or leaves it `as_it_lies`. Errc::malformed says what is
// wrong; `stored` is whole then.
Result<Record> unpack(StoredRecord&& stored, bool as_it_lies = false);
// Everything but the body.
Record without_body(const RowHead& row);

// Checks the CRC and decodes the frames of a row, one for each of its ids. `anchor` as in
// frame::decode_block().
Result<std::vector<frame::Frame>> frames_of(const StoredRecord& row,
                                            const frame::AnchorPtr& anchor);
// One frame as the record it is to whoever sends it.
Record as_record(const frame::Frame& frame, RecordId id);
// One frame of a row as a row of its own that needs nothing else: a request.
Result<StoredRecord> as_request(const StoredRecord& row, const frame::AnchorPtr& anchor,
                                RecordId id);

}  // namespace edgehaul::spool
