# SPDX-License-Identifier: Apache-2.0
"""The relay's two ports and the clients of others: h2spec, nghttp, h2load and curl."""

import gzip
import json
import os
import re
import struct
import subprocess
import unittest
import xml.etree.ElementTree

from peers import HERE
from relay_interop import RelayCase

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
# Where the server departs from what h2spec expects, and why.
EXCEPTIONS = {
    ("http2/5.1.1", "Sends stream identifier that is numerically smaller than previous"):
        "nghttp2 ignores such a HEADERS frame, for it may belong to a stream that was reset while the "
        "frame was on its way; ending the connection would take the other calls with it",
}
# h2spec sends GET without a gRPC content type. That is refused with 405 at the first HEADERS frame and
# the stream reset with NO_ERROR (RFC 7540 section 8.1), often before the frame under test comes: it
# then meets a closed stream, where frames are ignored since the peer cannot know yet.
ANSWERED_BEFORE = {
    ("http2/5.1", "closed: Sends a HEADERS frame after sending RST_STREAM frame"),
    ("http2/5.1.2", "Sends HEADERS frames that causes their advertised concurrent stream limit to be "
                    "exceeded"),
    ("http2/6.1", 'Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state'),
    ("http2/6.9", "Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream"),
    ("http2/6.9.1", "Sends multiple WINDOW_UPDATE frames increasing the flow control window to above "
                    "2^31-1 on a stream"),
    ("http2/8.1.2.6", 'Sends a HEADERS frame with the "content-length" header field which does not '
                      "equal the DATA frame payload length"),
    ("http2/8.1.2.6", 'Sends a HEADERS frame with the "content-length" header field which does not '
                      "equal the sum of the multiple DATA frames payload length"),
}


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


# What XML 1.0 allows of the bytes that h2spec copies from frames into its report.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# One log record, "hi", of the scope "http2".
REQUEST = field(1, field(2, field(1, field(1, b"http2")) + field(2, field(5, field(1, b"hi")))))


def framed(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message


def readable(report):
    """The root of an XML report, whatever bytes stand in its texts."""
    words = NOT_XML.sub("\ufffd", report.decode("utf-8", errors="replace"))
    return xml.etree.ElementTree.fromstring(words.encode())


class Report(unittest.TestCase):
    def test_bytes_of_frames_in_a_report_do_not_stop_it(self):
        raw = b'<?xml version="1.0" encoding="UTF-8"?>\n<t><c name="a\x00\x08\xff\xc3"/></t>'
        self.assertEqual(readable(raw).find("c").get("name"), "a\ufffd\ufffd\ufffd\ufffd")


class Clients(RelayCase):
    def setUp(self):
        super().setUp()
        self.relay(self.last_collector("grpc"))

    def put(self, name, content):
        with open(self.at(name), "wb") as file:
            file.write(content)
        return self.at(name)

    def run_client(self, *command):
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def url(self, kind, path):
        return f"http://127.0.0.1:{self.ports[kind]}{path}"

    def curl(self, *words):
        """Status, headers and body of one exchange."""
        out = self.run_client("curl", "-sS", "-i", *words).decode("latin-1")
        head, _, body = out.removeprefix("HTTP/1.1 100 Continue\r\n\r\n").partition("\r\n\r\n")
        return int(head.split()[1]), head.lower(), body

    def h2spec(self):
        """The cases of one run, by section and title: whether each failed."""
        report = self.at("h2spec.xml")
        subprocess.run([os.path.join(HERE, "bin/h2spec"), "generic", "http2", "hpack",
                        "-h", "127.0.0.1", "-p", str(self.ports["grpc"]), "-P", LOGS, "-j", report],
                       capture_output=True, timeout=300, check=False)
        with open(report, "rb") as file:
            cases = readable(file.read()).iter("testcase")
        return {(case.get("package"), case.get("classname")):
                case.find("failure") is not None or case.find("error") is not None for case in cases}

    def test_h2spec(self):
        known = set(EXCEPTIONS) | ANSWERED_BEFORE
        failed = None
        for _ in range(3):  # a case that lost a race against the answer wins another time
            cases = self.h2spec()
            self.assertGreaterEqual(len(cases), 140)
            self.assertEqual(known - set(cases), set(), "no such case in h2spec")
            now = {case for case, is_failed in cases.items() if is_failed}
            failed = now if failed is None else failed & now
            if failed <= known:
                return
        self.assertEqual(failed - known, set())

    def test_nghttp(self):
        body = self.put("body", framed(REQUEST))
        out = self.run_client(
            "nghttp", "-v", "-n", "-d", body, "-H", ":method: POST", "-H", "te: trailers",
            "-H", "content-type: application/grpc", self.url("grpc", LOGS)).decode()
        self.assertIn(":status: 200", out)
        self.assertIn("grpc-status: 0", out)
        self.arrived("http2", 1)

    def test_h2load(self):
        body = self.put("body", framed(REQUEST))
        out = self.run_client(
            "h2load", "-n", "2000", "-c", "8", "-m", "16", "-d", body, "-H", "te: trailers",
            "-H", "content-type: application/grpc", self.url("grpc", LOGS)).decode()
        self.assertIn("2000 succeeded, 0 failed, 0 errored", out)
        self.assertEqual(sum(self.arrived("http2", 2000).values()), 2000)

    def test_curl_grpc(self):
        for coding, message in (("identity", framed(REQUEST)), ("gzip", framed(gzip.compress(REQUEST), 1))):
            status, head, _ = self.curl(
                "--http2-prior-knowledge", "-H", "te: trailers", "-H", "content-type: application/grpc",
                "-H", f"grpc-encoding: {coding}", "--data-binary", "@" + self.put("body", message),
                self.url("grpc", LOGS))
            self.assertEqual(status, 200)
            self.assertIn("content-type: application/grpc", head)
        self.assertEqual(sum(self.arrived("http2", 2).values()), 2)
        status, head, body = self.curl("--http2-prior-knowledge", self.url("grpc", "/"))
        self.assertEqual(status, 405)
        self.assertIn("allow: post", head)
        self.assertIn("gRPC", body)

    def test_curl_http(self):
        body = self.put("body", REQUEST)
        protobuf = ("-H", "content-type: application/x-protobuf")
        to = self.url("http", "/v1/logs")
        status, head, answer = self.curl(*protobuf, "--data-binary", "@" + body, to)
        self.assertEqual((status, answer), (200, ""))
        self.assertIn("content-type: application/x-protobuf", head)
        status, _, _ = self.curl(*protobuf, "-H", "transfer-encoding: chunked",
                                 "--data-binary", "@" + body, to)
        self.assertEqual(status, 200)
        large = self.put("large", REQUEST * 60000)  # over 1 MiB: curl asks with Expect: 100-continue
        status, _, _ = self.curl(*protobuf, "--data-binary", "@" + large, to)
        self.assertEqual(status, 200)
        words = json.dumps({"resourceLogs": [{"scopeLogs": [
            {"scope": {"name": "http2"}, "logRecords": [{"body": {"stringValue": "hi"}}]}]}]})
        status, head, answer = self.curl("-H", "content-type: application/json", "-d", words, to)
        self.assertEqual((status, json.loads(answer)), (200, {}))
        self.assertEqual(sum(self.arrived("http2", 60003).values()), 60003)
        for expected, arguments in ((405, ("-X", "GET")), (415, ("-d", "x")),
                                    (400, (*protobuf, "-d", "x")), (404, ("-d", "x"))):
            at = self.url("http", "/v1/nothing") if expected == 404 else to
            self.assertEqual(self.curl(*arguments, at)[0], expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
