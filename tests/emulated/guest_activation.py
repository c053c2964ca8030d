# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an emulated machine does whose first process is systemd, with control groups of version 2 alone: guards of sockets
that systemd opens for a service.  Says what it finds, as JSON, a line each.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    cgroups,
    listeners,
)

MODULE = Path(__file__).resolve().parents[1] / "lab/run_module.py"
OWN, FOREIGN = 31000, 31500
SOCKET = "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:{port}\nAccept=no\n"
# It takes the first connection that systemd has heard, and says in which group it runs itself.
SERVER = "import socket; made, _ = socket.socket(fileno=3).accept(); made.sendall(open('/proc/self/cgroup', 'rb').read())"
SERVICE = f"""
[Unit]
DefaultDependencies=no
[Service]
ExecStart={sys.executable} -c "{SERVER}"
"""


def say(what: str, told: object) -> None:
    print(f"GUEST {json.dumps({what: told})}", flush=True)


def systemctl(*words: str) -> str:
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
    return f"{done.returncode} {done.stdout.strip()}".strip()


def listening(port: int) -> list[str]:
    """The groups in which the listeners on a port were made."""
    groups = cgroups.below("/")
    return [groups.get(one.group, "?") for one in listeners.listeners() if one.port == port]


def started(port: int) -> list[Any]:
    """What becomes of the socket unit with this port, and who listens there then."""
    Path("/run/systemd/system/web.socket").write_text(SOCKET.format(port=port))
    systemctl("daemon-reload")
    systemctl("stop", "web.socket")
    systemctl("reset-failed", "web.socket")
    code = systemctl("start", "web.socket")
    return [code, listening(port)]


def guarded(*guards: dict[str, Any]) -> str:
    given = {
        "guards": list(guards), "purge": True, "policed": ["31000-31999"], "action": "deny", "scan_interval": 0,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(MODULE), "portmap_guard"],
        input=json.dumps(given), capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout) if done.returncode == 0 else {"msg": done.stdout + done.stderr}
    return str(told.get("msg", ""))


def answered() -> str:
    with socket.create_connection(("127.0.0.1", OWN), 60) as made:
        return made.recv(1000).decode().strip()


def main() -> None:
    say("kernel", os.uname().release)
    say("first process", Path("/proc/1/comm").read_text().strip())
    Path("/run/systemd/system/web.service").write_text(SERVICE)
    say("unguarded", started(FOREIGN))
    units = ("web.service", "web.socket")
    say("guarding", guarded(*[{"name": one, "unit": one, "ports": [str(OWN)]} for one in units]))
    say("foreign", started(FOREIGN))
    say("own", started(OWN))
    say("answer", answered())
    say("end", True)


if __name__ == "__main__":
    main()
