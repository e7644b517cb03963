# SPDX-License-Identifier: Apache-2.0
"""The .deb on a Debian 12 that boots with its own systemd: one machine, from image build to purge."""

import json
import re
import shutil
import unittest

import bed
import built

UNIT = "edgehaul.service"
OLD, NEW = "0.0.9", "0.1.0"
# Quick for a test: a tick a second, and a watchdog that bites within seconds.
FAST = "[Service]\nWatchdogSec=4\nRestartSec=200ms\n"
# System calls that the filter groups of systemd 239 do not name, and some that its libseccomp may not know, refused
# as its filter refuses them.
FILTER_OF_239 = """[Service]
SystemCallFilter=~clone3 close_range epoll_pwait2 faccessat2 futex_waitv io_pgetevents io_uring_enter io_uring_register
SystemCallFilter=~io_uring_setup openat2 pidfd_open pidfd_send_signal preadv2 process_madvise pwritev2 rseq setpgid setsid statx
"""


def assert_all_sources_work(test, status):
    test.assertEqual([], [source for source in status["sampler"]["sources"] if source["state"] not in ("good", "absent")])


class Deb(unittest.TestCase):
    """The methods run in the order of their names and hand the machine on."""

    @classmethod
    def setUpClass(cls):
        cls.old, cls.new = built.make("deb", OLD), built.make("deb", NEW)
        # systemd-nspawn too would bar the calls that ask for the clock's state.
        cls.machine = bed.Machine(bed.tarball("bookworm", bed.BOOTED), "--system-call-filter=adjtimex clock_adjtime")
        cls.machine.put(cls.old, "/root/old.deb")
        cls.machine.put(cls.new, "/root/new.deb")

    @classmethod
    def tearDownClass(cls):
        cls.machine.remove()
        for package in (cls.old, cls.new):
            shutil.rmtree(package.parent, ignore_errors=True)

    def status(self):
        answer = self.machine.run("edgehaul", "status", "--json", check=False)
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def ids(self):
        """Ids of the records in the spool, oldest first."""
        listed = self.machine.run("edgehaul", "spool", "ls").stdout
        return [int(number) for number in re.findall(r"^ *(\d+)  \d{4}-", listed, re.M)]

    def pid(self):
        return int(self.machine.show(UNIT, "MainPID"))

    def wait_active(self, but_not=0):
        bed.wait_until(lambda: self.machine.show(UNIT, "ActiveState") == "active" and self.pid() not in (0, but_not),
                       "the service to be active")
        bed.wait_until(self.status, "the status socket")

    def wait_records(self, count):
        bed.wait_until(lambda: len(self.ids()) >= count, f"{count} records in the spool")

    def assert_none_lost(self, before):
        self.assertEqual(before, [number for number in self.ids() if number <= before[-1]])

    def test_01_in_an_image_build_it_is_enabled_and_not_started(self):
        self.machine.write("/etc/edgehaul/conf.d/50-test.yaml", "collect: {interval: 1s}\n")
        self.machine.write("/etc/systemd/system/edgehaul.service.d/fast.conf", FAST)
        installed = self.machine.run("dpkg", "-i", "/root/old.deb")
        self.assertNotIn("warning", installed.stderr)
        self.assertTrue(self.machine.exists("/etc/systemd/system/multi-user.target.wants/edgehaul.service"))
        self.assertIn("edgehaul", self.machine.read("/etc/passwd"))
        self.assertFalse(self.machine.exists("/var/lib/edgehaul/spool.db"))

    def test_02_the_image_boots_and_samples(self):
        self.machine.boot()
        self.wait_active()
        self.wait_records(2)
        self.assertEqual("", self.machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout)
        owner = self.machine.run("stat", "-c", "%a %U %G", "/var/lib/edgehaul", "/run/edgehaul").stdout.split("\n")
        self.assertEqual(["700 edgehaul edgehaul", "750 edgehaul edgehaul"], owner[:2])

    def test_03_the_group_may_ask_for_the_status_and_others_may_not(self):
        ask = ["--clear-groups", "edgehaul", "status", "--json"]
        member = self.machine.run("setpriv", "--reuid=65534", "--regid=edgehaul", *ask)
        self.assertIn("sampler", json.loads(member.stdout))
        other = self.machine.run("setpriv", "--reuid=65534", "--regid=65534", *ask, check=False)
        self.assertEqual(1, other.returncode)
        self.assertIn("ermission denied", other.stderr)

    def test_04_systemd_finds_the_unit_right_and_closed(self):
        verified = self.machine.run("systemd-analyze", "verify", UNIT, check=False)
        self.assertNotIn("edgehaul", re.sub(r".*Command 'man .*", "", verified.stderr))
        security = self.machine.run("systemd-analyze", "security", UNIT).stdout
        level = float(re.search(r"Overall exposure level for edgehaul.service: ([\d.]+)", security).group(1))
        self.assertLessEqual(level, 1.7)

    def test_05_the_watchdog_ends_a_process_that_stands_still(self):
        before, pid = self.ids(), self.pid()
        self.machine.run("kill", "-STOP", pid)
        self.wait_active(but_not=pid)
        self.assertIn("watchdog", self.machine.run("journalctl", "-u", UNIT, "--no-pager").stdout.lower())
        self.wait_records(len(before) + 1)
        self.assert_none_lost(before)

    def test_06_kill_9_loses_nothing(self):
        before, pid = self.ids(), self.pid()
        self.machine.run("kill", "-KILL", pid)
        self.wait_active(but_not=pid)
        self.wait_records(len(before) + 1)
        self.assert_none_lost(before)

    def test_07_a_faulty_file_changes_nothing_and_a_good_one_does(self):
        pid = self.pid()
        self.machine.write("/etc/edgehaul/conf.d/60-new.yaml", "collect: {interval: never}\n")
        self.machine.run("systemctl", "reload", UNIT)
        fault = bed.wait_until(lambda: "60-new.yaml" in self.log() and self.log(), "the fault in the journal")
        self.assertIn("collect.interval", fault)
        self.machine.write("/etc/edgehaul/conf.d/60-new.yaml", "resource: {site: store-0042}\n")
        self.machine.run("systemctl", "reload", UNIT)
        bed.wait_until(lambda: "read again and in force" in self.log(), "the new configuration")
        self.assertEqual(pid, self.pid())

    def log(self):
        return self.machine.run("journalctl", "-u", UNIT, "--no-pager", "-o", "cat").stdout

    def test_08_an_unknown_key_is_a_warning(self):
        self.machine.write("/etc/edgehaul/conf.d/70-future.yaml", "hologram: {enabled: true}\n")
        pid = self.pid()
        self.machine.run("systemctl", "restart", UNIT)
        self.wait_active(but_not=pid)
        self.assertIn("hologram", self.log())

    def test_09_a_secret_comes_as_a_credential(self):
        self.machine.write("/etc/edgehaul/token", "dXNlcjpzZWNyZXQ=\n")
        self.machine.run("chmod", "0600", "/etc/edgehaul/token")
        self.machine.write("/etc/edgehaul/conf.d/80-central.yaml", """
forward:
  - endpoint: https://192.0.2.1:4317
    headers: {authorization: "Basic ${file:${env:CREDENTIALS_DIRECTORY}/token}"}
""")
        self.machine.run("cp", "/usr/share/edgehaul/drop-ins/credentials.conf", "/etc/systemd/system/edgehaul.service.d/")
        self.machine.run("systemctl", "daemon-reload")
        pid = self.pid()
        self.machine.run("systemctl", "restart", UNIT)
        self.wait_active(but_not=pid)
        self.assertEqual(1, len(self.status()["destinations"]))
        self.assertNotIn("dXNlcjpzZWNyZXQ=", self.log())

    def test_10_an_upgrade_and_a_downgrade_keep_the_spool(self):
        for package, version in (("/root/new.deb", NEW), ("/root/old.deb", OLD), ("/root/new.deb", NEW)):
            before, pid = self.ids(), self.pid()
            self.machine.run("dpkg", "-i", "--force-confold", package)
            self.assertEqual(version, self.machine.run("dpkg-query", "-W", "-f", "${Version}", "edgehaul").stdout)
            self.wait_active(but_not=pid)
            self.wait_records(len(before) + 1)
            self.assert_none_lost(before)

    def test_11_it_comes_back_after_a_reboot(self):
        before = self.ids()
        self.machine.reboot()
        self.wait_active()
        self.wait_records(len(before) + 1)
        self.assert_none_lost(before)

    def restart_with(self, drop_in):
        """Restarts the service with that text as one more drop-in, until the test ends."""
        file = "/etc/systemd/system/edgehaul.service.d/of-a-test.conf"
        self.addCleanup(self.machine.run, "sh", "-c", f"rm -f {file} && systemctl daemon-reload")
        self.machine.write(file, drop_in)
        self.machine.run("systemctl", "daemon-reload")
        pid = self.pid()
        self.machine.run("systemctl", "restart", "--no-block", UNIT)
        self.wait_active(but_not=pid)

    def test_12_it_runs_where_the_system_call_filter_knows_no_new_calls(self):
        self.restart_with(FILTER_OF_239)
        assert_all_sources_work(self, self.status())

    def state_of_the_clock(self):
        return next(source["state"] for source in self.status()["sampler"]["sources"] if source["name"] == "time")

    def test_13_the_clock_is_asked_with_the_drop_in_for_it_only(self):
        self.restart_with("[Service]\n")
        bed.wait_until(lambda: self.state_of_the_clock() == "absent", "the clock to be barred")
        self.restart_with(self.machine.read("/usr/share/edgehaul/drop-ins/clock.conf"))
        bed.wait_until(lambda: self.state_of_the_clock() == "good", "the clock to be asked")

    def test_14_the_other_drop_ins_do_what_they_say(self):
        self.restart_with(self.machine.read("/usr/share/edgehaul/drop-ins/hardware.conf"))
        capabilities = re.search(r"^CapEff:\s*(\w+)$", self.machine.run("cat", f"/proc/{self.pid()}/status").stdout, re.M).group(1)
        self.assertEqual(1 << 2 | 1 << 19, int(capabilities, 16), "CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE")
        self.restart_with(self.machine.read("/usr/share/edgehaul/drop-ins/relay.conf"))
        self.assertEqual(str(512 << 20), self.machine.show(UNIT, "MemoryMax"))

    def test_15_a_stopped_service_stays_stopped_over_an_upgrade(self):
        self.machine.run("systemctl", "stop", UNIT)
        self.machine.run("systemctl", "disable", UNIT)
        self.machine.run("dpkg", "-i", "/root/new.deb")
        self.assertEqual("inactive", self.machine.show(UNIT, "ActiveState"))
        self.assertEqual("disabled", self.machine.run("systemctl", "is-enabled", UNIT, check=False).stdout.strip())
        self.machine.run("systemctl", "enable", "--now", UNIT)
        self.wait_active()

    def test_16_remove_keeps_state_and_configuration_and_purge_does_not(self):
        self.machine.run("dpkg", "-r", "edgehaul")
        self.assertTrue(self.machine.exists("/var/lib/edgehaul/spool.db"))
        self.assertTrue(self.machine.exists("/etc/edgehaul/edgehaul.yaml"))
        self.assertEqual("", self.machine.run("pgrep", "edgehaul", check=False).stdout)
        self.machine.run("dpkg", "-P", "edgehaul")
        for name in ("/var/lib/edgehaul", "/etc/edgehaul/edgehaul.yaml", "/usr/share/edgehaul", "/run/edgehaul",
                     "/etc/systemd/system/multi-user.target.wants/edgehaul.service"):
            self.assertFalse(self.machine.exists(name), name)


