# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine in an emulator, with the kernel of a release of Debian and the files of this machine.

Kernels are the packages of Debian, from the source of packages that this machine has; they are kept
in ~/.cache/netiso.portmap/kernels.  The guest sees our files read-only, and what it writes is in its
memory.  It has no network.
"""

from __future__ import annotations

import gzip
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "netiso.portmap/kernels"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
SECONDS = 600  # without acceleration Python takes a minute to start when the cores are busy
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
QEMU = "qemu-system-x86_64"
NEEDED = {QEMU: "qemu-system-x86", "apt-get": "apt", "dpkg-deb": "dpkg"}
# What the guest needs to see our files, and to tell of sockets.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "tcp_diag", "udp_diag")
DIRECTORIES = (
    "drivers/virtio", "net/9p", "fs/9p", "fs/fscache", "fs/netfs", "fs/overlayfs", "net/ipv4",
)  # fmt: skip
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install /bin
mount -t proc proc /proc
depmod
modprobe -a {modules}
mount -t 9p -o trans=virtio,ro,cache=loose,msize=262144 files /ours
mount -t tmpfs tmpfs /own
mkdir /own/upper /own/work
mount -t overlay -o lowerdir=/ours,upperdir=/own/upper,workdir=/own/work overlay /root
for directory in run tmp; do mount -t tmpfs tmpfs /root/$directory; done
mount -t proc proc /root/proc
mount -t sysfs sysfs /root/sys
mount -t devtmpfs devices /root/dev
mkdir /root/dev/shm
mount -t tmpfs tmpfs /root/dev/shm
mount -t cgroup2 none /root/sys/fs/cgroup
ifconfig lo up
cp /bin/busybox /root/run
exec switch_root /root /bin/sh -c {command}
"""


# Its first process then; nothing of the machine's own is started.
SYSTEMD = "/lib/systemd/systemd"
UNIT = """[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart={command}
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStopPost=/run/busybox poweroff -f
TimeoutStartSec=infinity
"""
BOOTED = "mkdir -p /run/systemd/system; printf %s {unit} >/run/systemd/system/guest.service; exec {first} --unit=guest.service"


class Guest(NamedTuple):
    """What a guest has beside what each has.

    `modules` of the kernel are loaded, and are in these `directories`, with what they ask for.
    `systemd` is its first process, and version 2 the only hierarchy of control groups.
    """

    modules: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    systemd: bool = False
    seconds: int = SECONDS


PLAIN = Guest()


class Missing(Exception):
    """Why no machine can be had here."""


def run(release: str, command: Sequence[str], guest: Guest = PLAIN) -> str:
    """What a command says on a machine with the kernel of this release.  Raises Missing."""
    lacking = [package for name, package in NEEDED.items() if not shutil.which(name)]
    if lacking:
        raise Missing(f"not installed: {', '.join(lacking)}")
    if os.uname().machine != "x86_64":
        raise Missing(f"the files of this machine are for {os.uname().machine}")
    kernel, busybox = _packages(release)
    script = f"{shlex.join(command)}; sync; /run/busybox poweroff -f"
    if guest.systemd:
        if not os.path.exists(SYSTEMD):
            raise Missing(f"there is no {SYSTEMD}")
        unit = shlex.quote(UNIT.format(command=shlex.join(command)))
        script = BOOTED.format(unit=unit, first=SYSTEMD)
    with tempfile.NamedTemporaryFile(suffix=".cpio.gz") as image:
        image.write(gzip.compress(_archive(kernel, busybox, script, guest), 1))
        image.flush()
        (vmlinuz,) = (kernel / "boot").glob("vmlinuz-*")
        return _boot(vmlinuz, image.name, guest.seconds)


def told(release: str, program: Path, *words: str, guest: Guest = PLAIN) -> dict[str, Any]:
    """What a program of this folder says, by what it is about; `missing` or `failed` where it does not end."""
    top = program.resolve().parents[2]
    paths = f"PYTHONPATH={top / 'tests'}:{top / '.build/collections'}"
    command = ["/usr/bin/env", PATH, paths, sys.executable, "-B", str(program), *words]
    try:
        said = run(release, command, guest)
    except Missing as error:
        return {"missing": str(error)}
    lines = [line.partition("GUEST ")[2] for line in said.splitlines()]
    found: dict[str, Any] = {}
    for line in filter(None, lines):
        found.update(json.loads(line))
    return found if "end" in found else {"failed": said[-3000:]}


