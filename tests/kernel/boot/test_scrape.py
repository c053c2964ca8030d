# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics by HTTP: systemd's own program accepts connections, curl and sockets ask."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

from asking import PROGRAM, ask
from lab.machines import Lab, Machine
from lab.netns import inside

PORT = 9716
URL = f"http://127.0.0.1:{PORT}/metrics"
# What Prometheus 2.42 and 3.5 say that they want.
OLDER = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
NEWER = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@contextmanager
def served(machine: Machine, port: int, *command: str) -> Iterator[str]:
    """Each connection is a process of the command, as a socket unit with Accept=yes makes one."""
    listen = f"--listen=127.0.0.1:{port}"
    one = machine.start("systemd-socket-activate", "--accept", "--inetd", listen, *command)
    try:
        deadline = time.monotonic() + 20
        while not machine.run("ss", "-Htln", "sport", "=", str(port)).stdout:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        one.kill()
        one.wait()


@pytest.fixture(scope="module")
def host(wired: Lab) -> Iterator[Machine]:
    with served(wired.host, PORT, PROGRAM, "metrics", "--http", "counters", "problems"):
        yield wired.host


def curl(
    host: Machine, *words: str, container: str | None = None
) -> subprocess.CompletedProcess[str]:
    return host.run("curl", "-sS", "-m", "20", *words, container=container, check=False)


def spoken(host: Machine, request: bytes) -> bytes:
    """All that comes back until the other end closes."""
    with inside(host.place.netns):
        client = socket.create_connection(("127.0.0.1", PORT), 20)
    with client, client.makefile("rb") as answer:
        client.sendall(request)
        return answer.read()


def status(answer: bytes) -> bytes:
    return answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("accept", "kind"), [(OLDER, OPEN), (NEWER, OPEN), ("text/plain;version=0.0.4", TEXT), ("*/*", TEXT)]
)  # fmt: skip
def test_who_asks_says_which_format_it_wants(host: Machine, accept: str, kind: str) -> None:
    done = curl(host, "-i", "-H", f"Accept: {accept}", URL)
    head, _, body = done.stdout.replace("\r", "").partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\n"), done
    assert f"\nContent-Type: {kind}\n" in head
    assert f"\nContent-Length: {len(body)}\n" in head
    reader = open_parser if kind == OPEN else parser
    names = {one.name for one in reader.text_string_to_metric_families(body)}
    assert {"portmap_problems", "portmap_container_receive_bytes"} <= names
    assert "portmap_container_tcp_connections" not in names


def test_a_head_has_no_body(host: Machine) -> None:
    answer = spoken(host, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(answer) == b"HTTP/1.1 200 OK"
    assert f"\r\nContent-Type: {TEXT}\r\n".encode() in answer
    assert answer.endswith(b"\r\n\r\n")


WRONG = {
    "another place": (b"GET / HTTP/1.1\r\n\r\n", b"404", b"metrics are at /metrics\n"),
    "a place behind it": (b"GET /metrics/web HTTP/1.1\r\n\r\n", b"404", b"metrics are at"),
    "another method": (b"DELETE /metrics HTTP/1.1\r\n\r\n", b"405", b"\r\nAllow: GET, HEAD\r\n"),
    "no method": (b"FETCH /metrics HTTP/1.1\r\n\r\n", b"501", b""),
    "no HTTP": (b"\x16\x03\x01\x02\r\n\r\n", b"400", b""),
    "no version": (b"GET /metrics HTTP/x\r\n\r\n", b"400", b""),
    "a name without an end": (b"GET /" + b"a" * 70000, b"414", b""),
    "too many headers": (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431", b""),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_refused(host: Machine, case: str) -> None:
    request, code, said = WRONG[case]
    answer = spoken(host, request)
    assert status(answer).startswith(b"HTTP/1.1 " + code), answer
    assert said in answer
    assert b"portmap_container" not in answer


def test_what_was_sent_for_nothing_does_not_cost_the_answer(host: Machine) -> None:
    done = curl(host, "-i", "--data-binary", "x" * 50000, URL)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "HTTP/1.1 405 Method Not Allowed",
    )


def test_a_query_changes_nothing(host: Machine) -> None:
    assert "portmap_container_ports" in curl(host, f"{URL}?name=web").stdout


def test_a_container_reaches_it_and_is_refused(host: Machine) -> None:
    """Its loopback leads to the host's; the port from which it asks is its own."""
    done = curl(host, "-w", "%{http_code}", URL, container="web")
    assert done.stdout == "containers are not told about each other\n403"


def test_who_says_nothing_is_not_waited_for(host: Machine) -> None:
    start = time.monotonic()
    assert spoken(host, b"GET /metrics HTTP/1.1\r\n") == b""
    assert time.monotonic() - start < 15


def test_what_cannot_be_told_is_an_error_of_the_server(host: Machine) -> None:
    nobody = ("/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-IB")
    with served(host, PORT + 1, *nobody, PROGRAM, "metrics", "--http") as url:
        done = curl(host, "-w", "%{http_code}", url)
    assert "Permission denied: '/run/portmap/host.json'" in done.stdout
    assert done.stdout.endswith("\n500")


@pytest.mark.parametrize("text", ["GET /metrics HTTP/1.1\n\n", None])
def test_without_a_connection_it_says_so(host: Machine, text: str | None) -> None:
    done = host.run("portmapctl", "metrics", "--http", text=text, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        "portmapctl: cannot answer HTTP: the standard input is no connection"
    )


def test_a_file_and_an_answer_are_not_both_had(host: Machine) -> None:
    assert "not allowed with" in ask(host, "metrics", "--http", "-o", "/x", code=2).stderr
