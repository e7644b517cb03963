// SPDX-License-Identifier: Apache-2.0
#include "sources/host/time.hpp"

#include <sys/timex.h>
#include <cerrno>
#include <string>
#include <utility>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::host {

namespace {

using metric::id;

struct Recorded {
  int state = 0;
  int status = 0;
  long offset = 0;
  long freq = 0;
  long maxerror = 0;
  long esterror = 0;
};

bool parse_recorded(std::string_view line, Recorded& out) {
  return text::parse_into(text::next_field(line), out.state) &&
         text::parse_into(text::next_field(line), out.status) &&
         text::parse_into(text::next_field(line), out.offset) &&
         text::parse_into(text::next_field(line), out.freq) &&
         text::parse_into(text::next_field(line), out.maxerror) &&
         text::parse_into(text::next_field(line), out.esterror);
}

}  // namespace

Adjtimex make_adjtimex(const base::Roots& roots) {
  if (roots.is_live()) {
    return [](timex& out) {
      out.modes = 0;
      return ::adjtimex(&out);
    };
  }
  Recorded recorded;
  const auto line = base::read_line(roots.at("/recorded/adjtimex"));
  if (!line || !parse_recorded(*line, recorded)) return {};
  return [recorded](timex& out) {
    out.status = recorded.status;
    out.offset = recorded.offset;
    out.freq = recorded.freq;
    out.maxerror = recorded.maxerror;
    out.esterror = recorded.esterror;
    return recorded.state;
  };
}

Time::Time(Adjtimex adjtimex) : adjtimex_(std::move(adjtimex)) {}

Result<void> Time::read(metric::Batch& batch) {
  if (!adjtimex_) return fail(Errc::absent, "the clock of this host cannot be asked");
  timex clock{};
  const int state = adjtimex_(clock);
  // Asking needs no privilege, but the unit's sandbox bars the call that can also set:
  // ProtectClock= with EPERM, the filter of system calls with ENOSYS.
  if (state < 0 && (errno == EPERM || errno == ENOSYS))
    return fail(Errc::absent, "adjtimex is barred (see clock.conf)");
  if (state < 0) return pass(base::system_error("adjtimex", errno));
  // The offset alone changes its unit; the errors are always microseconds.
  const double offset_unit = (clock.status & STA_NANO) != 0 ? 1e-9 : 1e-6;
  const bool is_synchronised = state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  batch.add(id("system.time.sync_status"), std::uint64_t{is_synchronised});
  batch.add(id("system.time.offset"), static_cast<double>(clock.offset) * offset_unit);
  batch.add(id("system.time.max_error"), static_cast<double>(clock.maxerror) * 1e-6);
  batch.add(id("system.time.estimated_error"), static_cast<double>(clock.esterror) * 1e-6);
  // Parts per million with 16 bits after the point.
  batch.add(id("system.time.frequency_adjustment"), static_cast<double>(clock.freq) / 65536e6);
  return {};
}

}  // namespace edgehaul::host
