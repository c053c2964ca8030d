# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a machine, section by section, with as few processes as possible: tests look often."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.netns import inside

_SYSCTLS = (
    "ipv4/conf/*/rp_filter",
    "ipv4/conf/*/accept_local",
    "ipv4/conf/*/route_localnet",
    "ipv4/conf/*/send_redirects",
    "ipv4/conf/*/arp_ignore",
    "ipv4/ip_local_port_range",
    "ipv4/tcp_rmem",
    "ipv4/tcp_wmem",
    "ipv4/tcp_keepalive_time",
    "ipv6/conf/*/disable_ipv6",
    "core/somaxconn",
)
_LINK = re.compile(r"^\d+: ([^:@]+)", re.MULTILINE)


def look() -> dict[str, str]:
    """Sections by name, as text that only `world.py` needs to understand."""
    found = {}
    found.update(_network("host"))
    for handle in sorted(glob.glob("/run/netns/*")):
        if os.stat(handle).st_dev != os.stat("/run/netns").st_dev:
            with inside(handle):  # programs that are started here are inside, too
                found.update(_network(os.path.basename(handle)))
    found["files"] = "\n".join(
        [f"{folder}/{name}" for folder, _, names in os.walk("/run") for name in ("", *names)]
    )
    saved = [*glob.glob("/var/lib/netiso-portmap/*"), *glob.glob("/var/lib/netiso-portmap/.*")]
    for path in [*glob.glob("/run/portmap/*.json"), *saved]:
        found[path] = Path(path).read_text(encoding="utf-8")
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    found["mounts"] = "\n".join(line for line in mounts.splitlines() if " /run" in line)
    return found


def look_at(container: str) -> dict[str, str]:
    """Its namespace and the host's end of its veth: little to read among many containers."""
    link = f"pm-{container}"
    found = {
        f"{container} veth links": _told(["ip", "-d", "-o", "link", "show", "dev", link]),
        f"{container} veth filters": f"link {link}\n{_told(['tc', 'filter', 'show', 'dev', link, 'ingress'])}",
    }
    with inside(f"/run/netns/{container}"):
        return {**found, **_network(container)}


def _network(name: str) -> dict[str, str]:
    links = _told(["ip", "-d", "-o", "link", "show"])
    names = _LINK.findall(links)
    others = _told(["ip", "-o", "-4", "-force", "-batch", "-"],
                   ("address show", "route show table all", "rule show"))  # fmt: skip
    asked = [line for link in names
             for line in ("qdisc show dev lo", f"filter show dev {link} ingress")]  # fmt: skip
    filters = _told(["tc", "-force", "-batch", "-"], ["qdisc show", *asked])
    return {
        f"{name} links": links,
        f"{name} addresses": others,
        f"{name} filters": _by_link(filters, names),
        f"{name} sysctls": "\n".join(_sysctls()),
    }


def _sysctls() -> list[str]:
    base = "/proc/sys/net/"
    paths = [path for pattern in _SYSCTLS for path in sorted(glob.glob(base + pattern))]
    found = []
    for path in paths:
        # A link may go, with what belongs to it, while the kernel ends a namespace.
        with contextlib.suppress(FileNotFoundError):
            found.append(f"{path[len(base) :]}:{Path(path).read_text(encoding='ascii')}")
    return found


def _told(command: list[str], lines: Sequence[str] = ()) -> str:
    done = subprocess.run(
        command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False
    )
    return done.stdout


def _by_link(text: str, links: list[str]) -> str:
    """tc(8) leaves out the link that it was asked about; the qdiscs of lo come before each."""
    lines = []
    left = iter(links)
    asked = False
    for line in text.splitlines():
        about_lo = line.startswith("qdisc ") and " dev " not in line
        if about_lo and not asked:
            lines.append(f"link {next(left)}")
        elif not about_lo:
            lines.append(line)
        asked = about_lo
    return "\n".join(lines)
