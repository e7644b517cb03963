# SPDX-License-Identifier: Apache-2.0
"""edgehaul as a relay between real peers: what a Collector or an npm exporter sends arrives at the
Collector behind the relay, each item once, equal in every field."""

import json
import os
import subprocess
import sys
import unittest

from items import counted
from peers import BINARY, HERE, Case, free_port, wait_until

LOAD_SCOPE = "edgehaul.load"
SIGNALS = {"metrics": 6, "logs": 5, "traces": 4}  # and how many requests of 50 items


class RelayCase(Case):
    def relay(self, target, *settings):
        """Starts a relay in front of `target`, a (protocol, port); returns its ports by protocol."""
        protocol, port = target
        self.ports = {"grpc": free_port(), "http": free_port()}
        command = [BINARY, "run"]
        for setting in [f"state_dir={self.at('state')}", f"status.socket={self.at('status.sock')}",
                        "mode=relay", f"receive.grpc.listen=127.0.0.1:{self.ports['grpc']}",
                        f"receive.http.listen=127.0.0.1:{self.ports['http']}",
                        f"forward.0.protocol={protocol}",
                        f"forward.0.endpoint=http://127.0.0.1:{port}", *settings]:
            command += ["--set", setting]
        started = self.spawn(command, "relay.log")
        wait_until(lambda: self.log("relay.log").count("relay: OTLP/") == 2,
                   "both listeners; log: " + self.log("relay.log"))
        return started

    def status(self):
        shown = subprocess.run([BINARY, "status", "--json", "--socket", self.at("status.sock")],
                               check=True, capture_output=True)
        return json.loads(shown.stdout)

    def last_collector(self, protocol):
        """The Collector behind the relay; what arrives goes to last.jsonl."""
        port = free_port()
        self.collector("last", {protocol: port}, {})
        return protocol, port

    def arrived(self, scope, expected):
        """The items of this scope behind the relay, when all have come and the spool is empty."""
        wait_until(lambda: sum(counted(self.received("last.jsonl"), scope).values()) >= expected,
                   f"{expected} items; log: " + self.log("relay.log"))
        wait_until(lambda: self.status()["spool"]["held"]["records"] == 0, "an empty spool")
        return counted(self.received("last.jsonl"), scope)

    def assert_same(self, came, sent):
        strange, lost = came - sent, sent - came
        self.assertFalse(strange or lost, f"{sum(lost.values())} did not arrive as sent, such as\n"
                         f"{next(iter(sorted(lost)), None)}\nbut\n{next(iter(sorted(strange)), None)}")


class CollectorThroughRelay(RelayCase):
    """Collector → relay → Collector."""

    def check(self, exporter, settings, way_out, *relay_settings):
        self.relay(self.last_collector(way_out), *relay_settings)
        kind = "grpc" if exporter == "otlp" else "http"
        endpoint = f"127.0.0.1:{self.ports[kind]}"
        if kind == "http":
            endpoint = "http://" + endpoint
        port = free_port()
        self.collector("first", {"grpc": port},
                       {exporter: {"endpoint": endpoint, "tls": {"insecure": True}, **settings}})
        accepted = sum(self.offer(port, signal) for signal in SIGNALS)
        wait_until(lambda: sum(counted(self.received("first.jsonl"), LOAD_SCOPE).values()) == accepted,
                   "the first Collector's own record")
        sent = counted(self.received("first.jsonl"), LOAD_SCOPE)
        came = self.arrived(LOAD_SCOPE, accepted)
        self.assertEqual(sum(came.values()), accepted, "not exactly once")
        self.assert_same(came, sent)

    def offer(self, port, signal):
        """Sends requests of every kind of data to the first Collector; how many items it took."""
        done = subprocess.run(
            [os.path.join(HERE, "bin/load"), "send", f"-target=127.0.0.1:{port}", f"-signal={signal}",
             "-items=50", f"-requests={SIGNALS[signal]}"], check=True, capture_output=True)
        report = json.loads(done.stdout)
        self.assertEqual(report["refused"], {})
        self.assertEqual(report["requests"], SIGNALS[signal])
        return report["items"]

    def test_grpc_default(self):
        self.check("otlp", {}, "grpc")

    def test_grpc_zstd(self):
        self.check("otlp", {"compression": "zstd"}, "grpc", "forward.0.compression=zstd")

    def test_grpc_identity(self):
        self.check("otlp", {"compression": "none"}, "http", "forward.0.compression=none")

    def test_http_default(self):
        self.check("otlphttp", {}, "http")

    def test_http_zstd(self):
        self.check("otlphttp", {"compression": "zstd"}, "http", "forward.0.compression=zstd")

    def test_http_deflate(self):
        self.check("otlphttp", {"compression": "deflate"}, "grpc", "forward.0.compression=gzip")

    def test_http_json(self):
        self.check("otlphttp", {"encoding": "json"}, "grpc")


class NpmThroughRelay(RelayCase):
    """The OpenTelemetry JS SDK's exporters → relay → Collector."""

    SCOPE = "edgehaul.npm"

    def check(self, protocol, compression):
        self.relay(self.last_collector("grpc"))
        port = self.ports["grpc" if protocol == "grpc" else "http"]
        done = subprocess.run(["node", "sender.js", protocol, str(port), compression], check=False,
                              cwd=os.path.join(HERE, "npm"), capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        sent = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sorted(line["signal"] for line in sent), sorted(SIGNALS))
        expected = counted([line["request"] for line in sent], self.SCOPE)
        self.assertEqual(sum(expected.values()), 8)
        came = self.arrived(self.SCOPE, sum(expected.values()))
        self.assert_same(came, expected)

    def test_grpc(self):
        self.check("grpc", "none")

    def test_grpc_gzip(self):
        self.check("grpc", "gzip")

    def test_http_protobuf(self):
        self.check("proto", "none")

    def test_http_protobuf_gzip(self):
        self.check("proto", "gzip")

    def test_http_json(self):
        self.check("http", "none")

    def test_http_json_gzip(self):
        self.check("http", "gzip")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
