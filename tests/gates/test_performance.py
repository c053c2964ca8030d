# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No figure about performance is older than its samples, or written by hand."""

from __future__ import annotations

import re

import pytest

from documentation import ROOT
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
