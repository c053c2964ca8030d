# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an emulated machine does: our programs under its kernel.  Says what it finds, as JSON, a line each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import programs
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.ring import Ring
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import violations
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import attaching
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import listeners
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import (
    guards as memory,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight import guards as sight
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import unfinished
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf import kit
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.guards import (
    Guard,
    Guards,
    Ports,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import (
    guards as layout,
)

from lab.cgroups import Group, group
from lab.ways import I4, TCP, UDP, WAYS, bind, can

ENGINE = Path(__file__).resolve().parents[2] / "plugins/module_utils"
OWN, FOREIGN, FREE, LATER = 31000, 31500, 8080, 31501


def say(what: str, told: object) -> None:
    print(f"GUEST {json.dumps({what: told})}", flush=True)


def guard(path: str, *own: int) -> Guard:
    ports, judged = (Ports.read(given, "ports") for given in (own, ["31000-31999"]))
    return Guard("web", "cgroup", path, ports, ("pools",), judged, "deny", True)


def rules(one: Guard) -> bytes:
    return layout.rules(one, sight.cookie())


def raw() -> str:
    with socket.socket(I4, socket.SOCK_RAW, 255):
        return "made"


def ways(made: Group) -> dict[str, list[str]]:
    return {
        name: [made.run(lambda port=port, way=way: way(port)) for port in (OWN, FOREIGN, FREE)]
        for name, way in WAYS.items()
        if can(way)
    }


def events(path: str) -> list[str]:
    found = sight.see(path)
    assert found is not None
    (ids,) = found.maps
    ring = sight.map_of(ids, sight.EVENTS)
    assert ring is not None
    records = [violations.event(record) for record in Ring(ring).read()]
    return sorted({f"{one.kind} {one.named} {one.port}" for one in records})


def listening(made: Group) -> str:
    """A listener of the group is found by sock_diag, and closed."""
    made.join()
    with socket.create_server(("127.0.0.1", FREE)):
        (one,) = [found for found in listeners.listeners() if found.port == FREE]
        return f"{one.group == made.id} {listeners.close(one)}"


def door(made: Group, name: str) -> str:
    """What the drop-in of a unit runs, in the group of the unit."""

    def act() -> str:
        words = [sys.executable, "-Bsm", "_portmap.guard", "attach", name, "/proc/1/ns/net"]
        done = subprocess.run(
            words, env={"PYTHONPATH": str(ENGINE)}, capture_output=True, text=True, check=False
        )
        return f"{done.returncode} {done.stderr.strip()}".strip()

    return made.run(act)


def guarding(made: Group) -> None:
    path = f"/{made.path.name}"
    attaching.attach(path, rules(guard(path, OWN)))
    found = sight.see(path)
    say("attached", found is not None and found.whole)
    say("ways", ways(made))
    say("raw", made.run(raw))
    say("events", events(path))
    attaching.attach(path, rules(guard(path, LATER)))
    say("other ports", [made.run(lambda at=at: bind(I4, UDP, at)) for at in (OWN, LATER)])
    say("listener", made.run(lambda: listening(made)))
    attaching.detach(path)
    say("detached", [made.run(lambda: bind(I4, TCP, FOREIGN)), made.run(raw)])
    os.makedirs(memory.DIRECTORY, exist_ok=True)
    memory.save(Guards({"web": guard(path, OWN)}))
    say("door", [door(made, "web"), made.run(lambda: bind(I4, TCP, FOREIGN)), door(made, "db")])


# A machine of its own has nothing but cgroup2, so podman needs little to be told.
PODMAN = (
    "podman", "--cgroup-manager=cgroupfs", "--runtime=runc", "--events-backend=none",
    "--root=/run/podman/root", "--runroot=/run/podman/run", "--storage-driver=vfs",
)  # fmt: skip
CONTAINER = (
    "run", "--rm", "--network=host", "--cgroupns=host", "--log-driver=none",
    "--security-opt=seccomp=unconfined",
)  # fmt: skip
BUSYBOX = "/run/busybox"  # which the machine has brought along


def podman(parent: str) -> list[str] | None:
    """What containers with the host's network say, below this group; None where podman is not there.

    The first one tells its group, the others serve on a port, and go at once when they can.
    """
    if not all(map(shutil.which, ("podman", "runc", "conmon"))):
        return None
    root = Path("/run/root")
    for name in ("bin", "dev", "etc", "proc", "run", "sys"):
        (root / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin")
    asked = [["cat", "/proc/self/cgroup"]]
    asked += [["httpd", "-p", str(port), "-h", "/"] for port in (OWN, FOREIGN)]
    return [contained(parent, str(root), words) for words in asked]


def contained(parent: str, root: str, words: list[str]) -> str:
    line = [*PODMAN, *CONTAINER, f"--cgroup-parent={parent}", "--rootfs", root, "/bin/busybox"]
    done = subprocess.run([*line, *words], capture_output=True, text=True, check=False)
    last = (done.stdout or done.stderr).strip().splitlines()[-1:]
    return " ".join([str(done.returncode), *last])


def containing(made: Group) -> None:
    path = f"/{made.path.name}"
    attaching.attach(path, rules(guard(path, OWN)))
    say("slice", path)
    say("podman", podman(path))


def steering() -> tuple[bool, bool]:
    """Whether the program that steers has the tag that is expected of it, and judges offloads."""
    used = kit.current()
    tag = programs.info(used.descriptor()).tag
    return tag in kit.shipped_bytes().tags, not kit.shipped_bytes().why


def main() -> None:
    say("kernel", os.uname().release)
    with group() as made:
        guarding(made)
    if "podman" in sys.argv:
        with group() as made:
            containing(made)
    say("offload", unfinished.ready()[:2])
    say("steer", steering())
    say("end", True)


if __name__ == "__main__":
    main()
