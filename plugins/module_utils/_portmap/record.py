# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the host's parameters, and of the values that preparing it changed.

One small JSON file below /run: like the kernel state that it goes with, it ends with the boot.
Containers are never read from it.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, NamedTuple

from . import ports
from .claims import Pools
from .errors import InvalidRequest, KernelRefused

DIRECTORY = "/run/portmap"
PATH = f"{DIRECTORY}/host.json"
_DRAFT = f"{DIRECTORY}/.host.json.new"  # one name for all: the host's lock is held
_VERSION = 1


class Record(NamedTuple):
    """`before` maps sysctls, "mtu" and "handles" to what they were; `qdiscs` are those we made."""

    public: str
    loopback: str
    pools: Pools
    host_ephemeral: ports.Range | None
    rp_filter: str
    before: dict[str, str]
    qdiscs: tuple[str, ...]
    applied: tuple[str, ...]


def load() -> Record | None:
    """The record; None when the host is not prepared.

    Raises InvalidRequest when the file is not a whole record of this version.
    """
    try:
        with open(PATH, encoding="utf-8") as file:
            return decode(file.read())
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise _damaged(str(error)) from error


def required() -> Record:
    """The record, or InvalidRequest naming the fix."""
    record = load()
    if record is None:
        raise InvalidRequest(
            f"cannot read {PATH}: this host is not prepared; run netiso.portmap.portmap_host first"
        )
    return record


def decode(text: str) -> Record:
    try:
        data = json.loads(text)
        if data["version"] != _VERSION:
            raise _damaged(f"version {data['version']!r} instead of {_VERSION}")
        return Record(
            _text(data["public_interface"]),
            _text(data["loopback_interface"]),
            Pools(
                ports.parse_all(_list(data["ports"]), "ports"),
                ports.parse(_text(data["ephemeral_ports"]), "ephemeral_ports"),
                _number(data["ephemeral_ports_per_container"]),
            ),
            _optional_range(data["host_ephemeral_ports"]),
            _text(data["rp_filter"]),
            {_text(name): _text(value) for name, value in data["before"].items()},
            tuple(_text(name) for name in _list(data["qdiscs"])),
            tuple(_text(value) for value in _list(data["applied"])),
        )
    except InvalidRequest as error:
        raise (error if PATH in str(error) else _damaged(str(error))) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(f"{type(error).__name__} {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def _optional_range(value: object) -> ports.Range | None:
    return None if value is None else ports.parse(_text(value), "host_ephemeral_ports")


def _damaged(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot read {PATH}: {why}; run netiso.portmap.portmap_host with the host's parameters to"
        f" write it anew (delete the damaged file first)"
    )


def encode(record: Record) -> str:
    data: dict[str, Any] = {
        "version": _VERSION,
        "public_interface": record.public,
        "loopback_interface": record.loopback,
        "ports": [str(item) for item in record.pools.service],
        "ephemeral_ports": str(record.pools.ephemeral),
        "ephemeral_ports_per_container": record.pools.per_container,
        "host_ephemeral_ports": str(record.host_ephemeral) if record.host_ephemeral else None,
        "rp_filter": record.rp_filter,
        "before": record.before,
        "qdiscs": list(record.qdiscs),
        "applied": list(record.applied),
    }
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def restore(record: Record | None) -> None:
    """Go back to an earlier record, or to none."""
    if record is None:
        delete()
    else:
        save(record)


def save(record: Record) -> None:
    """Write atomically: a reader sees the old record or the new one, whole."""
    try:
        _save(record)
    except OSError as error:
        raise _not_written(error) from error


def _save(record: Record) -> None:
    os.makedirs(DIRECTORY, mode=0o755, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(_DRAFT, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(encode(record))
            file.flush()
            os.fsync(file.fileno())
        os.replace(_DRAFT, PATH)
    except BaseException:
        _unlink(_DRAFT)
        raise


def delete() -> None:
    """Take the record away, and a draft that a killed run left."""
    try:
        for path in (_DRAFT, PATH):
            _unlink(path)
    except OSError as error:
        raise _not_written(error) from error


def discard_draft() -> None:
    """Take away what a killed run was writing."""
    try:
        _unlink(_DRAFT)
    except OSError as error:
        raise _not_written(error) from error


def _not_written(error: OSError) -> KernelRefused:
    said = f"cannot write the record {PATH}: {error.strerror}; run the task again"
    return KernelRefused(said, error.errno or 0)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
