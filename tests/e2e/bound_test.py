#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A spool at its bound for a long time: never a byte too much, the past grows coarser, the status tells
how coarse, and what is left arrives."""

import calendar
import os
import subprocess
import time

from harness import Case, main, wait_until

FILL = os.environ.get("EDGEHAUL_FILL", "build/tests/e2e_fill")
TICKS = 10_000
STEP = 10_000_000_000  # 10,000 ticks of 10 s: more than a day, of which a third fits
MAX_SIZE = 1 << 20
COARSEST = 300  # seconds: spool.thin.coarsest


def size_of(folder):
    total = 0
    for name in os.listdir(folder):
        try:
            total += os.path.getsize(os.path.join(folder, name))
        except FileNotFoundError:  # the log goes when it is emptied
            pass
    return total


class Bound(Case):
    def test_a_day_and_more_in_a_megabyte(self):
        collector = self.collector()
        collector.go()
        agent = self.forwarding(collector, f"spool.max_size={MAX_SIZE}B",
                                "collect.cgroup.enabled=false", "collect.kubelet.enabled=false",
                                interval="100ms")
        os.mkdir(agent.state)
        last = time.time_ns() - STEP
        filled = subprocess.run([FILL, agent.state, "central", str(TICKS), str(last), str(STEP),
                                 str(MAX_SIZE)], check=True, capture_output=True, text=True)
        held = int(filled.stdout)
        self.assertLess(held, TICKS, "the bound was not reached")
        agent.start()
        largest = 0

        def has_run():
            nonlocal largest
            largest = max(largest, size_of(agent.state))
            status = agent.status()
            return status["sampler"]["ticks"] >= 100 and status

        status = wait_until(has_run, "100 ticks at the bound")
        self.assertLessEqual(largest, MAX_SIZE)
        self.assertLessEqual(status["spool"]["disk_bytes"], MAX_SIZE)
        self.assertGreater(status["spool"]["dropped"]["thinned"], 0)
        self.assert_counted(status, held)
        resolutions = self.assert_resolutions(status["spool"])

        collector.come()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        status = agent.status()
        self.assertEqual(agent.stop(), 0)
        ticks = sorted(collector.ticks())
        self.assertEqual(len(ticks), len(set(ticks)), "sent twice")
        lost = status["spool"]["dropped"]
        self.assertGreaterEqual(len(ticks) + lost["thinned"] + lost["size"],
                                held + status["sampler"]["ticks"] - 1)
        self.assert_covered(ticks, resolutions)
        old = [tick for tick in ticks if tick <= last]
        gaps = [later - earlier for earlier, later in zip(old, old[1:])]
        self.assertLessEqual(max(gaps), COARSEST * 1e9, "thinned beyond the coarsest step")
        self.assertGreater(gaps[0], STEP, "the oldest were not thinned")
        self.assertEqual(gaps[-1], STEP, "the newest were thinned")

    def assert_counted(self, status, held):
        """Every tick is held, or counted by the reason that it is not."""
        spool = status["spool"]
        gone = spool["dropped"]["thinned"] + spool["dropped"]["size"]
        self.assertEqual(sum(spool["dropped"].values()), gone)
        self.assertEqual(spool["held"]["records"] + gone, held + spool["appended"])

    def assert_resolutions(self, spool):
        """From fine to coarse, none beyond the bound, the coarsest at the oldest end."""
        found = [(one["step_seconds"], nanos(one["from"]), nanos(one["until"]), one["records"])
                 for one in spool["resolutions"]]
        self.assertGreater(len(found), 1, spool)
        steps = [step for step, *_ in found]
        self.assertEqual(steps, sorted(steps))
        self.assertLessEqual(steps[-1], COARSEST)
        self.assertEqual(found[-1][1], nanos(spool["oldest"]))
        self.assertEqual(min(begin for _, begin, _, _ in found), found[-1][1])
        return found

    def assert_covered(self, ticks, resolutions):
        """What arrived is what the status said of each span, or coarser by what went since."""
        for step, begin, end, records in resolutions:
            inside = [tick for tick in ticks if begin <= tick <= end]
            self.assertGreaterEqual(len(inside), records // 4, f"a step of {step} s")
            if step >= 10:
                gaps = [later - earlier for earlier, later in zip(inside, inside[1:])]
                self.assertLessEqual(min(gaps), 4 * step * 1e9, f"a step of {step} s")


def nanos(utc):
    whole, _, fraction = utc.rstrip("Z").partition(".")
    seconds = time.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(seconds) * 10**9 + int(fraction.ljust(9, "0"))


if __name__ == "__main__":
    main()
