# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task for many hosts costs the control node: processor time, memory, bytes on the wire.

The hosts are one machine of the lab under many names, behind sshd; the control node is the
machine outside.  So what is measured is the control node's, and the wire between them.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import machines

from . import publishing, sites

TASKS = {
    "ping": ("ansible.builtin.ping", ""),
    "no-op": ("netiso.portmap.portmap_container", "name=c0"),
    "facts": ("ansible.builtin.setup", ""),
}
Run = tuple[str, int, int, bool]  # task, hosts, forks, pipelining
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Control:
    """The control node and the files that Ansible finds there."""

    lab: machines.Lab
    home: Path

    @property
    def sockets(self) -> Path:
        """Where the connections that ssh keeps are."""
        return self.home / "cp"


def runs(most: int, few: int, forks: tuple[int, ...]) -> list[Run]:
    """The first one makes the connections that the others keep."""
    middle = forks[len(forks) // 2]
    pings = [("ping", most, number, False) for number in (middle, *forks)]
    others = [("no-op", 1, middle, False), ("no-op", few, middle, False)]
    return [*pings, *others, ("no-op", few, middle, True), ("facts", few, middle, False)]


def measure(wanted: list[Run], say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    if not shutil.which("sshd", path="/usr/sbin:" + os.environ["PATH"]):
        say("fleet is left out: sshd not found")
        yield {"skipped": "sshd not found"}
        return
    yield {"task": "archive", "bytes": archive_bytes()}
    most = max(hosts for _, hosts, _, _ in wanted)
    with control(most) as node:
        for number, (task, hosts, forks, pipelining) in enumerate(wanted):
            found = run(node, task, hosts, forks, pipelining)
            yield {"task": task, "hosts": hosts, "forks": forks, "pipelining": pipelining} | {
                "connection": "kept" if number else "new",
                **found,
            }
            say(
                f"{task}, {hosts} hosts, {forks} forks: {found['cpu'] / hosts:.2f} s of processor"
                f" time, {found['sent'] / hosts / 1024:.0f} KiB sent for each"
            )


def archive_bytes() -> int:
    """What a host fetches that pulls: the collection, packed."""
    parts = ("galaxy.yml", "meta", "playbooks", "plugins", "roles")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for part in parts:
            tar.add(sites.ROOT / part, part, filter=without_bytecode)
    return len(packed.getvalue())


def without_bytecode(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member


@contextlib.contextmanager
def control(hosts: int) -> Iterator[Control]:
    with machines.lab() as lab, tempfile.TemporaryDirectory(prefix="portmap-bench-") as folder:
        node = Control(lab, Path(folder))
        sites.engine(lab.host, "prepare", options=sites.POOLS)
        sites.engine(lab.host, "place", containers=[{"name": "c0"}])
        server = serve(lab.host, node.home)
        try:
            write_files(node, hosts)
            yield node
        finally:
            for pid in masters(node):
                os.kill(pid, 9)
            server.kill()
            server.wait()


def serve(host: machines.Machine, home: Path) -> subprocess.Popen[str]:
    """sshd, for one key."""
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)]
        subprocess.run(command, check=True)
    (home / "sshd_config").write_text(f"""
        HostKey {home}/host
        AuthorizedKeysFile {home}/user.pub
        StrictModes no
        UsePAM no
        PidFile none
        MaxStartups 1000
        PermitRootLogin prohibit-password
        Subsystem sftp internal-sftp
    """)
    host.run("mkdir", "-p", "/run/sshd")
    program = shutil.which("sshd", path="/usr/sbin:" + os.environ["PATH"])
    assert program is not None
    log = home / "sshd.log"
    log.touch()
    server = host.start(program, "-D", "-E", str(log), "-f", str(home / "sshd_config"))
    for _ in range(100):
        if "listening" in log.read_text():
            return server
        time.sleep(0.1)
    server.kill()
    server.wait()
    raise RuntimeError(f"cannot start sshd: {log.read_text()[-300:]}")


def write_files(node: Control, hosts: int) -> None:
    node.sockets.mkdir()
    names = "\n".join(f"node{number:03}" for number in range(hosts))
    (node.home / "hosts").write_text(f"""{names}
[all:vars]
ansible_user=root
ansible_python_interpreter={sys.executable}
ansible_remote_tmp={node.home}/remote
""")
    # Each name is a connection of its own.
    (node.home / "ssh_config").write_text(f"""
        HostName {machines.HOST}
        IdentityFile {node.home}/user
        StrictHostKeyChecking no
        UserKnownHostsFile /dev/null
        LogLevel ERROR
    """)


def environment(node: Control, pipelining: bool) -> dict[str, str]:
    kept = f"-F {node.home}/ssh_config -o ControlMaster=auto -o ControlPersist=600"
    return {
        **sites.ENVIRONMENT,
        "HOME": str(node.home),
        "ANSIBLE_COLLECTIONS_PATH": str(sites.COLLECTIONS),
        "ANSIBLE_SSH_ARGS": kept,
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(node.sockets),
        "ANSIBLE_SSH_CONTROL_PATH": "%(directory)s/%%n",
        "ANSIBLE_PIPELINING": str(pipelining),
        "LC_ALL": "C.UTF-8",
    }


def run(node: Control, task: str, hosts: int, forks: int, pipelining: bool) -> dict[str, Any]:
    module, options = TASKS[task]
    ansible = str(Path(sys.executable).with_name("ansible"))
    which = [f"all[0:{hosts - 1}]", "-i", str(node.home / "hosts"), "-f", str(forks)]
    kept, sent, received = masters_time(node), *traffic(node)
    start = time.perf_counter()
    with (node.home / "out").open("w") as out:
        process = subprocess.Popen(
            [*node.lab.peer.enter(), ansible, *which, "-m", module, "-a", options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment(node, pipelining),
        )
        peak, workers, usage = watched(process)
    seconds = time.perf_counter() - start
    text = (node.home / "out").read_text()
    if process.returncode != 0 or text.count("SUCCESS") != hosts:
        raise RuntimeError(f"cannot run {task} on {hosts} hosts: {text[-500:]}")
    sent_after, received_after = traffic(node)
    return {
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime + masters_time(node) - kept,
        "peak_pss": peak,
        "most_processes": workers,
        "sent": sent_after - sent,
        "received": received_after - received,
    }


def watched(process: subprocess.Popen[bytes]) -> tuple[int, int, Any]:
    """The largest memory of a process and its descendants, how many they were, and their time."""
    peak, most = 0, 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return peak, most, usage
        family = descendants(process.pid)
        peak = max(peak, sum(map(publishing.pss, family)))
        most = max(most, len(family))
        time.sleep(0.3)


def descendants(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                told = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(told[1])
    found = [pid]
    for one in found:  # grows while it is read
        found += [child for child, parent in parents.items() if parent == one]
    return found


def masters(node: Control) -> list[int]:
    """The processes that keep the connections: ssh says whose they are in their title."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                title = (entry / "cmdline").read_bytes()
                if title.startswith(f"ssh: {node.sockets}/".encode()):
                    found.append(int(entry.name))
    return found


def masters_time(node: Control) -> float:
    ticks = 0
    for pid in masters(node):
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(told[11]) + int(told[12])
    return ticks / TICK


def traffic(node: Control) -> tuple[int, int]:
    """Bytes that the control node has sent and received."""
    counted = node.lab.peer.json("ip", "-s", "-j", "link", "show", "eth0")[0]["stats64"]
    return counted["tx"]["bytes"], counted["rx"]["bytes"]
