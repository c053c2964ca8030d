# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that configure the host's links by themselves, by files of the administrator's."""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterator
from typing import NamedTuple

from ..values.errors import KernelRefused
from . import programs, sysfs, systemd


class Manager(NamedTuple):
    """`sign` is made by the program itself, and nobody else; `reload` has it read its files again."""

    name: str
    sign: str
    directory: str
    reload: tuple[str, ...]


# tmpfiles.d makes /run/systemd/netif on every host, and netplan makes /run/NetworkManager.
NETWORKD = Manager(
    "systemd-networkd",
    "/run/systemd/netif/state",
    "/etc/systemd/network",
    ("networkctl", "reload"),
)
NETWORK_MANAGER = Manager(
    "NetworkManager",
    "/run/NetworkManager/devices",
    "/etc/NetworkManager/conf.d",
    ("nmcli", "general", "reload", "conf"),
)
MANAGERS = (NETWORKD, NETWORK_MANAGER)
_ATTEMPTS, _PAUSE_SECONDS = 3, 1.0

# systemd.network(5).  A file hides those of its name in later directories.
_NETWORK_DIRECTORIES = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)


class NetworkFile(NamedTuple):
    """A file of systemd-networkd: what its [Match] section says, as keys and values in order."""

    path: str
    match: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


def has_run(manager: Manager) -> bool:
    """Whether the program has run since the boot; it may be stopped by now."""
    return os.path.exists(manager.sign)


def reload(manager: Manager) -> bool:
    """Have the program read its files again.  When it is stopped, it reads them at its next start: False.

    What it says may be about a link of others that it then sets anew, and fails with while that
    changes: so it is asked again.
    """
    if not has_run(manager):
        return False
    left = _ATTEMPTS
    while True:
        try:
            programs.run(*manager.reload)
            return True
        except KernelRefused:
            if systemd.booted() and not systemd.active(f"{manager.name}.service"):
                return False
            left -= 1
            if not left:
                raise
        time.sleep(_PAUSE_SECONDS)


def let_go(groups: Container[str]) -> None:
    """Have NetworkManager leave alone the links of these groups that it has in hand already.

    For those its files come too late: it keeps them, and after a restart takes them up again.
    """
    shown = programs.run("nmcli", "--terse", "--fields", "DEVICE,STATE", "device")
    for line in shown.splitlines():
        name, _colon, state = line.partition(":")
        if state == "unmanaged" or sysfs.group(name) not in groups:
            continue
        if state.startswith("connect"):  # connecting, connected, connected (externally)
            programs.run("nmcli", "device", "disconnect", name)  # takes back the addresses it gave
        programs.run("nmcli", "device", "set", name, "managed", "no")


# --- the files of systemd-networkd --------------------------------------------------------------


def network_files() -> list[NetworkFile]:
    """In the order in which they are tried: the first that matches a link is the link's."""
    return [NetworkFile(path, tuple(_match(path))) for path in _found(".", ".network")]


def _found(inner: str, ending: str) -> list[str]:
    """Files of this ending, by name, in a directory inside those of systemd-networkd."""
    found: dict[str, str] = {}
    for directory in _NETWORK_DIRECTORIES:
        place = os.path.normpath(f"{directory}/{inner}")
        try:
            names = os.listdir(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for name in names:
            if name.endswith(ending) and not name.startswith("."):
                found.setdefault(name, f"{place}/{name}")
    return [found[name] for name in sorted(found)]


def _match(path: str) -> Iterator[tuple[str, str]]:
    """The lines of the [Match] section, those of drop-ins too."""
    for part in (path, *_found(f"{os.path.basename(path)}.d", ".conf")):
        section = ""
        for line in _lines(part):
            if line.startswith("["):
                section = line
            elif section == "[Match]" and "=" in line and line[0] not in "#;":
                key, value = line.split("=", 1)
                yield key.strip(), value.strip()


def _lines(path: str) -> Iterator[str]:
    """Lines that say something, long ones put together; of a file that cannot be read, none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return
    yield from filter(None, map(str.strip, text.replace("\\\n", " ").splitlines()))
