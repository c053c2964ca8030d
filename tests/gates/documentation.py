# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's documentation says, as Ansible itself reads it."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.basic import AnsibleModule

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("portmap_*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


@functools.cache
def modules() -> dict[str, dict[str, Any]]:
    """For each module its `doc`, `examples` and `return`, with the fragments filled in."""
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", "module"]
    command += [f"netiso.portmap.{name}" for name in MODULES]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return {name.rpartition(".")[2]: doc for name, doc in json.loads(said.stdout).items()}


class SpecTaken(BaseException):
    """Carries what a module gave to AnsibleModule; not an Exception, lest it be handled."""


@functools.cache
def argument_spec(name: str) -> dict[str, Any]:
    """The options that a module really takes."""

    def take(self: AnsibleModule, argument_spec: dict[str, Any], **rest: Any) -> None:
        raise SpecTaken(argument_spec)

    if str(COLLECTIONS) not in sys.path:
        sys.path.insert(0, str(COLLECTIONS))
    module = importlib.import_module(f"ansible_collections.netiso.portmap.plugins.modules.{name}")
    original = AnsibleModule.__init__
    AnsibleModule.__init__ = take
    try:
        module.main()
    except SpecTaken as taken:
        return taken.args[0]
    finally:
        AnsibleModule.__init__ = original
    raise AssertionError(f"{name} never made an AnsibleModule")


def role_options(role: str) -> dict[str, Any]:
    specs = read_yaml(ROOT / "roles" / role / "meta" / "argument_specs.yml")
    return specs["argument_specs"]["main"]["options"]


def role_defaults(role: str) -> dict[str, Any]:
    return read_yaml(ROOT / "roles" / role / "defaults" / "main.yml")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def interface(options: dict[str, Any] | None) -> dict[str, Any]:
    """Options without their descriptions, the same for a spec, a documentation and a role."""
    return {name: _option(option) for name, option in (options or {}).items()}


def _option(option: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "type": option.get("type", "str"),
        "required": bool(option.get("required", False)),
        "default": option.get("default"),
        "elements": option.get("elements"),
        "choices": option.get("choices"),
        "options": interface(option.get("options") or option.get("suboptions")),
    }
    return {key: value for key, value in facts.items() if value not in (None, {}, False)}
