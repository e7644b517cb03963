#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands as a person uses them."""

import glob
import hashlib
import json
import os
import re
import subprocess

import otlp
from harness import BINARY, Case, main, wait_until

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")


def run(*words, code=0):
    done = subprocess.run([BINARY, *words], capture_output=True, check=False)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stderr.decode()}")
    return done


class Commands(Case):
    def test_usage(self):
        self.assertIn(b"usage: edgehaul", run("--help").stdout)
        self.assertIn(b"usage: edgehaul", run(code=2).stderr)
        self.assertIn(b"did you mean sample?", run("smaple", code=2).stderr)
        self.assertIn(b"did you mean --config?", run("run", "--confg", "x", code=2).stderr)
        self.assertRegex(run("version").stdout, rb"^edgehaul \d+\.\d+\.\d+\n$")

    def test_sample_agrees_in_its_three_forms(self):
        root = os.path.join(FIXTURES, "big-server")
        lines = run("sample", "--root", root).stdout.decode().splitlines()
        document = json.loads(run("sample", "--root", root, "--json").stdout)
        binary = otlp.metrics(run("sample", "--root", root, "--otlp").stdout)
        points = sum(len((m.get("sum") or m["gauge"])["dataPoints"]) for r in document["resourceMetrics"]
                     for s in r["scopeMetrics"] for m in s["metrics"])
        self.assertEqual(points, len(lines) - 1)
        self.assertEqual(sum(len(m.points) for m in binary), points)
        self.assertTrue(lines[0].startswith("# "))

    def test_sample_of_every_recorded_machine(self):
        for root in sorted(glob.glob(os.path.join(FIXTURES, "*/"))):
            text = run("sample", "--root", root).stdout.decode()
            # name{attributes} value unit [resource]
            parts = [re.match(r"(\S+?(?:\{.*\})?) \S+ \S+( \[.*\])?$", line) for line in text.splitlines()[1:]]
            series = [part.groups() for part in parts]
            self.assertEqual(len(series), len(set(series)), root)

    def test_check_tells_all_faults_at_once(self):
        path = os.path.join(self.directory, "edgehaul.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("collect:\n  intervall: 10s\nspool:\n  max_size: lots\n"
                       "forward:\n  - endpoint: https://x:4317\n    headers:\n"
                       "      authorization: Basic YWRtaW5Ab3Blbm9ic2VydmUuZGV2OmFkbWl\n")
        text = run("check", "--config", path, code=78).stdout.decode()
        for fault in ("edgehaul.yaml:2", "interval", "edgehaul.yaml:4", "edgehaul.yaml:8", "base64"):
            self.assertIn(fault, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write("collect: {interval: 20s}\n")
        run("check", "--config", path)

    def test_status_and_the_socket(self):
        agent = self.agent().start()
        wait_until(lambda: agent.status()["sampler"]["ticks"] >= 2, "two ticks")
        text = run("status", "--socket", agent.socket).stdout.decode()
        for word in ("running", "sampled", "spooled", "forwarded", "cpu"):
            self.assertIn(word, text)
        self.assertEqual(json.loads(run("status", "--json", "--socket", agent.socket).stdout)
                         ["program"]["state"], "running")
        self.assertEqual(agent.get("/healthz")[0], 200)
        self.assertEqual(agent.get("/readyz")[0], 200)
        self.assertIn(b"edgehaul_ticks_total", agent.get("/metrics")[1])
        self.assertEqual(agent.get("/nothing")[0], 404)
        self.assertEqual(agent.stop(), 0)
        self.assertIn(b"is edgehaul running?", run("status", "--socket", agent.socket, code=1).stderr)

    def folder_hash(self, path):
        """Names, times and bytes of everything in a folder."""
        digest = hashlib.sha256()
        for name in sorted(os.listdir(path)):
            stat = os.stat(os.path.join(path, name))
            digest.update(f"{name} {stat.st_mtime_ns} {stat.st_size}\n".encode())
            with open(os.path.join(path, name), "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()

    def test_the_spool_of_a_running_and_of_a_killed_agent_is_read_without_a_trace(self):
        agent = self.agent().start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 5, "five records")
        self.assertGreaterEqual(len(run("spool", "ls", "--dir", agent.state).stdout.splitlines()), 5)
        self.assertIn(f"in use by PID {agent.process.pid}".encode(),
                      run("spool", "verify", "--dir", agent.state).stdout)
        agent.kill()
        before = self.folder_hash(agent.state)
        rows = run("spool", "ls", "--dir", agent.state).stdout.decode().splitlines()
        first = rows[0].split()[0]
        shown = json.loads(run("spool", "show", first, "--dir", agent.state).stdout)
        self.assertIn("resourceMetrics", shown)
        self.assertIn(b"not in use", run("spool", "verify", "--dir", agent.state).stdout)
        exported = run("spool", "export", "--dir", agent.state).stdout.splitlines()
        self.assertEqual(len(exported), len(rows))
        out = os.path.join(self.directory, "out")
        os.mkdir(out)
        run("spool", "export", "--otlp", "--to", out, "--dir", agent.state)
        bodies = sorted(os.listdir(out))
        self.assertEqual(len(bodies), len(rows))
        with open(os.path.join(out, bodies[0]), "rb") as file:
            self.assertEqual(len(otlp.tick_times(file.read())), 1)
        self.assertEqual(self.folder_hash(agent.state), before)
        run("spool", "show", "999999", "--dir", agent.state, code=1)
        run("spool", "ls", "--dir", self.directory + "/nowhere", code=1)


if __name__ == "__main__":
    main()
