# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The oldest pyroute2 that we promise, and the newest; the oldest Python that this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import ansible
import pytest

from lab import probes, state
from lab.machines import HOST, PEER, Lab
from lab.modules import COLLECTIONS, ROOT, Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import UNOWNED, WEB, inventory

ANSIBLE = str(Path(ansible.__file__).parents[1])
OLDEST = "0.7.2"  # of Debian 12


def pythons() -> list[str]:
    """Our own interpreter, and a 3.9 where one is to be had."""
    return [sys.executable, *[path for path in homes_of_pythons("3.9") if works(path)][:1]]


def homes_of_pythons(version: str) -> list[str]:
    """Where an interpreter of this version may be."""
    homes = (Path("/root/.pyenv/versions"), Path.home() / ".pyenv/versions")
    found = [shutil.which(f"python{version}")]
    found += [
        str(path) for home in homes for path in home.glob(f"{version}.*/bin/python{version}")
    ]
    return [path for path in found if path]


def works(python: str) -> bool:
    return subprocess.run([python, "--version"], capture_output=True).returncode == 0


def pyroute2(version: str) -> str:
    """A folder with that version of pyroute2 alone; `newest` is the one installed here."""
    folder = ROOT / ".build" / f"pyroute2-{version}"
    if not (folder / "pyroute2").is_dir():
        what = "pyroute2" if version == "newest" else f"pyroute2=={version}"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
            + ["--target", str(folder), what],
            check=True,
        )
    return str(folder)


def lent(lab: Lab, python: str, version: str) -> Modules:
    """Only the module utilities of Ansible and pyroute2 are lent to the other interpreter."""
    folder = pyroute2(version)
    loan = Path(folder) / "ansible"
    if not loan.exists():
        loan.symlink_to(Path(ANSIBLE) / "ansible")
    return Modules(lab.host, python=python, paths=(folder, str(COLLECTIONS)))


def test_an_older_pyroute2_is_refused_in_words(lab: Lab) -> None:
    """Ubuntu 22.04 has this one, which is another kind of package."""
    untouched = state.of(lab.host)
    said = lent(lab, sys.executable, "0.6.4").result("portmap_host", POOLS)
    assert "cannot use pyroute2 0.6.4: 0.7.2 or later is needed" in said["msg"]
    assert state.difference(untouched, state.of(lab.host)) == ""


def test_an_older_python_is_refused_in_words(lab: Lab) -> None:
    """The oldest for which this Ansible sends modules; that of Debian 10 and RHEL 8 is older still."""
    older = [path for path in homes_of_pythons("3.8") if works(path)]
    if not older:
        pytest.skip("this machine has no Python 3.8")
    for module, parameters in (("portmap_host", POOLS), ("portmap_info", {})):
        said = lent(lab, older[0], "newest").result(module, parameters)
        assert "cannot use Python 3.8." in said["msg"]
        assert "needs Python 3.9 or later" in said["msg"]


@pytest.mark.parametrize("version", [OLDEST, "newest"])
@pytest.mark.parametrize("python", pythons(), ids=lambda path: os.path.basename(path))
def test_everything_works_with(lab: Lab, python: str, version: str) -> None:
    folder = pyroute2(version)
    modules = lent(lab, python, version)
    assert lab.host.run(
        "env", f"PYTHONPATH={folder}", python, "-c", "import pyroute2; print(pyroute2.__file__)"
    ).stdout.startswith(folder)
    modules.host(**POOLS)
    modules.container(containers=inventory())
    assert not modules.host(**POOLS)["changed"]
    assert not modules.container(containers=inventory())["changed"]
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST, "127.0.0.1")
        servers.listen(lab.peer.place, 53, PEER)
        asked = [
            Probe(lab.peer.place, "tcp", HOST, WEB),
            Probe(lab.host.place, "udp", "127.0.0.1", WEB),
            Probe(lab.container("db"), "tcp", HOST, WEB),
        ]
        assert {answer.who for answer in probes.run(asked).values()} == {"web"}
        assert Probe(lab.container("web"), "udp", PEER, 53).run().who == "peer"
        assert Probe(lab.container("web"), "udp", PEER, 53, source_port=UNOWNED).run().who == (
            probes.SILENCE
        )
    assert modules.ranges(container="web", ports=["31200-31207"])["added"] == ["31200-31207"]
    assert modules.info()["problems"] == []
    lab.host.run("tc", "filter", "del", "dev", "pm-db", "ingress")
    assert modules.info()["problems"] != []
    modules.container(containers=[], purge=True)
    assert modules.host(state="absent")["host"] is None
