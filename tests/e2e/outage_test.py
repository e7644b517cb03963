#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The collector goes away and comes back; the agent is killed; nothing is missing."""

import random
import time

from harness import Case, main, wait_until

INTERVAL_MS = 200
MAX_BACKOFF_NS = 500_000_000  # harness: forward.0.backoff.max


class Outage(Case):
    def test_fifty_ticks_without_a_collector_arrive_each_once_the_newest_first(self):
        collector = self.collector()
        agent = self.forwarding(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 5, "the first ticks")
        collector.go()
        before = agent.status()["sampler"]["ticks"]
        wait_until(lambda: agent.status()["sampler"]["ticks"] >= before + 50, "50 ticks offline")
        before = len(collector.ticks())
        back = time.time_ns()
        collector.come()
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: len(collector.ticks()) >= made, "the backlog")
        self.assertEqual(agent.stop(), 0)
        ticks = collector.ticks()
        # The first request after the outage may have been leased a back-off ago.
        self.assertGreater(ticks[before], back - 2 * MAX_BACKOFF_NS, "the newest did not come first")
        old = [t for t in ticks if t < ticks[before]]
        self.assertEqual(old, sorted(old), "the backlog is out of order")
        self.assertEqual(len(ticks), len(set(ticks)), "sent twice")
        # The first tick of a process is at once, between two multiples of the interval.
        self.assert_no_gap(sorted(ticks)[1:], INTERVAL_MS)

    def test_what_was_spooled_without_any_destination_is_sent_later(self):
        agent = self.agent().start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 5, "5 spooled ticks")
        self.assertEqual(agent.stop(), 0)
        collector = self.collector()
        agent = self.forwarding(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 6, "the ticks of the first run")

    def test_killed_twenty_times_no_tick_is_missing(self):
        random.seed(20)
        collector = self.collector()
        lives = []
        agent = self.forwarding(collector, interval="100ms")
        for round_number in range(20):
            # Half of the kills in an outage, half while the backlog drains.
            if round_number % 2 == 0:
                collector.go()
            else:
                collector.come()
            agent.start()
            enough = random.randint(2, 12)
            status = wait_until(lambda: self.after(agent, enough), "ticks of this life")
            agent.kill()
            lives.append(status["spool"]["appended"])  # durable when the answer was made
        agent.start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "an empty spool")
        self.assertEqual(agent.stop(), 0)
        self.assertGreaterEqual(len(set(collector.ticks())), sum(lives), f"lives: {lives}")

    @staticmethod
    def after(agent, ticks):
        status = agent.status()
        return status if status and status["spool"]["appended"] >= ticks else None


if __name__ == "__main__":
    main()
