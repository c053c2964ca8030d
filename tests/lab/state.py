# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a machine as text, section by section, so that two states can be compared.

A section has a line for each object, as ip(8), tc(8) and /proc tell it, in the order of the text.

    python -m lab.state --save FILE       keep the state of the machine on which this runs
    python -m lab.state --compare FILE    print what differs since then, and fail when something does
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import glob
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import maps
from .machines import Machine
from .netns import inside

State = dict[str, str]

# Patterns below /proc/sys/net.  Reading all of them takes most of the time of a look.
ALL = ("ipv4/*", "ipv4/conf/**", "ipv6/conf/**", "ipv4/neigh/**", "core/**")
TOUCHED = (
    "ipv4/conf/*/rp_filter",
    "ipv4/conf/*/accept_local",
    "ipv4/conf/*/route_localnet",
    "ipv4/conf/*/send_redirects",
    "ipv4/conf/*/arp_ignore",
    "ipv4/ip_local_port_range",
    "ipv4/tcp_rmem",
    "ipv4/tcp_wmem",
    "ipv4/tcp_keepalive_time",
    "ipv6/conf/*/disable_ipv6",
    "core/somaxconn",
)
FILES = ("/run", "/var/lib/netiso-portmap")
# What changes by itself.
_VOLATILE = (
    *("operstate", "txqlen", "qdisc", "gso_max_size", "gro_max_size", "min_mtu", "max_mtu"),
    *("valid_life_time", "preferred_life_time"),
    "tso_max_size",  # of a bridge: that of the ports that it has had
)
_OFFLOADED = re.compile(r" used_hw_stats \w+")  # without such hardware, too
_ROOT = re.compile(r"\b(fh|ht) [89a-f][0-9a-f]{2}\b")
_EMPTY = re.compile(r"fh root: ht divisor 1|chain 0 *$")
# What the kernel chooses: other numbers for a link, filter or namespace that is made anew; and when.
_CHOSEN = (
    (re.compile(r'"(ifindex|link_index|link_netnsid)": \d+'), r'"\1"'),
    (
        re.compile(
            r'"(LOWER_UP|NO-CARRIER|M-DOWN|linkdown)", |(, )?"(LOWER_UP|NO-CARRIER|M-DOWN|linkdown)"'
        ),
        "",
    ),
    (re.compile(r'"inet6_addr_gen_mode": "\w+"'), ""),
    (re.compile(r"\bindex \d+ ref \d+ bind \d+|\border \d+ key|\bbkt \w+"), ""),
    (re.compile(r"\bfh (\w+):(\w*):[89a-f][0-9a-f]{2}\b"), r"fh \1:\2:any"),
    (re.compile(r"\bqdisc (\w+) \w+: dev"), r"qdisc \1 dev"),
    # The number of a container is the lowest that was free when it was placed.
    (re.compile(r"flowid :([48](?=[0-9a-f]{3} ))?[0-9a-f]{1,3} (?=pm_steer)"), r"flowid :\1any "),
    (re.compile(r"^\d+ (?=is \S+, inside)"), "any "),
    (re.compile(r"\brefcnt \d+|\btag \w+|\bid \d+|\bjited\b|\bdirect_packets_stat \d+"), ""),
)


@dataclass(frozen=True)
class _Place:
    """Where to look: a network namespace, a root directory, and a process's mounts."""

    netns: str
    root: str
    pid: str


def of(machine: Machine, *, only: str = "", sysctls: Sequence[str] = ALL) -> State:
    """Links, addresses, routes, qdiscs, filters, sysctls, mounts and files.

    `only` of one container: its namespace and its veth, which is little to read among many.
    """
    place = _Place(machine.place.netns, machine.path(""), str(machine.pid))
    if not only:
        found = {
            **_network(place.netns, sysctls),
            **_containers(place, "*", sysctls),
            **_run(place, FILES),
        }
        return {**found, **maps.section(found)}
    link = f"pm-{only}"
    with inside(place.netns):
        qdiscs = [line for line in _told("tc qdisc show").splitlines() if f" dev {link} " in line]
        veth = _links(*_asked(f"address show dev {link}"), "\n".join(qdiscs))
    return {
        **{f"veth {name}": text for name, text in veth.items()},
        **_containers(place, only, sysctls),
    }


