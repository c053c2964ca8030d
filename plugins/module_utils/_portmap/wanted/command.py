# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that make portmapctl a command of the host: program, completion in bash, manual page.  Pure."""

from __future__ import annotations

from typing import NamedTuple

from .manual import MANUAL

NAME = "portmapctl"
PROGRAM = f"/usr/local/bin/{NAME}"
COMPLETION = f"/usr/local/share/bash-completion/completions/{NAME}"
PAGE = f"/usr/local/share/man/man8/{NAME}.8"
PATHS = (PROGRAM, COMPLETION, PAGE)
MARK = "Written by netiso.portmap.portmap_host"  # who has it not in its file is a stranger

# Isolated: neither the environment nor the directory where somebody stands says what is imported.  Python may
# keep what it has compiled beside the sources, which only root can write: that halves the time of an answer.
_PROGRAM = """\
#!{python} -I
# {mark}, and removed by it with command=false.
import sys

sys.path.insert(0, "{path}")
from _portmap.portmapctl import main

raise SystemExit(main())
"""

# Names are those of the links' aliases, which everybody may read: no Python is started for a key.
_COMPLETION = """\
# {mark}, and removed by it with command=false.
_portmapctl() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]-}} words="" alias
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        words="list who free check metrics top --help"
    elif [ "${{word#-}}" != "$word" ]; then
        words="--json --help"
        [ "$command" != top ] || words="$words --interval --lines"
        [ "$command" != metrics ] || words="--openmetrics --output --http --help"
    elif [ "$command" = metrics ]; then
        words="counters sockets snmp problems"
    elif [ "$command" = list ]; then
        for alias in /sys/class/net/*/ifalias; do
            read -r alias 2>/dev/null <"$alias" || continue
            alias=${{alias%% *}}
            [ "${{alias#portmap:}}" = "$alias" ] || words="$words ${{alias#portmap:}}"
        done
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}}
complete -F _portmapctl portmapctl
"""


class File(NamedTuple):
    """What is in a file, and its mode."""

    text: str
    mode: int


def files(python: str, path: str) -> dict[str, File]:
    """`python` runs the program, `path` is where the engine's package is."""
    return {
        PROGRAM: File(_PROGRAM.format(python=python, path=path, mark=MARK), 0o755),
        COMPLETION: File(_COMPLETION.format(mark=MARK), 0o644),
        PAGE: File(MANUAL.format(mark=MARK), 0o644),
    }
