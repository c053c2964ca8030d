# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects as bytes and back: the codec of rtnetlink's traffic control messages, and of dumps.

Pure.  pyroute2 encodes u32 keys at wrong offsets and decodes them four bytes off, in every release,
so filters are packed here; and its decoder is twenty times slower, so dumps are read here too.
Source: linux/pkt_cls.h, tc_act/tc_mirred.h, rtnetlink.h; byte order as tc(8) sends.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from . import kernel as k
from .model import Action, Drop, Filter, Object, Place, Table
from .u32 import Key, Match

_HEADER = struct.Struct("=HH")
_TCMSG = struct.Struct("=BxxxiIII")
_SEL = struct.Struct("=BBBx2sHhh4s")
_KEY = struct.Struct(">II")
_OFFSETS = struct.Struct("=ii")
_MIRRED = struct.Struct("=IIiiiiI")
_BPF_LINE = struct.Struct("=HBBI")
_HANDLE = struct.Struct("=I")

_U32, _BPF = b"u32\0", b"bpf\0"

LinkNames = Mapping[int, str]
Data = TypeVar("Data", bytes, memoryview)


# --- attributes ---------------------------------------------------------------------------------


def attribute(kind: int, data: bytes) -> bytes:
    """One netlink attribute, padded to four bytes."""
    return _HEADER.pack(4 + len(data), kind) + data + bytes(-len(data) % 4)


def attributes(data: Data, at: int = 0) -> list[tuple[int, Data]]:
    """(type, payload) of every attribute from `at` on; a truncated one ends the walk."""
    found = []
    end, head, mask = len(data), _HEADER.unpack_from, k.NLA_TYPE_MASK
    while at + 4 <= end:
        length, kind = head(data, at)
        if length < 4 or at + length > end:
            break
        found.append((kind & mask, data[at + 4 : at + length]))
        at += (length + 3) & ~3
    return found


def text(data: bytes | memoryview) -> str:
    return bytes(data).split(b"\0", 1)[0].decode("utf-8", "replace")


def number(data: bytes | memoryview | None) -> int:
    """A 32-bit attribute; 0 when it is missing or of another size."""
    if data is None or len(data) != 4:
        return 0
    value: int = struct.unpack("=I", data)[0]
    return value


# --- filters, written ---------------------------------------------------------------------------


def tcmsg(ifindex: int, handle: int, parent: int, priority: int, protocol: int) -> bytes:
    info = priority << 16 | socket.htons(protocol)
    return _TCMSG.pack(socket.AF_UNSPEC, ifindex, handle, parent, info)


def table_message(table: Table, ifindex: int) -> bytes:
    options = attribute(k.TCA_U32_DIVISOR, struct.pack("=I", table.divisor))
    return _filter(ifindex, table.table << 20, table.priority, table.protocol, _U32, options)


def filter_message(item: Filter, ifindex: int, handle: int, targets: dict[str, int]) -> bytes:
    """`handle` is the kernel's when it is known; else it is made from table, bucket and node.

    `targets` maps the links that actions name to their ifindexes.
    """
    options = b""
    if not item.goto:
        options += attribute(k.TCA_U32_CLASSID, struct.pack("=I", k.ACCEPT_CLASS))
    hash_id = handle & 0xFFFFF000 or item.table << 20 | item.bucket << 12
    if hash_id:
        options += attribute(k.TCA_U32_HASH, struct.pack("=I", hash_id))
    if item.goto:
        options += attribute(k.TCA_U32_LINK, struct.pack("=I", item.goto << 20))
    options += attribute(k.TCA_U32_SEL, _selector(item.match, item.goto, item.hashkey))
    if item.actions:
        options += attribute(k.TCA_U32_ACT, _actions(item.actions, targets))
    handle = handle or hash_id * bool(item.node) | item.node
    return _filter(ifindex, handle, item.priority, item.protocol, _U32, options)


def drop_message(item: Drop, ifindex: int) -> bytes:
    code = b"".join(_BPF_LINE.pack(*line) for line in item.bytecode)
    options = (
        attribute(k.TCA_BPF_OPS_LEN, struct.pack("=H", len(item.bytecode)))
        + attribute(k.TCA_BPF_OPS, code)
        + attribute(k.TCA_BPF_FLAGS, struct.pack("=I", k.TCA_BPF_FLAG_ACT_DIRECT))
    )
    return _filter(ifindex, 1, k.PRIO_DROP, k.ETH_P_ALL, _BPF, options)


