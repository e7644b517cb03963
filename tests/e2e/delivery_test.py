#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the collector answers and what becomes of the data."""

import struct

import otlp
from harness import Case, main, wait_until


class Delivery(Case):
    def destination(self, agent):
        return agent.status()["destinations"][0]

    def test_refused_credentials_hold_the_data_until_they_are_accepted(self):
        collector = self.collector()
        collector.answer = lambda number, body: (401, {"content-type": "text/plain"}, b"no")
        agent = self.forwarding(collector).start()
        wait_until(lambda: self.destination(agent)["state"] == "held", "the held state")
        self.assertIn("401", self.destination(agent)["last_error"])
        made = wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 8
                          and agent.status()["sampler"]["ticks"], "a backlog")
        collector.answer = None
        agent.process.send_signal(1)  # a reload tries at once what was held
        wait_until(lambda: len(set(collector.ticks())) >= made, "every held tick")
        self.assertEqual(agent.stop(), 0)

    def test_overload_is_retried_and_retry_after_honoured(self):
        collector = self.collector()
        collector.answer = lambda number, body: (503, {"retry-after": "2"}, b"busy")
        agent = self.forwarding(collector).start()
        wait_until(lambda: self.destination(agent)["state"] == "backing off", "back-off")
        self.assertIsNotNone(self.destination(agent)["next_try"])
        collector.answer = None
        wait_until(lambda: len(collector.ticks()) >= 5, "delivery after the overload")
        self.assertEqual(agent.stop(), 0)
        ticks = collector.ticks()
        self.assertEqual(len(ticks), len(set(ticks)))

    def test_a_poisoned_record_is_set_aside_with_the_servers_words_and_the_rest_arrives(self):
        collector = self.collector()
        guilty = []

        def answer(_, body):
            times = otlp.tick_times(body)
            if not guilty and len(times) >= 4:
                guilty.append(times[2])
            if guilty and guilty[0] in times:
                status = b"\x08\x03\x12\x0bpoison here"  # google.rpc.Status{code 3, message}
                return 400, {}, status
            return 200, {}, b""

        collector.go()
        collector.answer = answer
        agent = self.forwarding(collector).start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 12, "a backlog")
        collector.come()
        wait_until(lambda: guilty and self.destination(agent)["rejected_records"] == 1, "the bisection")
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: len(set(collector.ticks())) >= made - 1, "the innocent")
        status = agent.status()
        self.assertEqual(status["spool"]["set_aside"], 1)
        self.assertIn("poison here", self.destination(agent)["last_error"])
        self.assertEqual(agent.stop(), 0)
        ticks = collector.ticks()
        self.assertNotIn(guilty[0], ticks)
        self.assertEqual(len(ticks), len(set(ticks)))

    def test_too_large_requests_are_split(self):
        collector = self.collector()
        collector.go()
        collector.answer = lambda number, body: (
            (413, {}, b"") if len(otlp.tick_times(body)) > 3 else (200, {}, b""))
        agent = self.forwarding(collector).start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 15, "a backlog")
        collector.come()
        made = agent.status()["sampler"]["ticks"]
        wait_until(lambda: len(collector.ticks()) >= made, "every tick in small requests")
        self.assertEqual(agent.stop(), 0)
        ticks = collector.ticks()
        self.assertEqual(len(ticks), len(set(ticks)))

    def test_partial_success_is_counted_and_not_sent_again(self):
        collector = self.collector()
        words = b"two were too old"
        partial = b"\x08\x02\x12" + struct.pack("B", len(words)) + words
        collector.answer = lambda number, body: (
            200, {}, b"\x0a" + struct.pack("B", len(partial)) + partial)
        agent = self.forwarding(collector).start()
        wait_until(lambda: self.destination(agent)["rejected_items"] >= 4, "two partial answers")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(agent.log_text().count("two were too old"), 1, "logged once")
        ticks = collector.ticks()
        self.assertEqual(len(ticks), len(set(ticks)))

    def test_two_destinations_each_with_its_own_progress(self):
        first, second = self.collector(), self.collector()
        second.go()
        agent = self.forwarding(first, "forward.1.name=other", "forward.1.protocol=http",
                                f"forward.1.endpoint={second.endpoint}",
                                "forward.1.backoff.initial=100ms", "forward.1.backoff.max=300ms").start()
        wait_until(lambda: len(first.ticks()) >= 10, "the first")
        second.come()
        wait_until(lambda: set(second.ticks()) >= set(first.ticks()[:10]), "the second")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(sorted(set(first.ticks()))[:10], sorted(set(second.ticks()))[:10])

    def test_headers_come_from_files_and_appear_nowhere_else(self):
        secret = "c2VjcmV0OnNlY3JldA=="
        path = self.directory + "/token"
        with open(path, "w", encoding="ascii") as file:
            file.write(secret + "\n")
        collector = self.collector()
        collector.answer = lambda number, body: (403, {}, b"")
        agent = self.forwarding(
            collector, "forward.0.headers.authorization=Basic ${file:" + path + "}").start()
        wait_until(lambda: self.destination(agent)["state"] == "held", "a refusal")
        status = agent.get("/status")[1].decode() + agent.get("/metrics")[1].decode()
        self.assertEqual(agent.stop(), 0)
        self.assertNotIn(secret, status + agent.log_text())


if __name__ == "__main__":
    main()
