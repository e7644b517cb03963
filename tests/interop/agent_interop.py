# SPDX-License-Identifier: Apache-2.0
"""edgehaul as an agent against real peers.

The OpenTelemetry Collector 0.127 receives over every protocol, with and without TLS, and what it
writes is compared with `edgehaul sample`; its own hostmetrics receiver runs beside; an OTLP receiver
made of the npm stack is the second, independent peer."""

import itertools
import json
import os
import subprocess
import unittest

from peers import BINARY, HERE, Case, attributes, certificates, each_metric, free_port, wait_until


def shapes(documents):
    """What identifies streams: name, unit, kind, temporality, attributes; values left out."""
    found = set()
    for document in documents:
        for resource, scope, metric, kind, points in each_metric(document):
            body = metric[kind]
            for point in points:
                value = "asInt" if "asInt" in point else "asDouble"
                found.add((
                    metric["name"], metric.get("unit", ""), kind,
                    body.get("aggregationTemporality", 0), body.get("isMonotonic", False), value,
                    scope["name"], scope.get("version", ""),
                    tuple(sorted(attributes(point.get("attributes", [])).items())),
                    tuple(sorted((k, str(v)) for k, v in resource.items())),
                    int(point.get("startTimeUnixNano", 0)) > 0))
    return found


# Series whose presence depends on what the machine does in that second.
FLEETING = {"system.network.connections", "system.processes.count", "edgehaul.source.success",
            "edgehaul.source.duration", "system.network.io"}


def steady(found):
    """Without what comes and goes, the cgroups of tests that run beside this one among it."""
    return {shape for shape in found if shape[0] not in FLEETING
            and not any("edgehaul-test" in str(value) for _, value in shape[8])}


class CollectorReceives(Case):
    """Every protocol × TLS × compression: what arrives is what `sample` shows."""

    def check(self, protocol, tls, compression):
        certificates(self.directory)
        port = free_port()
        receiver = {"endpoint": f"127.0.0.1:{port}"}
        settings = [f"forward.0.protocol={protocol}", f"forward.0.compression={compression}",
                    f"forward.0.endpoint={'https' if tls else 'http'}://127.0.0.1:{port}"]
        if tls:
            receiver["tls"] = {"cert_file": self.at("server.pem"), "key_file": self.at("server.key"),
                               "client_ca_file": self.at("ca.pem")}
            settings += [f"forward.0.tls.ca_file={self.at('ca.pem')}",
                         f"forward.0.tls.cert_file={self.at('client.pem')}",
                         f"forward.0.tls.key_file={self.at('client.key')}"]
        self.otelcol({"otlp": {"protocols": {protocol: receiver}}}, ["otlp"])
        self.agent(*settings)
        wait_until(lambda: sum(1 for d in self.received() for m in each_metric(d)
                               if m[2]["name"] == "system.uptime") >= 3,
                   "three ticks; agent log: " + self.log("agent.log"))
        sample = json.loads(subprocess.run([BINARY, "sample", "--json"], check=True,
                                           capture_output=True).stdout)
        documents = self.received()
        expected = steady(shapes([sample]))
        self.assertGreater(len(expected), 50)
        self.assertEqual(expected - steady(shapes(documents)), set(), "sampled, did not arrive")
        self.assert_starts(sample, documents)

    def assert_starts(self, sample, documents):
        def boots(document):
            return {int(p["startTimeUnixNano"]) for _, _, metric, kind, points in each_metric(document)
                    if metric["name"] == "system.cpu.time" for p in points}

        arrived = set().union(*(boots(d) for d in documents))
        self.assertEqual(len(arrived), 1, "start timestamps moved")
        self.assertLess(abs(arrived.pop() - boots(sample).pop()), 2e9)


def add_protocol_cases():
    for protocol, tls, compression in itertools.product(("grpc", "http"), (False, True),
                                                        ("none", "gzip", "zstd")):
        def case(self, p=protocol, t=tls, c=compression):
            self.check(p, t, c)
        name = f"test_{protocol}_{'tls' if tls else 'plain'}_{compression}"
        setattr(CollectorReceives, name, case)


add_protocol_cases()


