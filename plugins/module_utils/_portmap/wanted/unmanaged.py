# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps other programs of the host from our links, which look like its uplink: same MAC.  Pure.

Sources: systemd.network(5), NetworkManager.conf(5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from ..linux.managers import NETWORK_MANAGER, NETWORKD, Manager, NetworkFile
from ..objects.unmanaged import Unmanaged
from ..values.marks import BRIDGE_PREFIX, VETH_PREFIX
from ..values.tenants import Host

# networkd takes the first file that matches; these sort before 00-anything, too.
LINKS_FILE = f"{NETWORKD.directory}/00--netiso-portmap.network"
LOOPBACK_FILE = f"{NETWORKD.directory}/00--netiso-portmap-lo.network"
# In NetworkManager files that sort later win.
NETWORK_MANAGER_FILE = f"{NETWORK_MANAGER.directory}/99-netiso-portmap.conf"
FILES = {
    LINKS_FILE: NETWORKD,
    LOOPBACK_FILE: NETWORKD,
    NETWORK_MANAGER_FILE: NETWORK_MANAGER,
}

_PATTERNS = (f"{VETH_PREFIX}*", f"{BRIDGE_PREFIX}*")
_HEAD = """\
# Written by netiso.portmap.portmap_host, and removed by it with state=absent.
"""
_LINKS = """\
# Links of containers have the MAC of {public}, but are no uplinks. The first file that matches a link
# is the link's: the name of this one sorts before others.

[Match]
{names}
Kind=veth bridge

[Link]
Unmanaged=yes
"""
_LOOPBACK = """\
# {loopback} has the MAC of {public}, so that containers and host can talk, but is no uplink. The first
# file that matches a link is the link's: the name of this one sorts before others.

[Match]
Name={loopback}

[Link]
Unmanaged=yes
"""
_NETWORK_MANAGER = """\
# Links of containers have the MAC of {public}, but are no uplinks.

[device-netiso-portmap]
match-device={devices}
managed=0
"""


def files(
    host: Host, running: Iterable[Manager], network_files: Sequence[NetworkFile]
) -> list[Unmanaged]:
    """For the programs that run; `network_files` are all that systemd-networkd has."""
    texts: dict[str, str] = {}
    looks_like_ours = any(fnmatchcase(host.public, pattern) for pattern in _PATTERNS)
    if NETWORKD in running:
        names = [f"Name=!{host.public}"] if looks_like_ours else []
        names.append(f"Name={' '.join(_PATTERNS)}")
        texts[LINKS_FILE] = _LINKS.format(public=host.public, names="\n".join(names))
        if not any(names_loopback(file, host) for file in network_files):
            texts[LOOPBACK_FILE] = _LOOPBACK.format(loopback=host.loopback, public=host.public)
    if NETWORK_MANAGER in running:
        devices = [f"interface-name:{pattern}" for pattern in _PATTERNS]
        devices += [f"except:interface-name:{host.public}"] if looks_like_ours else []
        texts[NETWORK_MANAGER_FILE] = _NETWORK_MANAGER.format(
            public=host.public, devices=";".join(devices)
        )
    return [Unmanaged(FILES[path], path, _HEAD + text) for path, text in texts.items()]


# --- files of others ----------------------------------------------------------------------------


def names_loopback(file: NetworkFile, host: Host) -> bool:
    """Whether a file of others is meant for the loopback interface, and not just for every link."""
    if file.path in FILES or not _matches(file, host.loopback, "loopback", host.mac):
        return False
    found = _conditions(file)
    patterns = [word for word in found.get("Name", ()) if word != "*"]
    by_name = any(fnmatchcase(host.loopback, pattern) for pattern in patterns)
    return by_name or "loopback" in found.get("Type", ())


def clash(host: Host, network_files: Sequence[NetworkFile]) -> str:
    """What a file of others does in spite of ours, and what to do about it; "" when none does."""
    others = [file for file in network_files if file.path not in FILES]
    first_of_ours = LINKS_FILE.rsplit("/", 1)[1]
    for file in others:
        link = f"{VETH_PREFIX}web"
        if file.name < first_of_ours and _matches(file, link, "ether", host.mac):
            return (
                f"systemd-networkd would configure links of containers with {file.path}, whose"
                f" name sorts before that of {LINKS_FILE}; give it a name that sorts after"
            )
    on_loopback = [f for f in others if _matches(f, host.loopback, "loopback", host.mac)]
    meant = [file for file in on_loopback if names_loopback(file, host)]
    if meant and meant[0] != on_loopback[0]:
        return (
            f"systemd-networkd would configure {host.loopback}, which has the MAC of"
            f" {host.public}, with {on_loopback[0].path} instead of {meant[0].path}; add"
            f" Name=!{host.loopback} to [Match] of the former"
        )
    return ""


# Conditions of [Match] that are about the host: believed to hold.  Those about devices that are not
# known here, such as Driver= and Path=, are believed not to.
_OF_HOST = frozenset(
    ("Architecture", "Credential", "Firmware", "Host", "KernelCommandLine", "KernelVersion")
    + ("Virtualization",)
)


def _matches(file: NetworkFile, link: str, kind: str, mac: str) -> bool:
    """Whether a file would be taken for a link of this name, type and MAC."""
    known: dict[str, Callable[[str], bool]] = {
        "Name": lambda pattern: fnmatchcase(link, pattern),
        "Type": lambda pattern: fnmatchcase(kind, pattern),
        "MACAddress": lambda value: value.lower().replace("-", ":") == mac,
    }
    asked = {key: words for key, words in _conditions(file).items() if key not in _OF_HOST}
    return bool(asked) and all(
        key in known and _holds(words, known[key]) for key, words in asked.items()
    )


def _conditions(file: NetworkFile) -> dict[str, list[str]]:
    """The words of each key; a "!" before the first word of a line is before each of its words here.

    A line without words takes back those of earlier ones.
    """
    found: dict[str, list[str]] = {}
    for key, value in file.match:
        inverted = "!" if value.startswith("!") else ""
        words = [inverted + word for word in value[len(inverted) :].split()]
        found[key] = [*found.get(key, ()), *words] if words else []
    return {key: words for key, words in found.items() if words}


def _holds(words: Iterable[str], test: Callable[[str], bool]) -> bool:
    """No inverted word may pass the test; one of the others must, if there are any."""
    plain = [word for word in words if not word.startswith("!")]
    if any(test(word[1:]) for word in words if word.startswith("!")):
        return False
    return not plain or any(map(test, plain))