def _boot(vmlinuz: Path, initrd: str, seconds: int) -> str:
    shared = "local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap"
    done = subprocess.run(
        [
            *(QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "2048", "-smp", "2"),
            *("-nographic", "-no-reboot", "-net", "none", "-virtfs", shared),
            *("-kernel", str(vmlinuz), "-initrd", initrd),
            *("-append", "console=ttyS0 quiet panic=-1"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
    return done.stdout + done.stderr


# --- packages -----------------------------------------------------------------------------------


def _packages(release: str) -> tuple[Path, Path]:
    """The directories of an unpacked kernel, and of an unpacked busybox that needs no libraries."""
    place = CACHE / release
    if not (place / "whole").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        _fetch(release, place)
        (place / "whole").touch()
    return place / "kernel", place / "busybox"


def _fetch(release: str, place: Path) -> None:
    if not os.path.exists(KEYS):
        raise Missing("not installed: debian-archive-keyring")
    (place / "sources.list").write_text(f"deb [signed-by={KEYS}] {_mirror()} {release} main\n")
    for directory in ("lists/partial", "archives/partial"):
        (place / directory).mkdir(parents=True)
    (place / "status").touch()
    _apt(place, "apt-get", "update", "--quiet")
    told = _apt(place, "apt-cache", "depends", "linux-image-amd64")
    names = [line.split()[-1] for line in told.splitlines() if "Depends: linux-image-" in line]
    if len(names) != 1:
        raise Missing(f"{release} has no kernel in its source of packages")
    for name, directory in ((names[0], "kernel"), ("busybox-static", "busybox")):
        _apt(place, "apt-get", "download", "--quiet", name)
        (package,) = place.glob(f"{name}_*.deb")
        subprocess.run(["dpkg-deb", "--extract", package, place / directory], check=True)
        package.unlink()
    shutil.rmtree(place / "lists")


def _apt(place: Path, command: str, *words: str) -> str:
    """What apt says, of this release alone, whatever this machine has."""
    options = {
        "Dir::State": place,
        "Dir::State::status": place / "status",
        "Dir::Cache": place,
        "Dir::Etc::sourcelist": place / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run(
        [command, *given, *words], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Missing(f"{' '.join((command, *words))}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _mirror() -> str:
    """Where this machine has Debian from; on another distribution Debian's own."""
    told = "$(CREATED_BY) $(ORIGIN) $(COMPONENT) $(REPO_URI)"
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", told], capture_output=True, text=True, check=True
    )
    for line in done.stdout.splitlines():
        kind, origin, component, *where = line.split()
        ours = (kind, origin, component) == ("Packages", "Debian", "main")
        if ours and where and "security" not in where[0]:
            return where[0]
    return "http://deb.debian.org/debian"


# --- the first files of the guest ---------------------------------------------------------------


def _archive(kernel: Path, busybox: Path, command: str, guest: Guest) -> bytes:
    """Its first root directory, as cpio(5) has it ("newc")."""
    (modules,) = (kernel / "lib/modules").iterdir()
    inner = f"lib/modules/{modules.name}"
    init = INIT.format(modules=" ".join(MODULES + guest.modules), command=shlex.quote(command))
    entries = [(name, 0o040755, b"") for name in _directories(inner)]
    entries += [("init", 0o100755, init.encode())]
    entries += [("bin/busybox", 0o100755, (busybox / "bin/busybox").read_bytes())]
    entries += [
        (f"{inner}/{path.name}", 0o100644, path.read_bytes())
        for directory in DIRECTORIES + guest.directories
        for path in sorted((modules / "kernel" / directory).glob("*.ko"))
    ]
    return b"".join(_entries([*entries, ("TRAILER!!!", 0, b"")]))


def _directories(inner: str) -> list[str]:
    return ["bin", "proc", "ours", "own", "root", "lib", "lib/modules", inner]


def _entries(entries: Sequence[tuple[str, int, bytes]]) -> Iterator[bytes]:
    for number, (name, mode, data) in enumerate(entries, 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        yield _padded(head + name.encode() + b"\0") + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
