# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watch a module from outside: what it asks of the kernel, seen by strace.

The module is not trusted to count its own requests.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .modules import Modules

_CALLS = "sendto,sendmsg,recvfrom,recvmsg,openat,mount,umount2,unlink,unlinkat,rename,renameat2,mkdir,rmdir"
_DUMP = 0x300  # NLM_F_DUMP
_FIRST_TYPE = 16  # smaller numbers are netlink's own
_GET_SOCKETS = 1002  # a number of ours, for SOCK_DIAG_BY_FAMILY
_GET_NAMESPACE = 90  # RTM_GETNSID
_GET = 2  # of each group of four types: new, delete, get, set
# NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GET* of linux/netfilter/nf_tables.h, which nft(8) asks
_NFTABLES = 10
_NFT_GETS = (1, 4, 7, 10, 13, 16, 19, 23)


@dataclass
class Traced:
    """What a run of a module asked."""

    result: dict[str, Any]
    messages: list[int] = field(default_factory=list)  # types of the netlink messages
    dumps: int = 0  # messages that ask for everything of a kind
    sends: int = 0  # system calls that sent them
    sent: int = 0  # bytes of these messages
    received: int = 0  # bytes of their answers
    files: list[str] = field(default_factory=list)  # changes of files, mounts and sysctls

    @property
    def writes(self) -> list[int]:
        """Messages that make, change or delete something."""
        return [kind for kind in self.messages if kind >= _FIRST_TYPE and not _asks(kind)]

    @property
    def reads(self) -> list[int]:
        return [kind for kind in self.messages if kind >= _FIRST_TYPE and _asks(kind)]


def _asks(kind: int) -> bool:
    if kind >> 8 == _NFTABLES:
        return kind & 0xFF in _NFT_GETS
    return kind % 4 == _GET


def run(modules: Modules, module: str, log: Path, **parameters: Any) -> Traced:
    """Run a module and read from strace what it did."""
    # Forks write files of their own: lines of one file are in order and whole.
    watched = modules.under(
        *modules.prefix,
        "strace",
        "-ff",
        "--seccomp-bpf",
        "-qq",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "write=all",
        "-o",
        str(log),
    )
    traced = Traced(watched.call(module, parameters))
    for part in sorted(log.parent.glob(log.name + ".*")):
        _read(part.read_text(errors="replace"), traced)
    return traced


def _read(text: str, traced: Traced) -> None:
    """The lines of one thread or process: calls, and after a call the dump of what was sent."""
    data = bytearray()
    waited = b""
    for line in [*text.splitlines(), "end"]:
        if dumped := re.match(r" \| [0-9a-f]+  ([0-9a-f ]{48})", line):
            data += bytes.fromhex(dumped[1])
        elif not line.startswith(" * "):
            messages = _messages(bytes(data))
            # How often it is asked whether a namespace is gone is up to the kernel: counted once.
            again = [kind for kind, _ in messages] == [_GET_NAMESPACE] and data[16:] == waited
            if messages:
                waited = bytes(data[16:])
            if messages and not again:
                traced.sends += 1
                traced.messages += [kind for kind, _ in messages]
                asked = [flags for kind, flags in messages if kind % 4 == _GET]
                traced.dumps += sum(flags & _DUMP == _DUMP for flags in asked)
                traced.sent += len(data)
            data.clear()
            if answered := re.match(r"recv\w+\(.*nlmsg_len.* = (\d+)$", line):
                traced.received += int(answered[1])
            if _changes_files(line):
                traced.files.append(line)


def _messages(data: bytes) -> list[tuple[int, int]]:
    """Types and flags of the netlink messages in `data`; none when it is something else."""
    found = []
    while data:
        length, kind, flags = struct.unpack_from("=IHH", data) if len(data) >= 16 else (0, 0, 0)
        if not 16 <= length <= len(data):
            return []
        # The dump of sockets has the number of "new address"; nothing is made by a dump.
        found.append((_GET_SOCKETS if (kind, flags & 0x700) == (20, _DUMP) else kind, flags))
        data = data[(length + 3) & ~3 :]
    return found


def _changes_files(line: str) -> bool:
    if " = -1 " in line:
        return False
    if line.startswith("openat"):
        writes = "O_WRONLY" in line or "O_RDWR" in line or "O_CREAT" in line
        ours = any(start in line for start in ('"sys/', '"/proc/sys/', '"/run/'))
        return writes and ours and "/lock" not in line
    return line.startswith(("mount(", "umount2(", "unlink", "rename", "mkdir", "rmdir"))
