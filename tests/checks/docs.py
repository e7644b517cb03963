#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what the documents say of keys and metrics with what the binary prints.

docs.py BINARY            fails when a document is out of date
docs.py BINARY --update   writes the documents anew
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Document, what `edgehaul docs` is asked for, and the lines between which it stands; a document
# without such lines is made of it wholly.
PARTS = [
    ("README.md", "config", "<!-- config:begin -->", "<!-- config:end -->"),
    ("README.md", "attributes", "<!-- attributes:begin -->", "<!-- attributes:end -->"),
    ("README.md", "metrics", "<!-- metrics:begin -->", "<!-- metrics:end -->"),
    ("packaging/man/edgehaul.yaml.5", "man", '.\\" keys:begin', '.\\" keys:end'),
    ("packaging/edgehaul.yaml", "sample", None, None),
]


def replaced(text, begin, end, body):
    """The text with `body` between the lines `begin` and `end`; None where these are missing."""
    if begin is None:
        return body
    head, begin_line, rest = text.partition(begin + "\n")
    _, end_line, tail = rest.partition(end + "\n")
    if not begin_line or not end_line:
        return None
    # Markdown wants an empty line between a comment and a table.
    margin = "\n" if begin.startswith("<!--") else ""
    return head + begin_line + margin + body + margin + end_line + tail


def check(root, output_of, update):
    """Faults of the documents below `root`; with `update` they are written anew."""
    faults = []
    for name, topic, begin, end in PARTS:
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = replaced(text, begin, end, output_of(topic))
        if wanted is None:
            faults.append(f"{name}: has no lines {begin} and {end}")
        elif wanted != text and update:
            path.write_text(wanted, encoding="utf-8")
        elif wanted != text:
            faults.append(f"{name}: its {topic} part is out of date; run tests/checks/docs.py "
                          "BINARY --update")
    return faults


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "packaging/man").mkdir(parents=True)
        for name, _, begin, end in PARTS:
            if begin is not None:
                with open(root / name, "a", encoding="utf-8") as file:
                    file.write(f"before\n{begin}\nold\n{end}\nafter\n")
        def body(topic):
            return f"new {topic}\n"
        assert len(check(root, body, False)) == len(PARTS)
        assert check(root, body, True) == []
        assert check(root, body, False) == []
        assert "before\n<!-- config:begin -->\n\nnew config\n\n<!-- config:end -->\nafter" in (
            (root / "README.md").read_text())
        (root / "README.md").write_text("nothing\n")
        in_readme = [part for part in PARTS if part[0] == "README.md"]
        assert len(check(root, body, False)) == len(in_readme)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()

    def output_of(topic):
        command = [arguments.binary, "docs", topic]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    self_test()
    faults = check(ROOT, output_of, arguments.update)
    print("\n".join(faults) or "docs: keys and metrics are as the binary has them")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
