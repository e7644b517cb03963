#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts: a recorded run is replayed up to any write or flush, the disk is made as a cut there may
leave it, and the spool is opened from it. Nothing acknowledged may be missing. README.md tells how.

    power_cut_test.py [--cuts N] [--seed N]      N cuts (default 2400), and a fifth more with loss windows
"""

import argparse
import atexit
import collections
import copy
import datetime
import http.client
import itertools
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import otlp  # noqa: E402
from disk import MARK, ORDERINGS, WAYS, Disk, read_log, write_image  # noqa: E402
from harness import BINARY, Case, main, wait_until  # noqa: E402

RECORD = os.environ.get("POWERCUT_RECORD", "build/tests/powercut/powercut_record.so")
WORKLOAD = os.environ.get("POWERCUT_WORKLOAD", "build/tests/powercut/powercut_workload")
REQUESTS = 120  # to a relay
PATIENCE = 20  # seconds until a spool that does not open is given up
OPTIONS = argparse.Namespace(cuts=2400, seed=1)
IS_WHOLE = True  # every test runs
TABLE = collections.defaultdict(collections.Counter)  # (what, ordering) → way → cuts
SLOWEST = collections.Counter()  # what → milliseconds


def recording(folder, log):
    return {"POWERCUT_DIR": folder, "POWERCUT_LOG": log, "LD_PRELOAD": RECORD}


class Cuts:
    """Walks through a log and yields (position, ordering, way, files of the image)."""

    def __init__(self, what, log, count, seed, start=None):
        self.what, self.entries, self.start = what, read_log(log), start or Disk()
        rng = self.rng = random.Random(seed)
        # Before each of these, so that a promise made without a flush has its cut.
        changes = [i for i, entry in enumerate(self.entries) if entry.op != MARK]
        self.at = sorted(rng.sample(changes, min(count, len(changes))))
        self.plan = [(ORDERINGS[n % 2], list(WAYS)[n // 2 % len(WAYS)]) for n in range(len(self.at))]
        rng.shuffle(self.plan)

    def images(self, on_mark):
        disks = {ordering: copy.deepcopy(self.start) for ordering in ORDERINGS}
        plan = iter(zip(self.at, self.plan))
        at, (ordering, way) = next(plan)
        for position, entry in enumerate(self.entries):
            if entry.op == MARK:
                on_mark(entry.data.decode())
                continue
            if position == at:
                files = disks[ordering].image(ordering, way, self.rng)
                if files.get("spool.db-shm") is not None and self.rng.random() < 0.5:
                    files["spool.db-shm"] = self.rng.randbytes(32768)
                TABLE[self.what, ordering][way] += 1
                yield position, ordering, way, files
                at, (ordering, way) = next(plan, (-1, (None, None)))
            for name, disk in disks.items():
                disk.take(entry, name)
        self.end = disks["ordered"].image("ordered", "everything", self.rng)


class Promises:
    """What the workload was promised up to a mark."""

    def __init__(self):
        self.tried, self.own, self.peers = set(), set(), set()
        self.asked, self.done, self.pushed_out = set(), set(), set()
        self.value, self.values = "", {""}

    def take(self, mark):
        word, *numbers = mark.split()
        numbers = [int(n) for n in numbers]
        if word == "fill":
            self.pushed_out |= self.own
        elif word == "saving":
            self.values.add(str(numbers[0]))
        elif word == "saved":
            self.value, self.values = str(numbers[0]), {str(numbers[0])}
        else:
            {"try": self.tried, "own": self.own, "ack": self.peers, "ask": self.asked,
             "done": self.done}[word].update(numbers)

    def any(self):
        return bool(self.own or self.peers)

    def faults(self, found):
        if "error" in found:
            return [found["error"]]
        present = set(found["numbers"])
        faults = []
        missing = (self.own | self.peers) - self.pushed_out - self.asked - present
        if missing:
            faults.append(f"{len(missing)} acknowledged records are missing: {sorted(missing)[:5]}")
        if present & self.done:
            faults.append(f"{len(present & self.done)} settled records are back")
        if not present <= self.tried or len(present) != len(found["numbers"]):
            faults.append("records that were never appended, or twice")
        if found["value"] not in self.values:
            faults.append(f"a saved value is {found['value']!r} and not one of {self.values}")
        for name in ("broken", "corrupt", "quarantined", "salvaged"):
            if found[name]:
                faults.append(f"{name}: {found[name]}")
        for name in ("durable", "goes_on"):
            if not found[name]:
                faults.append(f"not {name}")
        return faults


class WindowPromises(Promises):
    """The same where ticks may wait in memory: what is older than the window, or was followed by a
    peer's record or a stop, is on the disk; of the rest the newest may be missing."""

    WINDOW = 6  # ticks

    def __init__(self):
        super().__init__()
        self.waiting = []  # may not be on the disk yet, from the oldest on
        self.lost = 0  # the most that a cut took

    def take(self, mark):
        word, *numbers = mark.split()
        if word == "tick":
            self.waiting.append(int(numbers[0]))
            self.own.update(self.waiting[:-self.WINDOW])
            del self.waiting[:-self.WINDOW]
            return
        if word in ("ack", "stopped"):
            self.own.update(self.waiting)
        if word in ("ack", "stopped", "begin"):
            self.waiting = []
        if word in ("try", "ack", "ask", "done"):
            super().take(mark)

    def faults(self, found):
        faults = super().faults(found)
        there = [n in found.get("numbers", ()) for n in self.waiting if n not in self.asked]
        self.lost = max(self.lost, there.count(False))
        if there != sorted(there, reverse=True):
            faults.append(f"others than the newest ticks are missing: {self.waiting} {there}")
        return faults


