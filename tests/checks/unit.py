#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit, alone and with each drop-in: systemd-analyze finds nothing wrong, little is exposed, and what
the systemd of RHEL 8 (239) and Ubuntu 20.04 (245) does not know yet are sandbox settings that they may ignore."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "systemd"
# Most exposure by systemd-analyze security, offline, for the unit with these drop-ins.
MOST_EXPOSED = [((), 1.7), (("relay",), 2.0), (("credentials",), 1.7), (("clock",), 2.0), (("hardware",), 2.3)]
# Not faults of the unit: the binary and the man pages are not installed where this runs.
EXPECTED = re.compile(r"is not executable|Command 'man ")
# Settings newer than systemd 239. Older ones warn and go on without them, so that nothing else may depend on them.
MAY_BE_MISSING = {
    "LoadCredential": 247, "ProtectClock": 245, "ProtectHostname": 242, "ProtectKernelLogs": 244,
    "RestrictSUIDSGID": 242,
}
# In systemd 239 with the meaning that is used here.
IN_239 = set("""
Description Documentation After StartLimitIntervalSec Type NotifyAccess ExecStart ExecReload Restart RestartSec
WatchdogSec TimeoutStartSec TimeoutStopSec EnvironmentFile User Group StateDirectory StateDirectoryMode RuntimeDirectory
RuntimeDirectoryMode UMask MemoryMax TasksMax CPUWeight IOWeight OOMScoreAdjust LimitNOFILE LimitCORE
CapabilityBoundingSet AmbientCapabilities NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateMounts PrivateDevices
ProtectKernelTunables ProtectKernelModules ProtectControlGroups RestrictRealtime RestrictNamespaces LockPersonality
MemoryDenyWriteExecute RemoveIPC KeyringMode RestrictAddressFamilies SystemCallArchitectures SystemCallFilter
SystemCallErrorNumber WantedBy
""".split())


def verify(drop_ins, limit):
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(shutil.copy(SYSTEMD / "edgehaul.service", folder))
        if drop_ins:
            (pathlib.Path(folder) / "edgehaul.service.d").mkdir()
        for name in drop_ins:
            shutil.copy(SYSTEMD / f"drop-ins/{name}.conf", f"{folder}/edgehaul.service.d/")
        verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        faults = [line for line in verified.stderr.splitlines() if "edgehaul" in line and not EXPECTED.search(line)]
        # Offline, drop-ins beside the unit are read only through its own text.
        with open(unit, "a", encoding="utf-8") as file:
            for name in drop_ins:
                file.write((SYSTEMD / f"drop-ins/{name}.conf").read_text(encoding="utf-8"))
        shutil.rmtree(f"{folder}/edgehaul.service.d", True)
        security = subprocess.run(["systemd-analyze", "security", "--offline=yes", unit], capture_output=True, text=True,
                                  check=False).stdout
    level = re.search(r"Overall exposure level for edgehaul\.service: ([\d.]+)", security)
    name = "unit" + "".join(f" + {name}" for name in drop_ins)
    if not level:
        return faults + [f"{name}: systemd-analyze security gave no level"]
    if float(level.group(1)) > limit:
        faults.append(f"{name}: exposure level {level.group(1)}, more than {limit}")
    print(f"{name}: exposure level {level.group(1)}")
    return faults


def unknown_to_239(path):
    settings = re.findall(r"^([A-Za-z]+)=", path.read_text(encoding="utf-8"), re.M)
    return [f"{path.name}: {name} is newer than systemd 239" for name in settings
            if name not in IN_239 and name not in MAY_BE_MISSING]


def main():
    faults = [fault for drop_ins, limit in MOST_EXPOSED for fault in verify(drop_ins, limit)]
    for path in [SYSTEMD / "edgehaul.service", *sorted(SYSTEMD.glob("drop-ins/*.conf"))]:
        faults += unknown_to_239(path)
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
