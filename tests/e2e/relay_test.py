#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The relay between agents and OpenObserve: whatever it acknowledges arrives, whatever happens."""

import base64
import collections
import http.client
import os
import random
import signal
import socket
import subprocess
import threading
import time

from harness import BINARY, Case, free_port, main, wait_until
from openobserve import OpenObserve, field, log_request

OFFER = os.environ.get("EDGEHAUL_OFFER", "build/tests/e2e_offer")
RETRYABLE = {429, 502, 503, 504}
GRPC_FINE = {"taken", "UNAVAILABLE with RetryInfo"}


class Senders:
    """Threads that post logs with unique texts over OTLP/HTTP and remember what was acknowledged.
    A request that fails is repeated until it is acknowledged or the senders stop, as an exporter's."""

    def __init__(self, port, count, records=5, size=40, pause=0.0):
        self.port, self.records, self.size, self.pause = port, records, size, pause
        self.acked, self.answers = [], collections.Counter()
        self.waits = collections.Counter()  # Retry-After of what was refused
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True)
                        for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        connection, sequence, source = None, 0, random.Random(number)
        while not self.stopping.is_set():
            texts = []
            for _ in range(self.records):
                filler = source.randbytes(self.size).hex()
                texts.append(f"{number}-{sequence}-{filler}")
                sequence += 1
            body = log_request(texts)
            while not self.stopping.is_set():
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                    connection.request("POST", "/v1/logs", body,
                                       {"content-type": "application/x-protobuf"})
                    response = connection.getresponse()
                    response.read()
                    with self.lock:
                        self.answers[response.status] += 1
                        if response.status == 200:
                            self.acked += texts
                        else:
                            self.waits[response.getheader("retry-after")] += 1
                    if response.status == 200:
                        break
                except (OSError, http.client.HTTPException):
                    connection.close()
                    connection = None
                time.sleep(0.02)
            time.sleep(self.pause)
        if connection is not None:
            connection.close()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        return self.acked

    def count(self):
        with self.lock:
            return len(self.acked)


