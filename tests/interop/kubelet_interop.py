# SPDX-License-Identifier: Apache-2.0
"""The Collector's kubeletstats receiver (0.128, the nearest to 0.127 that the checksum database
vouches for) and edgehaul read the same kubelet: what both make of it is compared name by name and
attribute by attribute."""

import json
import os
import subprocess
import sys

from peers import BINARY, HERE, Case, wait_until

for folder in ("e2e", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import harness  # pylint: disable=wrong-import-position
import otlp  # pylint: disable=wrong-import-position
from fake_kubelet import FakeKubelet  # pylint: disable=wrong-import-position

# edgehaul says on every resource which node it is of; the receiver on the node's alone.
OURS = {"k8s.node.name"}
# The receiver says what a volume is made of from the API server only, and the rest from /pods.
# edgehaul has the claim's name from the summary.
CLAIM = "k8s.persistentvolumeclaim.name"


def streams(metrics):
    found = {}
    for metric in metrics:
        if not metric.name.startswith(("k8s.", "container.")):
            continue
        resource = {k: v for k, v in metric.resource.items()
                    if k.startswith(("k8s.", "container.")) and k != CLAIM}
        if any(key.startswith("k8s.pod") for key in resource):
            resource = {k: v for k, v in resource.items() if k not in OURS}
        for point in metric.points:
            key = (metric.name, tuple(sorted(resource.items())), tuple(sorted(point.attributes.items())))
            found[key] = (metric.unit, metric.kind, metric.temporality, metric.monotonic,
                          type(point.value).__name__, point.value)
    return found


class KubeletStats(Case):
    def of_receiver(self, kubelet):
        sink = harness.Collector()
        config = {
            "receivers": {"kubeletstats": {
                "auth_type": "none", "endpoint": kubelet.plain_endpoint, "collection_interval": "500ms",
                "metric_groups": ["node", "pod", "container", "volume"]}},
            "exporters": {"otlphttp": {"endpoint": sink.endpoint, "compression": "none"}},
            "service": {"telemetry": {"metrics": {"level": "none"}},
                        "pipelines": {"metrics": {"receivers": ["kubeletstats"],
                                                  "exporters": ["otlphttp"]}}}}
        path = os.path.join(self.directory, "collector.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        with open(os.path.join(self.directory, "collector.log"), "ab") as log:
            process = subprocess.Popen([os.path.join(HERE, "bin", "kubeletstats"), "--config", path],
                                       stderr=log, stdout=log)
        try:
            wait_until(lambda: sink.metrics(), "the receiver's metrics")
        finally:
            process.terminate()
            process.wait()
            sink.released.set()
        return streams(sink.metrics())

    def of_edgehaul(self, kubelet):
        words = [word for setting in kubelet.settings() + ["collect.host.enabled=false", "collect.cgroup.enabled=false"]
                 for word in ("--set", setting)]
        done = subprocess.run([BINARY, "sample", "--otlp", *words], capture_output=True, check=True)
        return streams(otlp.metrics(done.stdout))

    def check(self, version):
        kubelet = FakeKubelet(self.directory, version)
        self.addCleanup(kubelet.close)
        ours, theirs = self.of_edgehaul(kubelet), self.of_receiver(kubelet)
        self.assertTrue(theirs)
        self.assertEqual(sorted(set(theirs) - set(ours)), [], "only the receiver's")
        self.assertEqual(sorted(set(ours) - set(theirs)), [], "only edgehaul's")
        for key, shape in theirs.items():
            if shape[-1] < 0:  # the receiver lets counts above int64 wrap; edgehaul stops at its end
                shape = (*shape[:-1], 2**63 - 1)
            self.assertEqual(ours[key], shape, key)

    def test_1_24(self):
        self.check("1.24")

    def test_1_29(self):
        self.check("1.29")

    def test_1_36(self):
        self.check("1.36")
