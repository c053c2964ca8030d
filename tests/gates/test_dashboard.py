# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dashboard, the alerts and the guide speak of metrics that there are, and Prometheus understands them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import metrics
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range

from documentation import ROOT
from promtool import promtool

DASHBOARD = json.loads((ROOT / "roles/metrics/files/dashboard.json").read_text())
ALERTS = (ROOT / "roles/metrics/files/alerts.yml").read_text()
GUIDE = (ROOT / "docs/docsite/rst/guide_metrics.rst").read_text()
# What Grafana puts in for its variables.
FILLED = {
    "$__rate_interval": "5m",
    "$__range": "1h",
    "$instance": "h1|h2",
    "$container": ".*",
}
NODE_EXPORTER = {"node_textfile_mtime_seconds"}


def filled(expression: str) -> str:
    for name, value in FILLED.items():
        expression = expression.replace(name, value)
    return expression


def expressions() -> Iterator[tuple[str, str]]:
    """Those of panels, and those that find the values of variables, each with a name for it."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", filled(target["expr"])
    for one in DASHBOARD["templating"]["list"]:
        if one["type"] == "query":
            (inner,) = re.findall(r"^label_values\((.*), \w+\)$", one["query"]["query"])
            yield one["name"], filled(inner)


EXPRESSIONS = dict(expressions())


def exposed() -> set[str]:
    """The names of all families, by the functions that make them of no container."""
    families = [
        metrics.of_pools(Pools((Range(1, 2),), Range(3, 4), 1), []),
        *metrics.of_containers([]),
        metrics.of_guards([]),
        metrics.of_problems([], []),
        metrics.of_collecting(0),
    ]
    return {f"portmap_{one.name}" for one in families}


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:portmap|node)_[a-z_]+\b", text))


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": one}
        for number, one in enumerate(EXPRESSIONS.values())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_variable_is_left_and_every_metric_is_there(name: str) -> None:
    assert "$" not in EXPRESSIONS[name]
    metric = named(EXPRESSIONS[name])
    assert metric
    assert metric <= exposed() | NODE_EXPORTER


def test_alerts_are_about_metrics_that_there_are() -> None:
    for group in yaml.safe_load(ALERTS)["groups"]:
        for rule in group["rules"]:
            assert named(rule["expr"]) <= exposed() | NODE_EXPORTER


def test_the_guide_has_every_metric_and_no_other() -> None:
    names = set(re.findall(r"``(portmap_[a-z_]+)``", GUIDE))
    variables = {one for one in names if one.startswith("portmap_metrics_")}
    assert names - variables == exposed()


SERIES = {
    'portmap_container_receive_bytes_total{instance="h1",container="web"}': "0+3000x120",
    'portmap_container_rate_limit_bytes_per_second{instance="h1",container="web",direction="receive"}': "100x120",
    'portmap_container_rate_limit_bytes_per_second{instance="h1",container="web",direction="transmit"}': "7x120",
    'portmap_pool_ports{instance="h1",pool="service",state="free"}': "25x120",
    'portmap_pool_ports{instance="h1",pool="service",state="given"}': "75x120",
    'portmap_problems{instance="h1",kind="drift"}': "2x120",
    'portmap_problems{instance="h1",kind="route"}': "0x120",
}
ANSWERS: dict[str, tuple[str, float]] = {
    "Use of limits A": ('{instance="h1",container="web"}', 0.5),
    "Free ports A": ('{instance="h1",pool="service"}', 0.25),
    "What is wrong A": ('{instance="h1",kind="drift"}', 2),
    "Received A": ('{instance="h1",container="web"}', 50),
    "Rates over the time that is shown C": ('{instance="h1",container="web"}', 50),
}


def test_what_is_computed_is_what_is_meant(tmp_path: Path) -> None:
    """A sample of each: labels that do not match would give none."""
    asked = [
        {
            "expr": EXPRESSIONS[name],
            "eval_time": "110m",
            "exp_samples": [{"labels": labels, "value": value}],
        }
        for name, (labels, value) in ANSWERS.items()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    test: dict[str, Any] = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    promtool("test", "rules", file)


def test_panels_are_side_by_side_and_have_what_grafana_needs() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        mine = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & mine, panel["title"]
        assert max(x for x, _y in mine) < 24
        cells |= mine
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        letters = [one["refId"] for one in panel["targets"]]
        assert len(set(letters)) == len(letters)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
