// SPDX-License-Identifier: Apache-2.0
#include "sources/host/filesystem.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>
#include <utility>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kMaxMounts = 1024;
// An error that turns a file system read-only does not count as a change of the mount table, so it
// is read now and then without being told.
constexpr unsigned kReadsPerTable = 6;

std::string base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string read_link(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

// "/dev/mapper/vg-root" is a link to "/dev/dm-0"; "/dev/root" is the boot loader's word for a
// device that sysfs knows by number.
std::string resolve_device(const base::Roots& roots, const Mount& mount) {
  constexpr std::string_view kMapper = "/dev/mapper/";
  std::string target;
  if (mount.device.starts_with(kMapper)) target = read_link(roots.at(mount.device));
  if (mount.device == "/dev/root")
    target = read_link(roots.in_sys("dev/block/" + mount.device_number));
  if (target.empty()) return text::to_utf8(mount.device);
  return "/dev/" + base_name(text::to_utf8(target));
}

Lane lane_of(const Mount& mount) {
  return mount.device.starts_with("/dev/") ? Lane::local : Lane::remote;
}

}  // namespace

class Filesystem::Call final : public Offload::Task {
 public:
  Call(Lane lane, std::string mountpoint, std::shared_ptr<const Statfs> statfs)
      : Task(lane), mountpoint_(std::move(mountpoint)), statfs_(std::move(statfs)) {}
  void run() override { error = (*statfs_)(mountpoint_, usage); }

  FsUsage usage;
  int error = 0;

 private:
  std::string mountpoint_;
  std::shared_ptr<const Statfs> statfs_;
};

Filesystem::Filesystem(const base::Roots& roots, const FilesystemOptions& options,
                       std::shared_ptr<Offload> offload, Statfs statfs)
    : roots_(roots),
      options_(options),
      offload_(std::move(offload)),
      statfs_(std::make_shared<const Statfs>(std::move(statfs))) {}

Filesystem::~Filesystem() = default;

Result<void> Filesystem::read(metric::Batch& batch) {
  if (auto refreshed = refresh(); !refreshed) return refreshed;
  waiting_.clear();
  for (const Watched& watched : watched_) {
    offload_->post(watched.call);
    waiting_.push_back(watched.call);
  }
  offload_->await(waiting_, options_.deadline);
  Faults faults;
  faults.add(table_faults_);
  for (Watched& watched : watched_)
    collect(batch, watched, faults);
  return faults.result();
}

bool Filesystem::table_may_have_changed() {
  if (!table_ || !is_kernel_table_ || ++reads_since_table_ >= kReadsPerTable) return true;
  pollfd poll{table_.get(), POLLPRI, 0};
  return ::poll(&poll, 1, 0) != 0;
}

// Process 1's table where it can be read: our own shows what a sandbox made of it.
Result<std::string_view> Filesystem::read_table() {
  for (const char* name : {"1/mountinfo", "self/mountinfo"}) {
    if (!table_) {
      auto opened = base::open_at(AT_FDCWD, roots_.in_proc(name).c_str());
      if (!opened) continue;
      table_ = std::move(*opened);
      struct statfs kind {};
      is_kernel_table_ = ::fstatfs(table_.get(), &kind) == 0 && kind.f_type == PROC_SUPER_MAGIC;
    }
    auto body = base::read_fd(table_.get(), buffer_);
    if (body && !body->empty()) return body;
    table_.reset();
  }
  return fail(Errc::absent, "{}: no mount table", roots_.in_proc("1/mountinfo"));
}

Result<void> Filesystem::refresh() {
  if (!table_may_have_changed()) return {};
  reads_since_table_ = 0;
  auto body = read_table();
  if (!body) return pass(std::move(body.error()));
  const std::size_t hash = std::hash<std::string_view>{}(*body);
  if (hash == table_hash_) return {};
  table_hash_ = hash;
  table_faults_.clear();
  choose(parse_mountinfo(*body, table_faults_));
  return {};
}

