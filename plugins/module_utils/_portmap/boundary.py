# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between Ansible and the engine: options to values, outcomes and errors to results."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .decide.guards import Ask as GuardAsk
from .decide.guards import Wish
from .engine.reconcile import Outcome, tune_collector
from .jobs import containers, guards, host, results, workloads
from .linux import ethtool, uapi
from .values import guards as words
from .values import ports
from .values.errors import InvalidRequest, PortmapError, Unplaced, Unsupported
from .values.options import HostOptions
from .values.workloads import Volume, Workload
from .wanted import access, claims, limits, requests
from .wanted.claims import Ask


@contextlib.contextmanager
def failures_reported(module: AnsibleModule, task: str = "change") -> Iterator[None]:
    """Check what every module needs for its `task`, and turn our errors into a failed task."""
    tune_collector()
    try:
        _check_root(task)
        yield
    except Unplaced as error:
        changes = list(error.changes)
        module.fail_json(msg=str(error), changed=bool(changes), changes=changes)
    except PortmapError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"cannot go on: {error}")


def _check_root(task: str) -> None:
    if os.geteuid() != 0:
        raise Unsupported(
            f"cannot {task} network namespaces and filters: not root; run the task with 'become'"
        )


def report(module: AnsibleModule, outcome: Outcome, **more: Any) -> dict[str, Any]:
    """What every changing module returns, and `more`; its warnings are given."""
    for warning in outcome.warnings:
        module.warn(warning)
    result: dict[str, Any] = {
        "changed": bool(outcome.changes),
        "changes": outcome.changes,
        **more,
    }
    if module._diff:
        result["diff"] = {"before": outcome.before, "after": outcome.after}
    return result


def placed(module: AnsibleModule, run: containers.Run) -> dict[str, Any]:
    """What portmap_container returns: `container` for a single one, `containers` for a list."""
    found = results.containers_result(run.decision, run.created)
    single = module.params["containers"] is None
    told = {"container": found[0]} if single else {"containers": found}
    return report(module, run.outcome, **told)


def changed(module: AnsibleModule, run: containers.Run) -> dict[str, Any]:
    """What portmap_ranges returns."""
    return report(module, run.outcome, **results.ranges_result(run.decision, run.created))


def prepared(module: AnsibleModule, run: host.Run) -> dict[str, Any]:
    """What portmap_host returns.  Warns of frames that the card merges (LRO)."""
    link = run.host["public_interface"] if run.host else ""
    if link and ethtool.large_receive_offload(link):
        module.warn(
            f"{link} merges received frames (large-receive-offload), and merged frames cannot be"
            f" steered to containers; switch it off with: ethtool -K {link} lro off"
        )
    reason = {"steering_reason": run.why} if run.why else {}
    return report(module, run.outcome, host=run.host, **reason)


def ran(module: AnsibleModule, run: workloads.Run) -> dict[str, Any]:
    """What portmap_workload returns: `workload` for a single one, `workloads` for a list."""
    for warning in run.warnings:
        module.warn(warning)
    single = module.params["workloads"] is None
    told = run.results
    result: dict[str, Any] = {
        "changed": bool(run.changes),
        "changes": run.changes,
        "restarted": run.restarted,
        **({"workload": told[0]} if single else {"workloads": told}),
    }
    if run.diff:
        result["diff"] = {"before": run.diff[0], "after": run.diff[1]}
    return result


def guarded(module: AnsibleModule, run: guards.Run) -> dict[str, Any]:
    """What portmap_guard returns."""
    return report(module, run.outcome, guards=results.guards_result(run.guards, run.groups))


# --- options ------------------------------------------------------------------------------------


def host_options(params: Mapping[str, Any]) -> HostOptions:
    _check_link(params["public_interface"] or "", "public_interface", uapi.ALTIFNAMSIZ)
    _check_link(params["loopback_interface"] or "", "loopback_interface", uapi.IFNAMSIZ)
    return HostOptions(
        params["public_interface"] or "",
        params["loopback_interface"] or "",
        _ranges(params["ports"], "ports"),
        _range(params["ephemeral_ports"], "ephemeral_ports"),
        params["ephemeral_ports_per_container"],
        _range(params["host_ephemeral_ports"], "host_ephemeral_ports"),
        params["rp_filter"] or "",
        _address(params["address"]),
        limits.read_speed(params["link_speed"]) if params["link_speed"] else "",
        params["limit_scope"] or "",
        params["steering"] or "",
        _patterns(params["interfaces"]),
        params["ipv6"],
        params["fair_shares"],
    )


def _patterns(items: Sequence[str] | None) -> tuple[str, ...] | None:
    for item in items or ():
        _check_link(item, "interfaces", uapi.IFNAMSIZ)
    return None if items is None else tuple(sorted(set(items)))


def _check_link(name: str, option: str, size: int) -> None:
    """`size` is what the kernel has for a name and its end."""
    _refuse_nul(name, option)
    if len(name.encode()) >= size:
        raise InvalidRequest(f"cannot use {option} {name}: it is longer than {size - 1} bytes")


def _address(text: str | None) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise InvalidRequest(f"cannot use address {text}: it is no IPv4 address") from None


def asks(params: Mapping[str, Any]) -> list[Ask]:
    """The single container, or the list of them."""
    if params["containers"] is None:
        return [_container(params)]
    force = params["force"]
    return [_container({**item, "force": item["force"] or force}) for item in params["containers"]]


