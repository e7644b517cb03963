# SPDX-License-Identifier: Apache-2.0
"""Just enough protobuf to read ExportMetricsServiceRequests, independent of the program under test."""

import struct


def fields(data):
    """Yields (field number, wire type, value) of one message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = data[at:at + 8], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("length past the end")
        elif kind == 5:
            value, at = data[at:at + 4], at + 4
        else:
            raise ValueError(f"wire type {kind}")
        yield number, kind, value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def children(data, number):
    return [value for n, _, value in fields(data) if n == number]


def text(data, number):
    found = children(data, number)
    return found[0].decode() if found else ""


def any_value(data):
    for number, _, value in fields(data):
        if number == 1:
            return value.decode()
        if number == 2:
            return bool(value)
        if number == 3:
            return value - (1 << 64) if value >> 63 else value
        if number == 4:
            return struct.unpack("<d", value)[0]
        if number == 5:
            return [any_value(v) for v in children(value, 1)]
    return None


def attributes(messages):
    return {text(kv, 1): any_value(children(kv, 2)[0]) for kv in messages}


class Point:
    def __init__(self, data):
        self.start = self.time = 0
        self.value = None
        pairs = []
        for number, _, value in fields(data):
            if number == 2:
                self.start = struct.unpack("<Q", value)[0]
            elif number == 3:
                self.time = struct.unpack("<Q", value)[0]
            elif number == 4:
                self.value = struct.unpack("<d", value)[0]
            elif number == 6:
                self.value = struct.unpack("<q", value)[0]
            elif number == 7:
                pairs.append(value)
        self.attributes = attributes(pairs)


class Metric:
    KINDS = {5: "gauge", 7: "sum"}

    def __init__(self, data, resource, scope):
        self.resource, self.scope = resource, scope
        self.name, self.unit = text(data, 1), text(data, 3)
        self.kind, self.points, self.temporality, self.monotonic = None, [], 0, False
        for number, _, value in fields(data):
            if number in self.KINDS:
                self.kind = self.KINDS[number]
                self.points = [Point(p) for p in children(value, 1)]
                self.temporality = (children(value, 2) or [0])[0]
                self.monotonic = bool((children(value, 3) or [0])[0])


def metrics(request):
    """All metrics of a serialized ExportMetricsServiceRequest."""
    found = []
    for resource_metrics in children(request, 1):
        resource = (children(resource_metrics, 1) or [b""])[0]
        resource = attributes(children(resource, 1))
        for scope_metrics in children(resource_metrics, 2):
            scope = text((children(scope_metrics, 1) or [b""])[0], 1)
            found += [Metric(m, resource, scope) for m in children(scope_metrics, 2)]
    return found


def tick_times(request):
    """The timestamps of the ticks inside, in order, one for each."""
    times = []
    for resource_metrics in children(request, 1):
        for scope_metrics in children(resource_metrics, 2):
            for data in children(scope_metrics, 2):
                if text(data, 1) == "system.cpu.load_average.1m":
                    times += [point.time for point in Metric(data, {}, "").points]
    return times


def points(request):
    """What each point is of and when, in order: no two of one host are the same."""
    return [(point.time, metric.name, str(sorted(metric.resource.items())),
             str(sorted(point.attributes.items())))
            for metric in metrics(request) for point in metric.points]
