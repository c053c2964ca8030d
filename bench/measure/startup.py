# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module costs before and besides its work: the files that Ansible sends, run again.

Ansible is told to keep them; each has its options inside, and compiles what it imports anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import machines

from . import sites

MODULES = {
    "ping": ("ansible.builtin.ping", ""),
    "argument error": ("netiso.portmap.portmap_container", "ports=1"),
    "no-op": ("netiso.portmap.portmap_container", "name=c0"),
}


def measure(rounds: int) -> Iterator[dict[str, Any]]:
    with machines.lab() as lab, tempfile.TemporaryDirectory(prefix="portmap-bench-") as home:
        sites.engine(lab.host, "prepare", options=sites.POOLS)
        sites.engine(lab.host, "place", containers=[{"name": "c0"}])
        files = {name: kept(lab.host, Path(home) / name, *what) for name, what in MODULES.items()}
        for number in range(rounds + 1):
            for name, file in files.items():
                command = [*lab.host.enter(), sys.executable, str(file)]
                start, before = time.perf_counter(), os.times()
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                seconds, after = time.perf_counter() - start, os.times()
                right = (
                    "required" in done.stdout if name == "argument error" else not done.returncode
                )
                if not right:
                    raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
                if number:  # the first one warms up
                    yield {
                        "case": name,
                        "round": number,
                        "seconds": seconds,
                        "user": after.children_user - before.children_user,
                        "module_bytes": file.stat().st_size,
                        "result_bytes": len(done.stdout),
                    }


def kept(host: machines.Machine, home: Path, module: str, options: str) -> Path:
    """The file that Ansible would run on the target."""
    home.mkdir()
    environment = {
        **sites.ENVIRONMENT,
        "HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(sites.COLLECTIONS),
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_REMOTE_TMP": str(home / "tmp"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "LC_ALL": "C.UTF-8",
    }
    ansible = [str(Path(sys.executable).with_name("ansible")), "localhost", "-c", "local"]
    interpreter = ["-e", f"ansible_python_interpreter={sys.executable}"]
    subprocess.run(
        [*host.enter(), *ansible, *interpreter, "-m", module, "-a", options],
        capture_output=True,
        env=environment,
        check=False,
    )
    found = sorted((home / "tmp").glob("*/AnsiballZ_*.py"))
    if not found:
        raise RuntimeError(f"Ansible left no file of {module}")
    return found[0]
