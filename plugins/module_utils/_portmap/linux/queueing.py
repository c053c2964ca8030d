# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Qdiscs and classes that shape what leaves a link, as bytes and read back.  Pure.

Buffers are in ticks of 64 ns, as the kernel keeps them: a burst at a rate is the time that it takes.
Source: linux/pkt_sched.h, net/sched/sch_htb.c, sch_tbf.c.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from . import uapi as k
from .attributes import attribute, attributes, text
from .messages import TCMSG, tcmsg

HTB, TBF, FQ_CODEL = "htb", "tbf", "fq_codel"
LARGEST_BUFFER = 0xFFFFFFFF
_NS_IN_TICK = 64
_GLOBAL = struct.Struct("=IIIII")  # struct tc_htb_glob: version, rate2quantum, default, ...
_GLOBAL_VERSION, _RATE_TO_QUANTUM = 3, 10
_RATE = struct.Struct("=BBHhHI")  # struct tc_ratespec: cell_log, linklayer, ..., rate
_TAIL = struct.Struct("=IIIII")  # of struct tc_htb_opt: buffer, cbuffer, quantum, level, prio
_TBF_TAIL = struct.Struct("=III")  # of struct tc_tbf_qopt: limit, buffer, mtu
_LONG = struct.Struct("=Q")
_NARROW = 0xFFFFFFFF  # what the rate in struct tc_ratespec holds; more has an attribute of its own


