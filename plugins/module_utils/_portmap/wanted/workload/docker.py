# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The [Service] section of a workload that docker runs.

docker joins no namespace by its path, but that in which the first process of another container is.  So there
is a container of docker that holds the network: its process enters the namespace of ours, by the handle, and
sleeps there as nobody.  The workload joins it, also when docker itself starts it again.  What holds the
network runs nothing but programs of the host: whoever made an image has no part in it.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values.workloads import Workload
from .setting import Setting, environment_path, made_sandbox, sandbox_path
from .spelling import argument

PROGRAM = "docker"
UNIT = "docker.service"
LABEL = "netiso.portmap.workload"
# An image in which /lib leads to /usr/lib, and there is nothing else.
_IMAGE = "netiso-portmap-network"
_MAKE_IMAGE = (
    f"docker image inspect {_IMAGE} >/dev/null 2>&1"
    f" || {{ cd / && tar --create lib*; }} | docker import - {_IMAGE}"
)
# Only what is ours: a container of somebody else with this name stays, and is in the way.
_REMOVE = (
    "docker ps --all --quiet --filter=label={label}={name}"
    " | xargs --no-run-if-empty docker rm --force --volumes >/dev/null"
)
_PID = "docker inspect --type=container --format={{{{.State.Pid}}}} {name}"
# It is in the network, or has ended and says why.
_ENTERED = (
    'while pid=$({pid}) && [ "$pid" != 0 ]; do'
    ' if [ "/proc/$pid/ns/net" -ef {handle} ]; then exit 0; fi; sleep 0.1; done;'
    " docker logs {name}; exit 1"
)
# Until the processes run, the unit is not active.
_WAIT = 'while [ -e "/proc/$MAINPID" ] && [ "$({pid})" = 0 ]; do sleep 0.1; done'


def holder(name: str) -> str:
    """The container of docker that holds the network of a workload."""
    return f"{name}.network"


def lines(workload: Workload, setting: Setting) -> Iterator[str]:
    name = workload.name
    holds = holder(name)
    remove = _shell(_REMOVE.format(label=LABEL, name=name))
    entered = _ENTERED.format(pid=_PID.format(name=holds), handle=setting.handle, name=holds)
    yield "Type=exec"
    yield "KillMode=mixed"
    if workload.sandbox:
        yield made_sandbox(name, workload.user or "0")
    # What was killed would be in the way.
    yield f"ExecStartPre={remove}"
    yield f"ExecStartPre={_shell(_MAKE_IMAGE)}"
    yield f"ExecStartPre={_command(_holding(workload, setting))}"
    yield f"ExecStartPre={_shell(entered)}"
    yield f"ExecStartPre={_command(words(workload))}"
    yield f"ExecStart={_command(('start', '--attach', name))}"
    yield f"ExecStartPost={_shell(_WAIT.format(pid=_PID.format(name=name)))}"
    yield f"ExecStop=-{_command(('stop', '-t', str(workload.stop_timeout), name))}"
    yield f"ExecStopPost=-{remove}"


def _shell(text: str) -> str:
    return f"/bin/sh -c {argument(text)}"


def _command(words: Iterator[str] | tuple[str, ...]) -> str:
    return " ".join((PROGRAM, *map(argument, words)))


def _holding(workload: Workload, setting: Setting) -> Iterator[str]:
    """Entering takes SYS_ADMIN; who becomes nobody then, has no capability left."""
    yield from ("run", "--detach", "--pull=never", "--network=none", "--read-only")
    yield f"--name={holder(workload.name)}"
    yield f"--label={LABEL}={workload.name}"
    yield f"--hostname={workload.hostname or workload.name}"
    if workload.domainname:
        yield f"--domainname={workload.domainname}"
    yield "--cap-drop=all"
    yield from (f"--cap-add={one}" for one in ("SYS_ADMIN", "SETUID", "SETGID"))
    yield "--security-opt=no-new-privileges"
    yield f"--mount={_mount('/usr', '/usr', True)}"
    yield f"--mount={_mount(setting.handle, '/network', True)}"
    yield from ("--entrypoint=/usr/bin/nsenter", _IMAGE, "--net=/network")
    yield from ("--setgid=65534", "--setuid=65534", "--", "/usr/bin/sleep", "infinity")


def words(workload: Workload) -> Iterator[str]:
    """The command line that makes the container of the workload, without the program."""
    yield from ("create", f"--name={workload.name}", f"--label={LABEL}={workload.name}")
    yield f"--network=container:{holder(workload.name)}"
    yield f"--env-file={environment_path(workload.name)}"
    yield from (f"--env={name}={value}" for name, value in workload.env)
    yield from _files(workload)
    yield from _rights(workload)
    yield f"--stop-timeout={workload.stop_timeout}"
    yield from workload.options
    yield workload.image
    yield from workload.command


def _files(workload: Workload) -> Iterator[str]:
    """Mounts of the host reach the workload later, too: hence rslave, which is not docker's default."""
    if workload.read_only:
        yield "--read-only"
    bound = [(volume.source, volume.target, volume.read_only) for volume in workload.volumes]
    sandbox = sandbox_path(workload.name) if workload.sandbox else ""
    if sandbox:
        bound.append((sandbox, sandbox, False))
        yield f"--env=SANDBOX={sandbox}"
    yield from (f"--mount={_mount(*one)},bind-propagation=rslave" for one in bound)
    yield from (f"--tmpfs={path}:mode=1777" for path in workload.tmpfs)
    if workload.working_dir or sandbox:
        yield f"--workdir={workload.working_dir or sandbox}"


def _mount(source: str, target: str, read_only: bool) -> str:
    """As a mount, since a volume whose source is missing would be made by docker, for root and empty."""
    fields = ["type=bind", f"source={source}", f"target={target}"]
    if read_only:
        fields.append("readonly")
    return ",".join(f'"{one}"' if "," in one else one for one in fields)


def _rights(workload: Workload) -> Iterator[str]:
    yield "--security-opt=no-new-privileges"
    yield "--cap-drop=all"
    yield from (f"--cap-add={one}" for one in workload.capabilities)
    if workload.user:
        yield f"--user={workload.user}"
    yield from (f"--group-add={one}" for one in workload.groups)
