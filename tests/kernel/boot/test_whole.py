# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who enters a container by its handle finds a network that is whole, however early it is.

A process waits for each handle, enters as soon as it is there, binds a port of the container and
connects to a server outside.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import probes
from lab.machines import HOST, PEER, Lab, Machine
from lab.modules import Modules
from lab.netns import inside
from lab.pools import LARGE
from reboots import restore, text, write

SERVED = 53
# The longest pauses with which a hundred placings end in a minute.
SLOW = "slow:0.0005"
# strace(1) has every send, mount and write wait two milliseconds.
DELAYED = (
    *("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto,sendmsg,mount,write"),
    *("-e", "inject=sendto,sendmsg,mount,write:delay_enter=2ms"),
)
_TOTAL_RETRANS = 100  # where struct tcp_info has tcpi_total_retrans


class Watcher:
    """Waits for the handles of containers, each with a port of its own; `told` has what became of it."""

    def __init__(self, host: Machine, wanted: dict[str, int]) -> None:
        self.told: dict[str, str] = {}
        self._host = host
        self._wanted = wanted
        self._over = threading.Event()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        with ThreadPoolExecutor(max_workers=len(self._wanted)) as pool:
            for name, port in self._wanted.items():
                pool.submit(self._wait, name, port)
            yield
            self._over.wait(probes.patience())
            self._over.set()

    def _wait(self, name: str, port: int) -> None:
        handle = self._host.path(f"/run/netns/{name}")
        plain = os.stat(self._host.path("/run")).st_dev
        while not self._over.is_set():
            with contextlib.suppress(FileNotFoundError):
                if os.stat(handle).st_dev != plain:  # a namespace is mounted on the file
                    self.told[name] = work(handle, port)
                    if len(self.told) == len(self._wanted):
                        self._over.set()
                    return
            time.sleep(0.0002)


def work(handle: str, port: int) -> str:
    """What a service does first; "well", or what went wrong."""
    try:
        with inside(handle):
            server, client = socket.socket(), socket.socket()
        with server, client:
            server.bind((HOST, port))
            server.listen()
            client.settimeout(probes.patience())
            client.connect((PEER, SERVED))
            said = client.recv(200).decode().split()
            info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TOTAL_RETRANS + 4)
        (again,) = struct.unpack_from("=I", info, _TOTAL_RETRANS)
        return (
            "well" if said[:2] == ["peer", HOST] and not again else f"{said}, sent {again} again"
        )
    except OSError as error:
        return str(error)


def test_a_hundred_placings_and_a_service_that_is_there_at_once(
    lab: Lab, modules: Modules
) -> None:
    """Every write of every run waits, so that whoever is early is early at each of them."""
    modules.host(**LARGE)
    with probes.servers() as servers:
        servers.listen(lab.peer.place, SERVED, PEER, protocols="tcp")
        for first in range(0, 100, 10):
            wanted = {f"c{number}": 31000 + number for number in range(first, first + 10)}
            asked = [{"name": name, "ports": [str(port)]} for name, port in wanted.items()]
            watcher = Watcher(lab.host, wanted)
            with watcher.watching():
                run = modules.run("portmap_container", {"containers": asked}, fault=SLOW)
            assert not run.failed, run.msg
            assert watcher.told == dict.fromkeys(wanted, "well")


def test_a_service_that_is_there_at_once_after_a_boot(
    lab: Lab, keeping: Modules, reboot: Lab, shipped: Path
) -> None:
    wanted = {f"c{number}": 31000 + number for number in range(20)}
    keeping.host(**LARGE)
    asked = [{"name": name, "ports": [str(port)]} for name, port in wanted.items()]
    keeping.container(containers=asked)
    write(reboot.host, text(lab.host))
    with probes.servers() as servers:
        servers.listen(reboot.peer.place, SERVED, PEER, protocols="tcp")
        watcher = Watcher(reboot.host, wanted)
        with watcher.watching():
            done = restore(reboot.host, shipped, *DELAYED)
        assert done.returncode == 0, done.stderr
        assert watcher.told == dict.fromkeys(wanted, "well")


def _handles(host: Machine) -> list[str]:
    return sorted(os.listdir(host.path("/run/netns")))


@pytest.mark.parametrize("attached", [False, True])
def test_a_killed_run_has_given_no_name_and_the_next_one_does(
    lab: Lab, prepared: Modules, attached: bool
) -> None:
    with lab.host.tenant() as process:
        asked = {"name": "web", "ports": ["31000"], **({"pid": process.pid} if attached else {})}
        points = prepared.run("portmap_container", asked).points
        prepared.container(name="web", state="absent")
        at = points.index("new address")
        assert prepared.run("portmap_container", asked, at=at).killed
        assert _handles(lab.host) == [".portmap-web"]
        draft = os.stat(lab.host.path("/run/netns/.portmap-web")).st_ino
        prepared.container(name="web", ports=["31000"])
        assert _handles(lab.host) == ["web"]
        assert os.stat(lab.host.path("/run/netns/web")).st_ino == draft
        assert prepared.problems() == []


def test_a_handle_that_led_elsewhere_is_none_while_its_container_moves(
    lab: Lab, prepared: Modules
) -> None:
    with lab.host.tenant() as old, lab.host.tenant() as new:
        prepared.container(name="web", pid=old.pid)
        asked = {"name": "web", "pid": new.pid}
        points = prepared.run("portmap_container", asked).points
        assert points[-1] == "remove /run/netns/.portmap-web"  # the name came last
        prepared.container(name="web", pid=old.pid)
        assert prepared.run("portmap_container", asked, at=points.index("new address")).killed
        assert _handles(lab.host) == [".portmap-web"]
        prepared.container(**asked)
        assert _handles(lab.host) == ["web"]
        handle = os.stat(lab.host.path("/run/netns/web")).st_ino
        assert handle == os.stat(f"/proc/{new.pid}/ns/net").st_ino
