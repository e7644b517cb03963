# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that behaves like OpenObserve v0.14.7 at its OTLP paths: organization in the path,
Basic credentials, exact content types, limits on the decoded body, its own error bodies, and logs
that are older than its ingestion window dropped with a 200."""

import base64
import gzip
import json
import re
import struct
import threading
import time
import zlib

import otlp
from harness import Server

WINDOW = 5 * 3600  # seconds: ZO_INGEST_ALLOWED_UPTO


def field(number, data):
    """One length-delimited field."""
    size, head = len(data), bytes([number << 3 | 2])
    while size > 0x7F:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + data


def log_request(texts, at=None):
    """An ExportLogsServiceRequest with one record for each text, of now or of `at` (seconds)."""
    stamp = b"\x09" + struct.pack("<Q", int((time.time() if at is None else at) * 1e9))
    records = b"".join(field(2, stamp + field(5, field(1, t.encode()))) for t in texts)
    return field(1, field(2, records))


def log_records(request):
    """(time in nanoseconds, text) of every record of a request, in order."""
    found = []
    for resource in otlp.children(request, 1):
        for scope in otlp.children(resource, 2):
            for record in otlp.children(scope, 2):
                stamp, text = 0, None
                for number, _, value in otlp.fields(record):
                    if number == 1:
                        stamp = struct.unpack("<Q", value)[0]
                    elif number == 5:
                        text = otlp.any_value(value)
                found.append((stamp, text))
    return found


class OpenObserve(Server):
    """`trouble` (None or a function of signal and body that returns an answer) comes before the usual
    behaviour. An answer is (status, headers, body), or "close" to close in the middle of the body."""

    def __init__(self, user="root@example.com", password="Complexpass#123", org="default",
                 payload_limit=209_715_200):
        self.org, self.payload_limit = org, payload_limit
        self.credentials = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.lock = threading.Lock()
        self.trouble, self.delay = None, 0
        self.texts, self.ticks = [], []             # taken: log bodies; (resource, time) of ticks
        self.seen = []                              # (status, path) of every answer
        super().__init__()

    def take(self, signal, body):
        """The status, headers and body for a decoded request that got this far."""
        try:
            if signal == "logs":
                records = log_records(body)
            elif signal == "metrics":
                ticks = [(metric.resource, point.time) for metric in otlp.metrics(body)
                         if metric.name == "system.cpu.load_average.1m" for point in metric.points]
            else:
                list(otlp.fields(body))
        except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
            return 400, {"content-type": "application/json"}, json.dumps(
                {"code": 400, "message": f"Invalid proto: {error}"}).encode()
        if signal == "metrics":
            self.ticks += ticks
        if signal != "logs":
            return 200, {"content-type": "application/x-protobuf"}, b""
        limit = (time.time() - WINDOW) * 1e9
        fresh = [text for stamp, text in records if stamp >= limit]
        self.texts += fresh
        if len(fresh) == len(records):
            return 200, {"content-type": "application/x-protobuf"}, b""
        words = b"Too old data, only last 5 hours data can be ingested. Data discarded."
        partial = bytes([0x08, len(records) - len(fresh)]) + field(2, words)
        return 200, {"content-type": "application/x-protobuf"}, field(1, partial)

    def answer(self, path, headers, raw):
        match = re.fullmatch(r"/api/([^/]+)/v1/(logs|metrics|traces)", path)
        if not match:
            return 404, {"content-type": "text/plain"}, b"Not Found"
        if headers.get("authorization") != self.credentials:
            return 401, {"content-type": "text/plain"}, b"Unauthorized Access"
        if match[1] != self.org:
            return 404, {"content-type": "application/json"}, b'{"code":404,"message":"org not found"}'
        decode = {None: lambda data: data, "gzip": gzip.decompress, "deflate": zlib.decompress}
        coding = headers.get("content-encoding")
        if coding not in decode:
            return 415, {"content-type": "text/plain"}, b"unsupported content encoding"
        if headers.get("content-type") not in ("application/x-protobuf", "application/json"):
            return 400, {"content-type": "application/json"}, b'{"code":400,"message":"Bad Request"}'
        body = decode[coding](raw)
        if len(body) > self.payload_limit:
            return 413, {"content-type": "text/plain"}, b"length limit exceeded"
        with self.lock:
            if self.trouble:
                answer = self.trouble(match[2], body)
                if answer is not None:
                    return answer
            return self.take(match[2], body)

    def respond(self, handler, body):
        if self.delay:
            time.sleep(self.delay)
        answer = self.answer(handler.path, handler.headers, body)
        if answer == "close":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n"
                                b"content-length: 100\r\n\r\nhalf")
            handler.wfile.flush()
            return None
        with self.lock:
            self.seen.append((answer[0], handler.path))
        return answer