class Ticks:
    """What an agent told of its ticks (milliseconds): how many were durable, which were received."""

    def __init__(self):
        self.durable, self.received = 0, set()

    def take(self, mark):
        word, *numbers = mark.split()
        if word == "durable":
            self.durable = max(self.durable, int(numbers[0]))
        else:
            self.received.update(int(n) for n in numbers)

    def any(self):
        return self.durable > 0

    def faults(self, held):
        there = len(self.received | held)
        if there >= self.durable:
            return []
        return [f"{self.durable - there} of {self.durable} durable ticks are missing"]


class WindowTicks(Ticks):
    """The same with a loss window: of what does not count as durable yet only the newest are missing."""

    def __init__(self, known):
        super().__init__()
        self.known = known  # that are there or were received in the end

    def faults(self, held):
        gaps = {t for t in self.known if held and t < max(held)} - held - self.received
        return super().faults(held) + ([f"missing before the newest: {sorted(gaps)}"] if gaps else [])


class Acks:
    """The requests that a relay acknowledged, told by their number of data points."""

    def __init__(self):
        self.acked = set()

    def take(self, mark):
        self.acked.add(int(mark))

    def any(self):
        return bool(self.acked)

    def faults(self, held):
        missing = self.acked - set(held)
        faults = [f"acknowledged requests are missing: {sorted(missing)}"] if missing else []
        if len(held) != len(set(held)):
            faults.append("a request is there twice")
        return faults


class Posts:
    """Requests of 1, 2, 3… points, each named as an agent's record, sent until they are acknowledged."""

    HEADER = "1 0123456789abcdef0123456789abcdef 0123456789abcdef@1"

    def __init__(self, port, on_ack=lambda number: None, count=REQUESTS):
        self.port, self.on_ack = port, on_ack
        self.todo, self.lock = list(range(count, 0, -1)), threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def left(self):
        return sum(thread.is_alive() for thread in self.threads)

    def run(self):
        while True:
            with self.lock:
                if not self.todo:
                    return
                number = self.todo.pop()
            body = request_of(number)
            while not self.post(number, body):
                time.sleep(0.02)
            self.on_ack(number)

    def post(self, number, body):
        try:
            relay = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            relay.request("POST", "/v1/metrics", body, {
                "content-type": "application/x-protobuf",
                "edgehaul-batch": f"{self.HEADER} {number}:{len(body)}"})
            return relay.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            relay.close()


