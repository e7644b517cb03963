#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A wall clock that steps back a day and forward a year: sampling goes on and nothing expires."""

import glob
import os

from harness import Case, main, wait_until

DAY = 86400


class Clock(Case):
    def stepping(self, collector):
        self.offset = os.path.join(self.directory, "offset")
        self.set_offset(0)
        library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.assertTrue(library, "libfaketime is not installed")
        return self.forwarding(collector, env={
            "LD_PRELOAD": library[0], "FAKETIME_NO_CACHE": "1", "FAKETIME_TIMESTAMP_FILE": self.offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1"})

    def set_offset(self, seconds):
        with open(self.offset + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds:+d}\n")
        os.rename(self.offset + ".new", self.offset)

    def step_and_drain(self, seconds):
        collector = self.collector()
        agent = self.stepping(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 5, "the first ticks")
        collector.go()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 5, "a backlog")
        self.set_offset(seconds)
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: agent.status()["sampler"]["ticks"] >= made + 15, "ticks after the step")
        collector.come()
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: len(set(collector.ticks())) >= made, "every tick")
        status = agent.status()
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(sum(status["spool"]["dropped"].values()), 0)
        self.assertEqual(status["sampler"]["clock_steps"], 1)
        self.assert_sound_starts(collector)
        return sorted(set(collector.ticks()))

    def assert_sound_starts(self, collector):
        for metric in collector.metrics():
            for point in metric.points:
                if metric.kind == "sum":
                    self.assertGreater(point.start, 0, metric.name)
                    self.assertLessEqual(point.start, point.time, metric.name)

    def test_back_a_day(self):
        ticks = self.step_and_drain(-DAY)
        self.assertGreater(ticks[-1] - ticks[0], 0.99 * DAY * 1e9)

    def test_forward_a_year(self):
        ticks = self.step_and_drain(365 * DAY)
        self.assertGreater(ticks[-1] - ticks[0], 364 * DAY * 1e9)

    def test_start_timestamps_are_the_same_after_a_restart_and_a_step(self):
        collector = self.collector()
        agent = self.stepping(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 3, "the first life")
        self.assertEqual(agent.stop(), 0)
        self.set_offset(7200)
        agent.start()
        count = len(collector.ticks())
        wait_until(lambda: len(collector.ticks()) >= count + 3, "the second life")
        self.assertEqual(agent.stop(), 0)
        starts = {point.start for metric in collector.metrics() if metric.name == "system.cpu.time"
                  for point in metric.points}
        self.assertEqual(len(starts), 1, starts)


if __name__ == "__main__":
    main()
