# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kernel that takes no program of eBPF, or does not say what it needs to know: told, and no more."""

from __future__ import annotations

from lab.modules import Modules
from lab.pools import POOLS

WEB = {"name": "web", "ports": ["31000-31007"]}
BLIND = "mount -t tmpfs tmpfs /sys/kernel/btf"


def test_where_nothing_can_judge_offloads_it_is_told_and_all_else_works(modules: Modules) -> None:
    modules.machine.shell(BLIND)
    said = str(modules.call("portmap_host", POOLS)["warnings"])
    assert "there is no /sys/kernel/btf/vmlinux" in said
    assert "CAP_NET_RAW" in said
    modules.call("portmap_container", WEB)
    assert [item["kind"] for item in modules.problems()] == ["offloads"]
    assert not modules.call("portmap_container", WEB)["changed"]
    filters = modules.machine.shell("tc filter show dev pm-web ingress")
    assert "pm_offload" not in filters
    assert "handle 0x100" in filters


def test_once_it_can_the_next_run_has_the_program(modules: Modules) -> None:
    modules.machine.shell(BLIND)
    modules.call("portmap_host", POOLS)
    modules.call("portmap_container", WEB)
    modules.machine.shell("umount /sys/kernel/btf")
    assert [item["kind"] for item in modules.problems()] == ["drift"]
    assert modules.call("portmap_container", WEB)["changed"]
    assert modules.problems() == []


def test_a_program_that_is_there_stays_where_none_can_be_loaded_any_more(modules: Modules) -> None:
    modules.call("portmap_host", POOLS)
    modules.call("portmap_container", WEB)
    modules.machine.shell(BLIND)
    assert not modules.call("portmap_container", WEB)["changed"]
    modules.call("portmap_ranges", {"container": "web", "ports": ["31008"]})
    assert "pm_offload" in modules.machine.shell("tc filter show dev pm-web ingress")
    assert [item["kind"] for item in modules.problems()] == ["offloads"]
