# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a machine as text, section by section, so that two states can be compared."""

from __future__ import annotations

import difflib
import glob
import json
import os
import re
from typing import Any

from .machines import Machine
from .netns import inside

Snapshot = dict[str, str]

_TREES = ("ipv4/conf", "ipv6/conf", "ipv4/neigh", "core")


def of(machine: Machine) -> Snapshot:
    """Links, addresses, routes, qdiscs, filters, sysctls, mounts and files of a machine."""
    state = _network(machine, None)
    for handle in sorted(glob.glob(machine.path("/run/netns/*"))):
        name = os.path.basename(handle)
        if os.stat(handle).st_ino != os.stat(os.path.dirname(handle)).st_ino:
            try:
                inner = _network(machine, name)
            except (OSError, RuntimeError):
                continue  # a file that is no namespace
            state.update({f"{name}: {section}": text for section, text in inner.items()})
    state["mounts"] = _mounts(machine)
    state["files"] = _files(machine)
    return state


def difference(before: Snapshot, after: Snapshot) -> str:
    """A unified diff of the sections that differ; empty when none does."""
    lines: list[str] = []
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section, ""), after.get(section, "")
        if old != new:
            lines += difflib.unified_diff(
                old.splitlines(), new.splitlines(), section, section, "before", "after", n=0
            )
    return "\n".join(line.rstrip("\n") for line in lines)


def filters(machine: Machine, interface: str, container: str | None = None) -> str:
    """The filters at the ingress of an interface, as tc prints them."""
    return machine.run(
        "tc", "filter", "show", "dev", interface, "ingress", container=container
    ).stdout


def _network(machine: Machine, container: str | None) -> Snapshot:
    def shown(*command: str) -> str:
        return machine.run(*command, container=container).stdout

    links = json.loads(shown("ip", "-d", "-j", "link", "show"))
    names = [link["ifname"] for link in links]
    state = {
        "links": "\n".join(_link(link) for link in links),
        "addresses": _without_lifetimes(shown("ip", "-o", "address", "show")),
        "routes": shown("ip", "route", "show", "table", "all"),
        "rules": shown("ip", "rule", "show"),
        "qdiscs": shown("tc", "qdisc", "show"),
    }
    for name in names:
        shown = machine.run(
            "tc", "filter", "show", "dev", name, "ingress", container=container, check=False
        ).stdout
        state[f"filters {name}"] = _without_root_tables(shown)
    place = machine.place if container is None else machine.container(container)
    state["sysctls"] = _sysctls(place.netns)
    return state


def _without_root_tables(text: str) -> str:
    """Filters without the tables that the kernel makes by itself, one for each priority.

    It numbers them as it likes, and keeps the empty one of a priority that has been used.
    """
    lines = []
    for line in text.splitlines():
        if not re.search(r"fh [89a-f][0-9a-f]{2}: ht divisor 1|chain 0 $", line):
            lines.append(re.sub(r"(fh|ht) [89a-f][0-9a-f]{2}\b", r"\1 root", line))
    return "\n".join(lines)


def _link(link: dict[str, Any]) -> str:
    """One link, without what changes by itself."""
    volatile = {
        "operstate",
        "txqlen",
        "qdisc",
        "gso_max_size",
        "gro_max_size",
        "min_mtu",
        "max_mtu",
    }
    return json.dumps({key: value for key, value in link.items() if key not in volatile})


def _without_lifetimes(text: str) -> str:
    return "\n".join(line.split(" valid_lft")[0].rstrip("\\ ") for line in text.splitlines())


def _sysctls(netns: str) -> str:
    lines = []
    with inside(netns):
        base = "/proc/sys/net"
        paths = [f"{base}/ipv4/{name}" for name in os.listdir(f"{base}/ipv4")]
        for tree in _TREES:
            paths += glob.glob(f"{base}/{tree}/**", recursive=True)
        for path in sorted(set(paths)):
            if os.path.isfile(path):
                try:
                    with open(path, encoding="ascii") as file:
                        lines.append(f"{path[len(base) + 1 :]} = {' '.join(file.read().split())}")
                except OSError:
                    continue  # some can only be written
    return "\n".join(lines)


def _mounts(machine: Machine) -> str:
    """Mount points with type, root and propagation; the kernel's numbers left out."""
    lines = []
    with open(f"/proc/{machine.pid}/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            fields = before.split()
            optional = sorted(word.split(":")[0] for word in fields[6:])
            kind = after.split()[0]
            root = fields[3] if kind != "nsfs" else "net"
            lines.append(" ".join([fields[4], kind, root, fields[5], *optional]))
    return "\n".join(sorted(lines))


def _files(machine: Machine) -> str:
    """Everything below /run, with the text of small files.

    The file of the lock stays when a run ends, as removing it would let two in at once: left out.
    """
    base = machine.path("/run")
    lines = []
    for folder, _, names in os.walk(base):
        if names != ["lock"]:
            lines.append(folder[len(base) :] + "/")
        for name in names:
            path = os.path.join(folder, name)
            inside_path = path[len(base) :]
            if inside_path == "/portmap/lock":
                continue
            if folder.endswith("/netns"):
                lines.append(inside_path)
                continue
            with open(path, encoding="utf-8", errors="replace") as file:
                lines.append(f"{inside_path}: {file.read(65536)}")
    return "\n".join(sorted(lines))
