# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the host's options, and of the values that preparing it changed.

One small JSON file below /run: like the kernel state that it goes with, it ends with the boot.
Containers are never read from it.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from ..values.errors import InvalidRequest
from ..values.options import HostOptions
from . import codec
from .files import JsonFile

DIRECTORY = "/run/portmap"
_FILE = JsonFile("the record", DIRECTORY, "host.json")
PATH = _FILE.path
_VERSION = 1
_NOT_PREPARED = (
    f"cannot read {PATH}: this host is not prepared; run netiso.portmap.portmap_host first"
)


class Record(NamedTuple):
    """A prepared host.  `options` names the interfaces that are used.

    `before` maps sysctls, "mtu" and "handles" to what they were; `qdiscs` are those we made;
    `applied` is what containers were last given of the host: address, prefix, MAC, MTU, gateway, and
    how they were made.  `ifindex` is that of the public interface, whatever it is called; 0 in records
    of earlier versions.
    """

    options: HostOptions
    before: dict[str, str]
    qdiscs: tuple[str, ...]
    applied: tuple[str, ...]
    ifindex: int = 0

    @property
    def address(self) -> str:
        """The address that containers were last given; "" when there is none yet."""
        return self.applied[0] if self.applied else ""

    @property
    def prefix(self) -> str:
        return self.applied[1] if len(self.applied) > 1 else ""

    @property
    def mac(self) -> str:
        return self.applied[2] if len(self.applied) > 2 else ""

    @property
    def mtu(self) -> str:
        return self.applied[3] if len(self.applied) > 3 else ""

    @property
    def gateway(self) -> str:
        """ "" when containers were given none."""
        return self.applied[4] if len(self.applied) > 4 else ""


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
        raise InvalidRequest(_NOT_PREPARED)
    return record


def read() -> tuple[Record | None, str]:
    """The record, or why there is none: for what can be done without it."""
    try:
        record = load()
    except InvalidRequest as error:
        return None, str(error)
    return record, "" if record else _NOT_PREPARED


def decode(written: str) -> Record:
    try:
        data = json.loads(written)
        if data["version"] != _VERSION:
            raise _damaged(f"version {data['version']!r} instead of {_VERSION}")
        before = codec.json_mapping(data["before"])
        return Record(
            codec.read_host(data),
            {codec.json_text(name): codec.json_text(value) for name, value in before.items()},
            tuple(codec.json_text(name) for name in codec.json_list(data["qdiscs"])),
            tuple(codec.json_text(value) for value in codec.json_list(data["applied"])),
            codec.json_number(data.get("ifindex", 0)),
        )
    except InvalidRequest as error:
        raise (error if PATH in str(error) else _damaged(str(error))) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(f"{type(error).__name__} {error}") from error


def _damaged(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot read {PATH}: {why}; run netiso.portmap.portmap_host with the host's parameters to"
        f" write it anew (delete the damaged file first)"
    )


def encode(record: Record) -> str:
    data = {
        "version": _VERSION,
        **codec.host_json(record.options),
        "before": record.before,
        "qdiscs": list(record.qdiscs),
        "applied": list(record.applied),
        **({"ifindex": record.ifindex} if record.ifindex else {}),
    }
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def restore(record: Record | None) -> None:
    """Go back to an earlier record, or to none."""
    if record is None:
        delete()
    else:
        save(record)


def save(record: Record) -> None:
    """Write atomically into the directory that the lock has made."""
    _FILE.save(encode(record))


def delete() -> None:
    """Take the record away, and a draft that a killed run left."""
    _FILE.delete()


def discard_draft() -> None:
    """Take away what a killed run was writing."""
    _FILE.discard_draft()