def _filter(
    ifindex: int, handle: int, priority: int, protocol: int, kind: bytes, options: bytes
) -> bytes:
    return (
        tcmsg(ifindex, handle, k.INGRESS_HOOK, priority, protocol)
        + attribute(k.TCA_KIND, kind)
        + attribute(k.TCA_OPTIONS, options)
    )


@lru_cache(maxsize=4096)
def _selector(match: Match, goto: int, hashkey: tuple[int, int]) -> bytes:
    offset, mask = hashkey
    flags = 0 if goto else k.TC_U32_TERMINAL
    head = _SEL.pack(flags, 0, len(match), bytes(2), 0, 0, offset, struct.pack(">I", mask))
    keys = (_KEY.pack(key.mask, key.value) + _OFFSETS.pack(key.offset, 0) for key in match)
    return head + b"".join(keys)


def _actions(actions: tuple[Action, ...], targets: dict[str, int]) -> bytes:
    last = len(actions)
    return b"".join(
        attribute(order, _mirred(action.verb, targets[action.target], order == last))
        for order, action in enumerate(actions, 1)
    )


@lru_cache(maxsize=4096)
def _mirred(verb: str, ifindex: int, last: bool) -> bytes:
    """A redirect takes the packet; mirrors pass it on, the last one to the next filter."""
    if verb == "redirect":
        control, how = k.TC_ACT_STOLEN, k.TCA_EGRESS_REDIR
    else:
        control, how = (k.TC_ACT_UNSPEC if last else k.TC_ACT_PIPE), k.TCA_EGRESS_MIRROR
    parms = _MIRRED.pack(0, 0, control, 0, 0, how, ifindex)
    options = attribute(k.TCA_MIRRED_PARMS, parms)
    return attribute(k.TCA_ACT_KIND, b"mirred\0") + attribute(
        k.TCA_ACT_OPTIONS | k.NLA_F_NESTED, options
    )


# --- filters, read ------------------------------------------------------------------------------


class Seen(NamedTuple):
    """A filter as the kernel reports it: `handle` is the kernel's, `item` our reading of it.

    `item` is None for kinds and chains that we do not use; `kind` is the classifier's name.
    """

    kind: str
    protocol: int
    priority: int
    handle: int
    item: Object | None


def read_filter(data: memoryview, place: Place, names: LinkNames) -> Seen | None:
    """A filter message; None for a priority's placeholder and its root table.

    `names` turns the ifindexes of actions into names; 0 is a link that is gone.
    """
    if len(data) < _TCMSG.size:
        return None
    message = bytes(data)  # thousands are read, and slices of bytes cost half of a view's
    _family, _ifindex, handle, _parent, info = _TCMSG.unpack_from(message)
    if not handle:
        return None
    priority, protocol = info >> 16, socket.ntohs(info & 0xFFFF)
    kind, chain, options = b"", b"", None
    for attr, value in attributes(message, _TCMSG.size):
        if attr == k.TCA_OPTIONS:
            options = value
        elif attr == k.TCA_KIND:
            kind = value
        elif attr == k.TCA_CHAIN:
            chain = value
    if options is None or (kind == _U32 and _is_root_table(handle)):
        return None
    item: Object | None = None
    if chain and number(chain):
        pass  # all of ours are in chain 0, where packets start
    elif kind == _U32:
        item = _read_u32(options, place, (protocol, priority, handle), names)
    elif kind == _BPF and priority == k.PRIO_DROP and protocol == k.ETH_P_ALL:
        item = _read_drop(options, place)
    return Seen(text(kind), protocol, priority, handle, item)


def _is_root_table(handle: int) -> bool:
    return handle >> 20 >= k.FIRST_AUTOMATIC_NODE and not handle & 0xFFFFF


def _read_u32(
    options: bytes, place: Place, head: tuple[int, int, int], names: LinkNames
) -> Object | None:
    protocol, priority, handle = head
    selector = b""
    goto = divisor = 0
    actions: tuple[Action, ...] = ()
    for attr, value in attributes(options):
        if attr == k.TCA_U32_SEL:
            selector = value
        elif attr == k.TCA_U32_ACT:
            actions = _read_actions(value, names)
        elif attr == k.TCA_U32_LINK:
            goto = number(value) >> 20
        elif attr == k.TCA_U32_DIVISOR:
            divisor = number(value)
    table, bucket, node = handle >> 20, handle >> 12 & 0xFF, handle & 0xFFF
    if table >= k.FIRST_AUTOMATIC_NODE:
        table = 0  # a root table: its number is the kernel's choice
    if divisor:
        return Table(place, protocol, priority, table, divisor)
    read = _read_selector(selector)
    if read is None:
        return None
    match, hashkey = read
    return Filter(place, protocol, priority, table, bucket, node, match, actions, goto, hashkey)


