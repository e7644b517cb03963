// SPDX-License-Identifier: Apache-2.0
// The content codings: gzip, zlib ("deflate" on the wire) and zstd; and LZ4, for the spool.
// Decoding is bounded, so a small hostile body cannot balloon. The only place that sees libdeflate,
// zlib, zstd and LZ4. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::codec {

// lz4 is one block in LZ4's block format, without a frame around it. It is no coding of HTTP's.
enum class Coding : unsigned char { identity, gzip, deflate, zstd, lz4 };

// Bytes and what they lie under; under identity and empty where nothing is known.
struct Coded {
  Coding coding = Coding::identity;
  std::string bytes;
};

// "gzip" ↔ Coding::gzip; "" and "identity" are identity, "x-gzip" is gzip; nullopt when unknown,
// and for lz4.
std::optional<Coding> parse_coding(std::string_view name);
std::string_view coding_name(Coding coding);

// Level 0 means the coding's default (gzip 4, zstd 1). Of lz4 it is how much faster (and larger)
// than the best, 1 to 65537; default 4.
Result<std::string> encode(Coding coding, std::string_view plain, int level = 0);

// Decodes a whole body. Output past `limit` is Errc::too_large (never more than limit + 64 KiB is
// allocated); broken, truncated or trailing bytes are Errc::malformed. Several gzip members or zstd
// frames in a row decode as one (RFC 1952 §2.2, RFC 8878 §3.1). An lz4 block does not tell what it
// decodes to, so that one past the limit is malformed too.
// `is_single`, where given, says whether it was one member or frame and nothing else: some decoders
// stop after the first of several.
Result<std::string> decode(Coding coding, std::string_view coded, std::size_t limit,
                           bool* is_single = nullptr);

// zstd of what resembles `base`, bytes that the decoder has too: what they share costs next to
// nothing. Together at most 8 MiB.
Result<std::string> encode_against(std::string_view base, std::string_view plain, int level);
Result<std::string> decode_against(std::string_view base, std::string_view coded,
                                   std::size_t limit);

}  // namespace edgehaul::codec
