# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command on the host: who owns a port, what is free, what is wrong, who sends how much; metrics.

It only looks.  Ends with 0 for a plain answer, with 1 for "nobody", "nowhere" or "something is wrong",
with 2 for words that it does not know, with 3 when it cannot look.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from .decide import answers as lines
from .values.errors import InvalidRequest, PortmapError

NO, CANNOT = 1, 3


def main(words: Sequence[str] | None = None) -> int:
    asked = parser().parse_args(words)
    try:
        return _answer(asked)
    except PortmapError as error:
        return _failed(str(error))
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _failed(f"cannot go on: {error}")
    except KeyboardInterrupt:
        return 130


def _failed(message: str) -> int:
    sys.stderr.write(f"portmapctl: {message}\n")
    return CANNOT


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="portmapctl", description="Who owns which port of this host. It only looks."
    )
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, said: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=said, description=f"{said[:1].upper()}{said[1:]}.")
        if name != "metrics":
            one.add_argument("--json", action="store_true", help="tell it as JSON")
        return one

    one = command("list", "the containers and their ports")
    one.add_argument("name", nargs="*", metavar="NAME", help="only these containers")
    one = command("who", "whose a port is, who listens there, and whether that is reached")
    one.add_argument("port", type=int, metavar="PORT")
    one = command("free", "where so many ports side by side are free")
    one.add_argument("size", type=int, nargs="?", default=1, metavar="SIZE", help="how many (1)")
    command("check", "what is wrong with the host and its containers")
    one = command("metrics", "metrics for Prometheus")
    one.add_argument(
        "group", nargs="*", metavar="GROUP", help="counters, sockets, snmp, problems (all of them)"
    )
    one.add_argument("--openmetrics", action="store_true", help="in the format of OpenMetrics")
    where = one.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="FILE", help="write this file, at once")
    where.add_argument(
        "--http",
        action="store_true",
        help="answer the HTTP of a connection, as systemd hands it over",
    )
    one = command("top", "who receives and sends most")
    one.add_argument(
        "-i", "--interval", type=float, default=1.0, metavar="SECONDS", help="measure so long (1)"
    )
    one.add_argument(
        "-n", "--lines", type=int, default=20, metavar="COUNT", help="show so many containers (20)"
    )
    return made


def _metrics(asked: argparse.Namespace) -> int:
    from .engine.reconcile import tune_collector
    from .jobs import metrics  # only now: the other answers do without most of the engine

    tune_collector()
    unknown = sorted(set(asked.group) - set(metrics.GROUPS))
    if unknown:
        known = ", ".join(metrics.GROUPS)
        raise InvalidRequest(f"cannot collect {unknown[0]}: expected some of {known}")
    if asked.http:
        from .jobs import scrape

        scrape.answer(set(asked.group or metrics.GROUPS), sys.stdin.fileno())
        return 0
    text = metrics.collected(set(asked.group or metrics.GROUPS), asked.openmetrics)
    if asked.output:
        metrics.save(asked.output, text)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    return 0


def _answer(asked: argparse.Namespace) -> int:
    if asked.command == "metrics":
        return _metrics(asked)
    # Only now: importing the engine takes longer than finding a mistake in the words.
    from .jobs import answers

    found: dict[str, Any]
    no = False
    if asked.command == "list":
        found = answers.listed(asked.name)
        said = lines.listed(found)
    elif asked.command == "who":
        found = answers.who(asked.port)
        said, no = lines.who(found), found["owner"] is None
    elif asked.command == "free":
        found = answers.free(asked.size)
        said, no = lines.free(found), not found["stretches"]
    elif asked.command == "check":
        found = answers.check()
        said, no = lines.check(found), bool(found["problems"])
    else:
        found = answers.top(asked.interval)
        said = lines.top(found, max(asked.lines, 1))
    for line in lines.unseen(found):
        sys.stderr.write(f"portmapctl: {line}\n")
    text = json.dumps(found, indent=1) if asked.json else "\n".join(said)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    return NO if no else 0


if __name__ == "__main__":
    raise SystemExit(main())