def ticks(size: int, rate: int) -> int:
    """How long `size` bytes take at a rate, rounded up."""
    return min(-(-size * 10**9 // (rate * _NS_IN_TICK)), LARGEST_BUFFER)


def _rate(rate: int) -> bytes:
    return _RATE.pack(0, k.TC_LINKLAYER_ETHERNET, 0, 0, 0, min(rate, _NARROW))


def _wide(kind: int, rate: int) -> bytes:
    return attribute(kind, _LONG.pack(rate)) if rate > _NARROW else b""


def _kind(name: str) -> bytes:
    return attribute(k.TCA_KIND, name.encode() + b"\0")


# --- the root -----------------------------------------------------------------------------------


def root(ifindex: int, handle: int, default: int) -> bytes:
    """RTM_NEWQDISC of HTB; what no filter gives a class goes to the class `default`, 0: unshaped."""
    settings = _GLOBAL.pack(_GLOBAL_VERSION, _RATE_TO_QUANTUM, default, 0, 0)
    options = attribute(k.TCA_OPTIONS, attribute(k.TCA_HTB_INIT, settings))
    return tcmsg(ifindex, handle, k.TC_H_ROOT, 0, 0) + _kind(HTB) + options


def ask_root(ifindex: int) -> bytes:
    """RTM_GETQDISC, or RTM_DELQDISC of whichever is there."""
    return tcmsg(ifindex, 0, k.TC_H_ROOT, 0, 0)


class RootSeen(NamedTuple):
    """`default` is that of HTB."""

    kind: str
    handle: int
    default: int


def read_root(data: bytes) -> RootSeen:
    handle = TCMSG.unpack_from(data)[2]
    found = dict(attributes(data, TCMSG.size))
    settings = dict(attributes(found.get(k.TCA_OPTIONS, b""))).get(k.TCA_HTB_INIT, b"")
    default = _GLOBAL.unpack_from(settings)[2] if len(settings) >= _GLOBAL.size else 0
    return RootSeen(text(found.get(k.TCA_KIND, b"")), handle, default)


# --- a class of HTB -----------------------------------------------------------------------------


class Shape(NamedTuple):
    """`buffer` at the rate, `cbuffer` at `ceil`; `quantum`: bytes in a turn among those that borrow."""

    rate: int
    ceil: int
    buffer: int
    cbuffer: int
    quantum: int


def htb_class(ifindex: int, parent: int, handle: int, shape: Shape) -> bytes:
    """RTM_NEWTCLASS."""
    tail = _TAIL.pack(shape.buffer, shape.cbuffer, shape.quantum, 0, 0)
    options = attribute(k.TCA_HTB_PARMS, _rate(shape.rate) + _rate(shape.ceil) + tail)
    options += _wide(k.TCA_HTB_RATE64, shape.rate) + _wide(k.TCA_HTB_CEIL64, shape.ceil)
    head = tcmsg(ifindex, handle, parent, 0, 0) + _kind(HTB)
    return head + attribute(k.TCA_OPTIONS, options)


def class_gone(ifindex: int, handle: int) -> bytes:
    """RTM_DELTCLASS."""
    return tcmsg(ifindex, handle, 0, 0, 0)


def ask_classes(ifindex: int) -> bytes:
    return tcmsg(ifindex, 0, 0, 0, 0)


class ClassSeen(NamedTuple):
    parent: int
    handle: int
    shape: Shape


def read_class(data: bytes) -> ClassSeen | None:
    """None for a class of another kind."""
    _family, handle, parent = TCMSG.unpack_from(data)[1:4]
    found = dict(attributes(data, TCMSG.size))
    options = dict(attributes(found.get(k.TCA_OPTIONS, b"")))
    parameters = options.get(k.TCA_HTB_PARMS, b"")
    if text(found.get(k.TCA_KIND, b"")) != HTB:
        return None
    if len(parameters) < 2 * _RATE.size + _TAIL.size:
        return None
    rate = _read_rate(parameters, 0, options.get(k.TCA_HTB_RATE64))
    ceil = _read_rate(parameters, _RATE.size, options.get(k.TCA_HTB_CEIL64))
    buffer, cbuffer, quantum, _level, _prio = _TAIL.unpack_from(parameters, 2 * _RATE.size)
    return ClassSeen(parent, handle, Shape(rate, ceil, buffer, cbuffer, quantum))


def _read_rate(data: bytes, at: int, wide: bytes | None) -> int:
    narrow: int = _RATE.unpack_from(data, at)[-1]
    return _LONG.unpack(wide)[0] if wide and len(wide) == _LONG.size else narrow


# --- what is in a class -------------------------------------------------------------------------


class Leaf(NamedTuple):
    """The qdisc in a class; the numbers are those of TBF: its queue holds `limit` bytes."""

    kind: str
    rate: int = 0
    buffer: int = 0
    limit: int = 0


def leaf(ifindex: int, parent: int, item: Leaf) -> bytes:
    """RTM_NEWQDISC."""
    head = tcmsg(ifindex, 0, parent, 0, 0) + _kind(item.kind)
    if item.kind != TBF:
        return head
    parameters = _rate(item.rate) + bytes(_RATE.size)
    parameters += _TBF_TAIL.pack(item.limit, item.buffer, 0)
    options = attribute(k.TCA_TBF_PARMS, parameters) + _wide(k.TCA_TBF_RATE64, item.rate)
    return head + attribute(k.TCA_OPTIONS, options)


def ask_leaf(ifindex: int, parent: int) -> bytes:
    """RTM_GETQDISC."""
    return tcmsg(ifindex, 0, parent, 0, 0)


def read_leaf(data: bytes) -> Leaf:
    found = dict(attributes(data, TCMSG.size))
    kind = text(found.get(k.TCA_KIND, b""))
    options = dict(attributes(found.get(k.TCA_OPTIONS, b"")))
    parameters = options.get(k.TCA_TBF_PARMS, b"")
    if kind != TBF or len(parameters) < 2 * _RATE.size + _TBF_TAIL.size:
        return Leaf(kind)
    limit, buffer, _mtu = _TBF_TAIL.unpack_from(parameters, 2 * _RATE.size)
    return Leaf(kind, _read_rate(parameters, 0, options.get(k.TCA_TBF_RATE64)), buffer, limit)
