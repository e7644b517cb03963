#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""After a long outage: the present at once, the past behind it at its pace, everything once."""

import datetime
import os
import subprocess
import tempfile
import time

import otlp
from harness import Case, main, wait_until

FILL = os.environ.get("EDGEHAUL_FILL", "build/tests/e2e_fill")
TICKS = 4000
STEP = 10_000_000_000  # 4000 ticks of 10 s: eleven hours
RATE = 64 * 1024


class Backlog(Case):
    def outage(self, agent):
        """A spool of TICKS ticks that nobody took; returns their times but for the newest."""
        last = time.time_ns() - STEP
        os.mkdir(agent.state)
        subprocess.run([FILL, agent.state, "central", str(TICKS), str(last), str(STEP)], check=True)
        return [last - (TICKS - 1 - i) * STEP for i in range(TICKS - 1)]

    def requests(self, collector):
        """(arrival, bytes on the wire, times of the ticks inside) of each request."""
        with collector.lock:
            return [(arrival, size, otlp.tick_times(body))
                    for (arrival, size), body in zip(collector.arrivals, collector.requests)]

    def test_eleven_hours_offline(self):
        collector = self.collector()
        agent = self.forwarding(collector, f"forward.0.backlog.max_rate={RATE}B", interval="1s")
        old = self.outage(agent)
        agent.start()
        wait_until(lambda: agent.status()["destinations"][0]["behind"], "the backlog in the status")
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        wait_until(lambda: not agent.status()["destinations"][0]["behind"], "the end of the backlog")
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: len(collector.ticks()) >= TICKS + made, "the last tick")
        self.assertEqual(agent.stop(), 0)

        requests = self.requests(collector)
        ticks = collector.ticks()
        self.assertEqual(len(ticks), len(set(ticks)), "sent twice")
        self.assertLessEqual(set(old), set(ticks))
        self.assertGreater(ticks[0], old[-1], "the present did not come first")
        self.assertEqual([t for t in ticks if t <= old[-1]], old, "the backlog is out of order")
        self.assert_fresh(requests, old[-1])
        self.assert_pace([r for r in requests if r[2][0] <= old[-1]])

    def assert_fresh(self, requests, last_old):
        """No request of the backlog came between the due time of a fresh tick and the tick."""
        last_backlog = max(arrival for arrival, _, times in requests if times[0] <= last_old)
        fresh = [(arrival, t) for arrival, _, times in requests for t in times
                 if t > last_old and t < last_backlog]
        self.assertGreater(len(fresh), 3, "the drain was over too soon to tell")
        for arrival, tick in fresh:
            late = [a for a, _, times in requests if times[0] <= last_old
                    and tick + 1_000_000_000 < a < arrival]
            self.assertLessEqual(len(late), 1, "the backlog went before a fresh tick")

    def assert_pace(self, backlog, wanted=RATE):
        self.assertGreater(len(backlog), 3)
        span = (backlog[-1][0] - backlog[0][0]) / 1e9
        rate = sum(size for _, size, _ in backlog[:-1]) / span
        print(f"backlog at {rate / 1024:.0f} KiB/s of {wanted / 1024:.0f} KiB/s")
        self.assertLess(abs(rate - wanted), wanted / 10, f"the pace is {rate:.0f} and not {wanted}")

    def test_the_pace_is_kept_at_other_rates(self):
        for wanted in (32 * 1024, 200 * 1024):
            with self.subTest(rate=wanted), tempfile.TemporaryDirectory() as directory:
                collector = self.collector()
                agent = self.forwarding(collector, f"forward.0.backlog.max_rate={wanted}B",
                                        interval="10s", directory=directory)
                old = self.outage(agent)
                agent.start()
                left = TICKS * max(0.1, 1 - wanted / RATE)
                wait_until(lambda a=agent, n=left: a.status()["spool"]["held"]["records"] < n,
                           "most of the backlog")
                agent.kill()
                self.assert_pace([r for r in self.requests(collector) if r[2][0] <= old[-1]], wanted)

    def test_the_forbidden_hours(self):
        collector = self.collector()
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = ((now + datetime.timedelta(hours=h)).strftime("%H:%M") for h in (-1, 1))
        agent = self.forwarding(collector, f"forward.0.backlog.forbid={begin}-{end}",
                                env={"TZ": "UTC0"}, interval="200ms")
        old = self.outage(agent)
        agent.start()
        wait_until(lambda: len(collector.ticks()) >= 10, "fresh ticks")
        self.assertTrue(agent.status()["destinations"][0]["behind"])
        wait_until(lambda: agent.status()["destinations"][0]["backlog_next"], "the waiting backlog")
        self.assertEqual(set(collector.ticks()) & set(old), set())
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(set(collector.ticks()) & set(old), set(), "the stop sent the backlog")


if __name__ == "__main__":
    main()
