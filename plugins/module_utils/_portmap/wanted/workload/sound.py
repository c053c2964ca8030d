# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a workload can be had as it is described.  Raises InvalidRequest, or Unsupported, if not.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...values.errors import InvalidRequest, Unsupported
from ...values.workloads import (
    ABSENT,
    DOCKER,
    HOST,
    NONE,
    NSPAWN,
    OCI,
    PRIVATE,
    RUNC,
    STORES,
    SYSTEMD,
    Workload,
)  # fmt: skip
from .. import claims
from .service import HOSTNAME_SINCE, PIDS_SINCE

_LEAST_SYSTEMD = 249  # Upholds=
_SOCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_UNIT = re.compile(r"[A-Za-z0-9][\w.@:-]{0,200}\.service", re.ASCII)
_PATH = re.compile(r"/[\w.@+,=~/-]*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CAPABILITY = re.compile(r"CAP_[A-Z_]+")
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")
_LINE = re.compile(r"([A-Z][A-Za-z]*)=[^\x00-\x08\x0a-\x1f\x7f]*")
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
_PREFIXES = "@-:+!|"  # of ExecStart=, each says something else than the name of a program
_WORD = re.compile(r"[^\x00]+")
_IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]*", re.ASCII)
_NETWORK = ("NetworkNamespacePath=", "PrivateNetwork=", "--net", "--pod")
# What may be said of a unit of others.
_OF_OTHERS = ("name", "container", "state", "engine", "unit", "join", "restart", "sockets")
_DEFAULTS = Workload("", "")


def check_all(workloads: Sequence[Workload]) -> None:
    """What can be told without looking at the host."""
    for what, values in (
        ("a workload", [one.name for one in workloads]),
        ("the unit", [one.unit_name for one in workloads if one.state != ABSENT]),
    ):
        twice = [value for value, number in Counter(values).items() if number > 1]
        if twice:
            raise InvalidRequest(f"cannot have {what} {twice[0]} twice in one task")
    for one in workloads:
        claims.check_name(one.name)
        if one.state != ABSENT:
            _check(one)


def check_version(workloads: Iterable[Workload], version: int) -> None:
    """What the host's systemd cannot do, it would ignore."""
    for one in workloads:
        if one.state == ABSENT:
            continue
        for what, since in _needs(one):
            if version < since:
                raise Unsupported(
                    f"cannot run {one.name} with {what}: it needs systemd {since}, and this host"
                    f" has {version}"
                )


def _needs(workload: Workload) -> Iterator[tuple[str, int]]:
    yield "its container", _LEAST_SYSTEMD
    if workload.engine == SYSTEMD and workload.pid == PRIVATE:
        yield "pid: private", PIDS_SINCE
    if workload.engine == SYSTEMD and workload.hostname:
        yield "a hostname", HOSTNAME_SINCE


def _check(one: Workload) -> None:
    claims.check_name(one.container, "container")
    for name, _port in one.sockets:
        if not _SOCKET.fullmatch(name):
            raise _refused(
                one, f"socket {name!r}", "a name has at most 32 letters, digits, '-' and '_'"
            )
    if one.unit:
        _check_unit(one)
        return
    if one.join:
        raise _refused(one, "join", "it is for a unit of others: name that with 'unit'")
    if one.rootfs and one.image:
        raise InvalidRequest(f"cannot run {one.name}: rootfs and image exclude each other")
    _check_engine(one)
    for option, paths in _paths(one):
        for path in paths:
            if not _PATH.fullmatch(path) or ".." in path.split("/"):
                raise _refused(
                    one, f"{option} {path!r}", "it is no absolute path of plain characters"
                )
    _check_words(one)
    if one.stop_timeout < 1:
        raise _refused(one, f"stop_timeout {one.stop_timeout}", "it must be 1 or more")


def _check_engine(one: Workload) -> None:
    """What only some engines need, or can do."""
    if one.engine != SYSTEMD and one.sockets:
        raise _refused(one, "sockets", f"{one.engine} does not hand them over")
    if one.domainname and one.engine not in (OCI, DOCKER):
        raise _refused(one, f"domainname {one.domainname}", f"{one.engine} gives nobody one")
    if one.runtime != RUNC and one.engine != OCI:
        raise _refused(one, f"runtime {one.runtime}", f"it is for engine {OCI}")
    if one.network == NONE and not one.sockets:
        raise _refused(one, "network none", "without sockets nobody would reach it")
    if one.engine not in STORES and not one.command:
        raise InvalidRequest(f"cannot run {one.name}: its command is missing")
    if one.engine == SYSTEMD:
        program = one.command[0]
        if not program or program[0] in _PREFIXES or re.search(r"[\s$\x00-\x1f]", program):
            raise _refused(one, f"command {program!r}", "the first word is no program")
        return
    if not one.rootfs and not one.image:
        what = {OCI: "a rootfs", DOCKER: "an image"}.get(one.engine, "a rootfs or an image")
        raise InvalidRequest(f"cannot run {one.name} by {one.engine}: it needs {what}")
    if one.pid == HOST:
        raise _refused(one, "pid host", f"with {one.engine} numbers of processes are its own")
    for what, why in _NOT[one.engine](one) if one.engine in _NOT else ():
        raise _refused(one, what, why)
    if one.image and one.engine in STORES and not _IMAGE.fullmatch(one.image):
        raise _refused(one, f"image {one.image!r}", "it is no name of an image")


