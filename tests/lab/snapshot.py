# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a machine as text, section by section, so that two states can be compared."""

from __future__ import annotations

import difflib
import glob
import json
import os
import re
import subprocess
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


_NUMBERS = re.compile(
    r'"(ifindex|link_index|link_netnsid)": \d+|^\d+: |index \d+ ref \d+ bind \d+', re.MULTILINE
)


def unnumbered(state: Snapshot) -> Snapshot:
    """The state without the numbers that a new link or namespace gets, and in no order of them."""
    return {
        section: "\n".join(sorted(_NUMBERS.sub("", text).splitlines()))
        for section, text in state.items()
    }


def filters(machine: Machine, interface: str, container: str | None = None) -> str:
    """The filters at the ingress of an interface, as tc prints them."""
    return machine.run(
        "tc", "filter", "show", "dev", interface, "ingress", container=container
    ).stdout


def _network(machine: Machine, container: str | None) -> Snapshot:
    place = machine.place if container is None else machine.container(container)
    with inside(place.netns):  # programs that are started here are inside, too
        links = json.loads(_said("ip", "-d", "-j", "link", "show"))
        state = {
            "links": "\n".join(_link(link) for link in links),
            "addresses": _without_lifetimes(_said("ip", "-o", "address", "show")),
            "routes": _said("ip", "route", "show", "table", "all"),
            "qdiscs": _said("tc", "qdisc", "show"),
            "sysctls": _sysctls(),
        }
        for link in links:
            name = link["ifname"]
            shown = _said("tc", "filter", "show", "dev", name, "ingress")
            state[f"filters {name}"] = _ordered(shown)
    return state


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _ordered(text: str) -> str:
    """Filters in the order of their text, without the tables that the kernel makes by itself.

    It numbers those as it likes, one for each priority, keeps the empty one of a priority that has
    been used, and lists what shares a priority in no order that matters.
    """
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("filter "):
            blocks.append([])
        blocks[-1].append(re.sub(r"\b(fh|ht) [89a-f][0-9a-f]{2}\b", r"\1 root", line))
    plain = re.compile(r"fh root: ht divisor 1|chain 0 $")
    kept = ["\n".join(block) for block in blocks if not plain.search(block[0])]
    return "\n".join(sorted(kept))


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


def _sysctls() -> str:
    lines = []
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
