# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command and every playbook in a document does what a reader hopes: it works."""

from __future__ import annotations

import re

import pytest
import yaml

from documentation import ROOT
from documents import Block, blocks
from lab.pools import DOCUMENTED
from playing import Desk

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "roles/host/README.md",
    "roles/containers/README.md",
    "roles/guard/README.md",
    "docs/docsite/rst/guide_getting_started.rst",
    "docs/docsite/rst/guide_operators.rst",
    "docs/docsite/rst/guide_inside.rst",
    "docs/docsite/rst/guide_portmapctl.rst",
    "docs/docsite/rst/guide_picture.rst",
    "docs/docsite/rst/guide_guards.rst",
    "docs/docsite/rst/guide_limits.rst",
    "docs/docsite/rst/guide_access.rst",
    "docs/docsite/rst/guide_metrics.rst",
]

# Roles describe only their own step, and the operators' guide a host that is at work.
PREPARED = {
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {"netiso.portmap.portmap_host": DOCUMENTED},
        {"netiso.portmap.portmap_container": {"name": "web", "ports": ["31000-31007"]}},
    ],
}
BEFORE = {
    "roles/containers/README.md": [PREPARED],
    "docs/docsite/rst/guide_operators.rst": [PREPARED],
    "docs/docsite/rst/guide_inside.rst": [PREPARED],
    "docs/docsite/rst/guide_portmapctl.rst": [PREPARED],
    "docs/docsite/rst/guide_picture.rst": [PREPARED],
    "roles/guard/README.md": [PREPARED],
    "roles/metrics/README.md": [PREPARED],
    "docs/docsite/rst/guide_metrics.rst": [PREPARED],
    "docs/docsite/rst/guide_guards.rst": [PREPARED],
    "docs/docsite/rst/guide_limits.rst": [PREPARED],
    "docs/docsite/rst/guide_access.rst": [PREPARED],
}

# Commands that cannot run on a host without a network to fetch from, or that run this test, with
# the gate that tries them instead; None where what is tried is a machine's own package manager.
ELSEWHERE: dict[str, str | None] = {
    r"make .*": "demo",
    r"ansible-galaxy collection (install|build)\b.*": "install",
    r"podman run .*": "molecule",
    r"git clone .*": None,
    r"cd .*": None,
    r"(sudo )?apt(-get)? install .*": None,
    r"(\S+/)?pip install .*": None,
}
SERVER = re.compile(r"python3 -m http\.server (\d+)$")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_says_to_do_works(document: str, desk: Desk) -> None:
    found = blocks(ROOT / document)
    assert found
    if document in BEFORE:
        desk.play(BEFORE[document])
    for block in found:
        follow(block, desk)


def follow(block: Block, desk: Desk) -> None:
    """Do what the block says, as a reader would from top to bottom."""
    if block.language in ("yaml", "yml"):
        content = yaml.safe_load(block.text)
        if isinstance(content, list) and "hosts" in content[0]:
            desk.play(content, "site.yml")
        elif isinstance(content, dict) and "hosts" not in content:
            (desk.directory / "group_vars").mkdir(exist_ok=True)
            (desk.directory / "group_vars" / "all.yml").write_text(block.text)
    for command in block.commands():
        if any(re.fullmatch(pattern, command) for pattern in ELSEWHERE):
            continue
        server = SERVER.search(command)
        if server:
            serve(command, server[1], desk)
        else:
            desk.type(command)


def serve(command: str, port: str, desk: Desk) -> None:
    """A server is right when somebody outside reaches it."""
    running = desk.lab.host.start(*desk.environment(), *command.split())
    try:
        address = desk.lab.host.json("ip", "-json", "-4", "address", "show", "dev", "eth0")[0]
        url = f"http://{address['addr_info'][0]['local']}:{port}/"
        patience = [
            "--retry",
            "20",
            "--retry-delay",
            "0",
            "--retry-connrefused",
            "--max-time",
            "5",
        ]
        desk.lab.peer.run("curl", "--silent", "--fail", *patience, url)
    finally:
        running.kill()
        running.wait()


def test_commands_of_make_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for document in DOCUMENTS:
        for block in blocks(ROOT / document):
            for command in block.commands():
                for target in command.split()[1:] if command.startswith("make ") else []:
                    known = re.search(rf"^{target}:", makefile, re.MULTILINE)
                    assert known or "=" in target, command


def test_commands_tried_elsewhere_are_tried_by_gates() -> None:
    gates = re.findall(r"^gate_(\S+)\(\)", (ROOT / "tools/gate").read_text(), re.MULTILINE)
    assert set(filter(None, ELSEWHERE.values())) <= set(gates)