def _not_by_nspawn(one: Workload) -> Iterator[tuple[str, str]]:
    if one.groups:
        yield "groups", "systemd-nspawn gives a user the groups that its root directory has for it"
    if one.user and one.sandbox and not one.user.isdecimal():
        yield (
            f"user {one.user!r}",
            "whose the sandbox is has to be a number with nspawn; give that, or leave the sandbox out",
        )
    if not _HOSTNAME.fullmatch(one.name) or ".." in one.name:
        yield (
            f"the name {one.name!r}",
            "systemd-nspawn has names of machines, with letters, digits, '-' and '.'",
        )


def _not_by_docker(one: Workload) -> Iterator[tuple[str, str]]:
    if one.rootfs:
        yield (
            f"rootfs {one.rootfs!r}",
            f"docker runs images; have it import the directory: tar -C {one.rootfs} -c . | docker import - NAME",
        )
    if one.masks is not None:
        yield "masks", "docker masks what it masks, and nothing else"
    if one.user and one.sandbox and not one.user.isdecimal():
        yield (
            f"user {one.user!r}",
            "whose the sandbox is has to be a number with docker; give that, or leave the sandbox out",
        )
    if len(one.name) == 1:
        yield f"the name {one.name!r}", "docker has no names of one character"


def _not_by_oci(one: Workload) -> Iterator[tuple[str, str]]:
    if one.image:
        yield (
            f"image {one.image!r}",
            "oci is given a directory here; mount the image, and name that as rootfs",
        )
    for option, words in (("user", [one.user] if one.user else []), ("groups", one.groups)):
        for word in words:
            if not word.isdecimal():
                yield f"{option} {word!r}", "a runtime of OCI has numbers for users and groups"


_NOT = {NSPAWN: _not_by_nspawn, DOCKER: _not_by_docker, OCI: _not_by_oci}


def _check_unit(one: Workload) -> None:
    if not _UNIT.fullmatch(one.unit):
        raise _refused(one, f"unit '{one.unit}'", "it is no name of a service")
    given = [
        name
        for name in one._fields
        if name not in _OF_OTHERS and getattr(one, name) != getattr(_DEFAULTS, name)
    ]
    if given:
        raise _refused(one, given[0], f"{one.unit} is a unit of others, and says that itself")


def _paths(one: Workload) -> Iterator[tuple[str, Sequence[str]]]:
    yield "rootfs", [one.rootfs] if one.rootfs else []
    yield "image", [one.image] if one.image and one.engine not in STORES else []
    yield "working_dir", [one.working_dir] if one.working_dir else []
    yield "volumes", [path for volume in one.volumes for path in volume[:2]]
    yield "tmpfs", one.tmpfs
    yield "masks", one.masks or ()


def _check_words(one: Workload) -> None:
    for name, value in one.env:
        if not _VARIABLE.fullmatch(name) or "\0" in value:
            raise _refused(one, f"env {name!r}", "it is no variable")
    for option, words, pattern in (
        ("user", [one.user] if one.user else [], _NAME),
        ("groups", one.groups, _NAME),
        ("capabilities", one.capabilities, _CAPABILITY),
        ("hostname", [one.hostname] if one.hostname else [], _HOSTNAME),
        ("domainname", [one.domainname] if one.domainname else [], _HOSTNAME),
        ("options", one.options, _LINE if one.engine == SYSTEMD else _WORD),
    ):
        for word in words:
            if not pattern.fullmatch(word):
                raise _refused(one, f"{option} {word!r}", "it is not written as one")
    for line in one.options:
        if line.startswith(_NETWORK):
            raise _refused(one, f"options {line!r}", "its network is that of the container")
    if any("\0" in word for word in one.command):
        raise _refused(one, "command", "there is a NUL character in it")


def _refused(one: Workload, what: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"cannot use {what} for {one.name}: {why}")