@lru_cache(maxsize=16384)
def _read_selector(data: bytes) -> tuple[Match, tuple[int, int]] | None:
    """Match and hash key; None when there is something in it that we never write."""
    if len(data) < _SEL.size:
        return None
    _flags, _shift, count, offmask, off, offoff, hashoff, hashmask = _SEL.unpack_from(data)
    if len(data) < _SEL.size + 16 * count or off or offoff or any(offmask):
        return None
    keys = []
    for at in range(_SEL.size, _SEL.size + 16 * count, 16):
        mask, value = _KEY.unpack_from(data, at)
        offset, offset_mask = _OFFSETS.unpack_from(data, at + 8)
        if offset_mask:
            return None
        keys.append(Key(offset, value, mask))
    mask = struct.unpack(">I", hashmask)[0]
    return tuple(sorted(keys)), (hashoff if mask else 0, mask)


def _read_actions(data: bytes, names: LinkNames) -> tuple[Action, ...]:
    found = attributes(data)
    if len(found) > 1:
        found.sort()  # by their order
    read = []
    for at, (_order, value) in enumerate(found, 1):
        verb, control, ifindex = _read_action(value)
        expected = k.TC_ACT_STOLEN if verb == "redirect" else k.TC_ACT_PIPE
        if verb == "mirror" and at == len(found):
            expected = k.TC_ACT_UNSPEC
        word = verb if control == expected else f"{verb} control {control}"
        read.append(Action(word, names[ifindex]))
    if len(read) > 1 and all(action.verb == "mirror" for action in read):
        read.sort()
    return tuple(read)


_VERBS = {k.TCA_EGRESS_REDIR: "redirect", k.TCA_EGRESS_MIRROR: "mirror"}
# How the kernel lays out mirred: its name first, its parameters and times (36 bytes) last.
_MIRRED_KIND = attribute(k.TCA_ACT_KIND, b"mirred\0")
_MIRRED_TAIL = 72
_MIRRED_OPTIONS = _HEADER.pack(_MIRRED_TAIL, k.TCA_ACT_OPTIONS) + _HEADER.pack(
    4 + _MIRRED.size, k.TCA_MIRRED_PARMS
)


def _read_action(data: bytes) -> tuple[str, int, int]:
    """(verb, what becomes of the packet, ifindex); an action that we never write is its kind."""
    if data.startswith(_MIRRED_KIND) and data[-_MIRRED_TAIL:-64] == _MIRRED_OPTIONS:
        return _mirred_read(data, len(data) - 64)
    found = dict(attributes(data))
    kind = found.get(k.TCA_ACT_KIND, b"")
    parms = dict(attributes(found.get(k.TCA_ACT_OPTIONS, b""))).get(k.TCA_MIRRED_PARMS)
    if kind == b"mirred\0" and parms is not None and len(parms) >= _MIRRED.size:
        return _mirred_read(parms, 0)
    return text(kind) or "unknown", 0, 0


def _mirred_read(data: bytes, at: int) -> tuple[str, int, int]:
    _index, _capab, control, _refs, _binds, how, ifindex = _MIRRED.unpack_from(data, at)
    return _VERBS.get(how, "mirred"), control, ifindex


# --- entries of the hash tables, in short -------------------------------------------------------

_ONE_MIRRED = _HEADER.pack(168, k.TCA_U32_ACT) + _HEADER.pack(164, 1) + _MIRRED_KIND


def read_entry(data: memoryview) -> tuple[int, int] | None:
    """(handle, ifindex) of a filter whose only action is mirred; None for any other message.

    Tells where thousands of filters lead without reading them whole, by the layout that the
    kernel gives them; another layout is None too, and can be read in full.
    """
    tail = bytes(data[-168:])
    if not tail.startswith(_ONE_MIRRED) or tail[-_MIRRED_TAIL:-64] != _MIRRED_OPTIONS:
        return None
    handle: int = _HANDLE.unpack_from(data, 8)[0]
    ifindex: int = _HANDLE.unpack_from(tail, 128)[0]
    return handle, ifindex


def _read_drop(options: bytes, place: Place) -> Drop:
    found = dict(attributes(options))
    code = found.get(k.TCA_BPF_OPS, b"")
    whole = len(code) // _BPF_LINE.size * _BPF_LINE.size
    lines = tuple(_BPF_LINE.iter_unpack(code[:whole]))
    direct = number(found.get(k.TCA_BPF_FLAGS)) & k.TCA_BPF_FLAG_ACT_DIRECT
    return Drop(place, lines if direct else ())
