// SPDX-License-Identifier: Apache-2.0
#include "metric/faults.hpp"

#include "base/text.hpp"

namespace edgehaul::metric {

void Faults::malformed(std::string_view what, std::string_view line) {
  constexpr std::size_t kShown = 40;
  if (count_++ > 0) return;
  first_ = Error(Errc::malformed, fmt::format("{}: not understood: \"{}\"", what,
                                              text::to_utf8(line.substr(0, kShown))));
}

void Faults::add(Error error) {
  if (count_++ == 0) first_ = std::move(error);
}

void Faults::add(const Faults& part) {
  if (count_ == 0) first_ = part.first_;
  count_ += part.count_;
}

Result<void> Faults::result() const {
  if (count_ == 0) return {};
  if (count_ == 1) return pass(first_);
  return fail(first_.code, "{} (and {} more)", first_.message, count_ - 1);
}

}  // namespace edgehaul::metric
