// SPDX-License-Identifier: Apache-2.0
#include "sources/host/kernel.hpp"

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kSwitches = metric::id("system.linux.context_switches");
constexpr metric::Id kInterrupts = metric::id("system.linux.interrupts");
constexpr metric::Id kBootTime = metric::id("system.linux.boot_time");
constexpr metric::Id kHandles = metric::id("system.linux.file_handle.count");
constexpr metric::Id kHandleLimit = metric::id("system.linux.file_handle.limit");
constexpr metric::Id kEntropy = metric::id("system.linux.entropy.available");
constexpr metric::Id kOomKills = metric::id("system.memory.linux.oom_kills");

void add_known(metric::Batch& batch, metric::Id id, const std::optional<std::uint64_t>& value) {
  if (value) batch.add(id, *value);
}

// A file that this kernel does not have is no fault.
void add_unless_absent(Faults& faults, Error error) {
  if (error.code != Errc::absent) faults.add(std::move(error));
}

}  // namespace

std::optional<FileHandles> parse_file_nr(std::string_view body) {
  FileHandles out;
  std::string_view line = text::next_line(body).value_or("");
  if (!text::parse_into(text::next_field(line), out.count)) return std::nullopt;
  text::next_field(line);  // free handles: always 0 since 2.6
  if (!text::parse_into(text::next_field(line), out.limit)) return std::nullopt;
  return out;
}

Kernel::Kernel(const base::Roots& roots, const KernelOptions&, std::shared_ptr<KernelFiles> files)
    : files_(std::move(files)),
      file_nr_(roots.in_proc("sys/fs/file-nr")),
      entropy_(roots.in_proc("sys/kernel/random/entropy_avail")) {}

void Kernel::add_stat(metric::Batch& batch, Faults& faults) {
  auto stat = files_->stat.at(batch.time());
  if (!stat) return faults.add(std::move(stat.error()));
  faults.add((*stat)->counter_faults);
  add_known(batch, kSwitches, (*stat)->context_switches);
  add_known(batch, kInterrupts, (*stat)->interrupts);
  add_known(batch, kBootTime, (*stat)->boot_time);
}

void Kernel::add_file_handles(metric::Batch& batch, Faults& faults) {
  if (!batch.wants(kHandles) && !batch.wants(kHandleLimit)) return;
  auto body = file_nr_.read();
  if (!body) return add_unless_absent(faults, std::move(body.error()));
  const auto handles = parse_file_nr(*body);
  if (!handles) return faults.malformed("file-nr", text::trim(*body));
  batch.add(kHandles, handles->count);
  batch.add(kHandleLimit, handles->limit);
}

void Kernel::add_entropy(metric::Batch& batch, Faults& faults) {
  if (!batch.wants(kEntropy)) return;
  auto body = entropy_.read();
  if (!body) return add_unless_absent(faults, std::move(body.error()));
  const auto bits = text::parse_u64(text::trim(*body));
  if (!bits) return faults.malformed("entropy_avail", text::trim(*body));
  batch.add(kEntropy, *bits);
}

void Kernel::add_oom_kills(metric::Batch& batch, Faults& faults) {
  if (!batch.wants(kOomKills)) return;
  auto vmstat = files_->vmstat.at(batch.time());
  if (!vmstat) return add_unless_absent(faults, std::move(vmstat.error()));
  add_known(batch, kOomKills, (*vmstat)->oom_kill);
}

Result<void> Kernel::read(metric::Batch& batch) {
  Faults faults;
  add_stat(batch, faults);
  add_file_handles(batch, faults);
  add_entropy(batch, faults);
  add_oom_kills(batch, faults);
  return faults.result();
}

}  // namespace edgehaul::host