class GrpcSenders:
    """The same over OTLP/gRPC: the answers by code, told with RetryInfo or without."""

    def __init__(self, port, count, records, size):
        self.records, self.acked, self.answers = records, [], collections.Counter()
        self.process = subprocess.Popen([OFFER, str(port), str(count), str(records), str(size)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.startswith("taken "):
                _, sender, first = line.split()
                self.acked += [f"g{sender}-{int(first) + i}" for i in range(self.records)]
                line = "taken"
            self.answers[line.strip()] += 1

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.reader.join(60)
        self.process.stdout.close()
        return self.acked


class Relay(Case):
    def openobserve(self, **options):
        server = OpenObserve(**options)
        self.addCleanup(server.go)
        return server

    def relay(self, server, *settings, port=0, **options):
        password = os.path.join(self.directory, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write("Complexpass#123\n")
        directory = os.path.join(self.directory, "relay")
        os.makedirs(directory, exist_ok=True)
        return self.agent(
            "mode=relay", f"receive.http.listen=127.0.0.1:{port}", "receive.grpc.listen=127.0.0.1:0",
            "forward.0.name=openobserve", "forward.0.preset=openobserve",
            f"forward.0.endpoint={server.endpoint}", "forward.0.user=root@example.com",
            f"forward.0.password_file={password}", "forward.0.backoff.initial=50ms",
            "forward.0.backoff.max=300ms", *settings, directory=directory, **options)

    @staticmethod
    def port_of(relay, protocol):
        for listener in relay.status()["receive"]["listeners"]:
            if listener["name"].startswith(protocol + " "):
                return int(listener["name"].rsplit(":", 1)[1])
        raise AssertionError(f"no {protocol} listener")

    @staticmethod
    def destination(relay):
        return relay.status()["destinations"][0]

    def post(self, port, body, headers=None, path="/v1/logs"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", path, body,
                           {"content-type": "application/x-protobuf", **(headers or {})})
        response = connection.getresponse()
        answer = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return answer

    def await_all(self, server, acked):
        def missing():
            with server.lock:
                texts = set(server.texts)
            return set(acked) - texts - {text.rpartition("-")[0] for text in texts}

        wait_until(lambda: not missing(), f"{len(acked)} acknowledged items", 120)

    def test_agent_to_relay_to_openobserve(self):
        server = self.openobserve()
        relay = self.relay(server, "resource.role=relay").start()
        directory = os.path.join(self.directory, "agent")
        os.makedirs(directory)
        agent = self.agent(f"forward.0.endpoint=http://127.0.0.1:{self.port_of(relay, 'grpc')}",
                           "forward.0.protocol=grpc", "forward.0.compression=zstd",
                           "resource.role=edge", directory=directory).start()

        def ticks(role):
            with server.lock:
                return [at for resource, at in server.ticks if resource.get("role") == role]

        wait_until(lambda: len(ticks("edge")) >= 10 and len(ticks("relay")) >= 5, "ticks of both")
        peers = relay.status()["receive"]["peers"]
        self.assertEqual([peer["name"] for peer in peers], ["127.0.0.1"])
        self.assertGreater(peers[0]["items"], 0)
        self.assertIn(b'edgehaul_receive_items_total{peer="127.0.0.1"}', relay.get("/metrics")[1])
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(relay.stop(), 0)
        for role in ("edge", "relay"):
            self.assertEqual(len(ticks(role)), len(set(ticks(role))), f"each tick of {role} once")

    def test_the_palette_packs_settings_work_as_they_are(self):
        server = self.openobserve(user="admin@openobserve.dev", password="admin")
        token = base64.b64encode(b"admin@openobserve.dev:admin").decode()
        relay = self.agent("mode=relay", "receive.http.listen=127.0.0.1:0",
                           "receive.grpc.listen=127.0.0.1:0",
                           f"forward.0.endpoint={server.endpoint}/api/default/",
                           f"forward.0.headers.Authorization=Basic {token}").start()
        status, _, body = self.post(self.port_of(relay, "http"), log_request(["hello"]))
        self.assertEqual((status, body), (200, b""))
        wait_until(lambda: server.texts == ["hello"], "the log record")
        wait_until(lambda: server.ticks, "the relay's own samples")
        self.assertEqual(relay.stop(), 0)
        self.assertNotIn(token, relay.log_text())

    def test_twenty_kills_under_load_lose_nothing_acknowledged(self):
        server = self.openobserve()
        port, grpc_port = free_port(), free_port()
        relay = self.relay(server, f"receive.grpc.listen=127.0.0.1:{grpc_port}", port=port).start()
        both = Senders(port, 4), GrpcSenders(grpc_port, 4, records=5, size=80)
        self.addCleanup(both[1].stop)
        for _ in range(20):
            before = [len(senders.acked) for senders in both]
            wait_until(lambda: all(len(senders.acked) >= count + 50
                                   for senders, count in zip(both, before)), "acknowledgements")
            relay.kill()
            relay.start()
        acked = both[0].stop() + both[1].stop()
        self.await_all(server, acked)
        self.assertEqual(relay.stop(), 0)
        self.assertGreaterEqual(len(acked), 2000)
        self.assertLessEqual(set(both[0].answers), {200} | RETRYABLE)
        self.assertLessEqual(set(both[1].answers), GRPC_FINE | {"no answer"})

    def test_whatever_the_destination_does_nothing_acknowledged_is_lost(self):
        server = self.openobserve(payload_limit=20_000)
        relay = self.relay(server).start()
        senders = Senders(self.port_of(relay, "http"), 2, records=10, size=100, pause=0.01)
        json_error = {"content-type": "application/json"}
        troubles = {
            "401": lambda *_: (401, {"content-type": "text/plain"}, b"Unauthorized Access"),
            "429": lambda *_: (429, {"retry-after": "1"}, b""),
            "500": lambda *_: (500, json_error, b'{"code":500,"message":"wal write error"}'),
            "503": lambda *_: (503, json_error, b'{"code":503,"message":"memtable overflow"}'),
            "garbage": lambda *_: (502, {"content-type": "text/html"}, b"\xff\x00<html>" * 100),
            "closing": lambda *_: "close",
        }
        for name, trouble in troubles.items():
            with self.subTest(name):
                with server.lock:
                    server.trouble = trouble
                failing = wait_until(
                    lambda: self.destination(relay)["state"] in ("backing off", "held")
                    and self.destination(relay), "trouble")
                before = senders.count()
                wait_until(lambda: senders.count() > before, "acknowledgements go on")
                self.assertTrue(failing["last_error"])
                with server.lock:
                    server.trouble = None
                relay.process.send_signal(signal.SIGHUP)  # a held destination is tried at once
                taken = len(server.texts)
                wait_until(lambda: len(server.texts) > taken, "delivery")
        server.go()
        before = senders.count()
        wait_until(lambda: senders.count() > before + 50, "acknowledgements while it is away")
        server.delay = 0.2
        server.come()
        before = senders.count()
        wait_until(lambda: senders.count() > before + 50, "acknowledgements while it is slow")
        server.delay = 0
        acked = senders.stop()
        self.await_all(server, acked)
        status = relay.status()
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(sum(status["spool"]["dropped"].values()), 0)
        self.assertEqual(status["spool"]["set_aside"], 0)
        self.assertEqual(set(senders.answers), {200})
        with server.lock:
            self.assertIn(413, [code for code, _ in server.seen])  # and split until it fitted

    def test_old_logs_are_told_of_in_words(self):
        server = self.openobserve()
        relay = self.relay(server).start()
        self.post(self.port_of(relay, "http"), log_request(["old", "older"], at=time.time() - 9 * 3600))
        wait_until(lambda: self.destination(relay)["rejected_items"] == 2, "the refusal's count")
        self.assertEqual(relay.stop(), 0)
        self.assertIn("refused 2 log records of it", relay.log_text())
        self.assertIn("older than the server's ingestion window", relay.log_text())

    def overload(self, make_senders, taken, deferred):
        """A small spool on a disk whose syncs take their time, a destination that takes a tenth of
        what is offered; besides, connections that only stand there and one giant body after another.
        `taken` and `deferred` are the two answers that senders may see."""
        server = self.openobserve()
        server.delay = 0.5
        relay = self.relay(server, "spool.max_size=4MiB", "forward.0.max_request=64KiB",
                           "receive.http.max_buffered=8MiB", "receive.http.max_request=8MiB",
                           "receive.grpc.max_buffered=8MiB", "receive.grpc.max_request=8MiB",
                           interval="1h", env=self.slow_syncs()).start()  # its own samples would make room for others'
        port = self.port_of(relay, "http")
        idle = self.stand_around(port)
        senders, giants_end = make_senders(relay), threading.Event()
        self.addCleanup(senders.stop)
        self.addCleanup(giants_end.set)
        giants = threading.Thread(target=self.send_giants, args=(port, giants_end), daemon=True)
        giants.start()
        answers = senders.answers
        peak, full = 0, None  # requests taken until the spool was full
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            peak = max(peak, relay.status()["process"]["rss_bytes"])
            if full is None and answers[deferred]:
                full = answers[taken]
            # All requests have the same size, so that this is ten times the bytes, too.
            if full is not None and answers[deferred] >= max(300, 10 * (answers[taken] - full)):
                break
            time.sleep(0.1)
        giants_end.set()
        acked = senders.stop()
        giants.join(60)
        for wire in idle:
            wire.close()
        self.assertIsNotNone(full, "the relay was never overloaded")
        self.assertGreaterEqual(answers[deferred], 10 * (answers[taken] - full) * 0.9)
        self.assertGreater(len(acked), 0)
        # README: 46 MiB, the buffers, four times the largest request, 64 KiB for a connection.
        self.assertLess(peak, (46 + 8 + 8 + 4 * 8 + 220 / 16) * 2**20)
        server.delay = 0
        self.await_all(server, acked)
        status = relay.status()
        self.assertEqual(sum(status["spool"]["dropped"].values()), 0)
        self.assertEqual(relay.stop(), 0)
        print(f"peak RSS {peak / 2**20:.1f} MiB, {answers[taken]} taken, {answers[deferred]} deferred")
        return answers

    def test_overload_over_http_costs_no_memory_and_only_retryable_answers(self):
        senders = []

        def make(relay):
            senders.append(Senders(self.port_of(relay, "http"), 16, records=40, size=500))
            return senders[0]

        answers = self.overload(make, 200, 503)
        self.assertLessEqual(set(answers), {200} | RETRYABLE)
        self.assertEqual(sum(senders[0].waits.values()), answers.total() - answers[200])
        # Seconds; nobody is refused without a word on when to come again.
        self.assertLessEqual(set(senders[0].waits), {"1", "5"})

    def test_overload_over_grpc_costs_no_memory_and_only_retryable_answers(self):
        answers = self.overload(
            lambda relay: GrpcSenders(self.port_of(relay, "grpc"), 16, records=40, size=1000),
            "taken", "UNAVAILABLE with RetryInfo")
        self.assertLessEqual(set(answers), GRPC_FINE)

    def slow_syncs(self):
        """Every fdatasync takes 20 ms longer."""
        source = os.path.join(self.directory, "slow.c")
        library = os.path.join(self.directory, "slow.so")
        with open(source, "w", encoding="ascii") as file:
            file.write("#include <sys/syscall.h>\n#include <unistd.h>\n"
                       "int fdatasync(int fd) { usleep(20000); return syscall(SYS_fdatasync, fd); }\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return {"LD_PRELOAD": library, "ASAN_OPTIONS": asan}

    def stand_around(self, port):
        """Connections that send half a body each, or half a header, and stay."""
        wires = []
        for number in range(200):
            wire = socket.create_connection(("127.0.0.1", port))
            head = b"POST /v1/logs HTTP/1.1\r\nhost: x\r\n"
            if number % 2:
                head += (b"content-type: application/x-protobuf\r\ncontent-length: 40000\r\n\r\n"
                         + b"x" * 20000)
            wire.sendall(head)
            wires.append(wire)
        return wires

    def send_giants(self, port, stopping):
        body = log_request(["g" * 1000] * 7000)
        while not stopping.is_set():
            try:
                self.post(port, body)
                self.post(port, field(1, b"\0" * (9 << 20)))  # beyond max_request
            except (OSError, http.client.HTTPException):
                pass

    def test_a_stop_answers_what_is_under_way(self):
        server = self.openobserve()
        relay = self.relay(server).start()
        both = (Senders(self.port_of(relay, "http"), 4),
                GrpcSenders(self.port_of(relay, "grpc"), 4, records=5, size=80))
        self.addCleanup(both[1].stop)
        wait_until(lambda: all(len(senders.acked) > 100 for senders in both), "acknowledgements")
        self.assertEqual(relay.stop(), 0)
        acked = both[0].stop() + both[1].stop()
        self.assertLessEqual(set(both[0].answers), {200} | RETRYABLE)
        # "no answer": calls after the end; those under way were finished or told to come again.
        self.assertLessEqual(set(both[1].answers), GRPC_FINE | {"no answer"})
        relay.start()
        self.await_all(server, acked)

    def test_who_went_silent_before_a_restart_is_still_known_after_it(self):
        relay = self.relay(self.openobserve()).start()
        self.assertEqual(self.post(self.port_of(relay, "http"), log_request(["a"]))[0], 200)
        [before] = relay.status()["receive"]["peers"]
        self.assertEqual((before["name"], before["requests"]), ("127.0.0.1", 1))
        self.assertEqual(relay.stop(), 0)
        relay.start()
        [after] = relay.status()["receive"]["peers"]
        self.assertEqual((after["name"], after["requests"]), ("127.0.0.1", 0))
        for seen in ("first_seen", "last_seen"):
            self.assertEqual(str(after[seen])[:10], str(before[seen])[:10])

    def test_a_reload_changes_who_may_send(self):
        server = self.openobserve()
        config = os.path.join(self.directory, "relay.yaml")
        port = free_port()

        def write(auth):
            with open(config, "w", encoding="ascii") as file:
                file.write(f"mode: relay\nreceive:\n  grpc: {{listen: \"\"}}\n  http:\n"
                           f"    listen: 127.0.0.1:{port}\n    auth: {{bearer: [{auth}]}}\n"
                           f"forward:\n  - endpoint: {server.endpoint}/api/default\n")

        write("first")
        relay = self.agent(config=config).start()
        bearer = {"authorization": "Bearer second"}
        self.assertEqual(self.post(port, log_request(["a"]), bearer)[0], 401)
        write("second")
        relay.process.send_signal(signal.SIGHUP)

        def is_taken():
            try:
                return self.post(port, log_request(["a"]), bearer)[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        wait_until(is_taken, "the new token")
        self.assertEqual([p["name"] for p in relay.status()["receive"]["peers"]],
                         ["127.0.0.1", "bearer 1"])
        self.assertEqual(relay.stop(), 0)
        self.assertNotIn("second", relay.log_text())

    def certificate(self, name, issuer=None, lifetime=1):
        """A key and a certificate below the test's folder; self-signed unless there is an issuer."""
        def run(*words):
            subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
               f"{name}.key", "-subj", f"/CN={name}", "-days", str(lifetime)]
        alternative = ["-addext", "subjectAltName=IP:127.0.0.1"]
        if issuer is None:
            run("req", "-x509", *key, "-out", f"{name}.crt")
        else:
            run("req", "-x509", *key, *alternative, "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key",
                "-out", f"{name}.crt")
        return [os.path.join(self.directory, f"{name}.{end}") for end in ("crt", "key")]

    def test_client_certificates_name_the_peer_and_renewed_ones_are_taken(self):
        try:
            authority, _ = self.certificate("authority")
            server_files = self.certificate("relay", "authority")
            client_files = self.certificate("store-17", "authority")
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"openssl: {error}")
        server = self.openobserve()
        relay = self.relay(server, f"receive.grpc.tls.cert_file={server_files[0]}",
                           f"receive.grpc.tls.key_file={server_files[1]}",
                           f"receive.grpc.tls.client_ca_file={authority}").start()
        directory = os.path.join(self.directory, "agent")
        os.makedirs(directory)
        to = f"forward.0.endpoint=https://127.0.0.1:{self.port_of(relay, 'grpc')}"
        trust = f"forward.0.tls.ca_file={authority}"
        stranger = self.check(to, trust)
        self.assertEqual(stranger[0], 1, stranger[1])
        known = (to, trust, f"forward.0.tls.cert_file={client_files[0]}",
                 f"forward.0.tls.key_file={client_files[1]}")
        friend = self.check(*known)
        self.assertEqual(friend[0], 0, friend[1])
        agent = self.agent(*known, directory=directory).start()
        wait_until(lambda: [p["name"] for p in relay.status()["receive"]["peers"]] == ["store-17"],
                   "the peer by its certificate's name")
        self.certificate("relay", "authority")
        relay.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "in force" in relay.log_text(), "the reload")
        self.assertEqual(self.check(*known)[0], 0)
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(relay.stop(), 0)

    def check(self, *settings):
        command = [BINARY, "check", "--connect"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def test_check_connect_says_what_works_and_what_does_not(self):
        server = self.openobserve()
        token = base64.b64encode(b"root@example.com:Complexpass#123").decode()
        good = f"forward.0.headers.authorization=Basic {token}"
        endpoint = f"forward.0.endpoint={server.endpoint}"
        code, text = self.check(endpoint + "/api/default", good, "mode=relay", "forward.0.protocol=http")
        self.assertEqual(code, 0, text)
        self.assertEqual(text.count(": works, answered in"), 3)
        code, text = self.check(endpoint + "/api/default", "forward.0.protocol=http")
        self.assertEqual(code, 1)
        self.assertIn("does not work: 401 Unauthorized", text)
        code, text = self.check(endpoint + "/api/other", good, "forward.0.protocol=http")
        self.assertEqual(code, 1)
        self.assertIn("404 Not Found", text)
        self.assertIn("look at the endpoint's path", text)
        server.go()
        code, text = self.check(endpoint + "/api/default", good, "forward.0.protocol=http")
        self.assertEqual(code, 1)
        self.assertIn("does not work", text)
        self.assertNotIn(token, text)


if __name__ == "__main__":
    main()
