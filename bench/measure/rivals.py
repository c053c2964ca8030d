# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What packets are compared on: each way of running many services behind one address.

A way is built in a lab of its own with N containers.  Where the kernel goes through a list, the
container that stands in its middle is asked, and the one at its end, which came last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import machines

from . import nat, sites


@dataclass(frozen=True)
class Way:
    """A way to reach a service: where it runs, and from where it is asked."""

    name: str
    server: str  # the namespace of the service
    port: int
    sources: dict[str, str]  # namespaces that ask, by what they are called


@contextlib.contextmanager
def ways(count: int) -> Iterator[list[Way]]:
    """All of them, with `count` containers each; one that asks and one that answers at least."""
    total = max(count, 2)
    with contextlib.ExitStack() as stack:

        def lab() -> machines.Lab:
            return stack.enter_context(machines.lab())

        found = [process(lab())]
        ours, linear, dnat, by_port, nftmap = (lab() for _ in range(5))
        for one in (ours, linear):
            sites.engine(one.host, "prepare", options=sites.POOLS)
            sites.engine(one.host, "place", containers=sites.containers(total))
        make_linear(linear.host, total)
        for one in (dnat, by_port, nftmap):
            nat.bridge(one, total)
        nat.write_iptables(dnat.host, total)
        nat.write_iptables(by_port.host, total, by_port=True)
        nat.write_nftables(nftmap.host, total)
        found += [of("ours", ours, total - 1), of("nft map", nftmap, total - 1)]
        for name, one in (("linear", linear), ("dnat", dnat)):
            found += [of(name, one, total // 2), last_of(f"{name} last", one, total)]
        found.append(last_of("dnat by port last", by_port, total))
        if count == 1 and shutil.which("pasta"):
            found.append(stack.enter_context(pasta(lab())))
        yield found


def outside(lab: machines.Lab) -> dict[str, str]:
    return {"outside": lab.peer.place.netns}


def process(lab: machines.Lab) -> Way:
    """The limit: a process of the host, with nothing in between."""
    sources = {**outside(lab), "host": lab.host.place.netns}
    return Way("process", lab.host.place.netns, 10000, sources)


def of(name: str, lab: machines.Lab, number: int) -> Way:
    """Container `number`, asked by everybody; the other container is the first."""
    others = {"host": lab.host.place.netns, "container": lab.container("c0").netns}
    target = lab.container(f"c{number}").netns
    return Way(name, target, sites.ranges(number)[0][0], {**outside(lab), **others})


def last_of(name: str, lab: machines.Lab, total: int) -> Way:
    target = lab.container(f"c{total - 1}").netns
    return Way(name, target, sites.ranges(total - 1)[0][0], outside(lab))


# --- the original's layout: one list of filters per interface ------------------------------------


def make_linear(host: machines.Machine, count: int) -> None:
    """The same containers, but every block is one filter in one list, as Apache Mesos has it."""
    to_mac = "match u32 0x00000200 0x0000ffff at -16 match u32 0x00000010 0xffffffff at -12"
    lines = []
    for link, keys in (("eth0", f"{to_mac} match ip dst {machines.HOST}/32"), ("lo", "")):
        lines.append(f"filter del dev {link} ingress protocol ip prio 770")
        node = 0
        for number in range(count):
            blocks = [(first, 0xFFFC) for first, _ in sites.ranges(number)]
            for port, mask in (*blocks, (28672 + 32 * number, 0xFFE0)):
                node += 1
                lines.append(
                    f"filter add dev {link} ingress protocol ip prio 770 handle ::{node:x} u32"
                    f" match u8 5 0xf at 0 {keys} match u16 {port} {mask:#06x} at 22 flowid ffff:"
                    f" action mirred egress redirect dev pm-c{number}"
                )
    host.run("tc", "-batch", "-", text="\n".join(lines) + "\n", timeout=nat.PATIENCE)


# --- a process that copies ----------------------------------------------------------------------


@contextlib.contextmanager
def pasta(lab: machines.Lab) -> Iterator[Way]:
    """One container whose connections pasta, in user space, takes over from the host's sockets."""
    lab.host.ip("netns add web")
    port = 10000
    ports = ("-t", str(port), "-u", str(port))
    # The one that asks is the gateway, whose address pasta would take for the host's otherwise.
    how = ("--config-net", "--no-map-gw", "--foreground", "--runas", "0")
    copier = lab.host.start("pasta", *how, *ports, "--netns", "/run/netns/web")
    try:
        # With the priority of those that it works for: see load.c.
        os.sched_setscheduler(copier.pid, os.SCHED_RR, os.sched_param(1))
        wait_for_address(lab, "web", copier)
        yield Way("pasta", lab.container("web").netns, port, outside(lab))
    finally:
        copier.kill()
        copier.wait()


def wait_for_address(lab: machines.Lab, name: str, maker: subprocess.Popen[str]) -> None:
    for _ in range(100):
        links = lab.host.json("ip", "-n", name, "-j", "address", "show", "up", "scope", "global")
        if any(link.get("addr_info") for link in links):
            return
        if maker.poll() is not None:
            assert maker.stdout is not None
            raise RuntimeError(f"cannot start pasta: {maker.stdout.read().strip()}")
        time.sleep(0.05)
    raise RuntimeError("cannot start pasta: its container got no address in five seconds")


def measure(load: Path, way: Way, test: str, source: str, seconds: float) -> float:
    """The rate of one test, asked from `source`, one of `way.sources`."""
    where = (way.server, way.sources[source], machines.HOST, str(way.port))
    command = [str(load), test, *where, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{way.name}, {test} from {source}: {done.stderr.strip()}")
    return float(done.stdout)
