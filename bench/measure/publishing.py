# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in namespaces made for it: publish ports with docker or podman, and say what that took.

A request comes as JSON on standard input, the measurement goes as JSON to standard output.  The
engine and all that it starts end with the first process of the namespace of processes: this one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import memory

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "portmap-bench"
ADDRESS = "192.0.2.1"
PID_MAX = Path("/proc/sys/kernel/pid_max")
SERVER = ("/bin/busybox", "httpd", "-f", "-p")


def main() -> None:
    order = json.load(sys.stdin)
    home = Path(order["home"])
    # The limit of a new namespace of pids is far above what the machine has.
    PID_MAX.write_text(str(order["pids"]))
    told("mount", "-t", "tmpfs", "tmpfs", "/run")
    told("ip", "link", "set", "lo", "up")
    told("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
    os.environ["CONTAINERS_CONF"] = str(ROOT / "molecule" / "containers.conf")
    client = ENGINES[order["engine"]](home)
    archive(home / "image.tar")
    told(*client, "import", str(home / "image.tar"), IMAGE)
    run = [*client, "run", "-d", "--cgroup-parent", "/" + order["cgroup"]]
    started(run, ["9999"], "warm-up", seconds=60)
    before = spent()
    found = publish(run, order["publish"], order["seconds"])
    after = spent()
    grown = {key: after[key] - before[key] for key in after}
    print(json.dumps({**found, **grown}))


# --- the engines --------------------------------------------------------------------------------


def docker(home: Path, *options: str) -> list[str]:
    """A daemon of its own, as the distribution configures it, but for `options`."""
    # Another client may come first in the path, newer than the daemon.
    client = shutil.which("docker", path="/usr/bin:" + os.environ["PATH"]) or "docker"
    control = f"unix://{home}/docker.sock"
    places = ("--data-root", f"{home}/data", "--exec-root", "/run/docker", "-H", control)
    # Where systemd would have to be asked for groups, it cannot be reached from here.
    groups = ("--exec-opt", "native.cgroupdriver=cgroupfs")
    with (home / "dockerd.log").open("w") as log:
        subprocess.Popen(
            ["dockerd", *places, *groups, "--pidfile", "/run/docker.pid", *options],
            stdout=log,
            stderr=log,
        )
    for _ in range(300):
        if subprocess.run([client, "-H", control, "info"], capture_output=True).returncode == 0:
            return [client, "-H", control]
        time.sleep(0.1)
    raise RuntimeError(f"cannot start dockerd: {(home / 'dockerd.log').read_text()[-500:]}")


def docker_without_proxies(home: Path) -> list[str]:
    return docker(home, "--userland-proxy=false")


def podman(home: Path) -> list[str]:
    os.environ["HOME"] = str(home)
    policy = home / ".config" / "containers" / "policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    places = ("--root", f"{home}/data", "--runroot", "/run/podman", "--tmpdir", "/run/libpod")
    return ["podman", *places]


ENGINES = {"docker": docker, "docker without proxies": docker_without_proxies, "podman": podman}


def archive(file: Path) -> None:
    """An image of one static program, which serves HTTP as well."""
    busybox = shutil.which("busybox", path="/bin:/usr/bin:" + os.environ["PATH"])
    assert busybox is not None
    with tarfile.open(file, "w") as tar:
        tar.add(busybox, "bin/busybox")


# --- what is measured ---------------------------------------------------------------------------


def publish(run: list[str], wanted: list[list[str]], limit: float) -> dict[str, Any]:
    """Start a container for each list of ranges, one after the other, until time is up."""
    start, single = time.perf_counter(), []
    stopped = ""
    for number, ranges in enumerate(wanted):
        left = limit - (time.perf_counter() - start)
        took, stopped = started(run, ranges, f"c{number}", left)
        single.append(took)
        if stopped:
            break
    return {
        "seconds": time.perf_counter() - start,
        "single": single,
        "started": len(single) - bool(stopped),
        "stopped": stopped,
    }


def started(run: list[str], ranges: list[str], name: str, seconds: float) -> tuple[float, str]:
    """How long a container took, and what stopped it: time, memory or processes."""
    ports = [word for one in ranges for word in ("-p", f"{one}:{one}")]
    first = ranges[0].split("-")[0]
    begin = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere:
        process = subprocess.Popen(
            [*run, "--name", name, *ports, IMAGE, *SERVER, first],
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
        )
        stopped = watched(process, seconds)
    took = time.perf_counter() - begin
    if not stopped and process.returncode != 0:
        assert process.stderr is not None
        raise RuntimeError(f"cannot start {name}: {process.stderr.read().strip()[-300:]}")
    if not stopped:
        check_answer(name, int(first))
    return took, stopped


def check_answer(name: str, port: int) -> None:
    """What was published is there, and not only said to be."""
    for _ in range(50):
        try:
            with socket.create_connection((ADDRESS, port), timeout=2) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if connection.recv(5) == b"HTTP/":
                    return
        except OSError:
            pass
        time.sleep(0.02)  # it has started, but need not listen yet
    raise RuntimeError(f"cannot reach {name} through its published port {port}")


def watched(process: subprocess.Popen[str], seconds: float) -> str:
    """Wait for the end of a process, but leave half of the machine to others."""
    end = time.monotonic() + seconds
    pids = int(PID_MAX.read_text())
    while True:
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            pass
        else:
            return ""
        now = memory.meminfo()
        threads = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
        if time.monotonic() > end:
            return "time"
        if now["MemAvailable"] < now["MemTotal"] / 2:
            return "memory"
        if threads > pids / 2:
            return "processes"


def spent() -> dict[str, int]:
    """Rules, processes and memory in bytes, of all that runs here."""
    pids = list(others())
    return {
        "rules": rules(),
        "processes": len(pids),
        "pss": sum(map(pss, pids)),
        "kernel_memory": memory.of_kernel(),
    }


def rules() -> int:
    """Of any address family, whoever wrote them."""
    ruleset = json.loads(told("nft", "--json", "list", "ruleset"))
    return sum("rule" in one for one in ruleset["nftables"])


def others() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            yield int(entry.name)


def pss(pid: int) -> int:
    """A process's memory, with its share of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it ended in the meantime
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout


if __name__ == "__main__":
    main()
