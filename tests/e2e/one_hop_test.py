#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One hop without duplicates: agents, a network that loses answers, a relay that is killed. The
relay's spool holds each tick of an agent exactly once, also one that came in pieces."""

import collections
import glob
import http.client
import os
import random
import shutil
import subprocess
import threading
import time

import otlp
from harness import BINARY, Case, Server, free_port, main, wait_until

FILL = os.environ.get("EDGEHAUL_FILL", "build/tests/e2e_fill")


class Network(Server):
    """An HTTP proxy in front of the relay that loses every third answer, after the relay gave it,
    and every seventh request."""

    def __init__(self, port):
        self.relay_port, self.count, self.lost = port, 0, 0
        self.lock = threading.Lock()
        super().__init__()

    def respond(self, handler, body):
        with self.lock:
            self.count += 1
            number = self.count
        if number % 7 == 0:
            return None
        try:
            relay = http.client.HTTPConnection("127.0.0.1", self.relay_port, timeout=20)
            relay.request("POST", handler.path, body, dict(handler.headers))
            answer = relay.getresponse()
            out = answer.read()
            relay.close()
        except (OSError, http.client.HTTPException):
            return None
        if number % 3 == 0:
            with self.lock:
                self.lost += answer.status == 200
            return None
        return answer.status, {"content-type": answer.getheader("content-type", "text/plain")}, out


