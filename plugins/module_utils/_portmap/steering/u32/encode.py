# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters as bytes: requests of rtnetlink's traffic control.  Pure.

pyroute2 encodes u32 keys at wrong offsets and decodes them four bytes off, in every release, so
filters are packed here, and read in `decode`.
Source: linux/pkt_cls.h, tc_act/tc_mirred.h, rtnetlink.h; byte order as tc(8) sends.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from ...linux import uapi as k
from ...linux.attributes import attribute
from ...linux.messages import tcmsg
from ...values.marks import ENTRANCES, SHAPING_HANDLE
from ...values.places import Place
from . import numbers
from .fields import (
    Action,
    Bytecode,
    FilterFields,
    OffloadFields,
    ProgramFields,
    TableFields,
)
from .keys import PROTOCOL_WORD, Match

SEL = struct.Struct("=BBBx2sHhh4s")
KEY = struct.Struct(">II")
OFFSETS = struct.Struct("=ii")
MIRRED = struct.Struct("=IIiiiiI")
BPF_LINE = struct.Struct("=HBBI")


def table_message(table: TableFields, ifindex: int) -> bytes:
    options = attribute(k.TCA_U32_DIVISOR, struct.pack("=I", table.divisor))
    return _filter(table, ifindex, table.table << 20, b"u32\0", options)


def filter_message(
    item: FilterFields, ifindex: int, handle: int, targets: dict[str, int]
) -> bytes:
    """`handle` is the kernel's when it is known; else it is made from table, bucket and node.

    `targets` maps the links that actions name to their ifindexes.
    """
    options = b""
    if not item.goto:
        options += attribute(k.TCA_U32_CLASSID, struct.pack("=I", _class(item.actions)))
    hash_id = handle & 0xFFFFF000 or item.table << 20 | item.bucket << 12
    if hash_id:
        options += attribute(k.TCA_U32_HASH, struct.pack("=I", hash_id))
    if item.goto:
        options += attribute(k.TCA_U32_LINK, struct.pack("=I", item.goto << 20))
    options += attribute(k.TCA_U32_SEL, _selector(item.match, item.goto, item.hashkey))
    acting = tuple(action for action in item.actions if action.verb != "class")
    if acting:
        options += attribute(k.TCA_U32_ACT, _actions(acting, targets))
    handle = handle or hash_id * bool(item.node) | item.node
    return _filter(item, ifindex, handle, b"u32\0", options)


def _class(actions: tuple[Action, ...]) -> int:
    """What a filter leads to a class of; of any other it is what tc(8) writes for "accept"."""
    if not actions or actions[0].verb != "class":
        return k.ACCEPT_CLASS
    major, minor = actions[0].target.split(":")
    return int(major, 16) << 16 | int(minor, 16)


def program_message(program: ProgramFields, ifindex: int) -> bytes:
    handle = numbers.PROGRAM_HANDLES[program.priority]
    options = _program(program.bytecode)
    return _filter(program, ifindex, handle, b"bpf\0", options)


# The same on every veth.
@lru_cache(maxsize=16)
def _program(bytecode: Bytecode) -> bytes:
    code = b"".join(BPF_LINE.pack(*line) for line in bytecode)
    return (
        attribute(k.TCA_BPF_OPS_LEN, struct.pack("=H", len(bytecode)))
        + attribute(k.TCA_BPF_OPS, code)
        + attribute(k.TCA_BPF_FLAGS, struct.pack("=I", k.TCA_BPF_FLAG_ACT_DIRECT))
    )


def offload_message(item: OffloadFields, ifindex: int, descriptor: int) -> bytes:
    """`descriptor`: of the program, in the process that sends this."""
    options = (
        attribute(k.TCA_BPF_FD, struct.pack("=I", descriptor))
        + attribute(k.TCA_BPF_NAME, numbers.OFFLOAD_PROGRAM.encode() + b"\0")
        + attribute(k.TCA_BPF_FLAGS, struct.pack("=I", k.TCA_BPF_FLAG_ACT_DIRECT))
    )
    handle = numbers.OFFLOAD_HANDLE
    return _filter(item, ifindex, handle, b"bpf\0", options)


def hook(place: Place) -> int:
    """What filters of a link hang on: where packets arrive or, on a link that shapes, our root qdisc."""
    return SHAPING_HANDLE if place.link in ENTRANCES else k.INGRESS_HOOK


def ask_filter(place: Place, ifindex: int, handle: int, priority: int, protocol: int) -> bytes:
    """The address of one filter or table, to ask for it or to delete it."""
    kind = attribute(k.TCA_KIND, b"u32\0")
    return tcmsg(ifindex, handle, hook(place), priority, protocol) + kind


def priority_deletion(place: Place, ifindex: int, priority: int, protocol: int) -> bytes:
    return ask_filter(place, ifindex, 0, priority, protocol)


def program_deletion(program: ProgramFields, ifindex: int) -> bytes:
    return _deletion(program, ifindex, numbers.PROGRAM_HANDLES[program.priority])


def offload_deletion(item: OffloadFields, ifindex: int) -> bytes:
    return _deletion(item, ifindex, numbers.OFFLOAD_HANDLE)


def _deletion(item: ProgramFields | OffloadFields, ifindex: int, handle: int) -> bytes:
    head = tcmsg(ifindex, handle, k.INGRESS_HOOK, item.priority, item.protocol)
    return head + attribute(k.TCA_KIND, b"bpf\0")


def _filter(
    item: FilterFields | TableFields | ProgramFields | OffloadFields,
    ifindex: int,
    handle: int,
    kind: bytes,
    options: bytes,
) -> bytes:
    return (
        tcmsg(ifindex, handle, hook(item.place), item.priority, item.protocol)
        + attribute(k.TCA_KIND, kind)
        + attribute(k.TCA_OPTIONS, options)
    )


@lru_cache(maxsize=512)
def _selector(match: Match, goto: int, hashkey: tuple[int, int]) -> bytes:
    offset, mask = hashkey
    flags = 0 if goto else k.TC_U32_TERMINAL
    head = SEL.pack(flags, 0, len(match), bytes(2), 0, 0, offset, struct.pack(">I", mask))
    # The kernel compares in this order, and by the protocol most packets are told apart.
    keys = sorted(match, key=lambda key: key.offset != PROTOCOL_WORD)
    return head + b"".join(
        KEY.pack(key.mask, key.value) + OFFSETS.pack(key.offset, 0) for key in keys
    )


def _actions(actions: tuple[Action, ...], targets: dict[str, int]) -> bytes:
    last = len(actions)
    return b"".join(
        attribute(order, _mirred(action.verb, targets[action.target], order == last))
        for order, action in enumerate(actions, 1)
    )


@lru_cache(maxsize=512)
def _mirred(verb: str, ifindex: int, last: bool) -> bytes:
    """A redirect takes the packet; mirrors pass it on, the last one to the next filter."""
    if verb == "redirect":
        control, how = k.TC_ACT_STOLEN, k.TCA_EGRESS_REDIR
    else:
        control, how = (k.TC_ACT_UNSPEC if last else k.TC_ACT_PIPE), k.TCA_EGRESS_MIRROR
    parms = MIRRED.pack(0, 0, control, 0, 0, how, ifindex)
    options = attribute(k.TCA_MIRRED_PARMS, parms)
    return attribute(k.TCA_ACT_KIND, b"mirred\0") + attribute(
        k.TCA_ACT_OPTIONS | k.NLA_F_NESTED, options
    )
