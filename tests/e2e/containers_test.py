#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Containers of a real runtime: they appear under their ids with what they use, and vanish with their end.

Needs root and runc, and containerd for one of them; runs in a mount namespace of its own with nothing but
cgroup v2, so that the cgroups of the machine are left alone. Where the machine does not allow that, the test is
skipped and says why."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest

import otlp
from harness import BINARY, Case, main, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from fake_kubelet import FakeKubelet  # pylint: disable=wrong-import-position

INSIDE = "EDGEHAUL_CONTAINERS_INSIDE"
SKIPPED = 77
ROOT = "/sys/fs/cgroup"


def refusal():
    """Why this machine cannot run the test, or nothing."""
    if os.geteuid() != 0:
        return "not root"
    for tool in ("runc", "busybox", "unshare"):
        if not shutil.which(tool):
            return f"no {tool}"
    command = f"umount -l -R {ROOT}; mount -t cgroup2 none {ROOT} && mkdir {ROOT}/edgehaul-try && rmdir {ROOT}/edgehaul-try"
    tried = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", command],
                           capture_output=True, text=True, check=False)
    return tried.stderr.strip() or "no cgroup v2" if tried.returncode else None


class Containers(Case):
    def setUp(self):
        super().setUp()
        self.slice = f"/edgehaul-test-{os.getpid()}.slice"
        with open(f"{ROOT}/cgroup.subtree_control", encoding="ascii") as file:
            self.before = file.read().split()
        self.bundle = os.path.join(self.directory, "bundle")
        os.makedirs(f"{self.bundle}/rootfs/bin")
        shutil.copy(shutil.which("busybox"), f"{self.bundle}/rootfs/bin/busybox")
        self.addCleanup(self.clean)

    def clean(self):
        for folder, _, _ in os.walk(ROOT + self.slice, topdown=False):
            os.rmdir(folder)
        with open(f"{ROOT}/cgroup.subtree_control", encoding="ascii") as file:
            added = set(file.read().split()) - set(self.before)
        for controller in added:  # runc switches all on
            with open(f"{ROOT}/cgroup.subtree_control", "w", encoding="ascii") as file:
                file.write(f"-{controller}")

    def runc(self, *words):
        done = subprocess.run(["runc", "--root", f"{self.directory}/runc", *words], cwd=self.bundle,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def specify(self, name, path):
        """Writes the specification of a container that keeps a CPU busy; returns its id and the file."""
        number = hashlib.sha256(name.encode()).hexdigest()
        specification = os.path.join(self.bundle, "config.json")
        if not os.path.exists(specification):
            self.runc("spec")
        with open(specification, encoding="utf-8") as file:
            config = json.load(file)
        config["process"]["terminal"] = False
        config["root"]["path"] = f"{self.bundle}/rootfs"
        config["process"]["args"] = ["/bin/busybox", "sh", "-c", "while :; do :; done"]
        config["linux"]["cgroupsPath"] = f"{self.slice}{path}/{number}"
        with open(specification, "w", encoding="utf-8") as file:
            json.dump(config, file)
        return number, specification

    def start(self, name, path):
        number, _ = self.specify(name, path)
        with open(os.devnull, "wb") as nothing:
            subprocess.run(["runc", "--root", f"{self.directory}/runc", "run", "-d", number], cwd=self.bundle,
                           stdin=nothing, stdout=nothing, stderr=nothing, check=True)
        self.addCleanup(subprocess.run, ["runc", "--root", f"{self.directory}/runc", "delete", "-f", number],
                        check=False, capture_output=True)
        return number

    def last_tick(self, collector):
        """The containers of the newest tick, by the newest point of what is always there."""
        counts = [m for m in collector.metrics() if m.name == "linux.cgroup.count"]
        newest = max((p.time for m in counts for p in m.points), default=0)
        return {m.resource["container.id"]: p for m in collector.metrics()
                if m.name == "container.cpu.time" for p in m.points if p.time == newest}, newest

    def test_appears_and_vanishes(self):
        collector = self.collector()
        self.forwarding(collector, "collect.host.enabled=false",
                        f'collect.cgroup.include=["{self.slice}/*"]').start()
        pod = "12345678-9abc-def0-1234-56789abcdef0"
        in_pod = self.start("in a pod", f"/kubepods/burstable/pod{pod}")
        plain = self.start("plain", "/docker")

        def both_used():
            points, _ = self.last_tick(collector)
            return {in_pod, plain} <= points.keys() and all(p.value > 0.05 for p in points.values()) and points
        points = wait_until(both_used, "both containers with their CPU time")
        for point in points.values():
            self.assertLessEqual(point.start, point.time)
            # It cannot have used more than all CPUs since it started.
            self.assertLessEqual(point.value, (point.time - point.start) / 1e9 * os.cpu_count() + 0.1)
        resources = {m.resource["container.id"]: m.resource for m in collector.metrics()
                     if m.name == "container.cpu.time"}
        self.assertEqual(resources[in_pod]["k8s.pod.uid"], pod)
        self.assertEqual(resources[plain]["container.runtime.name"], "docker")
        self.assertNotIn("k8s.pod.uid", resources[plain])

        self.runc("delete", "-f", plain)
        wait_until(lambda: self.last_tick(collector)[0].keys() == {in_pod}, "the end of one container")
        again = self.start("plain", "/docker")
        self.assertEqual(again, plain)
        fresh = wait_until(lambda: self.last_tick(collector)[0].get(plain), "the same container anew")
        self.assertGreater(fresh.start, points[plain].start)

    def name_container(self, pod, uid, name, number):
        """What the kubelet does beside its API: folders of logs; /var/log is this namespace's own."""
        os.makedirs(f"/var/log/pods/shop_{pod}_{uid}/{name}", exist_ok=True)
        os.makedirs("/var/log/containers", exist_ok=True)
        os.symlink(f"/var/log/pods/shop_{pod}_{uid}/{name}/0.log",
                   f"/var/log/containers/{pod}_shop_{name}-{number}.log")

    def test_what_the_kubelet_knows_as_well_is_sent_once(self):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/var/log"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/var/log"], check=True)
        kubelet, collector = FakeKubelet(self.directory), self.collector()
        self.addCleanup(kubelet.close)
        pod = kubelet.document["pods"][0]
        uid = pod["podRef"]["uid"]
        # One that both know, and one that only its cgroup tells of yet.
        pod["containers"] = [c for c in pod["containers"] if c["name"] == "app"]
        ids = {name: self.start(name, f"/kubepods/burstable/pod{uid}") for name in ("app", "late")}
        for name, number in ids.items():
            self.name_container("web-0", uid, name, number)
        self.forwarding(collector, "collect.host.enabled=false", *kubelet.settings(),
                        f'collect.cgroup.include=["{self.slice}/*"]').start()

        def senders(requests, container):
            """Per metric of a container who sends it: kubelet (which knows no id), cgroup or both."""
            found = {}
            for body in requests:
                for metric in otlp.metrics(body):
                    if metric.resource.get("k8s.container.name") == container:
                        self.assertEqual(metric.resource["k8s.pod.uid"], uid)
                        self.assertEqual(metric.resource["k8s.pod.name"], "web-0")
                        self.assertEqual(metric.resource["k8s.namespace.name"], "shop")
                        number = metric.resource.get("container.id")
                        self.assertIn(number, (None, ids[container]))
                        found.setdefault(metric.name, set()).add("cgroup" if number else "kubelet")
            return found

        def settled(first, condition):
            """What came in the last requests, once it is as `condition` wants it."""
            def look():
                with collector.lock:
                    recent = collector.requests[max(first, len(collector.requests) - 5):]
                found = senders(recent, "app"), senders(recent, "late")
                return found if len(recent) == 5 and condition(*found) else None
            return wait_until(look, "who sends what")

        app, late = settled(0, lambda app, _: app.get("container.cpu.time") == {"kubelet"})
        for name, by in app.items():
            self.assertEqual(len(by), 1, f"{name} is sent by both")
        self.assertEqual(app["container.memory.working_set"], {"kubelet"})
        self.assertEqual(set.union(*late.values()), {"cgroup"})
        self.assertIn("container.cpu.time", late)

        kubelet.status, kubelet.words = 403, "Forbidden"
        with collector.lock:
            first = len(collector.requests)
        settled(first, lambda app, _: app.get("container.cpu.time") == {"cgroup"})

    @staticmethod
    def sampled(number):
        text = subprocess.run([BINARY, "sample", "--set", "collect.host.enabled=false"], check=True,
                              capture_output=True, text=True).stdout
        return [line for line in text.splitlines()
                if line.startswith("container.cpu.time ") and f'container.id="{number}"' in line]

    def test_sample(self):
        number = self.start("sampled", "/docker")
        wait_until(lambda: self.sampled(number), "the container in a sample")
        self.runc("delete", "-f", number)
        self.assertEqual(self.sampled(number), [])

    def containerd(self):
        """A containerd of this test's own; returns a function that calls ctr."""
        settings = {"root": f"{self.directory}/c/root", "state": f"{self.directory}/c/state"}
        address = f"{self.directory}/c.sock"
        with open(f"{self.directory}/containerd.toml", "w", encoding="utf-8") as file:
            file.write("version = 2\n" + "".join(f'{key} = "{value}"\n' for key, value in settings.items()) +
                       'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n' +
                       f'[grpc]\naddress = "{address}"\n')
        with open(f"{self.directory}/containerd.log", "wb") as log:
            daemon = subprocess.Popen(["containerd", "-c", file.name], stdout=log, stderr=log)
        self.addCleanup(daemon.wait, 30)
        self.addCleanup(daemon.terminate)

        def ctr(*words, check=True):
            done = subprocess.run(["ctr", "-a", address, *words], stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
            if check:
                self.assertEqual(done.returncode, 0, done.stdout)
            return done.returncode
        wait_until(lambda: ctr("version", check=False) == 0, "containerd")
        return ctr

    @unittest.skipUnless(shutil.which("containerd") and shutil.which("ctr"), "no containerd")
    def test_of_containerd(self):
        ctr = self.containerd()
        number, specification = self.specify("of containerd", "/default")
        ctr("run", "-d", "--config", specification, number)
        self.addCleanup(ctr, "container", "rm", number)

        def end():
            ctr("task", "kill", "-s", "KILL", number, check=False)
            wait_until(lambda: ctr("task", "rm", "-f", number, check=False) == 0 or
                       not os.path.exists(f"{ROOT}{self.slice}/default/{number}"), "the end of the task")
        self.addCleanup(end)
        lines = wait_until(lambda: self.sampled(number), "the container in a sample")
        self.assertIn('container.runtime.name="containerd"', lines[0])
        end()
        self.assertEqual(self.sampled(number), [])


if __name__ == "__main__":
    if os.environ.get(INSIDE):
        subprocess.run(["sh", "-c", f"umount -l -R {ROOT}; mount -t cgroup2 none {ROOT}"], check=True)
        main()
    reason = refusal()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    sys.exit(subprocess.run(["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv],
                            env={**os.environ, INSIDE: "1"}, check=False).returncode)
