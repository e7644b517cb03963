// SPDX-License-Identifier: Apache-2.0
// The one way that expected failures travel: Result<T> holds a value or an Error with a code for
// programs and words for people. Bugs are asserts; exceptions of third parties end at the room's
// edge.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <tl/expected.hpp>

namespace edgehaul::base {

enum class Errc : unsigned char {
  io,           // the system refused: message carries strerror
  absent,       // file, device or answer is not there; often "no data" rather than a fault
  malformed,    // bytes do not say what they should
  too_large,    // over a stated bound
  timeout,      // a deadline passed
  refused,      // a peer or permission said no
  full,         // bounded store has no room
  unavailable,  // try again later
  invalid,      // a caller's or operator's value is wrong
  cancelled,    // stopped on purpose
};

struct Error {
  Errc code = Errc::io;
  std::string message;

  Error() = default;
  Error(Errc c, std::string text) : code(c), message(std::move(text)) {}
};

template <class T = void>
using Result = tl::expected<T, Error>;

// fail(Errc::io, "open {}: {}", path, why): an error ready to be returned from any Result function.
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> text,
                                         Args&&... args) {
  return tl::unexpected<Error>(Error(code, fmt::format(text, std::forward<Args>(args)...)));
}

// Prefix an error with where it happened; context grows outwards: "cgroup x: memory.current: …".
[[nodiscard]] inline tl::unexpected<Error> within(std::string_view context, Error error) {
  error.message = fmt::format("{}: {}", context, error.message);
  return tl::unexpected<Error>(std::move(error));
}

[[nodiscard]] inline tl::unexpected<Error> pass(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace edgehaul::base

namespace edgehaul {
using base::Errc;
using base::Error;
using base::fail;
using base::pass;
using base::Result;
using base::within;
}  // namespace edgehaul
