# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics as the answer to one request by HTTP, on a connection that somebody else has accepted."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Set
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer

from ..decide import exposition
from ..memory import record
from ..values import ports
from ..values.errors import InvalidRequest, PortmapError
from . import metrics

PATH = "/metrics"
_PATIENCE = 5  # seconds for which the other end may be silent
_UNREAD = 1 << 16  # bytes of a request's body that are worth being read
_PLAIN = "text/plain; charset=utf-8"


def answer(groups: Set[str], connection: int) -> None:
    """`connection` is the descriptor of a TCP socket, which systemd gives as the standard input.

    Raises InvalidRequest when it is something else.
    """

    class Handler(_Handler):
        wanted = groups

    with _accepted(connection) as accepted:
        peer = accepted.getpeername()
        BaseServer(peer, Handler).finish_request(accepted, peer)
        _finish(accepted)


def _accepted(connection: int) -> socket.socket:
    try:
        found = socket.socket(fileno=os.dup(connection))
    except OSError as error:
        raise _nobody(str(error.strerror)) from error
    if found.family not in (socket.AF_INET, socket.AF_INET6):
        found.close()
        raise _nobody("it is a socket without ports")
    return found


def _nobody(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot answer HTTP: the standard input is no connection ({why});"
        " a socket unit of systemd with Accept=yes hands one over"
    )


def _finish(accepted: socket.socket) -> None:
    """What was sent and not read would have the kernel take the answer back."""
    try:
        accepted.shutdown(socket.SHUT_WR)
        left = _UNREAD
        while left > 0 and (read := accepted.recv(left)):
            left -= len(read)
    except OSError:  # the other end is gone, or silent
        return


class _Handler(BaseHTTPRequestHandler):
    """One request; the library answers what is no HTTP, and methods that nobody has heard of."""

    wanted: Set[str] = frozenset()
    timeout = _PATIENCE
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # or what is no HTTP would be answered without a status
    error_content_type = _PLAIN
    error_message_format = "%(message)s\n"

    def do_GET(self) -> None:
        self._answer(lambda: metrics.collected(self.wanted, self._openmetrics))

    def do_HEAD(self) -> None:
        """Nobody is looked at for it, so nothing says how long the text would be."""
        self._answer(lambda: None)

    def do_POST(self) -> None:
        self._say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are answered", "GET, HEAD")

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST  # noqa: N815

    def _answer(self, told: Callable[[], str | None]) -> None:
        try:
            refusal = self._refusal()
            text = None if refusal else told()
        except (PortmapError, OSError) as error:
            self.log_error("%s", error)
            refusal = HTTPStatus.INTERNAL_SERVER_ERROR, str(error)
        if refusal:
            self._say(*refusal)
        else:
            self._send(HTTPStatus.OK, exposition.content_type(self._openmetrics), text)

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        if self.path.partition("?")[0] != PATH:
            return HTTPStatus.NOT_FOUND, f"metrics are at {PATH}"
        if _is_container(self.client_address[1]):
            return HTTPStatus.FORBIDDEN, "containers are not told about each other"
        return None

    @property
    def _openmetrics(self) -> bool:
        return exposition.wants_openmetrics(",".join(self.headers.get_all("Accept", ())))

    def _say(self, status: HTTPStatus, why: str, allowed: str = "") -> None:
        self._send(status, _PLAIN, f"{why}\n", allowed)

    def _send(self, status: HTTPStatus, kind: str, text: str | None, allowed: str = "") -> None:
        body = b"" if text is None else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if text is not None:
            self.send_header("Content-Length", str(len(body)))
        if allowed:
            self.send_header("Allow", allowed)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """What the header Server says: no versions."""
        return "portmapctl"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Somebody asks every few seconds: the journal has errors only."""


def _is_container(port: int) -> bool:
    """Whether who asks from this port is in a container, whose loopback leads to the host's, too."""
    prepared, _why = record.read()
    if prepared is None:
        return False
    pools = prepared.options.pools
    return ports.holds((*pools.service, pools.ephemeral), port)
