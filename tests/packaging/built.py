# SPDX-License-Identifier: Apache-2.0
"""What ./dev put into dist/, and packages of other versions made of the same binary."""

import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DIST = SOURCE / "dist"
MACHINE = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
DEB_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]
BINARY = DIST / f"edgehaul-{DEB_ARCH}"


def one(pattern):
    """The newest file in dist/ of that pattern."""
    found = sorted(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        raise AssertionError(f"no {pattern} in {DIST}: ./dev test --packaging builds it")
    return found[-1]


def deb():
    return one(f"edgehaul_*_{DEB_ARCH}.deb")


def rpm():
    return one(f"edgehaul-*.{MACHINE}.rpm")


def make(form, version, out=None, binary=BINARY):
    """Builds a package (deb, rpm, tarball, or edge for a sysext) anew and returns its path."""
    out = out or tempfile.mkdtemp(prefix="edgehaul-built-")
    script = {"edge": "edge/sysext"}.get(form, f"{form}/build")
    arch = MACHINE if form == "rpm" else DEB_ARCH
    done = subprocess.run([SOURCE / "packaging" / script, binary, arch, version, out], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"{script}: {done.stdout}{done.stderr}")
    return pathlib.Path(done.stdout.strip().splitlines()[-1])
