# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tool that plants faults: what it finds in a text, and which of it it chooses."""

from __future__ import annotations

import ast

import pytest
import yaml

from documentation import ROOT
from mutants import concern, faults, roles
from mutants.choice import Known, choose
from mutants.concern import UNIT
from mutants.main import KNOWN, all_faults

CODE = '''"""A docstring with 3 words."""


def close(sock: Socket, names: dict[str, int] = {}) -> None:
    """Another one."""
    if sock.open and sock.count > 20:
        sock.close()
    try:
        names["a"] = 1
    except (KeyError, OSError):
        raise
    for size in (1, 2):
        sock.size += size
'''
FOUND = {
    "drop a statement": [
        "without sock.close()",
        'without names["a"] = 1',
        "without raise",
        "without sock.size += size",
    ],
    "swap a comparison": ["sock.count > 20 -> sock.count >= 20"],
    "swap and, or": ["sock.open and sock.count > 20 -> sock.open or sock.count > 20"],
    "drop an operand": [
        "sock.open and sock.count > 20 -> sock.count > 20",
        "sock.open and sock.count > 20 -> sock.open",
    ],
    "negate a condition": ["not sock.open and sock.count > 20"],
    "drop an element": [
        "without KeyError of (KeyError, OSError)",
        "without OSError of (KeyError, OSError)",
        "without 1 of (1, 2)",
        "without 2 of (1, 2)",
    ],
}
ROLE = """---
# True of every boot
- name: Write the file
  ansible.builtin.file:
    path: /var/lib/file
    mode: "0700"
  when: wanted and not present
"""


@pytest.mark.parametrize("operator", FOUND)
def test_each_place_of_an_operator_is_found(operator: str) -> None:
    found = [fault for fault in faults.find("a/b.py", CODE.encode()) if fault.operator == operator]
    assert sorted(fault.said for fault in found) == sorted(FOUND[operator])
    assert {fault.key.partition(" | ")[0] for fault in found} == {"b.py"}


def test_words_and_types_have_no_faults() -> None:
    found = faults.find(
        "b.py", b'"""3 < 4"""\nName = dict[str, int]\nx: tuple[int, str] = f"{1}"\n'
    )
    assert found == []


def test_a_fault_in_a_role_leaves_a_file_that_can_be_read() -> None:
    found = roles.find("tasks/main.yml", ROLE.encode())
    assert {fault.operator for fault in found} == {
        "drop a line",
        "change a number",
        "say the opposite",
    }
    for fault in found:
        assert yaml.safe_load(fault.planted(ROLE.encode()))
    assert 'without mode: "0700"' in [fault.said for fault in found]
    assert not [fault for fault in found if "name:" in fault.said or "#" in fault.said]


@pytest.fixture(scope="module")
def everything() -> dict[str, list[faults.Fault]]:
    return all_faults("")


def test_every_fault_is_another_program(everything: dict[str, list[faults.Fault]]) -> None:
    for file, found in everything.items():
        source = (ROOT / file).read_bytes()
        program = ast.dump(ast.parse(source)) if file.endswith(".py") else ""
        for fault in found[::20] if program else ():
            assert ast.dump(ast.parse(fault.planted(source))) != program, fault


def test_the_seed_chooses_and_every_file_has_its_turn(
    everything: dict[str, list[faults.Fault]],
) -> None:
    count = len(everything) + 10
    chosen = choose(7, count, everything)
    assert chosen == choose(7, count, everything)
    assert chosen != choose(8, count, everything)
    assert len(set(chosen)) == count
    assert {fault.file for fault in chosen} == {
        file for file, found in everything.items() if found
    }


def test_a_star_in_the_list_of_survivors_stands_for_anything() -> None:
    known = Known("b.py | swap * | * >= 20 | equivalent: never 20\nc.py | * | * | gap: gone\n")
    found = faults.find("a/b.py", CODE.encode())
    assert [fault.said for fault in found if known.reason(fault)] == FOUND["swap a comparison"]
    assert known.stale(found) == ["c.py | * | *"]


def test_every_survivor_that_is_known_has_a_reason() -> None:
    for key, reason in Known(KNOWN.read_text(encoding="utf-8")).reasons.items():
        assert len(key.split(" | ")) == 3, key
        assert reason.startswith(("equivalent: ", "gap: ")), key


def test_unit_tests_that_are_named_after_a_file_are_asked_before_all_others() -> None:
    engine, tests = "plugins/module_utils/_portmap", f"{UNIT}/plugins/module_utils/_portmap"
    nat = concern.tests_of(f"{engine}/decide/problems/nat.py")
    assert nat[:3] == [f"{tests}/test_nat.py", UNIT, "tests/hosts/test_nat.py"]
    assert concern.tests_of(f"{engine}/wanted/workload/files.py")[:2] == [
        f"{tests}/test_workload_files.py",
        UNIT,
    ]
    assert (
        f"{tests}/test_decide_problems.py"
        in concern.tests_of(f"{engine}/decide/problems/drift.py")[:2]
    )
    assert concern.tests_of(f"{engine}/linux/netns.py")[0] == UNIT
    assert UNIT not in concern.tests_of("roles/host/tasks/main.yml")
