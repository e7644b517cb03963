# SPDX-License-Identifier: Apache-2.0
"""The static binary: what it is made of, and that it runs on every kind of host, on a host without any libc, and on
arm64 (under qemu)."""

import filecmp
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest

import bed
import built

LARGEST = 8 * 1024 * 1024


def elf(option, path):
    return subprocess.run(["readelf", "--wide", option, str(path)], capture_output=True, text=True, check=True).stdout


class Sink:
    """An OTLP/HTTP server over TLS on this machine that counts what it takes."""

    def __init__(self, directory):
        self.taken = 0
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                sink.taken += 1
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=directory, check=True, capture_output=True)
        self.certificate = pathlib.Path(directory) / "cert.pem"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, pathlib.Path(directory) / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        # By name: c-ares has to find it, in /etc/hosts or by itself.
        return f"https://localhost:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Made(unittest.TestCase):
    def each(self):
        yield built.BINARY
        other = built.DIST / "edgehaul-arm64"
        if other.exists():
            yield other

    def test_it_is_a_stripped_static_pie_of_the_agreed_size(self):
        for binary in self.each():
            with self.subTest(binary.name):
                self.assertIn("DYN (Position-Independent", elf("--file-header", binary))
                self.assertNotIn("INTERP", elf("--program-headers", binary))
                self.assertNotRegex(elf("--dynamic", binary), r"\((NEEDED|RPATH|RUNPATH)\)")
                self.assertIn("BIND_NOW", elf("--dynamic", binary))
                self.assertRegex(elf("--program-headers", binary), r"GNU_STACK .* RW ")
                self.assertNotIn(".symtab", elf("--section-headers", binary))
                self.assertLessEqual(binary.stat().st_size, LARGEST)

    def test_what_a_running_agent_uses_lies_together(self):
        order = set((built.SOURCE / "packaging/static/order").read_text(encoding="ascii").split())
        unstripped = built.SOURCE / f"build-static-{built.DEB_ARCH}/src/edgehaul"
        symbols = [line.split() for line in subprocess.run(["nm", "--defined-only", unstripped], capture_output=True, text=True,
                                                           check=True).stdout.splitlines()]
        places = {name: int(place, 16) for place, _, name in symbols if name in order}
        # packaging/static/hot-functions writes the list anew.
        self.assertGreater(len(places), 0.8 * len(order), "too many names of packaging/static/order are gone")
        middle = sorted(places.values())[len(places) // 20:-len(places) // 20]
        self.assertLess(middle[-1] - middle[0], 1024 * 1024)

    def test_it_names_no_folder_of_the_build_machine(self):
        for binary in self.each():
            self.assertNotIn(str(built.SOURCE).encode(), binary.read_bytes())

    def test_a_second_build_elsewhere_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory(prefix="edgehaul-second-build-") as folder:
            tree = pathlib.Path(folder) / "a-folder-of-another-name"
            tree.mkdir()
            files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=built.SOURCE,
                                   capture_output=True, check=True).stdout
            subprocess.run(["cpio", "--quiet", "--null", "-pdm", tree], cwd=built.SOURCE, input=files, check=True)
            packages = built.SOURCE / "subprojects/packagecache"
            if packages.exists():
                shutil.copytree(packages, tree / "subprojects/packagecache")
            made = subprocess.run(["./dev", "static"], cwd=tree, capture_output=True, text=True, check=False,
                                  env={**os.environ, "CCACHE_DISABLE": "1"})
            self.assertEqual(0, made.returncode, made.stdout[-2000:] + made.stderr[-2000:])
            self.assertTrue(filecmp.cmp(built.BINARY, tree / "dist" / built.BINARY.name, shallow=False), made.stderr[-200:])


