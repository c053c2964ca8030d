# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architecture, as far as the files themselves can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[5] / "plugins"
ENGINE = PLUGINS / "module_utils" / "_portmap"

# From the ground up: a room imports rooms of lower floors, and itself.  Doors stand outside all rooms.
FLOORS = (
    "values", "linux", "bpf", "objects", "steering", "engine wanted", "sight memory", "decide", "jobs", "doors",
)  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}
FILES = sorted(str(path.relative_to(ENGINE))[:-3] for path in ENGINE.glob("**/*.py"))
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))

# Pure: no clock, no file, no process, no kernel, no Ansible.
PURE = (
    "values/", "wanted/", "decide/", "engine/plan", "engine/comparison", "sight/seen", "memory/codec",
    "sight/processes_seen",
    "linux/uapi", "linux/attributes", "linux/messages", "linux/routes", "linux/queueing", "linux/requests", "linux/snmp", "bpf/code",
    "bpf/shipped",
)  # fmt: skip
PURE_BPF = "steering/strangers", "steering/bpf/numbers"
PURE_U32 = "numbers fields keys rows programs layout mirrors encode decode order"
# Values that stand in one file with what is done to them: pure files know the values.
VALUES_OF = (
    "linux/managers",
    "linux/neighbours",
    "objects/",
    "steering/plane",
    "steering/u32/objects",
    "memory/record",
    "memory/next_boot",
)
HARMLESS = {
    "__future__", "base64", "bisect", "collections", "collections.abc", "enum", "fnmatch", "fractions",
    "functools",
    "hashlib",
    "ipaddress", "itertools", "json", "dataclasses", "operator", "re", "socket", "struct", "typing",
}  # fmt: skip


def room(file: str) -> str:
    return file.split("/")[0] if "/" in file else "doors"


def is_pure(file: str) -> bool:
    return file.startswith((*PURE, *PURE_BPF)) or file in {
        f"steering/u32/{name}" for name in PURE_U32.split()
    }


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def engine(file: str) -> ast.Module:
    return parsed(ENGINE / f"{file}.py")


@cache
def imports(file: str) -> frozenset[str]:
    """The files of the engine that this one imports, wherever in it that happens."""
    found: set[str] = set()
    for node in ast.walk(engine(file)):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = Path(file).parents[node.level - 1]
            target = str(package / (node.module or "").replace(".", "/"))
            names = {f"{target}/{alias.name}".removeprefix("./") for alias in node.names}
            found |= {target} if target in FILES else names
    assert found <= set(FILES)
    return frozenset(found)


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


@pytest.mark.parametrize("file", FILES)
def test_a_room_imports_lower_floors_and_itself(file):
    mine = room(file)
    assert mine in FLOOR
    upwards = [
        other
        for other in imports(file)
        if room(other) != mine and FLOOR[room(other)] >= FLOOR[mine]
    ]
    assert upwards == []


def test_no_file_imports_itself_by_way_of_others():
    left = {file: set(imports(file)) for file in FILES}
    while free := [file for file, needs in left.items() if not needs & set(left)]:
        for file in free:
            del left[file]
    assert left == {}


def test_only_the_choice_of_a_steering_knows_which_there_are():
    kinds = {path.name for path in (ENGINE / "steering").iterdir() if path.is_dir()}
    knowing = {
        file
        for file in FILES
        for other in imports(file)
        for kind in kinds
        if other.startswith(f"steering/{kind}/") and not file.startswith(f"steering/{kind}/")
    }
    assert knowing == {"steering/choose"}


@pytest.mark.parametrize("file", [file for file in FILES if is_pure(file)])
def test_a_pure_file_does_without_the_world(file):
    assert from_elsewhere(engine(file)) <= HARMLESS
    assert [
        other for other in imports(file) if not is_pure(other) and not other.startswith(VALUES_OF)
    ] == []
    calls = {
        node.func.id
        for node in ast.walk(engine(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls.isdisjoint({"open", "print", "input", "exec", "eval", "__import__"})
    of_sockets = {
        node.attr
        for node in ast.walk(engine(file))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "socket"
    }
    assert of_sockets <= {
        "AF_INET",
        "AF_INET6",
        "AF_UNSPEC",
        "htons",
        "inet_ntop",
        "inet_pton",
        "ntohs",
    }


def importers(package: str) -> set[str]:
    return {
        file
        for file in FILES
        if any(found.split(".")[0] == package for found in from_elsewhere(engine(file)))
    }


def test_pyroute2_is_imported_in_one_file_and_only_when_it_is_needed():
    assert importers("pyroute2") == {"linux/rtnl"}
    body = [node for node in engine("linux/rtnl").body if not hasattr(node, "body")]
    at_once = from_elsewhere(ast.Module(body, []))
    assert not [found for found in at_once if found.startswith("pyroute2")]


def test_ansible_is_known_at_the_boundary_only():
    assert importers("ansible") == {"boundary"}
    assert {file for file in FILES if "AnsibleModule" in names_used(engine(file))} == {"boundary"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_speaks_of_check_mode_at_most_once(module):
    used = list(names_used(parsed(PLUGINS / "modules" / f"{module}.py")))
    assert used.count("check_mode") == (0 if module == "portmap_info" else 1)


def test_the_engine_does_not_speak_of_check_mode():
    assert [file for file in FILES if "check_mode" in names_used(engine(file))] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_a_sentence(module):
    tree = parsed(PLUGINS / "modules" / f"{module}.py")
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions] == ["main"]
    assert lines_of(functions[0]) <= 25


def lines_of(node: ast.FunctionDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("file", [file for file in FILES if file != "bpf/shipped"])  # compiled
def test_a_file_has_at_most_350_lines(file):
    text = (ENGINE / f"{file}.py").read_text(encoding="utf-8")
    assert text.count("\n") <= 350


@pytest.mark.parametrize("file", FILES)
def test_a_function_has_at_most_40_lines(file):
    long = {
        node.name: lines_of(node)
        for node in ast.walk(engine(file))
        if isinstance(node, ast.FunctionDef) and lines_of(node) > 40
    }
    assert long == {}


@pytest.mark.parametrize("file", FILES)
def test_no_file_is_a_drawer(file):
    assert not set(file.split("/")) & {
        "utils", "util", "common", "helpers", "base", "manager", "misc",
    }  # fmt: skip


def test_the_drawing_of_the_rooms_has_every_file():
    page = (PLUGINS.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = page.split("## Rooms")[1].split("```")[1]
    words = set(re.findall(r"\w+", drawn))
    assert [file for file in FILES if Path(file).name not in words] == []
