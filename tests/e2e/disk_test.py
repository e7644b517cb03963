#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Full disks, read-only disks and damaged files: the service goes on, every loss is counted."""

import glob
import os
import random
import subprocess
import time
import unittest

from harness import Case, main, wait_until

FILL = os.environ.get("EDGEHAUL_FILL", "build/tests/e2e_fill")


def losses(spool):
    return sum(spool["dropped"].values())


class Disk(Case):
    def mounted(self, size="16m"):
        """A file system of our own that can be filled and made read-only."""
        where = os.path.join(self.directory, "state")
        os.makedirs(where)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", where],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest(f"cannot mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", where], check=False)
        return where

    def test_a_full_disk_and_back(self):
        where = self.mounted()
        collector = self.collector()
        collector.go()
        agent = self.forwarding(collector, "spool.max_size=8MiB").start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 5, "ticks on disk")
        filler = os.path.join(where, "someone-elses-file")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65536)
            except OSError:
                pass
        before = agent.status()["sampler"]["ticks"]
        wait_until(lambda: agent.status()["sampler"]["ticks"] >= before + 30, "sampling to go on")
        os.unlink(filler)
        wait_until(lambda: agent.status()["spool"]["mode"] == "durable", "recovery")
        collector.come()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        status = agent.status()
        self.assertEqual(agent.stop(), 0)
        accounted = len(set(collector.ticks())) + losses(status["spool"])
        self.assertGreaterEqual(accounted, status["sampler"]["ticks"])

    def test_a_directory_that_is_read_only_at_start_and_writable_later(self):
        where = self.mounted()
        subprocess.run(["mount", "-o", "remount,ro", where], check=True)
        collector = self.collector()
        agent = self.forwarding(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 5, "delivery from memory")
        spool = agent.status()["spool"]
        self.assertEqual(spool["mode"], "memory")
        self.assertIn("ead-only", spool["trouble"])
        subprocess.run(["mount", "-o", "remount,rw", where], check=True)
        wait_until(lambda: agent.status()["spool"]["mode"] == "durable", "recovery")
        count = len(collector.ticks())
        wait_until(lambda: len(collector.ticks()) >= count + 5, "delivery from disk")
        self.assertEqual(agent.stop(), 0)

    def damage(self, directory, seed):
        """Overwrites three stretches in the middle of the database, or of its log where the records
        still are, as a dying flash card would."""
        random.seed(seed)
        files = glob.glob(os.path.join(directory, "state", "**", "*.db*"), recursive=True)
        largest = max((f for f in files if not f.endswith("-shm")), key=os.path.getsize)
        size = os.path.getsize(largest)
        with open(largest, "r+b") as file:
            for _ in range(3):
                file.seek(random.randrange(size // 3, size - 8192))
                file.write(random.randbytes(4096))

    def test_garbage_in_the_middle_of_a_stopped_spool(self):
        collector = self.collector()
        collector.go()
        agent = self.forwarding(collector, interval="100ms").start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 40, "a filled spool")
        held = agent.status()["spool"]["held"]["records"]
        self.assertEqual(agent.stop(), 0)
        self.damage(self.directory, 1)
        collector.come()
        agent.start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        status = agent.status()
        self.assertEqual(agent.stop(), 0)
        received = len(set(collector.ticks()))
        self.assertGreaterEqual(received + losses(status["spool"]),
                                held + status["sampler"]["ticks"])

    def test_garbage_in_the_middle_of_a_large_spool(self):
        collector = self.collector()
        agent = self.forwarding(collector)
        os.mkdir(agent.state)
        subprocess.run([FILL, agent.state, "central", "3000", str(time.time_ns()), "10000000000"],
                       check=True)
        self.damage(self.directory, 3)
        agent.start()
        wait_until(lambda: len(set(collector.ticks())) > 1000, "what was salvaged")
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        self.assertEqual(agent.stop(), 0)

    def test_garbage_in_the_middle_of_a_running_spool(self):
        collector = self.collector()
        collector.go()
        agent = self.forwarding(collector, interval="100ms").start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 40, "a filled spool")
        self.damage(self.directory, 2)
        collector.come()
        count = agent.status()["sampler"]["ticks"]
        wait_until(lambda: agent.status()["sampler"]["ticks"] >= count + 20, "sampling to go on")
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        status = agent.status()
        self.assertEqual(agent.stop(), 0)
        self.assertGreaterEqual(len(set(collector.ticks())) + losses(status["spool"]),
                                status["sampler"]["ticks"])


if __name__ == "__main__":
    main()