class HostmetricsBeside(Case):
    """The Collector's hostmetrics receiver on the same machine at the same time."""

    SCRAPERS = ["cpu", "load", "memory", "disk", "filesystem", "network", "paging", "processes",
                "system", "process"]
    # Metrics where edgehaul's value differs on purpose; README "Where edgehaul differs from hostmetrics".
    EXPLAINED = {
        "system.paging.faults": "the collector multiplies the kernel's counters by the page size",
        "system.paging.operations": "the collector multiplies the kernel's counters by the page size",
        "process.disk.io": "the collector counts rchar/wchar, which include the page cache",
        "system.uptime": "the collector rounds to whole seconds",
    }
    # The same for single series: (name, state).
    EXPLAINED_STATES = {
        ("system.memory.usage", "used"): "0.127 subtracts buffers and caches from the total; later "
                                         "releases and edgehaul use MemAvailable",
    }

    def test_every_default_metric_is_there_and_every_difference_is_explained(self):
        scrapers = {name: None for name in self.SCRAPERS}
        scrapers["process"] = {"mute_process_all_errors": True}
        self.otelcol({"hostmetrics": {"collection_interval": "1s", "initial_delay": "0s",
                                      "scrapers": scrapers}}, ["hostmetrics"])
        wait_until(lambda: len(self.received()) >= 2, "two scrapes")
        ours = json.loads(subprocess.run(
            [BINARY, "sample", "--json", "--set", "collect.host.process.enabled=true"],
            check=True, capture_output=True).stdout)
        wait_until(lambda: len(self.received()) >= 4, "a scrape after our sample")
        theirs = self.received()
        mine = self.series([ours])
        names = {key[0] for key in self.series(theirs)}
        lacking = names - {key[0] for key in mine}
        self.assertEqual(lacking, set(), "default metrics of hostmetrics that edgehaul lacks")
        self.assert_same_shapes(ours, theirs)
        unexplained = self.differences(mine, theirs)
        self.assertEqual(unexplained, [], "values that differ without an explanation")

    @staticmethod
    def series(documents):
        found = {}
        for document in documents:
            for resource, _, metric, _, points in each_metric(document):
                for point in points:
                    key = (metric["name"], resource.get("process.pid"),
                           tuple(sorted(attributes(point.get("attributes", [])).items())))
                    value = float(point.get("asDouble", point.get("asInt", 0)))
                    found.setdefault(key, []).append(value)
        return found

    def assert_same_shapes(self, ours, theirs):
        def kinds(documents):
            return {metric["name"]: (metric.get("unit", ""), kind,
                                     metric[kind].get("aggregationTemporality", 0),
                                     metric[kind].get("isMonotonic", False),
                                     frozenset(a["key"] for p in points for a in p.get("attributes", [])))
                    for document in documents
                    for _, _, metric, kind, points in each_metric(document)}

        mine, other = kinds([ours]), kinds(theirs)
        for name, shape in other.items():
            self.assertEqual(mine[name], shape, name)

    def differences(self, mine, theirs):
        """Series of ours outside the range that the collector saw before and after, widened by what a
        busy machine moves in that time."""
        found = []
        for key, values in self.series(theirs).items():
            name = key[0]
            state = dict(key[2]).get("state")
            is_explained = name in self.EXPLAINED or (name, state) in self.EXPLAINED_STATES
            if key not in mine or is_explained or len(values) < 2:
                continue
            value = mine[key][0]
            low, high = min(values), max(values)
            slack = 0.1 * max(abs(low), abs(high)) + self.allowance(name)
            if not low - slack <= value <= high + slack:
                found.append(f"{key}: {value} not within {low}..{high}")
        return found

    @staticmethod
    def allowance(name):
        return {"By": 64e6}.get("By" if name.endswith((".io", ".usage", ".virtual")) else "", 100)


class NpmReceives(Case):
    """A grpc-js server and Node's http decode every request."""

    def setUp(self):
        super().setUp()
        with open(self.at("npm.out"), "wb") as out:
            self.spawn(["node", "receiver.js"], "npm.log", cwd=os.path.join(HERE, "npm"), stdout=out,
                       stdin=subprocess.PIPE)
        self.ports = wait_until(self.lines, "the ports; " + self.log("npm.log"))[0]

    def lines(self):
        return self.received("npm.out")

    def check(self, protocol, *settings):
        self.agent(f"forward.0.endpoint=http://127.0.0.1:{self.ports[protocol]}",
                   f"forward.0.protocol={protocol}", *settings)
        requests = wait_until(lambda: len(self.lines()) >= 4 and self.lines()[1:], "three requests")
        for request in requests:
            self.assertTrue(request["via"].startswith(protocol))
            self.assertIn("system.cpu.time", request["metrics"])
            self.assertGreater(request["points"], 50)

    def test_grpc(self):
        self.check("grpc", "forward.0.compression=gzip")

    def test_grpc_identity(self):
        self.check("grpc", "forward.0.compression=none")

    def test_http(self):
        self.check("http", "forward.0.compression=gzip")