void Filesystem::choose(std::vector<Mount> all) {
  std::vector<std::string> device_types;
  if (const auto body = base::read_file(roots_.in_proc("filesystems"), buffer_))
    device_types = parse_device_types(*body);
  std::vector<Mount> chosen = select_mounts(std::move(all), device_types, options_, kMaxMounts + 1);
  if (chosen.size() > kMaxMounts) {
    chosen.pop_back();
    table_faults_.add(Error(Errc::too_large, fmt::format("only the first {} mounts", kMaxMounts)));
  }
  std::vector<Watched> before = std::exchange(watched_, {});
  for (Mount& mount : chosen)
    watch(std::move(mount), before);
}

// Keeps the call of a mount that stays, as it may be hanging still.
void Filesystem::watch(Mount mount, std::vector<Watched>& before) {
  Watched& added = watched_.emplace_back();
  for (Watched& old : before) {
    if (old.call && old.mount.mountpoint == mount.mountpoint &&
        old.mount.device_number == mount.device_number) {
      added.call = std::move(old.call);
      break;
    }
  }
  if (!added.call) added.call = std::make_shared<Call>(lane_of(mount), mount.mountpoint, statfs_);
  added.device = resolve_device(roots_, mount);
  added.mountpoint = text::to_utf8(mount.mountpoint);
  added.mount = std::move(mount);
}

namespace {

struct Labels {
  std::string_view device, mode, mountpoint, type;

  metric::Attr state(std::string_view state) const { return {"state", state}; }
};

void add_usage(metric::Batch& batch, const Labels& of, const FsUsage& usage) {
  const std::uint64_t used = usage.blocks - std::min(usage.blocks, usage.free);
  const std::uint64_t reserved = usage.free - std::min(usage.free, usage.available);
  const auto add = [&](metric::Id metric, std::string_view state, std::uint64_t value) {
    batch.add(metric, value,
              {{"device", of.device},
               {"mode", of.mode},
               {"mountpoint", of.mountpoint},
               {"type", of.type},
               of.state(state)});
  };
  constexpr metric::Id kUsage = metric::id("system.filesystem.usage");
  add(kUsage, "used", used * usage.unit);
  add(kUsage, "free", usage.available * usage.unit);
  add(kUsage, "reserved", reserved * usage.unit);
  if (usage.files > 0) {  // btrfs, vfat and others make inodes as they need them
    constexpr metric::Id kInodes = metric::id("system.filesystem.inodes.usage");
    add(kInodes, "used", usage.files - std::min(usage.files, usage.files_free));
    add(kInodes, "free", usage.files_free);
  }
  // As df does: what only root may use is left out, so 1 means that nobody else can write.
  const std::uint64_t open = used + usage.available;
  if (open > 0) {
    batch.add(metric::id("system.filesystem.utilization"),
              static_cast<double>(used) / static_cast<double>(open),
              {{"device", of.device},
               {"mode", of.mode},
               {"mountpoint", of.mountpoint},
               {"type", of.type}});
  }
}

}  // namespace

void Filesystem::collect(metric::Batch& batch, Watched& watched, Faults& faults) {
  const bool read_only = watched.mount.is_read_only;
  const Labels labels{watched.device, read_only ? "ro" : "rw", watched.mountpoint,
                      watched.mount.type};
  if (!offload_->take(*watched.call)) {
    faults.add(Error(Errc::timeout, fmt::format("{}: does not answer", labels.mountpoint)));
  } else if (const int error = watched.call->error; error != 0) {
    // Unmounted since, or hidden by another mount: no fault of this host.
    if (error == ENOENT || error == ENOTDIR) return;
    faults.add(base::system_error(labels.mountpoint, error));
  } else if (watched.call->usage.blocks > 0) {
    add_usage(batch, labels, watched.call->usage);
  } else {
    return;  // no storage behind it
  }
  batch.add(metric::id("system.filesystem.readonly"), std::uint64_t{read_only},
            {{"device", labels.device}, {"mountpoint", labels.mountpoint}, {"type", labels.type}});
}

}  // namespace edgehaul::host