def _container(item: Mapping[str, Any]) -> Ask:
    name = item["name"]
    if name is None:
        raise InvalidRequest("cannot place a container: its name is missing")
    if item["netns"] is not None and item["pid"] is not None:
        raise InvalidRequest(f"cannot place {name}: netns and pid exclude each other")
    if item["pid"] is not None and item["pid"] < 1:
        raise InvalidRequest(f"cannot place {name} in pid {item['pid']}: not a process id")
    space = item["netns"] or ""
    _refuse_nul(space, "netns")
    if space and not os.path.isabs(space):
        claims.check_name(space, "netns")
    return Ask(
        name,
        item["state"] == "present",
        space,
        item["pid"],
        _ranges(item["ports"], "ports"),
        _range(item["ephemeral_ports"], "ephemeral_ports"),
        force=item["force"],
        request=None if item["request"] is None else requests.read(item["request"], name),
        limits=None if item["limits"] is None else limits.read(item["limits"], name),
        access=_access(item),
    )


def _access(item: Mapping[str, Any]) -> access.Wish:
    networks = item["allow_from"]
    return access.Wish(
        item["host_services"],
        _ranges(item["host_ports"], "host_ports"),
        None if networks is None else access.read_networks(filter(None, networks)),
    )


def wish(params: Mapping[str, Any]) -> Wish:
    """What portmap_guard is asked for."""
    return Wish(
        [_guard(item) for item in params["guards"]],
        params["purge"],
        tuple(params["policed"]),
        params["action"],
        params["only_tcp_udp"],
        params["scan_interval"],
    )


def _guard(item: Mapping[str, Any]) -> GuardAsk:
    name = item["name"]
    given = [(kind, item[kind]) for kind in words.KINDS if item[kind] is not None]
    present = item["state"] == "present"
    if present and len(given) != 1:
        raise InvalidRequest(f"cannot guard {name}: give exactly one of unit, slice and cgroup")
    kind, target = given[0] if given else ("", "")
    return GuardAsk(
        name,
        present,
        kind,
        target,
        words.Ports.read(item["ports"] or (), "ports"),
        item["action"] or "",
        "" if item["container"] is None else claims.check_name(item["container"], "container"),
    )


def _refuse_nul(text: str, option: str) -> None:
    """The kernel takes such text for shorter than it is, where it takes it at all."""
    if "\0" in text:
        raise InvalidRequest(f"cannot use {option} {text!r}: there is a NUL character in it")


def purge(params: Mapping[str, Any]) -> bool:
    if params["purge"] and params["containers"] is None:
        raise InvalidRequest("cannot purge: 'purge' goes with a list of 'containers'")
    return bool(params["purge"])


def purge_workloads(params: Mapping[str, Any]) -> bool:
    if params["purge"] and params["workloads"] is None:
        raise InvalidRequest("cannot purge: 'purge' goes with a list of 'workloads'")
    return bool(params["purge"])


def ranges(params: Mapping[str, Any]) -> ports.Ranges:
    return _ranges(params["ports"], "ports") or ()


def _ranges(texts: list[str] | None, option: str) -> ports.Ranges | None:
    """None: left out.  A single item without text is no port: so a command line can say it."""
    if texts is not None and [text.strip(" ") for text in texts] == [""]:
        return ()
    return None if texts is None else ports.parse_all(texts, option)


def _range(text: str | None, option: str) -> ports.Range | None:
    return None if text is None else ports.parse(text, option)


# --- workloads ------------------------------------------------------------------------------------


def workload_asks(params: Mapping[str, Any]) -> list[Workload]:
    """The single workload, or the list of them."""
    items = [params] if params["workloads"] is None else params["workloads"]
    return [_workload(item) for item in items]


def _workload(item: Mapping[str, Any]) -> Workload:
    name, unit = item["name"], item["unit"] or ""
    if name is None:
        raise InvalidRequest("cannot run a workload: its name is missing")
    env = (item["env"] or {}).items()
    return Workload(
        name,
        item["container"] or name,
        item["state"],
        item["engine"],
        unit if not unit or unit.endswith(".service") else f"{unit}.service",
        item["join"],
        item["rootfs"] or "",
        item["image"] or "",
        item["read_only"],
        tuple(item["command"] or ()),
        tuple((str(key), _text(value)) for key, value in env),
        item["user"] or "",
        tuple(item["groups"] or ()),
        item["working_dir"] or "",
        tuple(_volume(name, text) for text in item["volumes"] or ()),
        item["sandbox"],
        tuple(item["tmpfs"]),
        None if item["masks"] is None else tuple(item["masks"]),
        tuple(item["capabilities"]),
        item["hostname"] or "",
        item["pid"] or "",
        item["restart_policy"],
        item["stop_timeout"],
        tuple(item["options"] or ()),
        item["restart"],
        tuple((str(key), _text(value)) for key, value in (item["sockets"] or {}).items()),
        item["network"],
        item["runtime"],
        item["domainname"] or "",
    )


def _text(value: object) -> str:
    """Of a variable: YAML makes booleans of yes and no, which no program expects as Python writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _volume(name: str, text: str) -> Volume:
    source, *rest = text.split(":")
    if len(rest) not in (1, 2) or rest[1:] not in ([], ["ro"], ["rw"]):
        raise InvalidRequest(
            f"cannot use volumes {text!r} for {name}: a volume is written SOURCE:TARGET, SOURCE:TARGET:ro"
            " or SOURCE:TARGET:rw"
        )
    return Volume(source, rest[0], rest[1:] == ["ro"])
