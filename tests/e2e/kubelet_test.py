#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pods and containers from a kubelet, one that refuses, and one that hangs."""

import os
import subprocess
import sys

import yaml

from harness import BINARY, Case, main, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from fake_kubelet import FakeKubelet  # pylint: disable=wrong-import-position


class Kubelet(Case):
    def kubelet(self):
        kubelet = FakeKubelet(self.directory)
        self.addCleanup(kubelet.close)
        return kubelet

    @staticmethod
    def source(agent):
        sources = (agent.status() or {}).get("sampler", {}).get("sources", [])
        return next((s for s in sources if s["name"] == "kubelet"), {})

    def test_what_it_knows_arrives_with_its_own_times(self):
        kubelet, collector = self.kubelet(), self.collector()
        self.forwarding(collector, *kubelet.settings()).start()
        wait_until(lambda: any(m.name == "k8s.volume.capacity" for m in collector.metrics()),
                   "metrics of volumes")
        found = {m.name: m for m in collector.metrics() if m.scope in ("edgehaul/kubelet", "edgehaul/container")
                 and m.resource.get("k8s.container.name", "app") == "app"}
        cpu = found["container.cpu.time"]
        self.assertEqual(cpu.resource["k8s.pod.name"], "web-0")
        self.assertEqual(cpu.resource["k8s.namespace.name"], "shop")
        self.assertEqual(cpu.resource["k8s.node.name"], "edge-1")
        self.assertEqual(cpu.points[0].value, 4.0)
        self.assertEqual(cpu.points[0].start, 1795597200 * 10**9)  # the container's startTime
        self.assertTrue(cpu.monotonic)
        for name in ("k8s.node.cpu.usage", "k8s.pod.network.io", "container.filesystem.usage"):
            self.assertIn(name, found)
        self.assertEqual(set(kubelet.requests), {"/stats/summary"})
        times = [p.time for m in collector.metrics() if m.name == "k8s.node.cpu.time" for p in m.points]
        self.assertEqual(len(times), len(set(times)), "no block is sent twice")

    def test_one_that_refuses_or_hangs_is_told_and_the_rest_goes_on(self):
        kubelet, collector = self.kubelet(), self.collector()
        kubelet.status, kubelet.words = 403, "Forbidden (user=edgehaul)"
        agent = self.forwarding(collector, *kubelet.settings(), "collect.kubelet.timeout=300ms").start()
        error = wait_until(lambda: self.source(agent).get("error"), "the refusal in the status")
        for part in ("403", "nodes/stats", "edgehaul kubelet-rbac", "user=edgehaul"):
            self.assertIn(part, error)
        kubelet.status = 200
        wait_until(lambda: self.source(agent).get("state") == "good", "the kubelet to be good")
        kubelet.hang.set()
        wait_until(lambda: "300" in (self.source(agent).get("error") or ""), "the timeout")
        before = len(collector.ticks())
        wait_until(lambda: len(collector.ticks()) > before + 3, "ticks of the other sources")
        self.assertNotIn(kubelet.token, agent.log_text())
        self.assertEqual(agent.stop(), 0)

    def test_sample_waits_for_the_answer(self):
        kubelet = self.kubelet()
        words = [word for setting in kubelet.settings() for word in ("--set", setting)]
        done = subprocess.run([BINARY, "sample", *words], capture_output=True, check=True)
        self.assertIn(b"k8s.pod.memory.usage", done.stdout)

    def test_the_manifest_grants_nodes_stats_only(self):
        for options in ([], ["--nodes"], ["--namespace", "monitoring"]):
            done = subprocess.run([BINARY, "kubelet-rbac", *options], capture_output=True, check=True)
            documents = list(yaml.safe_load_all(done.stdout))
            roles = [d for d in documents if d["kind"] == "ClusterRole"]
            self.assertEqual([r["rules"] for r in roles],
                             [[{"apiGroups": [""], "resources": ["nodes/stats"], "verbs": ["get"]}]])
            binding = next(d for d in documents if d["kind"] == "ClusterRoleBinding")
            self.assertEqual(len(binding["subjects"]), 1)
        for options in (["--namespace", "A b"], ["--nodes", "--namespace", "x"]):
            done = subprocess.run([BINARY, "kubelet-rbac", *options], capture_output=True, check=False)
            self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
