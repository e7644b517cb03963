# SPDX-License-Identifier: Apache-2.0
"""Root file systems for the packages to be tried in: plain ones that commands are run in with chroot, and one
that boots with its own systemd under systemd-nspawn. Needs root. What is mounted here is mounted in a private
namespace, so nothing is left on the machine but the folder of the bed."""

import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

# Releases of Ubuntu that may be fetched, besides Debian's. Its archive's keys are not on every Debian: where they are
# missing, what comes is taken unverified, and so only of releases that the environment asks for.
UBUNTU = os.environ.get("EDGEHAUL_UBUNTU", "").split()
UNVERIFIED = ['--aptopt=Acquire::AllowInsecureRepositories "true"', '--aptopt=APT::Get::AllowUnauthenticated "true"']
UBUNTU_KEYS = pathlib.Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
FETCHED_WITHIN = 100  # seconds; one takes 50
CACHE = pathlib.Path(os.environ.get("EDGEHAUL_BEDS", "build-packaging")).resolve()
PATIENCE = 90  # seconds until a condition that must come true is given up
BOOTED = "systemd,systemd-sysv,dbus,procps"


def wait_until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {patience} s in vain for {what}")


def _kept(suite, include):
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE / f"{suite}{'-' if include else ''}{include.replace(',', '-')}.tar"


def tarball(suite, include=""):
    """A minimal Debian of that suite, made once and kept in the cache."""
    kept = _kept(suite, include)
    if not kept.exists():
        part = kept.with_suffix(".part.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", suite, str(part)]
        if include:
            command.insert(1, f"--include={include}")
        mirror = os.environ.get("EDGEHAUL_MIRROR")
        subprocess.run(command + ([mirror] if mirror else []), check=True)
        part.rename(kept)
    return kept


def ubuntu_tarball(suite, include):
    """The same of Ubuntu; skips the test when it was not asked for or its archive cannot be reached."""
    if suite not in UBUNTU:
        raise unittest.SkipTest(f"{suite} is not in EDGEHAUL_UBUNTU")
    kept = _kept(suite, include)
    if not kept.exists():
        part = kept.with_suffix(".part.tar")
        options = [] if UBUNTU_KEYS.exists() else UNVERIFIED
        made = subprocess.run(["timeout", "--kill-after=10", str(FETCHED_WITHIN), "mmdebstrap", "--quiet", "--variant=minbase",
                               f"--include={include}", '--aptopt=Acquire::http::Timeout "20"', '--aptopt=Acquire::Retries "1"',
                               *options, suite, str(part)], stderr=subprocess.PIPE, text=True, check=False)
        if made.returncode != 0:
            part.unlink(missing_ok=True)
            reason = " ".join(made.stderr.split())[-300:] or f"mmdebstrap ended with {made.returncode}"
            raise unittest.SkipTest(f"no root file system of {suite} to be had: {reason}")
        part.rename(kept)
    return kept


