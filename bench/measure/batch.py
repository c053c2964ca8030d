# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan of the engine as what a careful shell script would do: the same objects, by ip and tc.

`write` makes two scripts: `batch`, with one `ip -batch` and one `tc -batch` for each stretch of
work in one namespace, and `single`, with a process for every command.  The eBPF program is left
out: tc loads programs from a file of a compiler, and the engine's is none.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.address import (
    Address,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.bridge import (
    BridgePort,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import Handle
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import Change
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import (
    Link,
    LinkUp,
    Veth,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.route import (
    DefaultRoute,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    numbers as n,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
    Offload,
    Priority,
    Program,
    Table,
)

Line = tuple[str, str]  # the tool (ip, tc, or write for a file below /proc/sys), and its words

# The stretches of work, in order.
NAMESPACES, PAIRS, VETHS, INSIDE, STEER, UP, STOP, UNPLUG, FORGET = range(9)


def write(changes: Iterable[Change], handles: Mapping[object, int], folder: Path) -> int:
    """Write the scripts into `folder`; how many commands they have."""
    stretches: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for change in changes:
        item = change.subject
        lines = deleted(change, handles) if change.after is None else made(change, handles)
        if lines:
            stretches[stretch(change), item.netns] += lines
    folder.mkdir(parents=True, exist_ok=True)
    batched, single = ["set -e"], ["set -e"]
    for number, ((_, netns), lines) in enumerate(sorted(stretches.items())):
        inner = []
        for tool in ("ip", "write", "tc"):
            words = [text for name, text in lines if name == tool]
            if not words:
                continue
            if tool == "write":
                inner += [
                    f"echo {value} >{path}"
                    for path, value in (text.split(" ", 1) for text in words)
                ]
                continue
            file = folder / f"{number:05}.{tool}"
            file.write_text("\n".join(words) + "\n")
            inner.append(f"{tool} -batch {file}")
        if netns:
            script = folder / f"{number:05}.sh"
            script.write_text("\n".join(["set -e", *inner]) + "\n")
            batched.append(f"nsenter --net=/run/netns/{netns} sh {script}")
        else:
            batched += inner
        single += [command(netns, *line) for line in lines]
    (folder / "batch").write_text("\n".join(batched) + "\n")
    (folder / "single").write_text("\n".join(single) + "\n")
    return sum(map(len, stretches.values()))


def command(netns: str, tool: str, words: str) -> str:
    if tool == "write":
        path, value = words.split(" ", 1)
        enter = f"nsenter --net=/run/netns/{netns} " if netns else ""
        name = path[len("/proc/sys/") :]
        return f"{enter}sysctl -qw {shlex.quote(name)}={value}"
    there = f"-n {netns} " if netns else ""
    return f"{tool} {there}{words}"


def stretch(change: Change) -> int:
    item = change.subject
    if change.after is None:
        removal = {Veth: UNPLUG, Handle: FORGET}
        return removal.get(type(item), STOP)
    if isinstance(item, (Handle, Veth)):
        return NAMESPACES if isinstance(item, Handle) else PAIRS
    if isinstance(item, LinkUp):
        return UP
    if isinstance(item, Sysctl):
        return INSIDE if item.netns else VETHS
    if item.place.netns:
        return INSIDE
    return VETHS if item.place.link.startswith("pm-") else STEER


def made(change: Change, handles: Mapping[object, int]) -> list[Line]:
    item = change.subject
    if isinstance(item, Offload):
        return []
    if isinstance(item, Sysctl):
        return [("write", f"/proc/sys/{item.name} {item.value!r}".replace("'", '"'))]
    if isinstance(item, (Qdisc, Program, Table, Filter)):
        return [("tc", made_by_tc(change, item, handles))]
    return [("ip", words) for words in made_by_ip(change)]


def made_by_ip(change: Change) -> list[str]:
    item, before = change.subject, change.before
    if isinstance(item, Handle):
        return [f"netns add {item.container}"]
    if isinstance(item, Veth):
        ends = f"address {item.mac} mtu {item.mtu}"
        peer = f"peer name {item.peer.link} {ends} netns {item.peer.netns}"
        return [
            f"link add {item.place.link} {ends} group 28781 type veth {peer}",
            f"link set dev {item.place.link} alias {item.alias}",
        ]
    if isinstance(item, LinkUp):
        return [f"link set dev {item.place.link} up"]
    if isinstance(item, BridgePort):
        return [
            f"link set dev {item.place.link} master {item.bridge}",
            f"link set dev {item.place.link} type bridge_slave group_fwd_mask {item.groups:#x}",
        ]
    if isinstance(item, Address):
        return [f"address add {item.address}/{item.prefix} dev {item.place.link}"]
    if isinstance(item, DefaultRoute):
        where = f"via {item.gateway} dev {item.place.link} onlink proto static"
        return [f"route add default {where}"]
    assert isinstance(item, Link)
    words = []
    had = (before.mac, before.mtu) if isinstance(before, Link) else None
    if had != (item.mac, item.mtu):
        words.append(f"address {item.mac} mtu {item.mtu}")
    if item.alias:
        words.append(f"alias {item.alias}")
    return [f"link set dev {item.place.link} {' '.join(words)} up"]


def made_by_tc(
    change: Change,
    item: Qdisc | Program | Table | Filter,
    handles: Mapping[object, int],
) -> str:
    verb = "add" if change.before is None else "replace"
    if isinstance(item, Qdisc):
        return f"qdisc add dev {item.place.link} {item.kind}"
    if isinstance(item, Program):
        lines = ",".join(" ".join(map(str, line)) for line in item.bytecode)
        handle = n.PROGRAM_HANDLES[item.priority]
        code = f"{len(item.bytecode)},{lines}"
        return f"filter {verb} {slot(item)} handle {handle} bpf da bytecode '{code}'"
    if isinstance(item, Table):
        return f"filter {verb} {slot(item)} handle {item.table:x}: u32 divisor {item.divisor}"
    return f"filter {verb} {slot(item)} {filter_words(item, handles, verb)}"


def slot(item: Filter | Program | Table | Priority) -> str:
    protocol = {0x0806: "arp", 0x0800: "ip"}.get(item.protocol, "all")
    return f"dev {item.place.link} ingress protocol {protocol} prio {item.priority}"


def handle_words(handle: int) -> str:
    return f"{handle >> 20:x}:{handle >> 12 & 0xFF:x}:{handle & 0xFFF:x}"


def filter_words(item: Filter, handles: Mapping[object, int], verb: str) -> str:
    words = []
    if verb == "replace":
        words.append(f"handle {handle_words(handles[item.identity])}")
    elif item.node:
        words.append(f"handle ::{item.node:x}")
    words.append("u32")
    if item.table:
        words.append(f"ht {item.table:x}:{item.bucket:x}:")
    if item.goto:
        offset, mask = item.hashkey
        words.append(f"link {item.goto:x}:")
        if mask:
            words.append(f"hashkey mask 0x{mask:08x} at {offset}")
    for key in item.match:
        words.append(f"match u32 0x{key.value:08x} 0x{key.mask:08x} at {key.offset}")
    if not item.match:  # tc cannot say "no key": this one matches everything too
        words.append("match u32 0 0 at 0")
    if not item.goto:
        words.append("flowid ffff:")
    last = len(item.actions)
    for at, (action, target) in enumerate(item.actions, 1):
        control = "" if action == "redirect" else " continue" if at == last else " pipe"
        words.append(f"action mirred egress {action} dev {target}{control}")
    return " ".join(words)


def deleted(change: Change, handles: Mapping[object, int]) -> list[Line]:
    item = change.subject
    if isinstance(item, Handle):
        return [("ip", f"netns del {item.container}")]
    if isinstance(item, Veth):
        return [("ip", f"link del {item.place.link}")]
    if isinstance(item, Priority):
        return [("tc", f"filter del {slot(item)}")]
    if isinstance(item, (Filter, Table)):
        handle = handle_words(handles[item.identity])
        return [("tc", f"filter del {slot(item)} handle {handle} u32")]
    if isinstance(item, Qdisc):
        return [("tc", f"qdisc del dev {item.place.link} {item.kind}")]
    return []  # it goes with its link
