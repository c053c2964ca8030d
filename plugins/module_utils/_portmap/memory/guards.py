# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guards of a host, as the last run wants them: the file that attaching reads.

It is in /etc since guards outlast a boot, with the units that they are for.
"""

from __future__ import annotations

import json
from typing import Any

from ..values.errors import InvalidRequest
from ..values.guards import ACTIONS, KINDS, Guard, Guards, Ports
from . import codec
from .files import JsonFile

DIRECTORY = "/etc/netiso-portmap"
FILE = JsonFile("the guards", DIRECTORY, "guards.json", lasting=True)
PATH = FILE.path
_VERSION = 1


def load() -> Guards | None:
    """None when there are none.  Raises InvalidRequest when the file is not whole."""
    try:
        with open(PATH, encoding="utf-8") as file:
            return decode(file.read())
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise _damaged(str(error)) from error


def save(guards: Guards) -> None:
    FILE.save(encode(guards))


def encode(guards: Guards) -> str:
    told = [_encoded(guards.guards[name]) for name in sorted(guards.guards)]
    data = {"version": _VERSION, "scan_interval": guards.scan_interval, "guards": told}
    return json.dumps(data, indent=1) + "\n"


def _encoded(guard: Guard) -> dict[str, Any]:
    return {
        "name": guard.name,
        guard.kind: guard.target,
        "ports": guard.ports.written(),
        "policed": list(guard.policed),
        "judged": guard.judged.written(),
        "action": guard.action,
        "only_tcp_udp": guard.only_tcp_udp,
        "container": guard.container,
        "namespace": guard.namespace,
    }


def decode(text: str) -> Guards:
    try:
        data = json.loads(text)
        if data["version"] != _VERSION:
            raise _damaged(f"version {data['version']!r} instead of {_VERSION}")
        found = [_decoded(one) for one in codec.json_list(data["guards"])]
        interval = codec.json_number(data["scan_interval"])
        return Guards({one.name: one for one in found}, interval)
    except InvalidRequest as error:
        raise (error if PATH in str(error) else _damaged(str(error))) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from error


def _decoded(data: Any) -> Guard:
    (kind,) = [kind for kind in KINDS if kind in data]
    if data["action"] not in ACTIONS:
        raise ValueError(f"no action {data['action']!r}")
    return Guard(
        codec.json_text(data["name"]),
        kind,
        codec.json_text(data[kind]),
        Ports.read(codec.json_list(data["ports"]), "ports"),
        tuple(codec.json_text(one) for one in codec.json_list(data["policed"])),
        Ports.read(codec.json_list(data["judged"]), "judged"),
        data["action"],
        bool(data["only_tcp_udp"]),
        codec.json_text(data["container"]),
        codec.json_text(data["namespace"]),
    )


def _damaged(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot read {PATH}: {why}; delete it and run netiso.portmap.portmap_guard with all guards"
    )