def difference(before: State, after: State) -> str:
    """A unified diff of the sections that differ; empty when none does."""
    lines: list[str] = []
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section, ""), after.get(section, "")
        if old != new:
            lines += difflib.unified_diff(
                old.splitlines(), new.splitlines(), section, section, "before", "after", n=0
            )
    return "\n".join(line.rstrip("\n") for line in lines)


def unnumbered(state: State) -> State:
    """The state without what the kernel chooses, so that what is made anew compares equal."""
    return {
        section: "\n".join(sorted(_unnumbered(line) for line in text.splitlines()))
        for section, text in state.items()
    }


def without(state: State, *words: str) -> State:
    """The state without the lines in which one of the words occurs, `section: ` in front."""
    return {
        section: "\n".join(
            line
            for line in text.splitlines()
            if not any(word in f"{section}: {line}" for word in words)
        )
        for section, text in state.items()
    }


def without_loopback_mac(state: State) -> State:
    """No one can set it back to zeros."""
    mac = re.compile(r'("link_type": "loopback", "address": ")[0-9a-f:]+')
    return {**state, "links": mac.sub(r"\1", state["links"])}


def lines(state: State) -> list[str]:
    """Each object, with its section in front."""
    return [f"{section}: {line}" for section, text in state.items() for line in text.splitlines()]


def filters(machine: Machine, interface: str, container: str | None = None) -> str:
    """The filters at the ingress of an interface, as tc prints them."""
    return machine.run(
        "tc", "filter", "show", "dev", interface, "ingress", container=container
    ).stdout


@functools.lru_cache(maxsize=1 << 16)  # most lines of a state were there in the one before
def _unnumbered(line: str) -> str:
    for pattern, instead in _CHOSEN:
        line = pattern.sub(instead, line)
    return " ".join(line.split())


def _containers(place: _Place, pattern: str, sysctls: Sequence[str]) -> State:
    found = {}
    for handle in sorted(glob.glob(f"{place.root}/run/netns/{pattern}")):
        if os.stat(handle).st_dev == os.stat(os.path.dirname(handle)).st_dev:
            continue  # a file that is no namespace
        inner = _network(handle, sysctls)
        name = os.path.basename(handle)
        found.update({f"{name}: {section}": text for section, text in inner.items()})
    return found


def _network(netns: str, sysctls: Sequence[str]) -> State:
    with inside(netns):  # programs that are started here are inside, too
        links, routes, rules = _asked("address show", "route show table all", "rule show")
        return {
            **_links(links, _told("tc qdisc show")),
            "routes": _objects(routes),
            "rules": _objects(rules),
            "sysctls": "\n".join(_values(sysctls)),
        }


def _links(links: list[dict[str, Any]], qdiscs: str) -> State:
    """Links with their addresses, qdiscs and filters."""
    addresses = [
        {"dev": link["ifname"], **address} for link in links for address in link.pop("addr_info")
    ]
    found = {
        "links": _objects(links),
        "addresses": _objects(addresses),
        # The kernel gives a virtual link this one when it goes up first, for ever.
        "qdiscs": _sorted(
            line for line in qdiscs.splitlines() if not line.startswith("qdisc noqueue ")
        ),
    }
    # A link without one of these qdiscs has no filters.  Asked for an egress that there is not, tc(8)
    # would show the ingress again.
    asked = [
        (hook, name)
        for hook, kinds in (("ingress", "ingress|clsact"), ("egress", "clsact"))
        for name in re.findall(rf"^qdisc (?:{kinds}) \S+ dev (\S+)", qdiscs, re.MULTILINE)
    ]
    for (hook, name), shown in zip(asked, _answers(asked, qdiscs)):
        found[f"{hook} {name}"] = _sorted(_filters(shown))
    return found


def _answers(asked: Sequence[tuple[str, str]], qdiscs: str) -> list[list[str]]:
    """What tc(8) shows for each hook and link.

    It leaves out the link that it was asked about: the qdiscs of the first one come before each.
    """
    if not asked:
        return []
    first = asked[0][1]
    lines = [f"qdisc show dev {first}\nfilter show dev {name} {hook}" for hook, name in asked]
    ahead = qdiscs.count(f" dev {first} ")
    answers: list[list[str]] = []
    met = 0
    for line in _told("tc -force -batch -", *lines).splitlines():
        if line.startswith("qdisc "):
            if met % ahead == 0:
                answers.append([])
            met += 1
        else:
            answers[-1].append(line)
    return answers


