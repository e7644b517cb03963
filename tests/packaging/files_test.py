# SPDX-License-Identifier: Apache-2.0
"""The files of deb, rpm, tarball and system extension: the same ones, the same bytes each time, and what lintian and
rpmlint say."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import bed
import built

# What only one of the two has, because only one of the two package managers wants it.
DEB_ONLY = {"/usr/share/lintian", "/usr/share/lintian/overrides", "/usr/share/lintian/overrides/edgehaul"}
SHARED_FOLDERS = re.compile(r"/(usr|etc|usr/(bin|lib|share)|usr/lib/(systemd(/system|/system-preset)?|sysusers\.d|tmpfiles\.d)|"
                            r"usr/share/(doc|man(/man\d)?|bash-completion(/completions)?))")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def tree_of(root):
    """{name: (mode, digest)} of all files below `root`."""
    return {str(path.relative_to(root)): (oct(path.stat().st_mode & 0o7777), digest(path))
            for path in pathlib.Path(root).rglob("*") if path.is_file() and not path.is_symlink()}


class Files(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="edgehaul-files-"))
        self.addCleanup(shutil.rmtree, self.directory, True)

    def unpacked_deb(self):
        target = self.directory / "deb"
        run("dpkg-deb", "--extract", built.deb(), target)
        return target

    def test_lintian_finds_nothing(self):
        # In a root: lintian's children refuse nothing there, and it says so on the error stream only.
        found = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning,info", "-I", "--tag-display-limit", "0",
                                str(built.deb())], capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (found.returncode, found.stdout), found.stdout + found.stderr)

    def test_rpmlint_finds_nothing(self):
        found = run("rpmlint", "-c", built.SOURCE / "packaging/rpm/rpmlint.toml", built.rpm())
        self.assertIn("0 errors, 0 warnings", found)

    def test_deb_and_rpm_hold_the_same_files(self):
        in_deb = {line.split(None, 5)[5][1:].rstrip("/") for line in run("dpkg-deb", "--contents", built.deb()).splitlines()}
        in_deb = {name for name in in_deb if name and not SHARED_FOLDERS.fullmatch(name)} - DEB_ONLY
        in_rpm = set(run("rpm", "-qpl", built.rpm()).split())
        self.assertEqual(in_deb, in_rpm)

    def test_the_rpm_installs_upgrades_and_goes(self):
        root = bed.Root(bed.tarball("bookworm", bed.BOOTED))
        self.addCleanup(root.remove)
        old, new = built.make("rpm", "0.0.9"), built.make("rpm", "0.1.0")
        self.addCleanup(shutil.rmtree, old.parent, True)
        self.addCleanup(shutil.rmtree, new.parent, True)
        # --nodeps: the root is no rpm system, so nothing in its database provides systemd.
        rpm = ["rpm", "--root", root.path, "--nodeps"]
        run(*rpm, "-i", old)
        link = "/etc/systemd/system/multi-user.target.wants/edgehaul.service"
        self.assertTrue(root.exists(link), "the preset enables it")
        self.assertIn("edgehaul:", root.read("/etc/passwd"))
        root.write("/etc/edgehaul/edgehaul.yaml", "resource: {site: mine}\n")
        root.write("/var/lib/edgehaul/spool.db", "data")
        run(*rpm, "-U", new)
        self.assertEqual("resource: {site: mine}\n", root.read("/etc/edgehaul/edgehaul.yaml"))
        run(*rpm, "-U", "--oldpackage", old)
        self.assertTrue(root.exists("/var/lib/edgehaul/spool.db"))
        self.assertEqual(tree_of(self.unpacked_deb())["usr/bin/edgehaul"], tree_of(root.path / "usr/bin")["edgehaul"])
        run(*rpm, "-e", "edgehaul")
        self.assertFalse(root.exists(link))
        self.assertFalse(root.exists("/usr/bin/edgehaul"))
        self.assertTrue(root.exists("/var/lib/edgehaul/spool.db"), "state is the administrator's")

    def test_the_tarball_works_below_usr_local(self):
        root = bed.Root(bed.tarball("bookworm", bed.BOOTED))
        self.addCleanup(root.remove)
        run("tar", "-C", root.path / "usr/local", "-xf", built.one(f"edgehaul-*-{built.DEB_ARCH}.tar.gz"))
        root.run("systemd-sysusers")
        root.run("systemctl", "enable", "edgehaul.service")
        self.assertTrue(root.exists("/etc/systemd/system/multi-user.target.wants/edgehaul.service"))
        verified = root.run("systemd-analyze", "verify", "/usr/local/lib/systemd/system/edgehaul.service", check=False)
        self.assertNotIn("not executable", verified.stderr)
        self.assertIn("edgehaul 0", root.run("/usr/local/bin/edgehaul", "version").stdout)

    def test_packages_are_the_same_bytes_each_time(self):
        for form in ("deb", "rpm", "tarball", "edge"):
            with self.subTest(form):
                first, second = built.make(form, "0.1.0"), built.make(form, "0.1.0")
                self.assertEqual(digest(first), digest(second))
                shutil.rmtree(first.parent)
                shutil.rmtree(second.parent)

    def test_notices_name_every_library_inside(self):
        text = (self.unpacked_deb() / "usr/share/doc/edgehaul/copyright").read_text(encoding="utf-8")
        for name in ("GNU C Library", "OpenSSL", "SQLite", "nghttp2", "c-ares", "Zstandard", "zlib", "libdeflate", "yaml-cpp", "fmt",
                     "spdlog", "tl-expected", "curl", "Boost Software License"):
            self.assertRegex(text, rf"(?m)^ ?{re.escape(name)}")

    def test_completion_offers_what_the_program_has(self):
        script = self.unpacked_deb() / "usr/share/bash-completion/completions/edgehaul"
        ask = f"""source {script}
offer() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _edgehaul; echo "${{COMPREPLY[@]}}"; }}
offer {built.BINARY} ''; offer {built.BINARY} spool ''; offer {built.BINARY} status --"""
        commands, spool, status = run("bash", "-c", ask).splitlines()
        self.assertTrue({"run", "check", "sample", "status", "spool"} <= set(commands.split()), commands)
        self.assertTrue({"ls", "show", "verify", "export", "--dir"} <= set(spool.split()), spool)
        self.assertTrue({"--socket", "--json", "--watch"} <= set(status.split()), status)


if __name__ == "__main__":
    unittest.main()