class Runs(unittest.TestCase):
    """sample, check and a delivery from agent to relay and from there to a server, both over TLS, below a root file
    system."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="edgehaul-static-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.sink = Sink(self.directory)
        self.addCleanup(self.sink.close)

    def inside(self, root, binary, emulator=()):
        """Puts the binary and configurations below `root` and does what a first user does."""
        self.addCleanup(root.remove)
        root.put(binary, "/edgehaul")
        for name in ("cert.pem", "key.pem"):
            root.put(f"{self.directory}/{name}", f"/etc/edgehaul/{name}")
        self.program = [*emulator, "/edgehaul"]
        self.root = root
        points = root.run(*self.program, "sample").stdout
        for name in ("system.cpu.time", "system.memory.usage", "system.uptime"):
            self.assertIn(name, points)
        self.start("relay", f"""
mode: relay
collect: {{interval: 1h}}
receive:
  grpc: {{listen: "127.0.0.1:0", tls: {{cert_file: /etc/edgehaul/cert.pem, key_file: /etc/edgehaul/key.pem}}}}
  http: {{listen: ""}}
forward:
  - endpoint: {self.sink.endpoint}
    protocol: http
""")
        listener = bed.wait_until(lambda: self.status("relay"), "the relay's status")["receive"]["listeners"][0]
        self.assertTrue(listener["tls"])
        port = listener["name"].rpartition(":")[2]
        self.start("agent", f"""
collect: {{interval: 200ms}}
forward:
  - endpoint: https://localhost:{port}
""")
        bed.wait_until(self.has_arrived, "three requests to go through agent and relay")
        self.assertGreater(self.status("agent")["sampler"]["ticks"], 0)

    def start(self, name, text):
        """A second process of the same binary, checked before; it must end well when the test does."""
        file = f"/etc/edgehaul/{name}.yaml"
        self.root.write(file, f"state_dir: /{name}\nstatus: {{socket: /{name}.sock}}\n{text}")
        self.root.run(*self.program, "check", "--config", file)
        log = pathlib.Path(self.directory) / f"{name}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(self.root.command(*self.program, "run", "--config", file), stderr=out,
                                       start_new_session=True)

        def stop():
            process.terminate()
            self.assertEqual(0, process.wait(30), log.read_text(errors="replace"))

        self.addCleanup(stop)

    def status(self, name):
        asked = self.root.run(*self.program, "status", "--json", "--socket", f"/{name}.sock", check=False)
        return json.loads(asked.stdout) if asked.returncode == 0 else None

    def has_arrived(self):
        peers = self.status("relay")["receive"]["peers"]
        return self.sink.taken >= 3 and peers and peers[0]["requests"] >= 3

    def test_in_debian_11(self):
        root = bed.Root(bed.tarball("bullseye"))
        root.put(self.sink.certificate, "/etc/ssl/certs/ca-certificates.crt")
        self.inside(root, built.BINARY)

    def test_in_debian_13(self):
        root = bed.Root(bed.tarball("trixie"))
        root.put(self.sink.certificate, "/etc/ssl/certs/ca-certificates.crt")
        self.inside(root, built.BINARY)

    def test_without_any_libc_and_with_the_authorities_where_red_hat_has_them(self):
        root = bed.Root()
        root.put(self.sink.certificate, "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
        self.inside(root, built.BINARY)

    def test_without_any_libc_and_with_the_authorities_where_suse_has_them(self):
        root = bed.Root()
        root.put(self.sink.certificate, "/var/lib/ca-certificates/ca-bundle.pem")
        self.inside(root, built.BINARY)

    @unittest.skipUnless((built.DIST / "edgehaul-arm64").exists() and built.DEB_ARCH != "arm64", "no arm64 build in dist/")
    def test_on_arm64(self):
        root = bed.Root()
        root.put(self.sink.certificate, "/etc/ssl/cert.pem")
        root.put(shutil.which("qemu-aarch64-static"), "/qemu")
        self.inside(root, built.DIST / "edgehaul-arm64", ["/qemu"])


if __name__ == "__main__":
    unittest.main()
