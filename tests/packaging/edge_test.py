# SPDX-License-Identifier: Apache-2.0
"""packaging/edge and packaging/maas: the files are what their readers expect, and a machine that is laid out like a
Kairos image (read-only /, /etc and /var as overlays in memory, /usr/local persistent) keeps its spool."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

import bed
import built

EDGE = built.SOURCE / "packaging/edge"
MAAS = built.SOURCE / "packaging/maas"
UNIT = "edgehaul.service"


def edgehaul_check(*files):
    """`edgehaul check` with these files as drop-ins."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "edgehaul.yaml").write_text("{}\n")
        (pathlib.Path(folder) / "conf.d").mkdir()
        for n, text in enumerate(files):
            (pathlib.Path(folder) / f"conf.d/{n}.yaml").write_text(text)
        token = pathlib.Path(folder) / "token"
        token.write_text("eDp5\n")
        return subprocess.run([built.BINARY, "check", "--config", f"{folder}/edgehaul.yaml"], capture_output=True, text=True,
                              check=False, env={**os.environ, "CREDENTIALS_DIRECTORY": folder})


class Documents(unittest.TestCase):
    def assert_configuration(self, *files):
        checked = edgehaul_check(*files)
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)

    def test_the_cloud_config_of_maas_is_valid(self):
        done = subprocess.run(["cloud-init", "schema", "-c", MAAS / "user-data.yaml"], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        written = yaml.safe_load((MAAS / "user-data.yaml").read_text())["write_files"]
        self.assert_configuration(*(file["content"] for file in written))

    def test_curtin_gets_commands_and_edgehaul_what_they_write(self):
        commands = yaml.safe_load((MAAS / "curtin.yaml").read_text())["late_commands"]
        for words in commands.values():
            self.assertEqual(["curtin", "in-target", "--"], words[:3])
            self.assertTrue(all(isinstance(word, str) for word in words))
        printed = next(words[-1] for words in commands.values() if "printf" in words[-1])
        text = subprocess.run(["sh", "-c", printed.split(">")[0]], capture_output=True, text=True, check=True).stdout
        self.assert_configuration(text)

    def test_the_user_data_of_an_edge_host(self):
        stages = yaml.safe_load((EDGE / "user-data.yaml").read_text())["stages"]
        self.assertEqual({"initramfs", "reconcile"}, set(stages))
        for stage in stages.values():
            for step in stage:
                self.assertEqual({"name", "files", "commands"} | set(step), {"name", "files", "commands"})
                for file in step["files"]:
                    self.assertEqual({"path", "permissions", "owner", "group", "content"}, set(file))
        files = {file["path"]: file for file in stages["initramfs"][0]["files"]}
        self.assertEqual(0o600, files["/etc/edgehaul/token"]["permissions"])
        self.assert_configuration((EDGE / "fleet.yaml").read_text(), files["/etc/edgehaul/conf.d/50-site.yaml"]["content"])

    def test_the_dockerfile_copies_what_is_there(self):
        text = (EDGE / "Dockerfile").read_text()
        for name in re.findall(r"^COPY (\S+) ", text, re.M):
            self.assertTrue("*" in name or (EDGE / name).exists(), name)


class Image(unittest.TestCase):
    """A Kairos-like machine. `persistent` stands for the partition COS_PERSISTENT."""

    def setUp(self):
        self.persistent = pathlib.Path(tempfile.mkdtemp(prefix="edgehaul-persistent-"))
        self.addCleanup(shutil.rmtree, self.persistent, True)

    def image(self, persistent=True):
        options = ["--read-only", "--overlay=+/etc::/etc", "--overlay=+/var::/var", "--tmpfs=/root"]
        if persistent:
            options.append(f"--bind={self.persistent}:/usr/local")
        machine = bed.Machine(bed.tarball("bookworm", bed.BOOTED), *options)
        self.addCleanup(machine.remove)
        # The lines of packaging/edge/Dockerfile.
        machine.put(built.deb(), "/tmp/edgehaul.deb")
        machine.run("dpkg", "-i", "/tmp/edgehaul.deb")
        machine.put(EDGE / "var-lib-edgehaul.mount", "/usr/lib/systemd/system/var-lib-edgehaul.mount")
        machine.put(EDGE / "fleet.yaml", "/etc/edgehaul/conf.d/10-fleet.yaml")
        return machine

    def site(self, machine):
        """What the initramfs stage writes."""
        stage = yaml.safe_load((EDGE / "user-data.yaml").read_text())["stages"]["initramfs"][0]
        for file in stage["files"]:
            machine.write(file["path"], re.sub("REPLACE-.*", "dXNlcjpzZWNyZXQ=", file["content"]))
            os.chmod(machine.path / file["path"].lstrip("/"), file["permissions"])
        machine.write("/etc/edgehaul/conf.d/60-test.yaml", "collect: {interval: 1s}\n")

    def wait_active(self, machine):
        bed.wait_until(lambda: machine.show(UNIT, "ActiveState") == "active", "the service to be active")

    def ids(self, machine):
        return [int(n) for n in re.findall(r"^ *(\d+)  \d{4}-", machine.run("edgehaul", "spool", "ls", check=False).stdout, re.M)]

    def log(self, machine):
        return machine.run("journalctl", "-u", UNIT, "--no-pager", "-o", "cat").stdout

    def test_the_spool_survives_a_reboot_and_a_new_image(self):
        machine = self.image()
        self.site(machine)
        machine.boot()
        self.wait_active(machine)
        bed.wait_until(lambda: len(self.ids(machine)) >= 3, "three records")
        self.assertNotIn("do not survive", self.log(machine))
        before = self.ids(machine)
        machine.run("systemctl", "poweroff", check=False)
        machine.process.wait(60)
        self.assertTrue((self.persistent / ".state/var-lib-edgehaul.bind/spool.db").exists())

        new = self.image()
        self.site(new)
        new.boot()
        self.wait_active(new)
        bed.wait_until(lambda: len(self.ids(new)) > len(before), "more records")
        self.assertEqual(before, self.ids(new)[:len(before)])

    def test_a_recovery_boot_warns_and_carries_on(self):
        machine = self.image(persistent=False)
        self.site(machine)
        machine.boot()
        self.wait_active(machine)
        bed.wait_until(lambda: self.ids(machine), "a record")
        self.assertIn("do not survive", self.log(machine))
        self.assertEqual("inactive", machine.show("var-lib-edgehaul.mount", "ActiveState"))

    def test_a_reconcile_brings_new_settings_without_a_restart(self):
        machine = self.image()
        self.site(machine)
        machine.boot()
        self.wait_active(machine)
        pid = machine.show(UNIT, "MainPID")
        machine.run("sh", "-c", "echo 'resource: {site: store-0043}' >/etc/edgehaul/conf.d/50-site.yaml")
        reconcile = yaml.safe_load((EDGE / "user-data.yaml").read_text())["stages"]["reconcile"][0]
        for command in reconcile["commands"]:
            machine.run("sh", "-c", command)
        bed.wait_until(lambda: "in force" in self.log(machine), "the new settings")
        self.assertEqual(pid, machine.show(UNIT, "MainPID"))

    def test_a_system_extension_brings_the_service(self):
        machine = bed.Machine(bed.tarball("bookworm", bed.BOOTED))
        self.addCleanup(machine.remove)
        extension = built.make("edge", "0.1.0")
        self.addCleanup(shutil.rmtree, extension.parent, True)
        # As a folder: a container has no loop devices to mount the image itself.
        target = machine.path / "var/lib/extensions/edgehaul"
        target.parent.mkdir()
        subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-dest", target, extension], check=True, capture_output=True)
        machine.write("/etc/edgehaul/conf.d/60-test.yaml", "collect: {interval: 1s}\n")
        machine.boot()
        machine.run("systemd-sysext", "merge")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "multi-user.target")
        machine.run("systemctl", "start", UNIT)
        self.wait_active(machine)
        bed.wait_until(lambda: self.ids(machine), "a record")


if __name__ == "__main__":
    unittest.main()
