# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `picture` on a host that it can ask, and on another."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import shape
from lab import control
from lab.machines import Lab
from lab.modules import COLLECTIONS, Modules

LOCAL: dict[str, Any] = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "ansible_become": False,
}
HOSTS: dict[str, dict[str, Any]] = {
    # First, so that what is done once is done in its name.
    "lost": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_become": False},
    "node": LOCAL,
}
LISTEN = (
    "import socket, time\n"
    "one = socket.socket(); one.bind(('', 31001)); one.listen()\n"
    "print('ready', flush=True); time.sleep(120)"
)


def play(lab: Lab, folder: Path, *options: str) -> str:
    """Run the playbook in a directory; what it said."""
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": HOSTS}}))
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = [f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}", "ANSIBLE_NOCOLOR=1"]
    environment += control.environment()
    words = ["env", f"--chdir={folder}", *environment, str(program), "netiso.portmap.picture"]
    done = lab.host.run(*words, "-i", "inventory.json", *options, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    return str(done.stdout)


def rows(page: Path, section: str) -> list[str]:
    """What the rows of a table and the items of a list say."""
    tree = ElementTree.fromstring(page.read_text().partition("\n")[2])
    part = tree.find(f".//section[@id='{section}']")
    assert part is not None
    lines = [*part.iterfind(".//tbody/tr"), *part.iterfind(".//li")]
    return [" ".join(" ".join(line.itertext()).split()) for line in lines]


def test_pages_of_hosts_and_an_index_lead_to_each_other(
    lab: Lab, modules: Modules, tmp_path: Path
) -> None:
    shape.place(modules)
    squatter = lab.host.start(sys.executable, "-c", LISTEN)
    place = tmp_path / "portmap-picture"
    try:
        assert squatter.stdout is not None
        assert squatter.stdout.readline() == "ready\n"
        assert "changed: [node" in play(lab, tmp_path)
        assert "changed: [" not in play(lab, tmp_path, "--check", "--diff")
    finally:
        squatter.kill()
        squatter.communicate()
    files = sorted(str(path.relative_to(place)) for path in place.glob("**/*.html"))
    assert files == ["hosts/lost.html", "hosts/node.html", "index.html"]
    lost, node = rows(place / "index.html", "hosts")
    assert lost.startswith("lost could not be asked: ")
    assert "Connection refused" in lost
    assert node.startswith("node 1 2 ")
    page = place / "hosts" / "node.html"
    owned = rows(page, "containers")
    assert [row.split()[:2] for row in owned] == [["db", "31008-31015"], ["web", "31000-31007"]]
    assert (
        f"(pid {squatter.pid}) of the host listens on TCP port 31001" in rows(page, "attention")[0]
    )
