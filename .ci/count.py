#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count.py FAILED_STEPS INTEROP_LOG TESTLOG…: adds up doctest cases, unittest cases and plain tests, and
writes "N passed, N failed" to build-ci-count. Exits 1 when anything failed or nothing ran."""

import json
import re
import sys

DOCTEST = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
UNITTEST = re.compile(r"^Ran (\d+) tests?", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)", re.M)


def of_unittest(text):
    ran = sum(int(n) for n in UNITTEST.findall(text))
    bad = sum(int(n) for words in UNITTEST_BAD.findall(text)
              for n in re.findall(r"(?:failures|errors)=(\d+)", words))
    return ran - bad, bad


def of_entry(entry):
    text = re.sub(r"\x1b\[[\d;]*m", "", entry.get("stdout", "") + entry.get("stderr", ""))
    failed = entry["result"] not in ("OK", "EXPECTEDFAIL", "SKIP")
    if match := DOCTEST.search(text):
        passed, bad = map(int, match.groups())
    elif UNITTEST.search(text):
        passed, bad = of_unittest(text)
    else:
        passed, bad = int(not failed), int(failed)
    return passed, max(bad, int(failed))


def main():
    passed, failed = 0, int(sys.argv[1])
    try:
        with open(sys.argv[2], encoding="utf-8", errors="replace") as log:
            good, _ = of_unittest(log.read())
            passed += good
    except FileNotFoundError:
        pass
    for path in sys.argv[3:]:
        with open(path, encoding="utf-8") as log:
            for line in log:
                good, bad = of_entry(json.loads(line))
                passed += good
                failed += bad
    with open("build-ci-count", "w", encoding="ascii") as out:
        out.write(f"{passed} passed, {failed} failed\n")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