def request_of(points):
    """A serialized ExportMetricsServiceRequest of one gauge."""
    data = b"".join(field(1, b"\x19" + struct.pack("<Q", i)) for i in range(1, points + 1))
    return field(1, field(2, field(2, field(1, b"gauge") + field(5, data))))


def field(number, content):
    """A length-delimited protobuf field."""
    out, size = bytearray([number << 3 | 2]), len(content)
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out) + content


class Marks:
    """Entries of our own between those of the recorder."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def put(self, text):
        os.write(self.fd, struct.pack("<IIQQ", MARK, len(text), 0, 0) + text.encode())

    def end(self):
        os.close(self.fd)


class Looker:
    """Opens spools with the library, in one process for all."""

    def __init__(self):
        self.process = subprocess.Popen([WORKLOAD, "look"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def look(self, folder):
        self.process.stdin.write(folder + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def verify(folder):
    return subprocess.run([BINARY, "spool", "verify", "--dir", folder], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)


def times_held(folder):
    """The times of the records in a spool, as the CLI lists them."""
    listed = subprocess.run([BINARY, "spool", "ls", "--dir", folder], capture_output=True, text=True,
                            timeout=PATIENCE, check=True)
    return {millis(line.split()[1]) for line in listed.stdout.splitlines()}


def items_held(folder):
    """The items of each record from a peer."""
    listed = subprocess.run([BINARY, "spool", "ls", "--dir", folder], capture_output=True, text=True,
                            timeout=PATIENCE, check=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(row[4]) for row in rows if row[3] == "peer"]


def millis(utc):
    when = datetime.datetime.strptime(utc, "%Y-%m-%dT%H:%M:%S.%fZ")
    return round(when.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


class PowerCut(Case):
    def setUp(self):
        # Images are written and thrown away by the thousand, and real flushes are not what is tested.
        fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = tempfile.mkdtemp(prefix="edgehaul-cut-", dir=fast)
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.image = os.path.join(self.directory, "image")
        os.mkdir(self.image)

    @classmethod
    def tearDownClass(cls):
        # A recording that became short has fewer moments to cut at: too few would show nothing.
        if IS_WHOLE and tried() < OPTIONS.cuts * 9 // 10:
            raise AssertionError(f"only {tried()} cut points of {OPTIONS.cuts}")

    def work(self, folder, log, seed, rounds, *how, what="run"):
        subprocess.run([WORKLOAD, what, folder, str(seed), str(rounds), *how], check=True,
                       env={**os.environ, **recording(folder, log)}, timeout=120)

    def record_spool(self, rounds, what="run"):
        """Three lives: a clean stop, an end in the midst of work, a start from that and a stop."""
        folder, log = os.path.join(self.directory, "spool"), os.path.join(self.directory, "log")
        os.mkdir(folder)
        self.work(folder, log, 1_000_000 * OPTIONS.seed, rounds, what=what)
        self.work(folder, log, 1_000_000 * OPTIONS.seed + 200_000, rounds, "dies", what=what)
        self.work(folder, log, 1_000_000 * OPTIONS.seed + 400_000, rounds, what=what)
        return folder, log

    def check_cuts(self, cuts, promises, check):
        """`check(number of the cut)` looks at self.image and returns what is wrong."""
        for number, (position, ordering, way, files) in enumerate(cuts.images(promises.take)):
            where = f"{cuts.what}: cut before entry {position} of {len(cuts.entries)}, {ordering}, {way}"
            write_image(self.image, files)
            if promises.any():  # before that the file may be half made
                seen = verify(self.image)
                self.assertEqual(seen.returncode, 0, f"{where}\n{seen.stdout}{seen.stderr}")
            self.assertEqual(check(number), [], where)

    def check_the_end(self, cuts, folder):
        """The recorder saw everything: what it wrote down makes the files that are there."""
        def kept(names):
            return {name for name in names if not name.endswith("-shm")}

        self.assertEqual(kept(cuts.end), kept(os.listdir(folder)))
        for name in kept(cuts.end):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(cuts.end[name], file.read(), f"{name} changed behind the recorder")

    def test_the_spool_alone(self):
        folder, log = self.record_spool(rounds=12)
        cuts = Cuts("the spool", log, OPTIONS.cuts // 2, OPTIONS.seed)
        self.check_spool(cuts, Promises())
        self.check_the_end(cuts, folder)

    def test_the_spool_with_a_loss_window(self):
        folder, log = self.record_spool(rounds=150, what="window")
        cuts, promises = Cuts("a loss window", log, OPTIONS.cuts // 6, OPTIONS.seed), WindowPromises()
        self.check_spool(cuts, promises)
        self.check_the_end(cuts, folder)
        # A window that never loses anything would show that there was none.
        self.assertGreater(promises.lost, 0)
        self.assertLessEqual(promises.lost, WindowPromises.WINDOW)

    def check_spool(self, cuts, promises):
        looker = Looker()

        def check(_):
            found = looker.look(self.image)
            SLOWEST[cuts.what] = max(SLOWEST[cuts.what], found.get("micros", 0) / 1000)
            return promises.faults(found)

        try:
            self.check_cuts(cuts, promises, check)
        finally:
            looker.end()

    def test_a_cut_while_the_spool_comes_back_from_a_cut(self):
        _, log = self.record_spool(rounds=4)
        first, promises = Cuts("a second cut", log, 8, OPTIONS.seed + 1), Promises()
        for number, (*_, files) in enumerate(first.images(promises.take)):
            folder = os.path.join(self.directory, f"again-{number}")
            again = os.path.join(self.directory, f"log-{number}")
            os.mkdir(folder)
            write_image(folder, files)
            start = Disk(folder)
            self.work(folder, again, 900_000_000 + 1_000_000 * number, 2)
            cuts = Cuts("a second cut", again, OPTIONS.cuts // 80, OPTIONS.seed + number, start)
            self.check_spool(cuts, copy.deepcopy(promises))

    def test_an_agent_under_load(self):
        folder, log = self.record_agent()
        cuts, ticks = Cuts("an agent", log, OPTIONS.cuts // 4, OPTIONS.seed), Ticks()

        def check(number):
            faults = ticks.faults(times_held(self.image)) if ticks.any() else []
            if not faults and number % 40 == 0:
                faults = ticks.faults(self.restart())
            return faults

        self.check_cuts(cuts, ticks, check)
        self.check_the_end(cuts, folder)

    def test_an_agent_with_a_loss_window(self):
        folder, log = self.record_agent("spool.loss_window=500ms")
        cuts = Cuts("agent, window", log, OPTIONS.cuts // 24, OPTIONS.seed)
        last = Ticks()
        for entry in cuts.entries:
            if entry.op == MARK:
                last.take(entry.data.decode())
        ticks = WindowTicks(last.received | times_held(folder))
        self.check_cuts(cuts, ticks, lambda _: ticks.faults(times_held(self.image)) if ticks.any() else [])
        self.check_the_end(cuts, folder)

    def record_agent(self, *settings):
        """Three lives before a collector that comes and goes; the first two are killed."""
        folder, log = os.path.join(self.directory, "state"), os.path.join(self.directory, "log")
        os.mkdir(folder)
        marks = Marks(log)
        self.addCleanup(marks.end)
        collector = self.collector()

        def answer(number, body):
            if number // 10 % 2:
                return 503, {}, b""
            # Before the answer: whatever the agent deletes, it deletes after this.
            marks.put("received " + " ".join(str(t // 1_000_000) for t in otlp.tick_times(body)))
            return 200, {}, b""

        tried = itertools.count()
        collector.answer = lambda _, body: answer(next(tried), body)
        agent = self.forwarding(collector, "spool.max_size=2MiB", *settings, interval="100ms",
                                env=recording(folder, log))
        earlier = 0
        for life in range(3):
            agent.start()
            made = 0
            while made < 25:
                time.sleep(0.05)
                spool = (agent.status() or {}).get("spool", {"appended": 0, "unwritten": 0})
                made, durable = spool["appended"], spool["appended"] - spool["unwritten"]
                marks.put(f"durable {earlier + durable}")
            earlier += durable
            if life < 2:
                agent.kill()
        self.assertEqual(agent.stop(), 0)
        return folder, log

    def restart(self):
        """Runs the real binary on the image until it has delivered what it holds."""
        state = os.path.join(self.directory, "restart", "state")
        shutil.copytree(self.image, state)
        collector = self.collector()
        agent = self.forwarding(collector, "spool.max_size=2MiB", directory=os.path.dirname(state),
                                interval="1h")
        begin = time.monotonic()
        agent.start()
        SLOWEST["an agent's start"] = max(SLOWEST["an agent's start"],
                                          (time.monotonic() - begin) * 1000)
        wait_until(lambda: agent.status()["spool"]["held"]["records"] == 0, "the drain")
        self.assertEqual(agent.stop(), 0)
        collector.go()
        shutil.rmtree(os.path.dirname(state))
        return {t // 1_000_000 for t in collector.ticks()}


    def relay_at(self, directory, env=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        relay = self.agent("mode=relay", f"receive.http.listen=127.0.0.1:{port}", "receive.grpc.listen=",
                           "spool.max_size=2MiB", directory=directory, interval="1h", env=env)
        return relay, port

    def test_a_relay_with_acknowledgements(self):
        folder, log = os.path.join(self.directory, "state"), os.path.join(self.directory, "log")
        os.mkdir(folder)
        marks = Marks(log)
        self.addCleanup(marks.end)
        relay, port = self.relay_at(self.directory, recording(folder, log))
        relay.start()
        posts = Posts(port, lambda number: marks.put(str(number)))
        for left in (2 * REQUESTS // 3, REQUESTS // 3):
            wait_until(lambda: len(posts.todo) <= left, "requests")
            relay.kill()
            relay.start()
        wait_until(lambda: posts.left() == 0, "the last request")
        self.assertEqual(relay.stop(), 0)
        cuts, acks = Cuts("a relay", log, OPTIONS.cuts // 6, OPTIONS.seed), Acks()

        def check(number):
            faults = acks.faults(items_held(self.image)) if acks.any() else []
            if not faults and number % 40 == 0:
                faults = self.send_again()
            return faults

        self.check_cuts(cuts, acks, check)
        self.check_the_end(cuts, folder)

    def send_again(self):
        """All requests once more to a relay on the image: what it has is not stored again, what the
        cut took is."""
        home = os.path.join(self.directory, "again")
        shutil.copytree(self.image, os.path.join(home, "state"))
        relay, port = self.relay_at(home)
        relay.start()
        posts = Posts(port)
        wait_until(lambda: posts.left() == 0, "the requests")
        self.assertEqual(relay.stop(), 0)
        held = sorted(items_held(os.path.join(home, "state")))
        shutil.rmtree(home)
        return [] if held == list(range(1, REQUESTS + 1)) else [f"after all were sent again: {held}"]


def tried():
    return sum(sum(ways.values()) for ways in TABLE.values())


def print_table():
    print("\nPower cuts tried (images opened, nothing acknowledged missing in any):")
    kinds = sorted(TABLE)
    print(f"{'':<20}" + "".join(f"{what + ', ' + ordering:>27}" for what, ordering in kinds))
    for way in WAYS:
        print(f"{way:<20}" + "".join(f"{TABLE[kind][way]:>27}" for kind in kinds))
    print(f"{'in all':<20}" + "".join(f"{sum(TABLE[kind].values()):>27}" for kind in kinds))
    print(f"cut points in all: {tried()}")
    for what, slowest in SLOWEST.items():
        print(f"slowest to open, {what}: {slowest:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=OPTIONS.cuts)
    parser.add_argument("--seed", type=int, default=OPTIONS.seed)
    OPTIONS, rest = parser.parse_known_args(namespace=OPTIONS)
    sys.argv[1:] = rest
    IS_WHOLE = not any(not one.startswith("-") for one in rest)
    atexit.register(print_table)
    main()
