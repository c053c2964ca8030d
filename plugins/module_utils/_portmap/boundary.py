# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between Ansible and the engine: options to values, outcomes and errors to results."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .engine.reconcile import Outcome, tune_collector
from .jobs.host import Options
from .linux import ethtool
from .values import ports
from .values.errors import InvalidRequest, PortmapError, Unsupported
from .wanted import claims


@contextlib.contextmanager
def failures_reported(module: AnsibleModule) -> Iterator[None]:
    """Check what every module needs; turn our errors into a failed task."""
    tune_collector()
    try:
        _check_machine()
        yield
    except PortmapError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"cannot go on: {error}")


def _check_machine() -> None:
    if os.geteuid() != 0:
        raise Unsupported(
            "cannot change network namespaces and filters: not root; run the task with 'become'"
        )
    found = importlib.util.find_spec("pyroute2")
    if found is None or not found.submodule_search_locations:
        raise Unsupported(
            f"{missing_required_lib('pyroute2')} It is packaged as python3-pyroute2 on Debian,"
            " Ubuntu and Fedora."
        )


def report(module: AnsibleModule, outcome: Outcome, **more: Any) -> dict[str, Any]:
    """What a changing module returns."""
    result: dict[str, Any] = {
        "changed": bool(outcome.changes),
        "changes": outcome.changes,
        **more,
    }
    if module._diff:
        result["diff"] = {"before": outcome.before, "after": outcome.after}
    return result


def placed(module: AnsibleModule, outcome: Outcome) -> dict[str, Any]:
    """`container` for a single one, `containers` for a list."""
    found: Any = outcome.result["containers"]
    return (
        {"containers": found}
        if module.params["containers"] is not None
        else {"container": found[0]}
    )


def warn_of_merged_frames(module: AnsibleModule, outcome: Outcome) -> None:
    """Frames that the card has merged (LRO) cannot be steered by port."""
    host: Any = outcome.result["host"]
    link = host["public_interface"] if host else ""
    if link and ethtool.large_receive_offload(link):
        module.warn(
            f"{link} merges received frames (large-receive-offload), and merged frames cannot be"
            f" steered to containers; switch it off with: ethtool -K {link} lro off"
        )


# --- options ------------------------------------------------------------------------------------


def host_options(params: Mapping[str, Any]) -> Options:
    return Options(
        params["public_interface"] or "",
        params["loopback_interface"] or "",
        _ranges(params["ports"], "ports"),
        _range(params["ephemeral_ports"], "ephemeral_ports"),
        params["ephemeral_ports_per_container"],
        _range(params["host_ephemeral_ports"], "host_ephemeral_ports"),
        params["rp_filter"],
    )


def container_requests(params: Mapping[str, Any]) -> list[claims.Request]:
    """The single container, or the list of them."""
    if params["containers"] is None:
        return [_container(params)]
    return [_container(item) for item in params["containers"]]


def _container(item: Mapping[str, Any]) -> claims.Request:
    name = item["name"]
    if name is None:
        raise InvalidRequest("cannot place a container: its name is missing")
    if item["netns"] is not None and item["pid"] is not None:
        raise InvalidRequest(f"cannot place {name}: netns and pid exclude each other")
    if item["pid"] is not None and item["pid"] < 1:
        raise InvalidRequest(f"cannot place {name} in pid {item['pid']}: not a process id")
    space = item["netns"] or ""
    if space and not os.path.isabs(space):
        claims.check_name(space, "netns")
    return claims.Request(
        name,
        item["state"] == "present",
        space,
        item["pid"],
        _ranges(item["ports"], "ports"),
        _range(item["ephemeral_ports"], "ephemeral_ports"),
    )


def purge(params: Mapping[str, Any]) -> bool:
    if params["purge"] and params["containers"] is None:
        raise InvalidRequest("cannot purge: 'purge' goes with a list of 'containers'")
    return bool(params["purge"])


def ranges(params: Mapping[str, Any]) -> ports.Ranges:
    return _ranges(params["ports"], "ports") or ()


def _ranges(texts: list[str] | None, option: str) -> ports.Ranges | None:
    return None if texts is None else ports.parse_all(texts, option)


def _range(text: str | None, option: str) -> ports.Range | None:
    return None if text is None else ports.parse(text, option)
