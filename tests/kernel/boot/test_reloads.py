# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that configures links fails to read its files again: asked again, or told.

`networkctl` fails as often as a file says: the real one does when a link of others changes just then.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.machines import Lab, Machine
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

# The last failure takes the file away that counts them.
_STAND_IN = """#!/bin/sh
read -r left </run/failures || exit 0
[ "$left" -gt 1 ] && echo $((left - 1)) >/run/failures || rm /run/failures
echo "eth0: it changes just now" >&2
exit 1
"""


@pytest.fixture
def failing(lab: Lab, modules: Modules, tmp_path: Path) -> Modules:
    """The modules of a host where networkd has run, with a `networkctl` that can fail."""
    lab.host.own_directories()
    program = tmp_path / "networkctl"
    program.write_text(_STAND_IN)
    program.chmod(0o755)
    lab.host.shell("mkdir -p /run/systemd/netif; touch /run/systemd/netif/state")
    return modules.under("env", f"PATH={tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin")


def fails(host: Machine, times: int) -> None:
    host.shell(f"echo {times} >/run/failures")


def test_it_is_asked_again(lab: Lab, failing: Modules) -> None:
    fails(lab.host, 2)
    assert failing.host(**POOLS)["changed"]
    assert not Path(lab.host.path("/run/failures")).exists()
    assert not failing.host(**POOLS)["changed"]


def test_what_it_says_at_last_is_told(lab: Lab, failing: Modules) -> None:
    fails(lab.host, 9)
    with pytest.raises(ModuleError, match="networkctl reload: eth0: it changes just now"):
        failing.host(**POOLS)


def test_where_systemd_has_stopped_it_there_is_nothing_to_ask(lab: Lab, failing: Modules) -> None:
    fails(lab.host, 9)
    lab.host.run("mkdir", "/run/systemd/system")
    assert failing.host(**POOLS)["changed"]
    left = Path(lab.host.path("/run/failures")).read_text()
    assert left == "7\n"  # once for the file about our links, once for that about lo