def _asked(*questions: str) -> list[list[dict[str, Any]]]:
    """What ip(8) lists for each question."""
    told = _told("ip -d -j -force -batch -", *questions)
    return [json.loads(line) for line in told.splitlines()]


def _told(command: str, *lines: str) -> str:
    done = subprocess.run(
        command.split(), input="\n".join(lines), capture_output=True, text=True, check=False
    )
    return done.stdout


def _objects(objects: Iterable[dict[str, Any]]) -> str:
    return _sorted(
        json.dumps({key: value for key, value in one.items() if key not in _VOLATILE})
        for one in objects
    )


def _sorted(lines: Iterable[str]) -> str:
    return "\n".join(sorted(lines))


def _filters(lines: list[str]) -> list[str]:
    """A line for each filter, without the tables that the kernel makes by itself.

    It numbers those as it likes, one for each priority, keeps the empty one of a priority that has
    been used, and lists what shares a priority in no order that matters.
    """
    filters: list[str] = []
    for line in lines:
        words = " ".join(line.split())
        if line.startswith("filter "):
            filters.append(words)
        else:
            filters[-1] += f" {words}"
    plain = (_ROOT.sub(r"\1 root", line.strip()) for line in filters)
    return [_OFFLOADED.sub("", line) for line in plain if not _EMPTY.search(line)]


def _values(patterns: Sequence[str]) -> Iterator[str]:
    base = "/proc/sys/net/"
    paths = {path for pattern in patterns for path in _matching(base + pattern)}
    for path in sorted(paths):
        # Some can only be written, and a link may go while the kernel ends a namespace.
        with contextlib.suppress(OSError):
            yield f"{path[len(base) :]} = {' '.join(_read(path).split())}"


def _matching(pattern: str) -> Iterable[str]:
    """As glob does, which for ** tries to list the entries of every file."""
    if not pattern.endswith("**"):
        return glob.iglob(pattern)
    walked = os.walk(pattern.rstrip("*/"))
    return (f"{folder}/{name}" for folder, _, names in walked for name in names)


def _read(path: str) -> str:
    """A file of /proc/sys. The kernel clears as much memory as is asked for, so little comes first."""
    opened = os.open(path, os.O_RDONLY)
    try:
        text = os.pread(opened, 1 << 12, 0)
        return (text if len(text) < 1 << 12 else os.pread(opened, 1 << 17, 0)).decode("ascii")
    finally:
        os.close(opened)


def _run(place: _Place, folders: Sequence[str]) -> State:
    return {"mounts": _sorted(_mounts(place)), "files": _sorted(_files(place, folders))}


def _mounts(place: _Place) -> Iterator[str]:
    """Mount points with type, root and propagation; the kernel's numbers left out."""
    with open(f"/proc/{place.pid}/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            fields = before.split()
            spread = sorted(word.split(":")[0] for word in fields[6:])
            kind = after.split()[0]
            root = fields[3] if kind != "nsfs" else "net"
            yield " ".join([fields[4], kind, root, fields[5], *spread])


def _files(place: _Place, folders: Sequence[str]) -> Iterator[str]:
    """Everything below the folders, with the text of small files.

    The file of the lock stays when a run ends, as removing it would let two in at once: left out.
    """
    for top in folders:
        for folder, _, names in os.walk(place.root + top):
            here = folder[len(place.root) :]
            if names != ["lock"]:
                yield here + "/"
            for name in names:
                path = f"{here}/{name}"
                if here == "/run/netns":
                    yield path
                elif os.path.islink(place.root + path):
                    yield f"{path} -> {os.readlink(place.root + path)}"
                elif path != "/run/portmap/lock":
                    with open(place.root + path, encoding="utf-8", errors="replace") as file:
                        yield f"{path}: {file.read(65536)!r}"


def main(what: str, path: str) -> int:
    here = _Place("/proc/self/ns/net", "", "self")
    state = {**_network(here.netns, ("**",)), **_run(here, ("/run/netns", "/run/portmap"))}
    now = without_loopback_mac(without(unnumbered(state), "nf_conntrack_count"))
    if what == "--save":
        Path(path).write_text(json.dumps(now))
        return 0
    different = difference(json.loads(Path(path).read_text()), now)
    print(different)
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
