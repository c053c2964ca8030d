# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architecture, as far as the files themselves can tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[5] / "plugins"
ENGINE = PLUGINS / "module_utils" / "_portmap"

# From the bottom up: a file imports only files of lower layers.
LAYERS = (
    "errors kernel ethtool",
    "ports netns jsonfile sysctl",
    "u32",
    "model",
    "parties rows plan wire",
    "mirrors parameters readback",
    "topology",
    "claims netlink rtnl",
    "record saved observe sockets encode",
    "inside lock counters",
    "pairs",
    "survey apply reports",
    "details",
    "reconcile",
    "boot",
    "containers",
    "host",
    "info boundary restore",
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))

# Pure: no clock, no file, no process, no kernel, no Ansible.
PURE = {
    "errors": set(),
    "kernel": set(),
    "ports": {"re"},
    "u32": {"ipaddress"},
    "model": set(),
    "parties": {"base64", "hashlib", "ipaddress"},
    "rows": set(),
    "mirrors": set(),
    "parameters": set(),
    "topology": {"ipaddress"},
    "plan": set(),
    "wire": {"socket", "struct"},
    "readback": {"socket", "struct"},
    "claims": {"re"},
}
HARMLESS = {"__future__", "collections", "collections.abc", "functools", "typing"}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def engine(name: str) -> ast.Module:
    return parsed(ENGINE / f"{name}.py")


def of_the_engine(tree: ast.Module) -> set[str]:
    """The files of the engine that this one imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def from_elsewhere(tree: ast.Module) -> set[str]:
    """What is imported from outside, wherever in the file that happens."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module))
    return found


def names_used(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def test_every_file_has_its_layer():
    assert sorted(path.stem for path in ENGINE.glob("*.py")) == sorted(RANK)


@pytest.mark.parametrize("name", sorted(RANK))
def test_imports_point_down(name):
    assert [other for other in of_the_engine(engine(name)) if RANK[other] >= RANK[name]] == []


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_file_does_without_the_world(name):
    assert from_elsewhere(engine(name)) - HARMLESS <= PURE[name]
    assert of_the_engine(engine(name)) <= set(PURE)
    calls = {
        node.func.id
        for node in ast.walk(engine(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls.isdisjoint({"open", "print", "input", "exec", "eval", "__import__"})


def test_the_codec_takes_only_byte_order_from_the_socket_library():
    used = {
        node.attr
        for node in ast.walk(engine("wire"))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "socket"
    }
    assert used <= {"AF_UNSPEC", "htons", "ntohs"}


def test_pyroute2_is_imported_in_one_file_and_only_when_it_is_needed():
    importers = {
        name
        for name in RANK
        if any(found.split(".")[0] == "pyroute2" for found in from_elsewhere(engine(name)))
    }
    assert importers == {"rtnl"}
    at_once = ast.Module([node for node in engine("rtnl").body if not hasattr(node, "body")], [])
    assert not [found for found in from_elsewhere(at_once) if found.startswith("pyroute2")]


def test_ansible_is_known_at_the_boundary_only():
    importers = {
        name
        for name in RANK
        if any(found.split(".")[0] == "ansible" for found in from_elsewhere(engine(name)))
    }
    assert importers == {"boundary"}
    assert {name for name in RANK if "AnsibleModule" in names_used(engine(name))} == {"boundary"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_speaks_of_check_mode_at_most_once(module):
    used = list(names_used(parsed(PLUGINS / "modules" / f"{module}.py")))
    assert used.count("check_mode") == (0 if module == "portmap_info" else 1)


def test_the_engine_does_not_speak_of_check_mode():
    assert [name for name in RANK if "check_mode" in names_used(engine(name))] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_a_sentence(module):
    tree = parsed(PLUGINS / "modules" / f"{module}.py")
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions] == ["main"]
    assert lines_of(functions[0]) <= 25


def lines_of(node: ast.FunctionDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("name", sorted(RANK))
def test_a_file_has_at_most_350_lines(name):
    text = (ENGINE / f"{name}.py").read_text(encoding="utf-8")
    assert text.count("\n") <= 350


@pytest.mark.parametrize("name", sorted(RANK))
def test_a_function_has_at_most_40_lines(name):
    long = {
        node.name: lines_of(node)
        for node in ast.walk(engine(name))
        if isinstance(node, ast.FunctionDef) and lines_of(node) > 40
    }
    assert long == {}


@pytest.mark.parametrize("name", sorted(RANK))
def test_no_file_is_a_drawer(name):
    assert name not in {"utils", "util", "common", "helpers", "base", "manager", "misc"}
