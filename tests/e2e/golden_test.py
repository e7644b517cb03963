#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `edgehaul sample` makes of each recorded machine, compared with tests/e2e/golden.

golden_test.py            fails where the samples are others
golden_test.py --update   writes them anew; read the difference before it is committed
"""

import difflib
import glob
import os
import re
import subprocess
import sys
import unittest

from harness import BINARY

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
# All secrets of the recorded machines begin with it.
MARK = "s3cr3t-"

# Values that tell of this run and this program, not of the machine.
PASSING = [
    (re.compile(r"^(edgehaul\.source\.duration\{[^}]*\}) \S+"), r"\1 *"),
    (re.compile(r'service\.version="[^"]*"'), 'service.version="*"'),
]


def machines():
    return sorted(name for name in os.listdir(FIXTURES)
                  if os.path.isdir(os.path.join(FIXTURES, name, "proc")) and name != "hostile")


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**kept, "TZ": "UTC"}


def run(machine, *words):
    return subprocess.run([BINARY, "sample", "--root", os.path.join(FIXTURES, machine), *words],
                          capture_output=True, check=True, env=environment())


def sampled(machine):
    """The sample and the notes, line by line, without what passes."""
    done = run(machine)
    lines = done.stdout.decode().splitlines()
    lines += ["", *(line.replace(FIXTURES, "") for line in done.stderr.decode().splitlines())]
    for pattern, kept in PASSING:
        lines = [pattern.sub(kept, line) for line in lines]
    return "\n".join(lines).rstrip("\n") + "\n"


def golden_file(machine):
    return os.path.join(GOLDEN, machine + ".txt")


class Golden(unittest.TestCase):
    def test_every_machine(self):
        self.assertGreater(len(machines()), 8)
        for machine in machines():
            with self.subTest(machine=machine), open(golden_file(machine), encoding="utf-8") as file:
                wanted = file.read()
                found = sampled(machine)
                difference = difflib.unified_diff(wanted.splitlines(), found.splitlines(),
                                                  "golden", "sampled", lineterm="", n=1)
                self.assertEqual(wanted, found, "\n".join(difference))

    def test_no_golden_is_left_over(self):
        files = {os.path.basename(path)[:-4] for path in glob.glob(os.path.join(GOLDEN, "*.txt"))}
        self.assertEqual(files, set(machines()))

    def test_no_secret_is_in_any_form(self):
        marked = subprocess.run(["grep", "-rlF", MARK, FIXTURES], capture_output=True, check=True)
        self.assertGreater(len(marked.stdout.splitlines()), 4)
        for machine in machines():
            for words in ([], ["--json"], ["--otlp"], ["--set", "identity.include=[\"*\"]"],
                          ["--set", "log_level=debug"]):
                done = run(machine, *words)
                self.assertNotIn(MARK.encode(), done.stdout + done.stderr, f"{machine} {words}")


def update():
    os.makedirs(GOLDEN, exist_ok=True)
    for path in glob.glob(os.path.join(GOLDEN, "*.txt")):
        os.remove(path)
    for machine in machines():
        with open(golden_file(machine), "w", encoding="utf-8") as file:
            file.write(sampled(machine))


if __name__ == "__main__":
    if "--update" in sys.argv:
        update()
    else:
        unittest.main()
