# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that says who it is and whom it sees: serve.py NAME PORT... | serve.py --sum

It answers HTTP over TCP, and each datagram over UDP. At /stream there are STREAM bytes of noise that
is the same every time (--sum prints its SHA-256). They trickle, which lasts longer than any test,
until the file HURRY exists. Says "ready" when it listens on all ports.
"""

from __future__ import annotations

import hashlib
import http.server
import random
import socketserver
import sys
import threading
import time
from pathlib import Path

STREAM = 32 << 20
HURRY = Path("/run/hurry")
NAME = sys.argv[1]


def noise() -> bytes:
    return random.Random(STREAM).randbytes(STREAM)


def answer(client: tuple[str, int]) -> bytes:
    return f"{NAME} {client[0]} {client[1]}\n".encode()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = noise() if self.path == "/stream" else answer(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body), 4096):
            self.wfile.write(body[start : start + 4096])
            if len(body) == STREAM and not HURRY.exists():
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Pages(http.server.ThreadingHTTPServer):
    def server_bind(self) -> None:
        """Without the look-up of a name, which waits where there is no name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = NAME, self.server_address[1]


class Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request[1].sendto(answer(self.client_address), self.client_address)


if NAME == "--sum":
    print(hashlib.sha256(noise()).hexdigest())
    sys.exit()

for port in map(int, sys.argv[2:]):
    for server in (Pages(("", port), Page), socketserver.ThreadingUDPServer(("", port), Datagram)):
        threading.Thread(target=server.serve_forever).start()
print("ready", flush=True)