class OneHop(Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.relay_home = os.path.join(self.directory, "relay")
        os.mkdir(self.relay_home)
        self.relay = self.agent("mode=relay", f"receive.http.listen=127.0.0.1:{self.port}",
                                'receive.grpc.listen=""', directory=self.relay_home, interval="1h")
        self.relay.start()

    def network(self):
        network = Network(self.port)
        self.addCleanup(network.go)
        return network

    def agent_at(self, port, name, interval="100ms"):
        home = os.path.join(self.directory, name)
        os.makedirs(home, exist_ok=True)
        return self.agent(f"forward.0.endpoint=http://127.0.0.1:{port}", "forward.0.name=central",
                          "forward.0.protocol=http", "forward.0.backoff.initial=50ms",
                          "forward.0.backoff.max=200ms", "forward.0.timeout=5s",
                          directory=home, interval=interval)

    def stored(self):
        """What came from agents, as the relay holds it: requests."""
        where = os.path.join(self.directory, "exported")
        shutil.rmtree(where, True)
        os.mkdir(where)
        state = self.relay.state
        subprocess.run([BINARY, "spool", "export", "--otlp", "--to", where, "--dir", state], check=True)
        listed = subprocess.run([BINARY, "spool", "ls", "--dir", state], check=True,
                                capture_output=True, text=True).stdout
        peers = {int(line.split()[0]) for line in listed.splitlines() if " peer " in line}
        requests = []
        for path in sorted(glob.glob(os.path.join(where, "*.pb"))):
            if int(os.path.basename(path).split(".")[0]) in peers:
                with open(path, "rb") as file:
                    requests.append(file.read())
        return requests

    def stored_ticks(self):
        """Their times; nothing of them is there twice."""
        requests = self.stored()
        points = collections.Counter(p for request in requests for p in otlp.points(request))
        self.assertEqual([p for p, times in points.items() if times > 1], [], "stored twice")
        return [time for request in requests for time in otlp.tick_times(request)]

    def senders(self):
        return self.relay.status()["receive"]["senders"]

    def drained(self, agent, left=1):
        wait_until(lambda: (agent.status() or {"spool": {"held": {"records": 9}}})
                   ["spool"]["held"]["records"] <= left, "the drain")

    def test_lost_answers(self):
        network = self.network()
        agent = self.agent_at(network.port, "site").start()
        wait_until(lambda: network.lost >= 8 and agent.status()["sampler"]["ticks"] >= 40, "losses")
        made = agent.status()["sampler"]["ticks"]
        self.drained(agent)
        self.assertEqual(agent.stop(), 0)
        ticks = self.stored_ticks()
        self.assertGreaterEqual(len(ticks), made)
        (sender,) = self.senders()
        self.assertGreater(sender["repeats"], 0, "nothing came twice: the test tested nothing")
        self.assertFalse(sender["cloned"])

    def test_thousands_of_ticks_through_a_relay_killed_ten_times(self):
        random.seed(10)
        network = self.network()
        agent = self.agent_at(network.port, "site")
        os.mkdir(agent.state)
        last = time.time_ns() - 10**10
        subprocess.run([FILL, agent.state, "central", "3000", str(last), str(10**10)], check=True)
        old = {last - i * 10**10 for i in range(3000)}
        # Small requests, so that the kills meet many.
        agent.settings += ["forward.0.max_request=64KiB", "forward.0.backlog.max_rate=256KiB"]
        made = 0
        agent.start()
        for kill in range(10):
            before = network.count
            wait_until(lambda: network.count >= before + 6, "requests")
            time.sleep(random.random() / 10)
            self.relay.kill()
            if kill % 3 == 0:
                made += agent.status()["spool"]["appended"]
                agent.kill()
                agent.start()
            self.relay.start()
        self.drained(agent)
        made += agent.status()["sampler"]["ticks"]
        self.drained(agent)
        self.assertEqual(agent.stop(), 0)
        ticks = self.stored_ticks()
        self.assertLessEqual(old, set(ticks), "ticks of the outage are missing")
        self.assertGreaterEqual(len(ticks), 3000 + made - 1)
        verified = subprocess.run([BINARY, "spool", "verify", "--dir", self.relay.state], check=True,
                                  capture_output=True, text=True).stdout
        self.assertRegex(verified, ": 0 missing, [0-9]+ duplicates dropped since 20")
        print(f"{network.count} requests, {network.lost} answers lost, "
              f"{self.senders()[0]['repeats']} repeats not stored")

    def test_ticks_in_pieces_through_kills_of_both(self):
        random.seed(11)
        ticks, gauges, step = 60, 2000, 10**10
        network = self.network()
        agent = self.agent_at(network.port, "site", interval="1s")
        os.mkdir(agent.state)
        last = time.time_ns() - step
        subprocess.run([FILL, agent.state, "central", str(ticks), str(last), str(step), "0", str(gauges)],
                       check=True)
        settings = agent.settings
        for life in range(8):
            # Each life cuts ticks of 100 KiB in another way.
            agent.settings = settings + [f"forward.0.max_request={random.randrange(16, 50)}KiB"]
            agent.start()
            before = network.count
            wait_until(lambda: network.count >= before + 12, "requests")
            time.sleep(random.random() / 10)
            victims = [self.relay] if life % 3 == 1 else [agent] if life % 3 else [agent, self.relay]
            for victim in victims:
                victim.kill()
            if self.relay in victims:
                self.relay.start()
            if agent not in victims:
                self.assertEqual(agent.stop(), 0)
        agent.start()
        self.drained(agent, left=0)
        self.assertEqual(agent.stop(), 0)
        points = collections.Counter(p for request in self.stored() for p in otlp.points(request))
        self.assertEqual([p for p, times in points.items() if times > 1], [], "stored twice")
        old = collections.Counter(when for when, *_ in points)
        lacking = {i: old[last - i * step] for i in range(ticks) if old[last - i * step] != gauges}
        self.assertEqual(lacking, {}, "points of the outage are missing")
        (sender,) = self.senders()
        self.assertGreater(sender["repeats"], 0, "nothing came twice: the test tested nothing")
        self.assertEqual(sender["missing"], 0)
        print(f"{network.count} requests, {network.lost} answers lost, "
              f"{sender['repeats']} repeats not stored")

    def test_copies_of_one_image_are_told_apart(self):
        one = self.agent_at(self.port, "one").start()
        wait_until(lambda: one.status()["sampler"]["ticks"] >= 5, "ticks of the first machine")
        self.assertEqual(one.stop(), 0)
        shutil.copytree(one.state, os.path.join(self.directory, "two", "state"))
        both = [self.agent_at(self.port, "one"), self.agent_at(self.port, "two")]
        for machine in both:
            machine.start()
        wait_until(lambda: all(m.status()["sampler"]["ticks"] >= 10 for m in both), "ticks of both")
        made = sum(m.status()["sampler"]["ticks"] for m in both)
        for machine in both:
            self.drained(machine)
            self.assertEqual(machine.stop(), 0)
        ticks = [t for request in self.stored() for t in otlp.tick_times(request)]
        self.assertGreaterEqual(len(ticks), made, "a copy's ticks were taken for repeats")
        (sender,) = self.senders()
        self.assertTrue(sender["cloned"])

    def test_a_wiped_state_is_a_new_installation(self):
        for life in range(2):
            agent = self.agent_at(self.port, "site").start()
            wait_until(lambda: agent.status()["sampler"]["ticks"] >= 5, "ticks")
            self.drained(agent)
            self.assertEqual(agent.stop(), 0)
            shutil.rmtree(agent.state)
        self.assertEqual(len(self.senders()), 2)
        self.assertGreaterEqual(len(self.stored_ticks()), 10)


if __name__ == "__main__":
    main()
