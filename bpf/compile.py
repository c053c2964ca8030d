# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile the C of this folder into plugins/module_utils/_portmap/bpf/shipped.py.

One version of the compiler makes the same bytes on every machine; another version makes others.  It
is pinned in requirements-dev.txt, and `make gates` compares what it makes with what is shipped.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from base64 import b85encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOURCES = Path(__file__).resolve().parent
SHIPPED = SOURCES.parent / "plugins" / "module_utils" / "_portmap" / "bpf" / "shipped.py"
OPTIONS = (
    "-target", "bpfel-freestanding", "-O2", "-mcpu=v2", "-fno-sanitize=all", "-fno-stack-protector",
    "-fno-ident", "-Wall", "-Wextra", "-Werror",
)  # fmt: skip
HEAD = '''# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-2.0-or-later

"""Compiled programs.  Written by `bpf/compile.py` of the repository: do not edit."""

from __future__ import annotations

from .code import Compiled, Hole, Map, Program
'''
WIDTH = 72  # characters of code in a line

# The format of an object file, elf.h
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
RELOCATION = struct.Struct("<QQ")
SHT_SYMTAB, SHT_REL = 2, 9
R_BPF_64_64, R_BPF_64_32 = 1, 10
MAP = struct.Struct("<5I")
INSTRUCTION_BYTES = 8


class Section(NamedTuple):
    name: str
    type: int
    content: bytes
    about: int  # which section relocations are for


class Symbol(NamedTuple):
    name: str
    section: int  # 0: not in this file
    value: int


class Object:
    """An object file of clang."""

    def __init__(self, data: bytes) -> None:
        (start,) = struct.unpack_from("<Q", data, 40)
        count, names = struct.unpack_from("<HH", data, 60)
        rows = [SECTION.unpack_from(data, start + SECTION.size * at) for at in range(count)]
        contents = [data[row[4] : row[4] + row[5]] for row in rows]
        self.sections = [
            Section(text_at(contents[names], row[0]), row[1], content, row[7])
            for row, content in zip(rows, contents)
        ]
        (table,) = [row for row in rows if row[1] == SHT_SYMTAB]
        found = SYMBOL.iter_unpack(data[table[4] : table[4] + table[5]])
        self.symbols = [
            Symbol(text_at(contents[table[6]], name), section, value)
            for name, _info, _other, section, value, _size in found
        ]

    def maps(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for symbol in sorted(self.symbols, key=lambda one: one.value):
            section = self.sections[symbol.section] if symbol.section < 0xFF00 else None
            if section and section.name == "maps" and symbol.name:
                yield symbol.name, MAP.unpack_from(section.content, symbol.value)

    def programs(self) -> Iterator[tuple[str, str, bytes, list[tuple[int, str, str]]]]:
        """Name, section, instructions, holes.  Each program has a section of its own."""
        for number, section in enumerate(self.sections):
            names = [one.name for one in self.symbols if one.section == number and one.name]
            if section.name in ("maps", "license") or section.type != 1 or not names:
                continue
            (name,) = names
            yield name, section.name, section.content, list(self.holes(number))

    def holes(self, number: int) -> Iterator[tuple[int, str, str]]:
        for section in self.sections:
            if section.type != SHT_REL or section.about != number:
                continue
            for where, what in RELOCATION.iter_unpack(section.content):
                symbol, kind = self.symbols[what >> 32], what & 0xFFFFFFFF
                yield where // INSTRUCTION_BYTES, self.filling(symbol, kind), symbol.name

    def filling(self, symbol: Symbol, kind: int) -> str:
        if kind == R_BPF_64_64 and symbol.section == 0:
            return "number"
        if kind == R_BPF_64_64 and self.sections[symbol.section].name == "maps":
            return "map"
        if kind == R_BPF_64_32 and symbol.section == 0:
            return "function"
        raise SystemExit(f"compile: cannot fill in {symbol.name}: use maps and externs only")


def text_at(table: bytes, start: int) -> str:
    return table[start : table.index(b"\0", start)].decode()


def compiled(source: Path) -> Object:
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "made.o"
        command = [sys.executable, "-m", "ziglang", "cc", *OPTIONS, "-c", source.name, "-o", made]
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), place)
        subprocess.run(command, cwd=source.parent, env={**os.environ, **caches}, check=True)
        return Object(made.read_bytes())


def written(name: str, found: Object) -> Iterator[str]:
    """The value of one C file, as ruff would format it."""
    maps = [
        f"        Map({', '.join([quoted(label), *map(str, numbers)])}),\n"
        for label, numbers in found.maps()
    ]
    yield f"\n{name} = Compiled(\n    "
    yield from ["(\n", *maps, "    ),\n"] if maps else ["(),\n"]
    yield "    (\n"
    for label, section, code, holes in found.programs():
        yield f"        Program(\n            {quoted(label)},\n            {quoted(section)},\n"
        text = b85encode(code).decode()
        for start in range(0, len(text), WIDTH):
            comma = "," if start + WIDTH >= len(text) else ""
            yield f"            {quoted(text[start : start + WIDTH])}{comma}\n"
        yield "            (\n"
        for at, filling, filled in holes:
            yield f"                Hole({at}, {quoted(filling)}, {quoted(filled)}),\n"
        yield "            ),\n        ),\n"
    yield "    ),\n)\n"


def quoted(text: str) -> str:
    return f'"{text}"'


def module() -> str:
    """The text of shipped.py."""
    parts = [HEAD]
    for source in sorted(SOURCES.glob("*.c")):
        parts += written(source.stem.upper(), compiled(source))
    return "".join(parts)


if __name__ == "__main__":
    SHIPPED.write_text(module(), encoding="utf-8")
