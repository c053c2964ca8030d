# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classic BPF programs before and behind the filters of u32, for what u32 cannot say.  Pure.

u32 knows no "not", and cannot compare two fields, or a field with the length of the frame.  A program
in direct-action mode says what becomes of a packet, and needs no act_gact: DROP, LEAVE (no filter
looks at it any more; it is the stack's) or NEXT (the filters of the next priority decide).

Offsets count bytes of an Ethernet frame.  A program that reads behind the end of a packet ends with 0,
which is LEAVE.
Source: linux/filter.h (codes), net/sched/cls_bpf.c (what the result means).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from ...linux import uapi as k
from .fields import Bytecode

# BPF_LD with its sizes and BPF_ABS, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
_ADD, _AND, _TO_X = 0x04, 0x54, 0x07
_EQUAL, _EQUAL_X, _FROM, _FROM_X, _ANY_BIT = 0x15, 0x1D, 0x35, 0x3D, 0x45
_RETURN = 0x06
_LEAVE, _DROP, _NEXT = 0, 2, 0xFFFFFFFF  # TC_ACT_OK, TC_ACT_SHOT, TC_ACT_UNSPEC

# Where fields are in a frame; an ICMP error quotes an IP header behind its own eight bytes.
_MAC, _MAC_END, _ETHERTYPE = 0, 4, 12
_ARP_TYPES, _ARP_SIZES = 14, 18
_VERSION, _LENGTH, _FRAGMENT, _TTL, _PROTOCOL, _SOURCE, _DESTINATION = 14, 16, 20, 22, 23, 26, 30
_ICMP = 34
_QUOTED_VERSION, _QUOTED_PROTOCOL, _QUOTED_SOURCE = 42, 51, 54

_FRAME, _HEADERS, _QUOTE = 14, 28, 56  # Ethernet; IP and 8 bytes; IP, ICMP, quoted IP and 8 bytes
_NO_OPTIONS = 0x45  # version 4, a header of five words

Step = tuple[object, ...]


def _assembled(steps: Iterable[Step]) -> Bytecode:
    """Steps as code: (code, value), or (code, value, where to if so, where to if not).

    A step that is a text names the next one; "" goes on.
    """
    lines: list[Step] = []
    named: dict[object, int] = {}
    for step in steps:
        if len(step) == 1:
            named[step[0]] = len(lines)
        else:
            lines.append(step)
    code = []
    for at, (what, value, *ways) in enumerate(lines):
        yes, no = [named[way] - at - 1 if way else 0 for way in ways] or (0, 0)
        code.append((what, yes, no, value))
    return tuple(code)  # type: ignore[arg-type]


# --- what a container sends ---------------------------------------------------------------------

_ENDS: tuple[Step, ...] = (
    ("next",), (_RETURN, _NEXT),
    ("drop",), (_RETURN, _DROP),
)  # fmt: skip

# A frame to one, or to everybody, long enough for what is read of it: ARP is as long as _HEADERS.
_FRAMED: tuple[Step, ...] = (
    (_LOAD_LENGTH, 0), (_FROM, _FRAME + _HEADERS, "", "drop"),
    (_LOAD_BYTE, _MAC), (_ANY_BIT, 1, "", "kind"),
    (_LOAD_WORD, _MAC), (_EQUAL, 0xFFFFFFFF, "", "drop"),
    (_LOAD_HALF, _MAC_END), (_EQUAL, 0xFFFF, "", "drop"),
    ("kind",), (_LOAD_HALF, _ETHERTYPE), (_EQUAL, k.ETH_P_ARP, "arp", ""),
    (_EQUAL, k.ETH_P_IP, "", "drop"),
)  # fmt: skip

# A whole packet (the reserved bit, "more" and the offset are 0), and its ports are part of it.
_WHOLE: tuple[Step, ...] = (
    (_LOAD_BYTE, _VERSION), (_EQUAL, _NO_OPTIONS, "", "drop"),
    (_LOAD_HALF, _FRAGMENT), (_ANY_BIT, 0xBFFF, "drop", ""),
    (_LOAD_BYTE, _TTL), (_EQUAL, 0, "drop", ""),
    (_LOAD_HALF, _LENGTH), (_FROM, _HEADERS, "", "drop"),
    (_ADD, _FRAME), (_TO_X, 0), (_LOAD_LENGTH, 0), (_FROM_X, 0, "", "drop"),
)  # fmt: skip

# To nobody's network, to a multicast group, or from elsewhere to 127/8, no host sends.
_ADDRESSED: tuple[Step, ...] = (
    (_LOAD_BYTE, _DESTINATION), (_EQUAL, 0, "drop", ""),
    (_EQUAL, 127, "", "far"),
    (_LOAD_BYTE, _SOURCE), (_EQUAL, 127, "about", "drop"),
    ("far",), (_FROM, 240, "about", ""), (_FROM, 224, "drop", ""),
    ("about",), (_LOAD_BYTE, _PROTOCOL), (_EQUAL, k.IPPROTO_ICMP, "", "next"),
)  # fmt: skip

# Requests, and errors that go to the sender of what they quote: a packet with ports.
_ICMP_MESSAGE: tuple[Step, ...] = (
    (_LOAD_HALF, _ICMP), (_EQUAL, 0x0800, "next", ""), (_EQUAL, 0x0D00, "next", ""),
    (_LOAD_BYTE, _ICMP), (_EQUAL, 3, "", "drop"),
    (_LOAD_HALF, _LENGTH), (_FROM, _QUOTE, "", "drop"),
    (_LOAD_BYTE, _QUOTED_VERSION), (_EQUAL, _NO_OPTIONS, "", "drop"),
    (_LOAD_BYTE, _QUOTED_PROTOCOL),
    (_EQUAL, k.PORT_PROTOCOLS[0], "to", ""), (_EQUAL, k.PORT_PROTOCOLS[1], "to", ""),
    (_EQUAL, k.PORT_PROTOCOLS[2], "", "drop"),
    ("to",), (_LOAD_WORD, _QUOTED_SOURCE), (_TO_X, 0), (_LOAD_WORD, _DESTINATION),
    (_EQUAL_X, 0, "next", "drop"),
)  # fmt: skip

# Ethernet and IPv4, of six and four bytes, a request or a reply.
_ARP: tuple[Step, ...] = (
    ("arp",), (_LOAD_WORD, _ARP_TYPES), (_EQUAL, 0x00010800, "", "drop"),
    (_LOAD_WORD, _ARP_SIZES), (_EQUAL, 0x06040001, "next", ""), (_EQUAL, 0x06040002, "", "drop"),
)  # fmt: skip

NOTHING: Bytecode = ((_RETURN, 0, 0, _DROP),)
LEAVING = _assembled((*_FRAMED, *_WHOLE, *_ADDRESSED, *_ICMP_MESSAGE, *_ARP, *_ENDS))


# --- what arrives from outside ------------------------------------------------------------------


@lru_cache(maxsize=4)
def arriving(network: ipaddress.IPv4Interface) -> Bytecode:
    """Leave to the host what its stack refuses as a martian, or what carries options.

    Refused as a source are the host's own address, addresses of everybody or of a group, of this
    host (127/8) and of this network (0/8).  `network`: the host's address with its prefix.
    """
    refused = [int(network.ip), 0xFFFFFFFF]
    if network.network.prefixlen < 31:
        refused.append(int(network.network.broadcast_address))
    return _refusing(tuple(refused))


def _refusing(sources: tuple[int, ...]) -> Bytecode:
    return _assembled((
        (_LOAD_BYTE, _VERSION), (_EQUAL, _NO_OPTIONS, "", "leave"),
        (_LOAD_WORD, _SOURCE), *((_EQUAL, address, "leave", "") for address in sources),
        (_AND, 0xFF000000), (_EQUAL, 127 << 24, "leave", ""), (_EQUAL, 0, "leave", ""),
        (_FROM, 240 << 24, "next", ""), (_FROM, 224 << 24, "leave", ""),
        ("next",), (_RETURN, _NEXT),
        ("leave",), (_RETURN, _LEAVE),
    ))  # fmt: skip


# --- in words -----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def explain(code: Bytecode) -> str:
    """What a program does; that of one we do not know as tc(8) prints it."""
    if code == NOTHING:
        return "drop"
    if code == LEAVING:
        return "drop what no host sends"
    sources = tuple(value for what, _yes, _no, value in code[3:6] if what == _EQUAL)
    if sources and code == _refusing(sources):
        named = " ".join(str(ipaddress.IPv4Address(source)) for source in sources)
        return f"leave to the host what has options, or comes from {named} or from no host"
    return "bytecode " + " ".join(str(number) for line in code for number in line)
