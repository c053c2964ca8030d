# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules return on a real host is what their documentation says, in check mode too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from documentation import MODULES, modules
from lab.machines import Lab
from lab.modules import Modules
from lab.pools import DOCUMENTED

# What Ansible adds to the result of every module.
ANSIBLES_OWN = {"changed", "diff", "invocation", "warnings", "deprecations"}

PYTHON_TYPES = {
    "bool": bool,
    "dict": dict,
    "int": int,
    "list": list,
    "str": str,
}

# In this order, each on what the ones before it left.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("portmap_host", DOCUMENTED),
    ("portmap_host", {"steering": "auto", "rp_filter": "keep"}),
    ("portmap_container", {"name": "web", "ports": ["31000-31007"]}),
    ("portmap_container", {"containers": [{"name": "db", "ports": ["31008"]}, {"name": "web"}]}),
    ("portmap_ranges", {"container": "web", "ports": ["31016-31019"]}),
    ("portmap_ranges", {"container": "web", "ports": ["31000-31003"], "state": "absent"}),
    ("portmap_ranges", {"container": "web", "ports": ["31020"], "state": "exact"}),
    ("portmap_guard", {"guards": [{"name": "web", "unit": "web.service", "ports": ["31000"]}]}),
    ("portmap_guard", {"guards": [], "purge": True}),
    ("portmap_info", {}),
    ("portmap_info", {"container": "web"}),
    ("portmap_info", {"usage": ["counters", "sockets", "snmp"]}),
    ("portmap_container", {"name": "web", "state": "absent"}),
    ("portmap_container", {"containers": [], "purge": True}),
    ("portmap_host", {"state": "absent"}),
]


@dataclass(frozen=True)
class Call:
    module: str
    parameters: dict[str, Any]
    checked: dict[str, Any]  # --check --diff, before
    real: dict[str, Any]
    again: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.module} {self.parameters}"


@pytest.fixture(scope="module")
def calls(lab: Lab) -> list[Call]:
    run = Modules(lab.host)
    return [
        Call(
            name,
            parameters,
            run.checking().differing().call(name, parameters),
            run.differing().call(name, parameters),
            run.differing().call(name, parameters),
        )
        for name, parameters in CALLS
    ]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_documents_what_it_returns(name: str) -> None:
    assert modules()[name]["return"]
    assert list(undescribed(modules()[name]["return"], name)) == []


def undescribed(returned: dict[str, Any], path: str) -> Iterator[str]:
    """Returned values that lack a description or a type, or a sample to show what they mean."""
    for key, facts in returned.items():
        here = f"{path}.{key}"
        inside = facts.get("contains")
        if not facts.get("description") or facts.get("type") not in PYTHON_TYPES:
            yield here
        if not inside and "sample" not in facts:
            yield here
        yield from undescribed(inside or {}, here)


def test_results_are_those_documented(calls: list[Call]) -> None:
    wrong = []
    for call in calls:
        documented = modules()[call.module]["return"]
        for mode in ("checked", "real", "again"):
            result = getattr(call, mode)
            own = {key: value for key, value in result.items() if key not in ANSIBLES_OWN}
            wrong += [f"{call}, {mode}: {fault}" for fault in faults(own, documented, "")]
    assert wrong == []


def faults(result: dict[str, Any], documented: dict[str, Any], path: str) -> Iterator[str]:
    for key in result.keys() - documented.keys():
        yield f"{path}{key} is returned, not documented"
    for key, facts in documented.items():
        if key not in result:
            if facts.get("returned", "") in ("always", "success"):
                yield f"{path}{key} is documented as always returned, and is not"
            continue
        value = result[key]
        if value is None:
            continue
        if not isinstance(value, PYTHON_TYPES[facts["type"]]):
            yield f"{path}{key} is documented as {facts['type']}, and is {value!r}"
            continue
        inside = facts.get("contains")
        if inside is None:
            continue  # its keys are no words of ours: names of ports, counters of the kernel
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                yield from faults(item, inside, f"{path}{key}.")


def test_a_value_documented_as_sometimes_returned_is_returned_somewhere(
    calls: list[Call],
) -> None:
    for name in {call.module for call in calls}:
        seen = {key for call in calls if call.module == name for key in call.real}
        assert seen >= modules()[name]["return"].keys()


def test_check_mode_returns_what_the_run_then_returns(calls: list[Call]) -> None:
    for call in calls:
        if call.module == "portmap_info":
            continue  # counters move
        assert predicted(call.checked) == predicted(call.real), str(call)


def predicted(result: dict[str, Any]) -> dict[str, Any]:
    """What can be known before: not the inode of a namespace that is still to be made."""
    known = {key: value for key, value in result.items() if key != "invocation"}
    for name in ("container", "containers"):
        found = known.get(name, [])
        for one in found if isinstance(found, list) else [found]:
            one.pop("namespace_inode")
    return known


def test_a_second_run_changes_nothing(calls: list[Call]) -> None:
    for call in calls:
        assert call.real["changed"] == (call.module != "portmap_info"), str(call)
        assert not call.again["changed"], str(call)
        assert call.again.get("changes", []) == [], str(call)


def test_a_difference_is_shown_exactly_when_there_is_one(calls: list[Call]) -> None:
    for call in calls:
        if call.module == "portmap_info":
            assert "diff" not in call.real
            continue
        assert call.real["diff"]["before"] != call.real["diff"]["after"], str(call)
        assert call.again["diff"]["before"] == call.again["diff"]["after"], str(call)
