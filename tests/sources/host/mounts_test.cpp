// SPDX-License-Identifier: Apache-2.0
#include "sources/host/mounts.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

const std::vector<std::string> kTypes = {"ext4", "xfs", "btrfs", "fuseblk", "squashfs", "zfs"};

std::vector<std::string> chosen(std::string_view table, const FilesystemOptions& options = {},
                                const std::vector<std::string>& types = kTypes) {
  Faults faults;
  std::vector<std::string> out;
  for (const Mount& mount : select_mounts(parse_mountinfo(table, faults), types, options, 100))
    out.push_back(mount.mountpoint);
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("mountinfo: octal escapes") {
  struct Row {
    std::string_view in;
    std::string_view out;
  };
  const Row rows[] = {{"/a\\040b", "/a b"},
                      {"/t\\011n\\012b\\134", "/t\tn\nb\\"},
                      {"/\\303\\244", "/\xC3\xA4"},
                      {"/x\\04", "/x\\04"},
                      {"/x\\", "/x\\"},
                      {"/x\\089", "/x\\089"},
                      {"/x\\777", "/x\\777"},
                      {"", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.in);
    CHECK(unescape_octal(row.in) == row.out);
  }
}

TEST_CASE("mountinfo: fields, optional fields, read-only on either side") {
  struct Row {
    std::string_view line;
    bool is_read_only;
  };
  const Row rows[] = {
      {"1 2 8:1 /root /mnt rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro", false},
      {"1 2 8:1 /root /mnt rw shared:1 master:2 propagate_from:3 - ext4 /dev/sda1 rw", false},
      {"1 2 8:1 /root /mnt ro,relatime - ext4 /dev/sda1 rw", true},
      {"1 2 8:1 /root /mnt rw,relatime shared:1 - ext4 /dev/sda1 ro", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    Faults faults;
    const auto mounts = parse_mountinfo(row.line, faults);
    REQUIRE(mounts.size() == 1);
    CHECK(mounts[0].device_number == "8:1");
    CHECK(mounts[0].root == "/root");
    CHECK(mounts[0].mountpoint == "/mnt");
    CHECK(mounts[0].type == "ext4");
    CHECK(mounts[0].device == "/dev/sda1");
    CHECK(mounts[0].is_read_only == row.is_read_only);
  }
}

TEST_CASE("mountinfo: broken lines are counted and left out") {
  for (const char* line : {"x", "1 2 8:1 / / rw ext4 /dev/sda1 rw", "1 2 8:1 / / rw -",
                           "1 2 8:1 / relative rw - ext4 /dev/sda1 rw"}) {
    CAPTURE(line);
    Faults faults;
    CHECK(parse_mountinfo(line, faults).empty());
    CHECK(faults.count() == 1);
  }
}

TEST_CASE("filesystems: types with a device, and zfs") {
  CHECK(parse_device_types("nodev\tproc\n\text4\nnodev\ttmpfs\n\txfs\n") ==
        Names{"ext4", "xfs", "zfs"});
  CHECK(parse_device_types("").empty());
}

TEST_CASE("mounts: pseudo file systems, images and pods' mounts are left out") {
  constexpr std::string_view kTable =
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:4 / /proc rw - proc proc rw\n"
      "3 1 0:5 / /tmp rw - tmpfs tmpfs rw\n"
      "4 1 0:6 / /mnt/nfs rw - nfs4 server:/x rw\n"
      "5 1 7:1 / /snap/x ro - squashfs /dev/loop1 ro\n"
      "6 1 0:7 / /tank rw - zfs tank rw\n"
      "7 1 8:9 / /media/usb rw - fuseblk.ntfs /dev/sdb1 rw\n"
      "8 1 8:3 / /var/lib/kubelet/pods/1/volumes/x/mount rw - ext4 /dev/sdc rw\n"
      "9 1 8:4 / /var/lib/kubelet rw - ext4 /dev/sdd rw\n";
  CHECK(chosen(kTable) == Names{"/", "/tank", "/media/usb", "/var/lib/kubelet"});

  FilesystemOptions options;
  options.virtual_types = {"nfs*"};
  options.exclude_devices = {"/dev/sdb*"};
  options.exclude_mountpoints = {"/tank"};
  options.exclude_types = {};
  CHECK(chosen(kTable, options) == Names{"/", "/mnt/nfs", "/snap/x",
                                         "/var/lib/kubelet/pods/1/volumes/x/mount",
                                         "/var/lib/kubelet"});
  // Without a list of types, a device file is what counts.
  CHECK(chosen(kTable, FilesystemOptions(), {}) ==
        Names{"/", "/tank", "/media/usb", "/var/lib/kubelet"});
}

TEST_CASE("mounts: one per mount point, the topmost; if that is none of ours, none") {
  CHECK(chosen("1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n"
               "2 1 8:2 / /mnt rw - xfs /dev/sdb1 rw\n"
               "3 1 8:3 / /tmp rw - ext4 /dev/sdc1 rw\n"
               "4 1 0:9 / /tmp rw - tmpfs tmpfs rw\n") == Names{"/mnt"});
}

TEST_CASE("mounts: binds are left out, subvolumes and ostree deployments are not") {
  CHECK(chosen("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
               "2 1 8:1 /data /mnt/bind rw - ext4 /dev/sda1 rw\n"
               "3 1 8:1 / /second rw - ext4 /dev/sda1 rw\n"
               "4 1 0:30 /@home /home rw - btrfs /dev/sdb1 rw,subvolid=257,subvol=/@home\n"
               "5 1 0:30 /@srv /srv rw - btrfs /dev/sdb1 rw,subvolid=258,subvol=/@srv\n"
               "6 1 0:30 /@home/x /bound rw - btrfs /dev/sdb1 rw,subvol=/@home\n"
               "7 1 8:7 /ostree/deploy/os/1 /sysroot rw - ext4 /dev/sdc1 rw\n"
               "8 1 8:7 /ostree/var /var rw - ext4 /dev/sdc1 rw\n") ==
        Names{"/", "/second", "/home", "/srv", "/sysroot"});
}

TEST_CASE("mounts: no more than the bound") {
  std::string table;
  for (int i = 0; i < 50; ++i)
    table += fmt::format("{} 0 8:{} / /m{} rw - ext4 /dev/sd{} rw\n", i, i, i, i);
  Faults faults;
  const auto mounts = select_mounts(parse_mountinfo(table, faults), kTypes, {}, 7);
  REQUIRE(mounts.size() == 7);
  CHECK(mounts[0].mountpoint == "/m0");
}
