# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How pages look: by light and by dark, on a wide screen and on a telephone.  Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

HUES = tuple(range(12, 372, 30))  # degrees
SATURATION = 52  # of blocks, in percent
# Lightness of blocks in percent, so that neighbours of one group differ; and the ink of their names.
LIGHT, LIGHT_INK = (74, 81, 88), "#101418"
DARK, DARK_INK = (21, 26, 31), "#f4f6f8"


def classes(container: str) -> str:
    """The colour of a container, by its name alone: the same in every run and on every host.

    Containers whose names differ by a number behind them are one group, and have one hue.
    """
    group = re.sub(r"[-_.]?[0-9]+$", "", container)
    hue = zlib.crc32(_bytes(group)) % len(HUES)
    return f"h{hue} l{zlib.crc32(_bytes(container)) % len(LIGHT)}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _blocks() -> Iterator[str]:
    yield from (f".h{number} {{ --h: {hue} }}" for number, hue in enumerate(HUES))
    yield from (f".l{number} {{ --l: {lightness}% }}" for number, lightness in enumerate(LIGHT))
    dark = " ".join(f".l{number} {{ --l: {lightness}% }}" for number, lightness in enumerate(DARK))
    yield f"@media (prefers-color-scheme: dark) {{ {dark} }}"


_PAGE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #56616c; --line: #d5dbe1;
  --free: #e9edf1; --pool: #cfd7df; --known: #dfe8f5; --own: #f1d9b8; --owned: #2f5f98; --fill: #3f73b3;
  --warn: #b00020; --link: #0b57a4; --name: @LIGHT_INK@; --edge: 38% }
@media (prefers-color-scheme: dark) { :root { --page: #14181d; --ink: #e2e7ec; --soft: #a3adb8; --line: #333c46;
  --free: #28303a; --pool: #3a4551; --known: #26364d; --own: #5b452a; --owned: #8fbcf0; --fill: #6fa3dd;
  --warn: #ff8a94; --link: #8ebef5; --name: @DARK_INK@; --edge: 62% } }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; padding: 1.2rem 1.5rem 2rem;
  max-width: 1720px; color: var(--ink); background: var(--page); overflow-wrap: anywhere }
h1 { margin: .2rem 0; font-size: 1.7rem; line-height: 1.2 } h2 { margin: 0 0 .5rem; font-size: 1.1rem }
section { margin: 0 0 1.8rem; min-width: 0 } figure { margin: 0 } p { margin: .3rem 0 .7rem }
a { color: var(--link) } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
code { font: .87em/1.4 ui-monospace, "DejaVu Sans Mono", monospace }
.sub, figcaption, caption { color: var(--soft) } figcaption { margin: .4rem 0 0; font-size: .87rem }
.skip { position: absolute; left: -99rem } .skip:focus { position: static }
.scroll { overflow-x: auto; max-width: 100% }.grid { display: block; width: 100% }
.host { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2rem }
.words { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2.5rem; align-content: start }
.words > :first-child { grid-column: 1 / -1 }
@media (min-width: 800px) { .words { grid-template-columns: repeat(2, minmax(0, 1fr)) } }
@media (min-width: 1100px) { .host { grid-template-columns: minmax(0, 1fr) 562px; gap: 0 3rem } }
@media (min-width: 1100px) and (max-width: 1500px) { .words { grid-template-columns: minmax(0, 1fr) } }
table { border-collapse: collapse; width: 100% } caption { max-width: calc(100vw - 1.6rem); text-align: left; font-size: .87rem; padding: 0 0 .3rem }
th, td { padding: .28rem 1.3rem .28rem 0; text-align: left; vertical-align: baseline; overflow-wrap: normal }
th { font-weight: 600 } thead th { font-size: .82rem; color: var(--soft); white-space: nowrap }
tbody td, tbody th { border-top: 1px solid var(--line) } tr > :last-child { padding-right: 0 }
tbody th, .num { white-space: nowrap } tbody th { position: sticky; left: 0; background: var(--page) }
.num { text-align: right; font-variant-numeric: tabular-nums }
.ports { min-width: 9rem } tr:target > * { background: var(--free) } .wide { min-width: 12rem } .narrow { min-width: 4rem }
.bad, .bad a { color: var(--warn); font-weight: 600 } .none { color: var(--soft) }
.bar { display: block; width: 100%; min-width: 60px; height: 8px; background: var(--free); border-radius: 2px }
.bar i { display: block; height: 8px; background: var(--fill); border-radius: 2px }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.2rem; margin: .7rem 0 1.4rem } .facts div { min-width: 0 }
.facts dt { font-size: .82rem; color: var(--soft) } .facts dd { margin: 0; font-weight: 600 }
.problems { padding: 0; margin: 0; list-style: none }
.problems li { border-left: 4px solid var(--warn); padding: .05rem 0 .05rem .7rem; margin: 0 0 .8rem }
.problems p { margin: .1rem 0 } summary { cursor: pointer; color: var(--link); margin: 0 0 .8rem }
.swatch { display: inline-block; width: .75em; height: .75em; margin-right: .45em; border-radius: 2px;
  background: hsl(var(--h) @SATURATION@% var(--l)); border: 1px solid hsl(var(--h) 45% var(--edge)) }
.block { fill: hsl(var(--h) @SATURATION@% var(--l)); stroke: hsl(var(--h) 45% var(--edge)) }
.mark { fill: none; stroke: var(--warn); stroke-width: 2.5; stroke-dasharray: 5 2; pointer-events: none }
.free { fill: var(--free) } .tick { font-size: 11px; fill: var(--soft) }
.name { font-size: 11.5px; fill: var(--name); pointer-events: none } .folded { font-size: 11.5px; fill: var(--ink) }
.whole { width: 100%; height: 64px; background: var(--free); border: 1px solid var(--line) }
.s-pool { fill: var(--pool) } .s-known { fill: var(--known) } .s-own { fill: var(--own) } .s-owned { fill: var(--owned);
  stroke: var(--owned); stroke-width: 1px; vector-effect: non-scaling-stroke }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .4rem 0 0; padding: 0; list-style: none;
  font-size: .87rem; color: var(--soft) } .key svg { vertical-align: -1px; margin-right: .4em }
.axis { display: grid; grid-template-columns: repeat(8, 1fr); font-size: .75rem; color: var(--soft) }
.axis span { border-left: 1px solid var(--soft); padding-left: .25em }
@media (max-width: 600px) { body { padding: .8rem .8rem 1.5rem } .wide { min-width: 3.5rem } .axis :nth-child(even) { visibility: hidden } }
"""

CSS = "\n".join(
    [
        _PAGE.replace("@LIGHT_INK@", LIGHT_INK)
        .replace("@DARK_INK@", DARK_INK)
        .replace("@SATURATION@", str(SATURATION))
        .strip(),
        *_blocks(),
    ]
)