# What systemd 239's @system-service stands for, in groups that 237 has too.
SYSTEM_SERVICE_OF_239 = """[Service]
SystemCallFilter=
SystemCallFilter=@aio @basic-io @chown @default @file-system @io-event @ipc @keyring @memlock @network-io @process @resources
SystemCallFilter=@setuid @signal @sync @timer brk capget capset copy_file_range fadvise64 flock get_mempolicy getcpu getpriority
SystemCallFilter=getrandom ioctl ioprio_get kcmp madvise mprotect mremap name_to_handle_at personality readahead
SystemCallFilter=remap_file_pages sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
SystemCallFilter=sched_getscheduler sched_rr_get_interval sched_yield sendfile setfsgid setfsuid splice sysinfo tee umask uname
SystemCallFilter=userfaultfd vmsplice
SystemCallFilter=~@privileged @resources
"""


class Others(unittest.TestCase):
    """Older versions of systemd and newer ones than Debian 12's: the unit starts, every source works, and no setting is
    ignored but those that may be."""

    @classmethod
    def setUpClass(cls):
        cls.package = built.make("deb", NEW)
        cls.addClassCleanup(shutil.rmtree, cls.package.parent, True)

    def boot(self, tar, *install):
        """Boots a machine with the package, installed before by the command `install`."""
        self.machine = bed.Machine(tar)
        self.addCleanup(self.machine.remove)
        self.machine.put(self.package, "/root/new.deb")
        self.machine.run(*install)
        self.machine.boot()

    def assert_it_serves(self, version, ignored=()):
        self.assertRegex(self.machine.run("systemctl", "--version").stdout, rf"^systemd {version}\b")
        bed.wait_until(lambda: self.machine.show(UNIT, "ActiveState") == "active", "the service to be active")
        assert_all_sources_work(self, json.loads(self.machine.run("edgehaul", "status", "--json").stdout))
        pid = self.machine.show(UNIT, "MainPID")
        self.machine.run("kill", "-KILL", pid)
        bed.wait_until(lambda: self.machine.show(UNIT, "ActiveState") == "active" and
                       self.machine.show(UNIT, "MainPID") not in ("0", pid), "the service to be back")
        # As a unit of its own: 237's wants a control group that it may divide.
        verified = self.machine.run("systemd-run", "--quiet", "--wait", "--pipe", "systemd-analyze", "verify", UNIT, check=False)
        complaints = re.findall(r"edgehaul\.service:\d+: (.*)", verified.stderr)
        self.assertEqual(sorted(ignored), sorted(next((name for name in ignored if name in line), line) for line in complaints))

    def test_on_systemd_237_with_the_filter_of_239(self):
        self.boot(bed.ubuntu_tarball("bionic", bed.BOOTED), "sh", "-c", f"""set -e
dpkg --unpack /root/new.deb && systemd-sysusers
# Where the deb-systemd-helper of Ubuntu 18.04 looks for units.
mv /usr/lib/systemd/system/edgehaul.service /lib/systemd/system/ && systemctl enable {UNIT}
mkdir /etc/systemd/system/{UNIT}.d && echo '{SYSTEM_SERVICE_OF_239}' >/etc/systemd/system/{UNIT}.d/filter.conf""")
        # Ubuntu gave it 242's RestrictSUIDSGID.
        self.assert_it_serves(237, ["PrivateMounts", "ProtectClock", "ProtectHostname", "ProtectKernelLogs", "@system-service"])

    def test_on_systemd_245(self):
        self.boot(bed.ubuntu_tarball("focal", bed.BOOTED), "dpkg", "-i", "/root/new.deb")
        self.assert_it_serves(245)

    def test_on_systemd_247(self):
        self.boot(bed.tarball("bullseye", bed.BOOTED), "dpkg", "-i", "/root/new.deb")
        self.assert_it_serves(247)

    def test_on_systemd_249(self):
        self.boot(bed.ubuntu_tarball("jammy", bed.BOOTED), "dpkg", "-i", "/root/new.deb")
        self.assert_it_serves(249)

    def test_on_systemd_255(self):
        self.boot(bed.ubuntu_tarball("noble", bed.BOOTED), "dpkg", "-i", "/root/new.deb")
        self.assert_it_serves(255)

    def test_on_systemd_257(self):
        self.boot(bed.tarball("trixie", bed.BOOTED), "dpkg", "-i", "/root/new.deb")
        self.assert_it_serves(257)


if __name__ == "__main__":
    unittest.main()
