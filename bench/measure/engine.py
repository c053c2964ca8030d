# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the host of a lab: one run of the engine, timed, or its plan as a batch for ip and tc.

A request comes as JSON on standard input, the measurement goes as JSON to standard output.
The clock starts when everything is imported and stops when the result could be returned.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyroute2.netlink.rtnl.ifaddrmsg
import pyroute2.netlink.rtnl.ifinfmsg
import pyroute2.netlink.rtnl.rtmsg
import pyroute2.netlink.rtnl.tcmsg  # noqa: F401  what a run that writes imports on the way
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import boundary
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.engine import reconcile
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import (
    containers,
    host,
    info,
    metrics,
    results,
    usage,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs.uplink import (
    look_anyway,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import (
    netlink,
    requests,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import uapi as k
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.view import viewed
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import record
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight import (
    survey,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight import (
    usage as sight,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import choose
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import Ask
from ansible_collections.netiso.portmap.plugins.modules import portmap_container, portmap_host

from . import batch


def defaults(arguments: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What a module has for options that nobody gives."""
    return {name: option.get("default") for name, option in arguments.items()}


def asks_of(items: list[dict[str, Any]]) -> list[Ask]:
    left_out = defaults(portmap_container.ARGUMENTS["containers"]["options"])
    params = {
        **defaults(portmap_container.ARGUMENTS),
        "containers": [{**left_out, **item} for item in items],
    }
    return boundary.asks(params)


def place(order: dict[str, Any]) -> Any:
    run = containers.place(
        asks_of(order["containers"]),
        purge=order.get("purge", False),
        dry_run=order.get("check", False),
    )
    return run.outcome.changes, results.containers_result(run.decision, run.created)


def prepare(order: dict[str, Any]) -> Any:
    options = {**defaults(portmap_host.ARGUMENTS), "rp_filter": "relax", **order["options"]}
    run = host.prepare(boundary.host_options(options), dry_run=False)
    return run.outcome.changes, run.host


def look(order: dict[str, Any]) -> Any:
    """What portmap_info returns, of a host with `count` containers and no problems."""
    found = info.gather(None)
    if found["problems"] or len(found["containers"]) != order["count"]:
        problems = found["problems"][:5]
        raise RuntimeError(
            f"{len(found['containers'])} containers, and these problems: {problems}"
        )
    return [], found


def collect(order: dict[str, Any]) -> Any:
    """Metrics of these groups, as text."""
    return [], metrics.collected(frozenset(order["groups"]))


def count(_order: dict[str, Any]) -> dict[str, Any]:
    """What the level `counters` adds to a look at all containers."""
    prepared = record.required()
    with viewed() as view:
        host, options = look_anyway(view, prepared).host, prepared.options
        plane = choose.plane(options.steering)
        placed = survey.steered(view, plane, host, options.pools, statistics=True).values()
        reconcile.tune_collector()
        before, start = time.process_time(), time.perf_counter()
        queues = sight.queues(view)
        sent = sight.sent(view, queues)
        for one in placed:
            waiting = queues.get(one.veth.ifindex, ()), sent.get(one.container.number, ())
            usage.used(one.container, one.veth, *waiting, {sight.COUNTERS})
        return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - before}


def write_batch(order: dict[str, Any]) -> dict[str, Any]:
    """The plan of the same order, as a script that does it with `ip -batch` and `tc -batch`."""
    wanted = asks_of(order["containers"])
    names = [ask.name for ask in wanted]

    def demand(current: dict[str, Any]) -> list[Ask]:
        others = sorted(set(current) - set(names)) if order.get("purge") else []
        return [*wanted, *(Ask(name, present=False) for name in others)]

    few = names if len(names) < 16 and not order.get("purge") else None
    job = containers.Placing(record.required(), demand, few)
    with viewed() as view:
        comparison = job.compare(view, in_full=False)
    changes = comparison.changes()
    lines = batch.write(changes, comparison.handles, Path(order["folder"]))
    return {"lines": lines, "changes": len(changes)}


def timed(action: Any, order: dict[str, Any]) -> dict[str, Any]:
    reconcile.tune_collector()  # as the modules do
    netlink.SENT.clear()
    requests.CALLED.clear()
    before, start = os.times(), time.perf_counter()
    changes, result = action(order)
    text = json.dumps(result)
    seconds = time.perf_counter() - start
    after = os.times()
    return {
        "seconds": seconds,
        "user": after.user - before.user,
        "system": after.system - before.system,
        "requests": len(netlink.SENT),
        "calls": len(requests.CALLED),
        "writes": sum(kind in k.WRITES for kind in netlink.SENT),
        "kinds": dict(Counter(netlink.SENT)),
        "changes": len(changes),
        "told": changes if order.get("check") else [],
        "result_bytes": len(text),
        "peak_kib": peak_kib(),
    }


def peak_kib() -> int:
    """Of this process alone: what getrusage tells starts with the peak of the parent."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def main() -> None:
    order = json.load(sys.stdin)
    actions = {"place": place, "prepare": prepare, "info": look, "metrics": collect}
    itself = {"batch": write_batch, "counted": count}
    if order["do"] in itself:
        print(json.dumps(itself[order["do"]](order)))
    else:
        print(json.dumps(timed(actions[order["do"]], order)))


if __name__ == "__main__":
    main()
