# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role metrics: what it installs does what its timer would have it do, and its alerts fire."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

from documentation import ROOT
from lab.modules import Modules
from lab.pools import DOCUMENTED
from playing import Desk
from promtool import promtool
from test_roles import changed, play

UNITS = "/etc/systemd/system"
FILES = [
    f"{UNITS}/portmap-metrics.service",
    f"{UNITS}/portmap-metrics.timer",
    f"{UNITS}/timers.target.wants/portmap-metrics.timer",
]
EXPORTER = [
    f"{UNITS}/portmap-metrics@.service",
    f"{UNITS}/portmap-metrics.socket",
    f"{UNITS}/sockets.target.wants/portmap-metrics.socket",
]
DIRECTORY = "/var/lib/metrics"
EXPOSED = 5.0  # of 10, as systemd counts what a service may do; one without any setting has 9.6


def read(desk: Desk, path: str) -> str:
    return Path(desk.lab.host.path(path)).read_text()


def there(desk: Desk, path: str) -> bool:
    """A link counts, wherever it leads."""
    return os.path.lexists(desk.lab.host.path(path))


def verified(desk: Desk, files: list[str]) -> None:
    said = desk.lab.host.run("systemd-analyze", "verify", *files[:2], check=False)
    assert (said.returncode, said.stderr) == (0, "")


def install(desk: Desk, given: dict[str, Any]) -> str:
    """In one play: a path that systemd would read otherwise is refused, then the role runs."""

    def role(**more: str) -> dict[str, Any]:
        included = {"ansible.builtin.include_role": {"name": "netiso.portmap.metrics"}}
        return {"name": "Have the role", **included, "vars": {**given, **more}}

    refused = role(portmap_metrics_directory="/var/lib/%h metrics")
    said = {"name": "Say why", "ansible.builtin.debug": {"var": "ansible_failed_result.msg"}}
    return " ".join(
        desk.do({"name": "Be refused", "block": [refused], "rescue": [said]}, role()).split()
    )


def test_the_service_writes_a_file_until_another_way_is_wanted(desk: Desk) -> None:
    given = {
        "portmap_metrics_directory": DIRECTORY,
        "portmap_metrics_interval": 15,
        "portmap_metrics_groups": ["counters", "problems"],
    }
    Modules(desk.lab.host).host(**DOCUMENTED)
    said = install(desk, given)
    assert "cannot write metrics into /var/lib/%h metrics every" in said
    assert changed(play(desk, "metrics", **given)) == 0
    assert all(there(desk, path) for path in FILES)
    verified(desk, FILES)
    assert "OnUnitInactiveSec=15s\n" in read(desk, FILES[1])
    (command,) = re.findall(r"^ExecStart=(.*)$", read(desk, FILES[0]), re.MULTILINE)
    desk.lab.host.run(*shlex.split(command))
    text = read(desk, f"{DIRECTORY}/portmap.prom")
    assert 'portmap_problems{kind="drift"} 0\n' in text
    assert "tcp" not in text
    other = {"portmap_metrics_way": "exporter", "portmap_metrics_port": 9999}
    play(desk, "metrics", **given, **other)
    assert not any(there(desk, path) for path in [*FILES, f"{DIRECTORY}/portmap.prom"])
    assert all(there(desk, path) for path in EXPORTER)
    verified(desk, EXPORTER)
    assert "ListenStream=127.0.0.1:9999\n" in read(desk, EXPORTER[1])
    assert " metrics --http counters problems\n" in read(desk, EXPORTER[0])
    desk.lab.host.run(
        "systemd-analyze",
        "security",
        "--offline=yes",
        f"--threshold={EXPOSED * 10:.0f}",
        EXPORTER[0],
    )
    play(desk, "metrics", **given, portmap_metrics_state="absent")
    assert not any(there(desk, path) for path in EXPORTER)
    assert there(desk, "/usr/local/bin/portmapctl")


def test_alerts_fire_when_they_should() -> None:
    rules = ROOT / "roles/metrics/files/alerts.yml"
    promtool("check", "rules", rules)
    promtool("test", "rules", ROOT / "tests/gates/alerts_test.yml")
