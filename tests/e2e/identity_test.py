#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The identity of a running agent follows the files that it was made of, without a restart.

Needs root: it runs in a mount namespace of its own with an empty /run, where Palette's user-data lies."""

import os
import subprocess
import sys

from harness import Case, main, wait_until

INSIDE = "EDGEHAUL_IDENTITY_INSIDE"
SKIPPED = 77
USER_DATA = "/run/stylus/userdata"
SECRET = "s3cr3t-of-the-test"


def write_user_data(name, tag):
    os.makedirs(os.path.dirname(USER_DATA), exist_ok=True)
    with open(USER_DATA + ".new", "w", encoding="utf-8") as file:
        file.write(f"#cloud-config\nstylus:\n  site:\n    edgeHostToken: {SECRET}\n    name: {name}\n"
                   f"    tags:\n      rack: {tag}\n")
    os.rename(USER_DATA + ".new", USER_DATA)


class Identity(Case):
    def test_edited_user_data_is_followed(self):
        write_user_data("edge-a", "r1")
        collector = self.collector()
        agent = self.forwarding(collector,
                                env={"OTEL_RESOURCE_ATTRIBUTES": "site=a%2Cb,service.name=lesser",
                                     "OTEL_SERVICE_NAME": "of-the-variable"}).start()

        def hosts(of_tag):
            """Edge host ids of the loads and of the points of host information with that tag."""
            loads, infos = set(), set()
            for metric in collector.metrics():
                host = metric.resource.get("palette.edge_host.id")
                if metric.name == "system.cpu.load_average.1m":
                    self.assertEqual(metric.resource["site"], "a,b")
                    self.assertEqual(metric.resource["service.name"], "of-the-variable")
                    loads.add(host)
                if metric.name == "edgehaul.host.info":
                    infos |= {host for p in metric.points
                              if p.attributes.get("palette.site.tag.rack") == of_tag}
            return loads, infos

        wait_until(lambda: hosts("r1") == ({"edge-a"}, {"edge-a"}), "the first identity")
        write_user_data("edge-b", "r2")
        wait_until(lambda: hosts("r2") == ({"edge-a", "edge-b"}, {"edge-b"}), "the new identity")
        os.remove(USER_DATA)
        wait_until(lambda: None in hosts("r2")[0], "no identity of Palette")
        self.assertEqual(agent.stop(), 0)
        self.assertNotIn(SECRET, agent.log_text())
        for folder, _, names in os.walk(agent.state):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(SECRET.encode(), file.read(), name)
        for body in collector.requests:
            self.assertNotIn(SECRET.encode(), body)


if __name__ == "__main__":
    if os.environ.get(INSIDE):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        main()
    else:
        # Not as another user, nor in a chroot, whose root cannot be told to keep mounts to itself.
        alone = ["unshare", "-m", "--propagation", "private"]
        if subprocess.run([*alone, "true"], check=False).returncode != 0:
            print("skipped: no mount namespace of its own")
            sys.exit(SKIPPED)
        sys.exit(subprocess.run([*alone, sys.executable, *sys.argv], env={**os.environ, INSIDE: "1"},
                                check=False).returncode)