class Root:
    """A root file system in a folder of its own."""

    def __init__(self, tar=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="edgehaul-root-"))
        os.chmod(self.path, 0o755)
        if tar:
            subprocess.run(["tar", "-C", self.path, "--exclude=./dev/*", "-xf", tar], check=True)

    def put(self, source, name):
        target = self.path / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return name

    def write(self, name, text):
        target = self.path / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, name):
        return (self.path / name.lstrip("/")).read_text(encoding="utf-8")

    def exists(self, name):
        return os.path.lexists(self.path / name.lstrip("/"))

    def command(self, *command):
        """The words that run `command` inside, with /proc, /sys and /dev, as one process."""
        script = ('mkdir -p "$1/proc" "$1/sys" "$1/dev" && mount -t proc proc "$1/proc" && '
                  'mount --rbind /sys "$1/sys" && mount --rbind /dev "$1/dev" && root=$1 && shift && '
                  'exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive '
                  'chroot "$root" "$@"')
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(self.path),
                *map(str, command)]

    def run(self, *command, check=True, **options):
        """Runs it inside and returns what subprocess.run does."""
        result = subprocess.run(self.command(*command), capture_output=True, text=True, check=False,
                                stdin=subprocess.DEVNULL, **options)
        if check and result.returncode != 0:
            raise AssertionError(f"{command} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


# A pure cgroup2 tree of its own, whatever the machine has, and a /run that systemd-nspawn may use. Exit code
# 133 means that the container asked for a reboot.
_INNER = r"""
set -e
umount --lazy --recursive /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
group=/sys/fs/cgroup/$2
mkdir -p "$group"
code=133
while [ "$code" = 133 ]; do
  echo $$ >"$group/cgroup.procs"
  code=0
  systemd-nspawn --quiet -D "$1" --private-network --register=no --keep-unit -M "$2" "${@:3}" --boot || code=$?
done
exit "$code"
"""


class Machine(Root):
    """A root file system that was booted with its own systemd."""

    def __init__(self, tar, *options):
        super().__init__(tar)
        self.options = options  # of systemd-nspawn
        self.name = f"edgehaul-{os.getpid()}"
        self.process = self.init = None
        self.console = self.path.with_suffix(".console")

    def boot(self):
        leader, follower = pty.openpty()  # systemd-nspawn boots on a terminal only
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", _INNER, "bash", str(self.path), self.name,
             *self.options],
            stdin=follower, stdout=follower, stderr=follower, start_new_session=True)
        os.close(follower)
        threading.Thread(target=self._drain, args=(leader,), daemon=True).start()
        wait_until(self._is_up, "the machine to boot")
        return self

    def _drain(self, leader):
        with open(self.console, "ab") as log:
            while True:
                try:
                    data = os.read(leader, 65536)
                except OSError:
                    break
                if not data:
                    break
                log.write(data)
                log.flush()
        os.close(leader)

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended:\n{self.console.read_text(errors='replace')}")
        self.init = self._find_init()
        if not self.init:
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _find_init(self):
        """The container's process 1: the child of the systemd-nspawn among our descendants."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                        name, rest = file.read().split(") ", 1)
                except OSError:
                    continue
                parents[int(entry)] = (int(rest.split()[1]), name.split("(", 1)[1])
        for pid, (parent, _) in parents.items():
            nspawn = parents.get(parent)
            if nspawn and nspawn[1] == "systemd-nspawn" and nspawn[0] == self.process.pid:
                return pid
        return None

    def run(self, *command, check=True, **options):
        """Runs it on the booted machine, before the boot as in an image build."""
        if not self.init:
            return super().run(*command, check=check, **options)
        result = subprocess.run(["nsenter", "-t", str(self.init), "-a", "env", "-i", "LC_ALL=C.UTF-8",
                                 "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *map(str, command)],
                                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options)
        if check and result.returncode != 0:
            raise AssertionError(f"{command} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result

    def show(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def reboot(self):
        old = self.init
        self.run("systemctl", "reboot", check=False)
        wait_until(lambda: self._find_init() not in (old, None), "the machine to go down")
        wait_until(self._is_up, "the machine to boot again")

    def _kill_what_is_left(self):
        """The system inside outlives a systemd-nspawn that was killed."""
        for group in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
            folder = pathlib.Path(group, self.name)
            if (folder / "cgroup.kill").exists():
                (folder / "cgroup.kill").write_text("1", encoding="ascii")
                wait_until(lambda: "populated 0" in (folder / "cgroup.events").read_text(encoding="ascii"), "its end")

    def remove(self):
        if self.process and self.process.poll() is None:
            self.run("systemctl", "poweroff", check=False)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                self._kill_what_is_left()
        for group in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"):
            for folder, _, _ in os.walk(f"{group}/{self.name}", topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
        self.console.unlink(missing_ok=True)
        super().remove()
