# SPDX-License-Identifier: Apache-2.0
"""The peers of the interoperability tests as processes, and OTLP/JSON in Python's terms. The binary
under test is named by the environment variable EDGEHAUL."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../e2e"))
from harness import free_port, wait_until  # pylint: disable=wrong-import-position
BINARY = os.environ.get("EDGEHAUL", "edgehaul")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def certificates(directory):
    """A CA, a server certificate for localhost and a client certificate, made by openssl."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test CA",
        "-keyout", "ca.key", "-out", "ca.pem")
    with open(os.path.join(directory, "names"), "w", encoding="ascii") as names:
        names.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for who in ("server", "client"):
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={who}",
            "-keyout", f"{who}.key", "-out", f"{who}.csr")
        run("x509", "-req", "-in", f"{who}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", f"{who}.pem")


class Process:
    def __init__(self, command, log, **options):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stderr=out, **options)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="edgehaul-interop-")
        self.addCleanup(shutil.rmtree, self.directory, True)

    def at(self, name):
        return os.path.join(self.directory, name)

    def spawn(self, command, log, **options):
        started = Process(command, self.at(log), **options)
        self.addCleanup(started.end)
        return started

    def otelcol(self, receivers, use):
        """Starts the Collector with these receivers; its file gets one request per line."""
        self.start_otelcol("otelcol", {
            "receivers": receivers,
            "exporters": {"file": {"path": self.at("received.jsonl")}},
            "service": {"pipelines": {"metrics": {"receivers": use, "exporters": ["file"]}}},
        })

    def collector(self, name, ports, exporters):
        """Starts a Collector that takes all signals at these ports (by protocol), writes them to
        NAME.jsonl and gives them to the exporters; returns when it listens."""
        protocols = {kind: {"endpoint": f"127.0.0.1:{port}"} for kind, port in ports.items()}
        pipeline = {"receivers": ["otlp"], "exporters": ["file", *exporters]}
        self.start_otelcol(name, {
            "receivers": {"otlp": {"protocols": protocols}},
            "exporters": {"file": {"path": self.at(name + ".jsonl")}, **exporters},
            "service": {"pipelines": {signal: pipeline for signal in ("metrics", "logs", "traces")}},
        })
        for port in ports.values():
            wait_until(lambda p=port: listens(p), "the Collector; log: " + self.log(name + ".log"))

    def start_otelcol(self, name, config):
        config["service"]["telemetry"] = {"metrics": {"level": "none"}}
        with open(self.at(name + ".yaml"), "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.spawn([os.path.join(HERE, "bin/otelcol"), "--config", self.at(name + ".yaml")],
                   name + ".log", stdout=subprocess.DEVNULL)

    def agent(self, *settings):
        command = [BINARY, "run"]
        for setting in [f"state_dir={self.at('state')}", f"status.socket={self.at('status.sock')}",
                        "collect.interval=500ms", *settings]:
            command += ["--set", setting]
        return self.spawn(command, "agent.log")

    def received(self, name="received.jsonl"):
        try:
            with open(self.at(name), encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def log(self, name):
        with open(self.at(name), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]


def plain(value):
    """The Python value of an AnyValue in OTLP/JSON."""
    for kind, inner in value.items():
        if kind == "intValue":
            return int(inner)
        if kind == "arrayValue":
            return [plain(v) for v in inner.get("values", [])]
        return inner
    return None


def attributes(pairs):
    return {pair["key"]: plain(pair["value"]) for pair in pairs}


def each_metric(document):
    for resource in document.get("resourceMetrics", []):
        names = attributes(resource.get("resource", {}).get("attributes", []))
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                kind = "sum" if "sum" in metric else "gauge"
                yield names, scope["scope"], metric, kind, metric[kind]["dataPoints"]
