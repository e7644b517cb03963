#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit: systemd-analyze finds nothing wrong with it and little exposed."""

import pathlib
import re
import subprocess
import sys

UNIT = pathlib.Path(__file__).resolve().parents[2] / "systemd/edgehaul.service"
MOST_EXPOSED = 1.7  # systemd-analyze security, offline
# Not faults of the unit: the binary and the man pages are not installed where this runs.
EXPECTED = re.compile(r"is not executable|Command 'man ")


def main():
    verify = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True,
                            check=False)
    faults = [line for line in verify.stderr.splitlines()
              if "edgehaul" in line and not EXPECTED.search(line)]
    security = subprocess.run(["systemd-analyze", "security", "--offline=yes", str(UNIT)],
                              capture_output=True, text=True, check=False).stdout
    level = re.search(r"Overall exposure level for edgehaul\.service: ([\d.]+)", security)
    if not level:
        faults.append("systemd-analyze security gave no level")
    elif float(level.group(1)) > MOST_EXPOSED:
        faults.append(f"exposure level {level.group(1)}, more than {MOST_EXPOSED}")
    print("\n".join(faults) or f"unit: exposure level {level.group(1)}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
