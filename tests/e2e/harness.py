# SPDX-License-Identifier: Apache-2.0
"""The real binary on this machine, and an OTLP/HTTP collector that does as told."""

import gzip
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import otlp

BINARY = os.path.abspath(os.environ.get("EDGEHAUL", "build/edgehaul"))
PATIENCE = 60  # seconds until a condition that must come true is given up


def wait_until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s in vain for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """An HTTP server of this machine that can go away and come back on its port. respond() gets each
    POST and returns (status, headers, body), or None to close the connection without an answer."""

    def __init__(self, port=0):
        self.port, self.server = port, None
        self.come()

    def respond(self, handler, body):
        raise NotImplementedError

    def come(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                answer = owner.respond(self, self.rfile.read(int(self.headers["content-length"])))
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, out = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def server_bind(self):
                super().server_bind()
                self.live = set()

            def get_request(self):
                connection, address = super().get_request()
                self.live.add(connection)
                return connection, address

            def handle_error(self, *_):
                pass

        self.server = Listener(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def go(self):
        """Away: the port and every connection are closed."""
        self.server.shutdown()
        self.server.server_close()
        for connection in self.server.live:
            try:
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            except OSError:
                pass

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"


class Collector(Server):
    """An OTLP/HTTP server. `answer(request number, body)` returns (status, headers, body); `hang`
    makes it accept and never answer."""

    def __init__(self, port=0):
        self.requests, self.answer, self.hang = [], None, threading.Event()
        self.arrivals = []  # of each of `requests`: wall clock in ns, bytes on the wire
        self.released = threading.Event()
        self.lock = threading.Lock()
        super().__init__(port)

    def respond(self, handler, body):
        arrival = (time.time_ns(), len(body))
        if self.hang.is_set():
            self.released.wait(PATIENCE)
            return None
        if handler.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with self.lock:
            status, headers, out = 200, {}, b""
            if self.answer:
                status, headers, out = self.answer(len(self.requests), body)
            if status // 100 == 2:
                self.requests.append(body)
                self.arrivals.append(arrival)
        return status, {"content-type": "application/x-protobuf", **headers}, out

    def ticks(self):
        with self.lock:
            return [t for body in self.requests for t in otlp.tick_times(body)]

    def metrics(self):
        with self.lock:
            return [m for body in self.requests for m in otlp.metrics(body)]


class Agent:
    """A running edgehaul with its state in `directory`."""

    def __init__(self, directory, *settings, env=None, wrapper=(), interval="200ms", config=None):
        self.directory = directory
        self.state = os.path.join(directory, "state")
        self.socket = os.path.join(directory, "status.sock")
        self.log = os.path.join(directory, "agent.log")
        self.settings = [f"state_dir={self.state}", f"status.socket={self.socket}",
                         f"collect.interval={interval}", *settings]
        self.config, self.env, self.wrapper = config, env or {}, list(wrapper)
        self.process = None

    def start(self, ready=True):
        command = [*self.wrapper, BINARY, "run"]
        if self.config:
            command += ["--config", self.config]
        for setting in self.settings:
            command += ["--set", setting]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **self.env})
        if ready:
            wait_until(lambda: self.status() is not None or self.process.poll() is not None,
                       "the status socket")
            if self.process.poll() is not None:
                raise AssertionError(f"exited with {self.process.returncode}:\n{self.log_text()}")
        return self

    def get(self, path):
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(10)
        try:
            connection.sock.connect(self.socket)
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def status(self):
        try:
            return json.loads(self.get("/status")[1])
        except (OSError, http.client.HTTPException):
            return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, patience=30):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class Case(unittest.TestCase):
    """A test with a folder of its own, agents and collectors that end with it."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="edgehaul-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, True)

    def collector(self):
        collector = Collector()
        self.addCleanup(collector.released.set)
        return collector

    def agent(self, *settings, directory=None, **options):
        agent = Agent(directory or self.directory, *settings, **options)

        def end():
            if agent.process and agent.process.poll() is None:
                agent.kill()

        self.addCleanup(end)
        return agent

    def forwarding(self, collector, *settings, **options):
        return self.agent(f"forward.0.endpoint={collector.endpoint}", "forward.0.name=central",
                          "forward.0.protocol=http", "forward.0.backoff.initial=100ms",
                          "forward.0.backoff.max=500ms", *settings, **options)

    def assert_no_gap(self, ticks, interval_ms):
        """Every tick of the wall clock between the first and the last is there."""
        indices = sorted({round(t / 1e6 / interval_ms) for t in ticks})
        missing = sorted(set(range(indices[0], indices[-1] + 1)) - set(indices))
        self.assertEqual(missing, [], f"{len(missing)} ticks are missing of {len(indices)}")


def main():
    unittest.main(verbosity=2)
