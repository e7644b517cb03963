#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an #include in src/ goes to a room of the same or a higher rank, or when a library's
header appears outside the room that owns it (see src/README.md)."""

import pathlib
import re
import sys

RANKS = {
    "base": 0,
    "http": 1, "metric": 1,
    "sources/host": 2, "sources/cgroup": 2, "sources/kubelet": 2,
    "identity": 2, "otlp": 2, "frame": 2, "grpc": 2,
    "spool": 3,
    "sampler": 4, "forward": 4, "relay": 4, "status": 4,
    "config": 5,
    "daemon": 6,
    "cli": 7, "": 8,
}

# Header prefix -> the rooms that may include it.
OWNERS = {
    "sqlite3.h": {"spool"},
    "curl/": {"http"},
    "boost/beast": {"http"},
    "boost/asio": {"http", "daemon", "grpc", "relay"},
    "boost/json": {"base", "identity", "otlp", "status", "cli", "sources/kubelet"},
    "yaml-cpp/": {"config", "sources/kubelet"},
    "spdlog/": {"base"},
    "zstd.h": {"base"},
    "lz4.h": {"base"},
    "zlib.h": {"base"},
    "libdeflate.h": {"base"},
    "nghttp2/": {"grpc"},
    "google/protobuf": {"otlp"},
    "opentelemetry/": {"otlp"},
}



def room_of(path):
    parts = pathlib.PurePosixPath(path).parts
    for depth in (2, 1):
        room = "/".join(parts[:depth])
        if len(parts) > depth and room in RANKS:
            return room
    return ""


def include_faults(source, name, room):
    for number, line in enumerate(source.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        kind, target = match.groups()
        if kind == '"' and "/" in target and not target.endswith(".pb.h"):
            other = room_of(target)
            if other != room and RANKS[other] >= RANKS[room]:
                yield f"{name}:{number}: {room or 'main'} may not include {target}"
        for prefix, rooms in OWNERS.items():
            if target.startswith(prefix) and room not in rooms:
                yield f"{name}:{number}: {target} belongs to {', '.join(sorted(rooms))}"


def check(src):
    faults = []
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".hpp", ".cpp", ".h", ".cc"):
            continue
        name = path.relative_to(src).as_posix()
        source = path.read_text(encoding="utf-8")
        faults += include_faults(source, name, room_of(name))
        if not source.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            faults.append(f"{name}:1: no SPDX line")
        if path.suffix == ".hpp" and "#pragma once" not in source:
            faults.append(f"{name}:1: no #pragma once")
    return faults


def self_test():
    bad = '#include "forward/forwarder.hpp"\n#include <sqlite3.h>\n'
    assert len(list(include_faults(bad, "sampler/x.cpp", "sampler"))) == 2
    assert not list(include_faults('#include "base/fd.hpp"\n', "spool/x.cpp", "spool"))


if __name__ == "__main__":
    self_test()
    found = check(pathlib.Path(__file__).resolve().parents[2] / "src")
    print("\n".join(found) or "layers: every include goes down")
    sys.exit(1 if found else 0)
