#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count.py LOGS: adds up doctest cases, unittest cases and plain tests of all steps, and prints "N passed, N failed"
as the last line; what was skipped is listed before it and counts as neither. LOGS has a file for each step and
NAME.failed for each that failed. Exits 1 when anything failed or nothing ran."""

import glob
import json
import os
import re
import sys

DOCTEST = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
UNITTEST = re.compile(r"^Ran (\d+) tests?", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)", re.M)
UNITTEST_SKIPPED = re.compile(r"^(?:OK|FAILED) \(.*skipped=(\d+)", re.M)
SKIPPED = re.compile(r"^.* \.\.\. skipped .*$", re.M)
PLAIN_STEPS = ("interop", "packaging")  # their own output counts; the others write Meson's log


def of_unittest(text):
    ran = sum(int(n) for n in UNITTEST.findall(text))
    bad = sum(int(n) for words in UNITTEST_BAD.findall(text)
              for n in re.findall(r"(?:failures|errors)=(\d+)", words))
    return ran - bad - sum(int(n) for n in UNITTEST_SKIPPED.findall(text)), bad


def of_entry(entry):
    text = re.sub(r"\x1b\[[\d;]*m", "", entry.get("stdout", "") + entry.get("stderr", ""))
    if entry["result"] == "SKIP":
        return 0, 0
    failed = entry["result"] not in ("OK", "EXPECTEDFAIL")
    if match := DOCTEST.search(text):
        passed, bad = map(int, match.groups())
    elif UNITTEST.search(text):
        passed, bad = of_unittest(text)
    else:
        passed, bad = int(not failed), int(failed)
    return passed, max(bad, int(failed))


def main():
    logs = sys.argv[1]
    passed = failed = 0
    skipped = []
    for name in PLAIN_STEPS:
        path = os.path.join(logs, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as log:
                text = log.read()
            good, bad = of_unittest(text)
            skipped += SKIPPED.findall(text)
            passed, failed = passed + good, failed + bad
    for path in glob.glob("build*/meson-logs/testlog.json"):
        with open(path, encoding="utf-8") as log:
            for line in log:
                entry = json.loads(line)
                good, bad = of_entry(entry)
                if entry["result"] == "SKIP":
                    skipped.append(f"{entry['name']} ... skipped")
                passed, failed = passed + good, failed + bad
    steps = sorted(os.path.basename(path).removesuffix(".failed")
                   for path in glob.glob(os.path.join(logs, "*.failed")))
    if steps:
        print("failed steps: " + ", ".join(steps))
        failed = max(failed, len(steps))
    print("".join(f"{line}\n" for line in skipped), end="")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
