// SPDX-License-Identifier: Apache-2.0
// Compressed bodies of strangers: never more output than the limit, and what was taken survives the
// way there and back. The first byte chooses coding and limit; with its bit 4
// set the rest is a block of LZ4.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/codec.hpp"
#include "base/text.hpp"
#include "fuzz/require.hpp"

using namespace edgehaul;
using codec::Coding;
using fuzz::require;

namespace {

constexpr std::array kCodings{Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd};
constexpr std::array<std::size_t, 4> kLimits{0, 100, 70'000, 1 << 20};
constexpr std::size_t kSlack = 64 * 1024;  // codec.hpp's promise on top of the limit

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Coding coding = (data[0] & 0x10) != 0 ? Coding::lz4 : kCodings[data[0] % 4];
  const std::size_t limit = kLimits[data[0] / 4 % 4];
  const std::string_view body = fuzz::view(data + 1, size - 1);
  bool is_single = false;
  const auto plain = codec::decode(coding, body, limit, &is_single);
  if (plain) {
    require(plain->size() <= limit && plain->capacity() <= limit + kSlack);
    // The exact size is enough room, one byte less is not. LZ4's rules for the last bytes of a
    // block go by the room: what breaks them may need some more.
    const bool is_lz4 = coding == Coding::lz4;
    require(is_lz4 || codec::decode(coding, body, plain->size()).value() == *plain);
    if (!plain->empty() && !is_lz4) {
      const auto tight = codec::decode(coding, body, plain->size() - 1);
      require(!tight);
      // The fast way with gzip takes the two length codes that RFC 1951 §3.2.6 leaves out, the way
      // of bodies without room does not.
      require(tight.error().code == Errc::too_large || coding == Coding::gzip);
    }
    if (is_single && (coding == Coding::gzip || coding == Coding::zstd)) {
      const std::string both = std::string(body).append(body);
      const auto twice = codec::decode(coding, both, 2 * plain->size(), &is_single);
      // Several go the way of bodies without room, see above.
      require(twice ? *twice == *plain + *plain && !is_single : coding == Coding::gzip);
    }
  } else {
    require(plain.error().code == Errc::too_large || plain.error().code == Errc::malformed);
    require(text::is_utf8(plain.error().message));
  }
  const auto coded = codec::encode(coding, body);
  require(coded.has_value() && codec::decode(coding, *coded, size).value() == body);
  return 0;
}
