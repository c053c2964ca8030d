# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One interface, told four times: by the code, the documentation, the roles, their READMEs."""

from __future__ import annotations

import re

import pytest

from documentation import (
    MODULES,
    ROLES,
    ROOT,
    argument_spec,
    interface,
    modules,
    read_yaml,
    role_defaults,
    role_options,
)


def test_modules_and_roles_are_these() -> None:
    assert MODULES == [
        "portmap_container",
        "portmap_guard",
        "portmap_host",
        "portmap_info",
        "portmap_ranges",
        "portmap_workload",
    ]
    assert ROLES == ["containers", "guard", "host", "metrics", "workloads"]


@pytest.mark.parametrize("name", MODULES)
def test_documented_options_are_those_the_module_takes(name: str) -> None:
    assert interface(modules()[name]["doc"]["options"]) == interface(argument_spec(name))


@pytest.mark.parametrize("name", MODULES)
def test_every_option_has_a_description(name: str) -> None:
    options = dict(modules()[name]["doc"]["options"])
    for option, facts in list(options.items()):
        options.update({f"{option}.{sub}": o for sub, o in facts.get("suboptions", {}).items()})
    assert [option for option, facts in options.items() if not facts.get("description")] == []


def test_role_host_passes_on_every_option_of_its_module() -> None:
    """It says what a host has; the module alone leaves what it is not given as it is."""
    of_role = {
        name.removeprefix("portmap_host_"): {**option, "default": None}
        for name, option in interface(role_options("host")).items()
        if not name.startswith("portmap_host_pyroute2")
    }
    of_module = interface(modules()["portmap_host"]["doc"]["options"])
    assert of_role == {name: {**option, "default": None} for name, option in of_module.items()}


def test_role_guard_passes_on_every_option_of_its_module() -> None:
    of_role = {
        name.removeprefix("portmap_guard_"): option
        for name, option in interface(role_options("guard")).items()
    }
    assert of_role == interface(modules()["portmap_guard"]["doc"]["options"])


def test_role_containers_takes_containers_as_its_module_does() -> None:
    of_role = interface(role_options("containers"))
    of_module = interface(modules()["portmap_container"]["doc"]["options"])
    assert of_role["portmap_containers"].pop("required")
    assert of_role == {
        "portmap_containers": of_module["containers"],
        "portmap_containers_purge": {"type": "bool"},
    }
    assert of_module["purge"] == {"type": "bool"}


def test_role_workloads_takes_workloads_as_its_module_does() -> None:
    of_role = interface(role_options("workloads"))
    of_module = interface(modules()["portmap_workload"]["doc"]["options"])
    assert of_role["portmap_workloads"].pop("required")
    assert of_role == {
        "portmap_workloads": of_module["workloads"],
        "portmap_workloads_purge": {"type": "bool"},
    }
    assert of_module["purge"] == {"type": "bool"}


def test_a_workload_of_a_list_takes_what_a_single_one_does() -> None:
    options = interface(modules()["portmap_workload"]["doc"]["options"])
    of_list = options.pop("workloads")["options"]
    assert of_list["name"].pop("required")
    assert options.pop("purge") == {"type": "bool"}
    assert of_list == options


@pytest.mark.parametrize("role", ROLES)
def test_defaults_of_a_role_are_those_of_its_specification(role: str) -> None:
    specified = {
        name: option["default"]
        for name, option in role_options(role).items()
        if "default" in option
    }
    assert role_defaults(role) == specified


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_in_its_readme_with_its_default(role: str) -> None:
    readme = (ROOT / "roles" / role / "README.md").read_text()
    told = dict(re.findall(r"^\| `(portmap_\w+)` \| (.*?) \|", readme, re.MULTILINE))
    assert set(told) == set(role_options(role))
    for name, default in role_defaults(role).items():
        assert told[name] == f"`{str(default).lower() if default is False else default}`"


ATTRIBUTES = ["action_group", "check_mode", "diff_mode", "idempotent", "platform"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_promises(name: str) -> None:
    attributes = modules()[name]["doc"]["attributes"]
    looks_only = name == "portmap_info"
    assert sorted(attributes) == ATTRIBUTES
    assert attributes["check_mode"]["support"] == "full"
    assert attributes["diff_mode"]["support"] == ("N/A" if looks_only else "full")
    assert attributes["idempotent"]["support"] == "full"
    assert attributes["platform"]["platforms"] == "linux"
    assert attributes["action_group"]["membership"] == ["netiso.portmap.portmap"]


def test_the_action_group_is_all_modules() -> None:
    runtime = read_yaml(ROOT / "meta" / "runtime.yml")
    assert sorted(runtime["action_groups"]["portmap"]) == MODULES
