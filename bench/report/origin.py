# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and when it was measured."""

from __future__ import annotations

from typing import Any

from results import Results

from .figures import NONE, pick, table


def about(results: Results) -> str:
    have = results.machine
    names = ("kernel", "python", "ansible-core", "pyroute2", "iproute2", "iptables", "nftables")
    names += ("docker", "podman", "passt")
    versions = ", ".join(f"{name} {have[name]}" for name in names if name in have)
    commands = {f"``{told['command']}``" for told in results.runs.values()}
    by = f", by {' and '.join(sorted(commands))}" if commands else ""
    return f"{have['cpu']}, {have['cpus']} CPUs, {have['memory_gib']} GiB{by}; {versions}."


def parts_table(results: Results) -> str:
    rows = []
    for name, told in results.runs.items():
        rounds = {one.get("n"): 0 for one in results.samples[name] if "round" in one}
        for count in rounds:
            rounds[count] = len(
                {one.get("round", 0) // 1 for one in pick(results.samples[name], n=count)}
            )
        many = ", ".join(f"{number} (N = {count})" for count, number in sorted_by_key(rounds))
        loads = f"{told['load_before'][0]:.1f}, {told['load_after'][0]:.1f}"
        ended = f"failed: {told['failed'].splitlines()[0]}" if "failed" in told else "complete"
        rows.append((name, told["date"], told["commit"], f"{told['seconds']} s", loads))
        rows[-1] += (many or NONE, ended)
    head = ("part", "started", "commit", "took", "load before, after")
    return table((*head, "rounds", "ended"), rows)


def sorted_by_key(rounds: dict[Any, int]) -> list[tuple[Any, int]]:
    return sorted((key, value) for key, value in rounds.items() if key is not None)
