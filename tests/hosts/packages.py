# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages that the host of a lab has, and this machine has not: fetched, unpacked, and laid over its files.

They are from the source of packages of this machine, and are kept in ~/.cache/netiso.portmap/packages.
No script of a package is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.machines import Lab

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "netiso.portmap/packages"
OVER = "mount -t overlay -o lowerdir={lower}:/{name},upperdir={own}/upper,workdir={own}/work overlay /{name}"


def install(lab: Lab, name: str) -> None:
    """Skips where there is no apt-get: the daemons are tried as Debian has them."""
    root = _unpacked(name)
    for directory in ("etc", "usr"):
        own = f"/run/packages/{directory}"
        lab.host.run("mkdir", "-p", f"{own}/upper", f"{own}/work")
        lab.host.shell(OVER.format(lower=root / directory, name=directory, own=own))


def _unpacked(name: str) -> Path:
    """The files of a package, and of what it needs that this machine has not."""
    place = CACHE / name
    if not (place / "whole").exists():
        shutil.rmtree(place, ignore_errors=True)
        (place / "archives/partial").mkdir(parents=True)
        _fetch(name, place / "archives")
        for directory in ("etc", "usr/lib", "usr/sbin"):
            (place / "root" / directory).mkdir(parents=True)
        for directory in ("lib", "sbin"):
            (place / "root" / directory).symlink_to(f"usr/{directory}")
        for package in (place / "archives").glob("*.deb"):
            _unpack(package, place / "root")
        (place / "whole").touch()
    return place / "root"


def _fetch(name: str, archives: Path) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("packages are fetched with apt-get, which is not there")
    words = ["apt-get", "--yes", "--quiet", "--no-install-recommends", "--download-only"]
    words += ["-o", f"Dir::Cache::archives={archives}", "-o", "APT::Sandbox::User=root"]
    done = subprocess.run(
        [*words, "install", name], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        pytest.fail(f"cannot fetch {name}: {done.stderr.strip()[-300:]}")


def _unpack(package: Path, root: Path) -> None:
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
    ) as reading:
        words = ["tar", "--extract", "--keep-directory-symlink", f"--directory={root}"]
        subprocess.run(words, stdin=reading.stdout, check=True)
