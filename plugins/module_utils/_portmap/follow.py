# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""While a host runs: bring it and its containers up to date when its links, addresses or routes change.

Run as `python3 -m _portmap.follow` by a unit of systemd.  It ends only when it is told to.  A run is
a child, so that whatever becomes of it, there is somebody to tell that and to try again.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Collection
from typing import NamedTuple

from .decide import following as decide
from .engine.reconcile import tune_collector
from .jobs import following
from .jobs.following import Followed
from .linux import systemd
from .linux.events import Listener

_ENGINE = os.path.realpath(__file__)


def main() -> int:
    if os.geteuid() != 0:
        sys.stderr.write("portmap-follow: cannot follow the host: not root\n")
        return 1
    tune_collector()
    listener, teller = Listener(), _Teller()
    systemd.notify("READY=1")
    causes: frozenset[str] = frozenset()
    failures = 0
    while True:
        if os.path.realpath(__file__) != _ENGINE:
            os.execv(sys.executable, [sys.executable, "-Bsm", f"{__package__}.follow"])
        run = _run(causes)
        teller.tell(run.followed)
        failures = failures + 1 if run.followed.fault else 0
        time.sleep(decide.pause(run.seconds))
        causes = frozenset()
        if listener.wait(decide.retry(failures)):
            causes = _settled(listener)


def _settled(listener: Listener) -> frozenset[str]:
    """What has changed, when nothing more does.  What comes meanwhile wakes nobody up."""
    causes, give_up = frozenset(listener.drain()), time.monotonic() + decide.LONGEST
    while time.monotonic() < give_up:
        time.sleep(decide.QUIET)
        more = listener.drain()
        if not more:
            break
        causes |= more
    return causes


class _Run(NamedTuple):
    """`seconds`: how much time of a CPU it took."""

    followed: Followed
    seconds: float


def _run(causes: Collection[str]) -> _Run:
    """Look at the host in a child: the engine is made for processes that end."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _be_child(writer, causes)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    _pid, status, used = os.wait4(child, 0)
    if status or not said:
        code = os.waitstatus_to_exitcode(status)
        how = f"signal {-code}" if code < 0 else f"status {code}"
        followed = Followed([], [], f"a run has ended with {how} before it was through")
    else:
        followed = Followed(*json.loads(said))
    return _Run(followed, used.ru_utime + used.ru_stime)


def _be_child(writer: int, causes: Collection[str]) -> None:
    code = 1
    try:
        said = json.dumps(following.follow_or_say(causes)).encode()
        with open(writer, "wb") as pipe:
            pipe.write(said)
        code = 0
    except BrokenPipeError:
        pass  # the service was stopped meanwhile
    except BaseException:  # whatever it is, the parent goes on
        traceback.print_exc()
    os._exit(code)


class _Teller:
    """Says in the journal what is new, and from time to time what is still in the way."""

    def __init__(self) -> None:
        self._notices: list[str] = []
        self._fault = ""
        self._told = 0.0

    def tell(self, followed: Followed) -> None:
        for line in followed.done:
            _say(line)
        for line in followed.notices:
            if line not in self._notices:
                _say(line)
        if followed.fault:
            if followed.fault != self._fault or time.monotonic() > self._told + decide.REPEAT:
                _say(f"{followed.fault}; it is tried again")
                self._told = time.monotonic()
        elif self._fault:
            _say("the host is followed again")
        self._fault = followed.fault
        if not followed.fault:
            self._notices = followed.notices
        state = followed.fault or next(iter(followed.notices), "the host is as it shall be")
        systemd.notify(f"STATUS={state}")


def _say(message: str) -> None:
    sys.stderr.write(f"portmap-follow: {message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
