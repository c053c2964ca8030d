# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters read back: what the kernel answers to a dump of filters, as objects.  Pure.

A host has tens of thousands of filters, so this is made to be quick: what all containers have in
common is read once, and the layout that the kernel gives its messages is tried before any other.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from ...linux import uapi as k
from ...linux.attributes import HEADER, attribute, attributes, number, text
from ...linux.messages import TCMSG
from ...objects.kind import Object
from ...values.marks import ENTRANCES
from ...values.places import Place
from ..strangers import is_filter
from . import encode, numbers
from .fields import Action, Bytecode
from .keys import Key, Match
from .objects import Filter, Offload, Program, Table

LinkNames = Mapping[int, str]

_U32, _BPF = b"u32\0", b"bpf\0"
_NUMBER = struct.Struct("=I")
_ACCEPTED = _NUMBER.pack(k.ACCEPT_CLASS)
_TWO_HEADERS = struct.Struct("=HHHH")
# How the kernel begins what it tells of our filters: u32, in chain 0; the options follow, and end it.
_OURS_FIRST = attribute(k.TCA_KIND, _U32) + attribute(k.TCA_CHAIN, bytes(4))
_OPTIONS_AT = TCMSG.size + len(_OURS_FIRST)
# How the kernel lays out mirred: its name first, its parameters and times (36 bytes) last.
_MIRRED_KIND = attribute(k.TCA_ACT_KIND, b"mirred\0")
_MIRRED_TAIL = 72
_MIRRED_OPTIONS = HEADER.pack(_MIRRED_TAIL, k.TCA_ACT_OPTIONS) + HEADER.pack(
    4 + encode.MIRRED.size, k.TCA_MIRRED_PARMS
)
_SHORT = 512  # bytes of what is worth remembering: not mirrors, which have times in them


class Decoded(NamedTuple):
    """A filter as the kernel reports it: `handle` is the kernel's, `item` our reading of it.

    `item` is None for kinds and chains that we do not use; `kind` is the classifier's name.  `options`
    are as the kernel tells them, for chain 0.
    """

    kind: str
    protocol: int
    priority: int
    handle: int
    item: Object | None
    options: bytes = b""


def read_filter(data: bytes, place: Place, names: LinkNames) -> Decoded | None:
    """A filter message; None for a priority's placeholder and its root table.

    `names` turns the ifindexes of actions into names; 0 is a link that is gone.
    """
    if len(data) < TCMSG.size:
        return None
    _family, _ifindex, handle, _parent, info = TCMSG.unpack_from(data)
    priority, protocol = info >> 16, socket.ntohs(info & 0xFFFF)
    kind, chain, options = _parts(data)
    said = "u32" if kind is _U32 else text(kind)
    if options is None or not is_filter(said, handle):
        return None
    item: Object | None = None
    if chain and number(chain):
        options = b""  # all of ours are in chain 0, where packets start
    elif kind == _U32:
        item = _read_u32(options, place, (protocol, priority, handle), names)
    elif kind == _BPF and (priority, handle) == (numbers.PRIO_FIRST, numbers.OFFLOAD_HANDLE):
        item = Offload(place, protocol, priority, _read_tag(options))
    elif kind == _BPF and priority in numbers.PROGRAM_HANDLES:
        item = Program(place, protocol, priority, _read_program(options))
    return Decoded(said, protocol, priority, handle, item, options)


def _parts(data: bytes) -> tuple[bytes, bytes, bytes | None]:
    """(kind, chain, options) of a filter message."""
    if data.startswith(_OURS_FIRST, TCMSG.size) and len(data) >= _OPTIONS_AT + 4:
        length, attr = HEADER.unpack_from(data, _OPTIONS_AT)
        if attr == k.TCA_OPTIONS and _OPTIONS_AT + length == len(data):
            return _U32, b"", data[_OPTIONS_AT + 4 :]
    found = dict(attributes(data, TCMSG.size))
    return found.get(k.TCA_KIND, b""), found.get(k.TCA_CHAIN, b""), found.get(k.TCA_OPTIONS)


def _read_u32(
    options: bytes, place: Place, where: tuple[int, int, int], names: LinkNames
) -> Object | None:
    protocol, priority, handle = where
    acting = _only_mirred(options)
    head = options[:acting] if acting else options
    known = _read_head(head) if len(head) < _SHORT else _read_head.__wrapped__(head)
    if known is None:
        return None
    table, bucket, node = handle >> 20, handle >> 12 & 0xFF, handle & 0xFFF
    if table >= numbers.FIRST_AUTOMATIC_NODE:
        table = 0  # a root table: its number is the kernel's choice
    if known.divisor:
        return Table(place, protocol, priority, table, known.divisor)
    actions: tuple[Action, ...]
    if known.flow and place.link in ENTRANCES:
        actions = _classed(known.flow)
    elif acting and _ends_with_mirred(options):
        verb, control, ifindex = _mirred_read(options, len(options) - 64)
        actions = _alone(verb, control, names[ifindex])
    else:
        actions = _read_actions(options[acting + 4 :] if acting else known.others, names)
    return Filter(
        place, protocol, priority, table, bucket, node, known.match, actions, known.goto, known.hashkey
    )  # fmt: skip


def _only_mirred(data: bytes) -> int:
    """Where the actions of a filter begin, when they are one of mirred and come last; else 0."""
    at = data.rfind(_MIRRED_KIND) - _TWO_HEADERS.size
    size = len(data) - at
    alone = (size, k.TCA_U32_ACT, size - 4, 1)
    return at if at > 0 and _TWO_HEADERS.unpack_from(data, at) == alone else 0


