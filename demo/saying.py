# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demonstration prints, and what of it was wrong."""

from __future__ import annotations

import sys
from typing import NoReturn

wrong: list[str] = []


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def title(text: str) -> None:
    print(f"\n{bold(text)}\n{'-' * len(text)}", flush=True)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, tuple("-" * width for width in widths), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def give_up(text: str) -> NoReturn:
    sys.exit(f"demo: {text}")
