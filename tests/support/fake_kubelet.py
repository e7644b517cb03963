# SPDX-License-Identifier: Apache-2.0
"""A TLS server that answers /stats/summary like a kubelet: a recorded answer with its times moved to
now, for whoever shows the right bearer token."""

import datetime
import http.server
import json
import os
import ssl
import subprocess
import threading

SUMMARIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sources", "kubelet",
                         "summaries")


def make_certificate(directory, name):
    """A self-signed certificate like the one that a kubelet makes for itself."""
    cert, key = os.path.join(directory, "kubelet.crt"), os.path.join(directory, "kubelet.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def moved(node, now):
    if isinstance(node, list):
        return [moved(item, now) for item in node]
    if isinstance(node, dict):
        return {key: now if key == "time" else moved(value, now) for key, value in node.items()}
    return node


class FakeKubelet:
    """`status` other than 200 is answered instead; `hang` makes it never answer."""

    def __init__(self, directory, version="1.24", name="edge-1"):
        self.status, self.words, self.token = 200, "", "secret-of-the-kubelet"
        self.hang, self.released, self.requests = threading.Event(), threading.Event(), []
        self.cert, key = make_certificate(directory, name)
        self.token_file = os.path.join(directory, "kubelet.token")
        with open(self.token_file, "w", encoding="ascii") as file:
            file.write(self.token + "\n")
        with open(os.path.join(SUMMARIES, f"v{version}.json"), encoding="utf-8") as file:
            self.document = json.load(file)
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                kubelet.requests.append(self.path)
                if kubelet.hang.is_set():
                    kubelet.released.wait(60)
                    self.close_connection = True
                    return
                allowed = (self.server is kubelet.plain or
                           self.headers.get("authorization") == f"Bearer {kubelet.token}")
                status, body = kubelet.reply(self.path, allowed)
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self.server, self.plain = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
                                   for _ in range(2))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        for server in (self.server, self.plain):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"https://127.0.0.1:{self.server.server_address[1]}"

    @property
    def plain_endpoint(self):
        """The read-only port, which asks for nothing."""
        return f"127.0.0.1:{self.plain.server_address[1]}"

    def reply(self, path, is_allowed):
        if not is_allowed:
            return 401, b"Unauthorized"
        if self.status != 200:
            return self.status, self.words.encode()
        if path.partition("?")[0] != "/stats/summary":
            return 404, b"not found"
        now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        return 200, json.dumps(moved(self.document, now)).encode()

    def settings(self):
        """What makes an agent ask this one."""
        return [f"collect.kubelet.{key}={value}" for key, value in (
            ("enabled", "true"), ("endpoint", self.endpoint), ("node_name", "edge-1"),
            ("token_file", self.token_file), ("ca_file", self.cert))]

    def close(self):
        self.released.set()
        for server in (self.server, self.plain):
            server.shutdown()
            server.server_close()