def _ends_with_mirred(data: bytes) -> bool:
    """Whether the parameters of mirred are where the kernel puts them, 64 bytes before the end."""
    return data[-_MIRRED_TAIL:-64] == _MIRRED_OPTIONS


class _Head(NamedTuple):
    """What a u32 filter has besides its actions; `others` are those that it had in it.

    `flow` is the number of the class that it leads to, 0: none.
    """

    match: Match
    hashkey: tuple[int, int]
    goto: int
    divisor: int
    others: bytes
    flow: int


# The same in every container, and in every look.
@lru_cache(maxsize=1024)
def _read_head(options: bytes) -> _Head | None:
    """None when there is something in the selector that we never write."""
    selector = others = b""
    goto = divisor = flow = 0
    for attr, value in attributes(options):
        if attr == k.TCA_U32_SEL:
            selector = value
        elif attr == k.TCA_U32_ACT:
            others = value
        elif attr == k.TCA_U32_LINK:
            goto = number(value) >> 20
        elif attr == k.TCA_U32_DIVISOR:
            divisor = number(value)
        elif attr == k.TCA_U32_CLASSID and value != _ACCEPTED:
            flow = number(value)
    read = ((), (0, 0)) if divisor else _read_selector(selector)
    return _Head(*read, goto, divisor, others, flow) if read else None


def _read_selector(data: bytes) -> tuple[Match, tuple[int, int]] | None:
    if len(data) < encode.SEL.size:
        return None
    _flags, _shift, count, offmask, off, offoff, hashoff, hashmask = encode.SEL.unpack_from(data)
    if len(data) < encode.SEL.size + 16 * count or off or offoff or any(offmask):
        return None
    keys = []
    for at in range(encode.SEL.size, encode.SEL.size + 16 * count, 16):
        mask, value = encode.KEY.unpack_from(data, at)
        offset, offset_mask = encode.OFFSETS.unpack_from(data, at + 8)
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
        read.append(Action(_said(verb, control, at == len(found)), names[ifindex]))
    if len(read) > 1 and all(action.verb == "mirror" for action in read):
        read.sort()
    return tuple(read)


@lru_cache(maxsize=1024)
def _alone(verb: str, control: int, target: str) -> tuple[Action, ...]:
    """The only action of a filter; nearly all lead to the same few links."""
    return (Action(_said(verb, control, True), target),)


@lru_cache(maxsize=1024)
def _classed(flow: int) -> tuple[Action, ...]:
    return (Action("class", f"{flow >> 16:x}:{flow & 0xFFFF:x}"),)


def _said(verb: str, control: int, last: bool) -> str:
    """The verb, and what becomes of the packet if that is not what we write."""
    expected = k.TC_ACT_STOLEN if verb == "redirect" else k.TC_ACT_PIPE
    if verb == "mirror" and last:
        expected = k.TC_ACT_UNSPEC
    return verb if control == expected else f"{verb} control {control}"


_VERBS = {k.TCA_EGRESS_REDIR: "redirect", k.TCA_EGRESS_MIRROR: "mirror"}


def _read_action(data: bytes) -> tuple[str, int, int]:
    """(verb, what becomes of the packet, ifindex); an action that we never write is its kind."""
    if data.startswith(_MIRRED_KIND) and _ends_with_mirred(data):
        return _mirred_read(data, len(data) - 64)
    found = dict(attributes(data))
    kind = found.get(k.TCA_ACT_KIND, b"")
    parms = dict(attributes(found.get(k.TCA_ACT_OPTIONS, b""))).get(k.TCA_MIRRED_PARMS)
    if kind == b"mirred\0" and parms is not None and len(parms) >= encode.MIRRED.size:
        return _mirred_read(parms, 0)
    return text(kind) or "unknown", 0, 0


def _mirred_read(data: bytes, at: int) -> tuple[str, int, int]:
    _index, _capab, control, _refs, _binds, how, ifindex = encode.MIRRED.unpack_from(data, at)
    return _VERBS.get(how, "mirred"), control, ifindex


# --- entries of the hash tables, in short -------------------------------------------------------


def read_entry(data: bytes) -> tuple[int, int] | None:
    """(handle, ifindex) of a filter whose only action is mirred; None for any other message.

    Tells where thousands of filters lead without reading them whole, by the layout that the
    kernel gives them; another layout is None too, and can be read in full.
    """
    if len(data) < TCMSG.size or not _only_mirred(data):
        return None
    if not _ends_with_mirred(data):
        return None
    handle: int = _NUMBER.unpack_from(data, 8)[0]
    ifindex: int = _NUMBER.unpack_from(data, len(data) - 40)[0]
    return handle, ifindex


# The same on every veth.
@lru_cache(maxsize=64)
def _read_program(options: bytes) -> Bytecode:
    """Empty when it is not of our kind: eBPF, or one whose result is a class."""
    found = dict(attributes(options))
    code = found.get(k.TCA_BPF_OPS, b"")
    whole = len(code) // encode.BPF_LINE.size * encode.BPF_LINE.size
    lines = tuple(encode.BPF_LINE.iter_unpack(code[:whole]))
    direct = number(found.get(k.TCA_BPF_FLAGS)) & k.TCA_BPF_FLAG_ACT_DIRECT
    return lines if direct else ()


def _read_tag(options: bytes) -> str:
    """Empty when it is no program of eBPF, or one whose result is a class."""
    found = dict(attributes(options))
    direct = number(found.get(k.TCA_BPF_FLAGS)) & k.TCA_BPF_FLAG_ACT_DIRECT
    return found.get(k.TCA_BPF_TAG, b"").hex() if direct else ""
