#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How it lives under a service manager: readiness, watchdog, reload, stop within the deadline."""

import os
import signal
import socket
import time

from harness import Case, main, wait_until


class Manager:
    """The service manager's end of sd_notify."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.lines = []

    def heard(self, word):
        while True:
            try:
                self.lines += self.socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return [line for line in self.lines if line.startswith(word)]

    def env(self, **more):
        return {"NOTIFY_SOCKET": self.path, **more}


class Service(Case):
    def test_ready_watchdog_and_stopping(self):
        manager = Manager(self.directory)
        self.addCleanup(manager.socket.close)
        agent = self.agent(env=manager.env(WATCHDOG_USEC="400000")).start(ready=False)
        wait_until(lambda: manager.heard("READY=1"), "READY")
        wait_until(lambda: len(manager.heard("WATCHDOG=1")) >= 3, "three watchdog pings")
        wait_until(lambda: manager.heard("STATUS="), "STATUS")
        self.assertEqual(agent.stop(), 0)
        self.assertTrue(manager.heard("STOPPING=1"))

    def configured(self, text):
        path = os.path.join(self.directory, "edgehaul.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_reload_takes_a_good_file_and_refuses_a_bad_one(self):
        manager = Manager(self.directory)
        self.addCleanup(manager.socket.close)
        config = self.configured("resource: {site: store-1}\n")
        agent = self.agent(config=config, env=manager.env()).start()
        self.assertEqual(self.site(agent), "store-1")

        self.configured("resource: {site: store-2}\n")
        agent.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.site(agent) == "store-2", "the new attribute")
        self.assertEqual(len(manager.heard("RELOADING=1")), 1)
        wait_until(lambda: len(manager.heard("READY=1")) == 2, "READY after the reload")

        self.configured("spool: {max_age: 5parsecs}\nresource: {site: store-3}\n")
        agent.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "5parsecs" in agent.log_text(), "the fault in the log")
        self.assertIn("edgehaul.yaml:1", agent.log_text())
        wait_until(lambda: len(manager.heard("READY=1")) == 3, "READY after the refused reload")
        self.assertEqual(self.site(agent), "store-2")
        self.assertIn("5parsecs", agent.status()["program"]["reload_fault"])
        self.assertEqual(agent.stop(), 0)

    def test_reload_changes_where_data_goes(self):
        first, second = self.collector(), self.collector()
        text = ("forward:\n  - {{name: central, protocol: http, endpoint: '{}', "
                "backoff: {{initial: 100ms, max: 200ms}}}}\n")
        config = self.configured(text.format(first.endpoint))
        agent = self.agent(config=config).start()
        wait_until(lambda: len(first.ticks()) >= 3, "delivery to the first")
        self.configured(text.format(second.endpoint))
        agent.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(second.ticks()) >= 3, "delivery to the second")
        self.assertEqual(agent.stop(), 0)
        ticks = first.ticks() + second.ticks()
        self.assertEqual(len(ticks), len(set(ticks)))

    @staticmethod
    def site(agent):
        status = agent.status()
        return status and status["identity"].get("site")

    def test_a_hanging_collector_does_not_hold_up_the_stop(self):
        collector = self.collector()
        agent = self.forwarding(collector).start()
        wait_until(lambda: len(collector.ticks()) >= 2, "the first ticks")
        collector.hang.set()
        held = wait_until(lambda: agent.status()["spool"]["held"]["records"] >= 5 and agent.status(),
                          "a backlog")["spool"]["held"]["records"]
        begun = time.monotonic()
        self.assertEqual(agent.stop(), 0)
        self.assertLess(time.monotonic() - begun, 15, "TimeoutStopSec of the unit is 20 s")
        collector.hang.clear()
        collector.released.set()
        agent.start()
        wait_until(lambda: agent.status()["spool"]["held"]["records"] <= 1, "the drain")
        self.assertEqual(agent.stop(), 0)
        self.assertGreaterEqual(len(set(collector.ticks())), held)

    def test_a_second_agent_on_the_same_state_is_refused(self):
        agent = self.agent().start()
        other = self.agent(directory=self.directory)
        other.socket += "2"
        other.settings = [s.replace("status.sock", "status.sock2") for s in other.settings]
        other.start(ready=False)
        self.assertEqual(other.process.wait(20), 1)
        self.assertIn(str(agent.process.pid), agent.log_text())
        self.assertEqual(agent.stop(), 0)

    def test_a_faulty_configuration_does_not_start(self):
        config = self.configured("spool:\n  max_age: 5parsecs\n  max_size: lots\n")
        agent = self.agent(config=config).start(ready=False)
        self.assertEqual(agent.process.wait(20), 78)
        self.assertIn("edgehaul.yaml:2: spool.max_age", agent.log_text())
        self.assertIn("edgehaul.yaml:3: spool.max_size", agent.log_text())


if __name__ == "__main__":
    main()
