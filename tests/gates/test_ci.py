# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of CI systems: they run what the Makefile has, for each ansible-core that we claim."""

from __future__ import annotations

import re
from typing import Any

import yaml

from documentation import ROOT

GITHUB = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
GITLAB = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())


def test_both_run_every_gate() -> None:
    everything = (ROOT / ".ci/run").read_text()
    assert everything.endswith("exec make test\n")
    assert {"run": ".ci/run"} in GITHUB["gates"]["steps"]
    assert GITLAB["gates"]["script"] == [".ci/run"]


def test_both_try_the_same_cores_from_the_oldest_that_is_claimed() -> None:
    assert {"run": "make cores"} in GITHUB["cores"]["steps"]
    assert GITLAB["cores"]["script"] == ["make cores"]
    cores = [one["core"] for one in GITHUB["cores"]["strategy"]["matrix"]["include"]]
    assert cores == [one["CORE"] for one in GITLAB["cores"]["parallel"]["matrix"]]
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    oldest = re.fullmatch(r">=(\d+\.\d+)\.0", runtime["requires_ansible"])
    assert oldest
    assert cores[0] == oldest[1]


def test_what_they_set_is_what_the_gate_reads() -> None:
    read = set(re.findall(r"\$\{(\w*(?:CORE|PYTHON))-|\$\{(\w*PYTHON):-", _gate()))
    names = {name for pair in read for name in pair if name}
    asked: dict[str, Any] = GITLAB["cores"]["parallel"]["matrix"][0]
    assert names == set(asked) == set(GITHUB["cores"]["env"])


def _gate() -> str:
    text = (ROOT / "tools/gate").read_text()
    return text[text.index("gate_cores()") : text.index("make_pair()")]
