# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No figure about performance is older than its samples, or written by hand; and they can be taken again."""

from __future__ import annotations

import re

import pytest

from documentation import ROOT
from lab import machines
from measure import control, limits, sites, usage
from report import pages
from results import Results

SAMPLES = ROOT / "docs" / "performance" / "samples.jsonl"
GUIDES = ROOT / "docs" / "docsite" / "rst"


@pytest.fixture(scope="module")
def results() -> Results:
    return Results.read(SAMPLES)


def test_the_pages_say_what_the_samples_say(results: Results) -> None:
    written = pages.written(results)
    assert set(written) == {
        "guide_fleet.rst",
        "guide_performance.rst",
        "guide_performance_details.rst",
    }
    for name, text in written.items():
        assert (GUIDES / name).read_text() == text, (
            "bench/report has its text; bench --report writes it"
        )


def test_every_picture_of_a_page_is_there(results: Results) -> None:
    named = set(re.findall(r"image:: /(\S+)", "".join(pages.written(results).values())))
    assert named
    assert [name for name in named if not (ROOT / "docs" / name).exists()] == []


def test_samples_that_are_read_and_written_stay_what_they_are(results: Results, tmp_path) -> None:
    results.write(tmp_path / "again")
    assert (tmp_path / "again").read_text() == SAMPLES.read_text()


def test_a_batch_for_ip_and_tc_makes_what_the_engine_makes(tmp_path) -> None:
    """All but the program that tc cannot load.  And what bench/ asks of the engine, it answers."""
    few = sites.containers(2)
    with machines.lab() as lab:
        sites.engine(lab.host, "prepare", options=sites.POOLS)
        sites.engine(lab.host, "batch", folder=str(tmp_path), containers=few)
        lab.host.run("sh", str(tmp_path / "batch"))
        control.check_same(lab.host, {"containers": few})
        assert sites.engine(lab.host, "place", containers=few)["changes"] > 0
        assert sites.engine(lab.host, "place", containers=few)["changes"] == 0
        assert sites.engine(lab.host, "info", count=2)["requests"] > 2
        assert [one["seconds"] > 0 for one in usage.look(lab.host)] == [True] * 4


def test_limits_can_be_measured() -> None:
    first = next(limits.measure((10,), 1, print))
    assert first["reached"] == pytest.approx(10e6, rel=0.05)
