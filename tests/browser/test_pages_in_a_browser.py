# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the playbook `picture` in a real browser: on three screens, by light and by dark.

Each is photographed into .build/pages, for people to look at.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from ansible_collections.netiso.portmap.plugins.filter.port_index import port_index
from ansible_collections.netiso.portmap.plugins.filter.port_page import port_page
from ansible_collections.netiso.portmap.tests.unit.plugins.plugin_utils import told

from chromium import Browser, browser

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.thorough("a browser is 400 MB to install, which make setup does not do")
NEEDED = "the pages are looked at in a browser; run: sudo apt-get install chromium"
PHOTOGRAPHS = ROOT / ".build" / "pages"
WIDTHS = (1720, 1280, 400)
# Besides: a name of a host that is no name of a file, and names wider than most.
WIDE = [
    told.container(letter * 12, f"{31000 + 8 * at}-{31007 + 8 * at}")
    for at, letter in enumerate("MWmw_")
]
FLEET = {**told.fleet(), "a/b": told.told(*WIDE)}
FILES = ["index.html", *(port_page(result, name)["file"] for name, result in FLEET.items())]
# Tables that are wider than the page.
SCROLLED = (
    "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the playbook writes."""
    made = tmp_path_factory.mktemp("pages")
    (made / "hosts").mkdir()
    pages = [port_page(result, name) for name, result in FLEET.items()]
    for page in (*pages, port_index(FLEET, time="2026-11-30 15:00 UTC")):
        (made / page["file"]).write_text(page["text"], encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        with browser(tmp_path_factory.mktemp("profile")) as running:
            yield running
    except FileNotFoundError as error:
        pytest.fail(f"{error}; {NEEDED}")


OUTSIDE = """[...document.body.querySelectorAll("*")]
    .filter(one => !one.closest(".scroll, .skip, svg") && one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.outerHTML.slice(0, 80))"""
TOO_LONG = """[...document.querySelectorAll("text.name")].filter(name => {
    let block = name.previousElementSibling;
    while (!block.classList.contains("block")) block = block.previousElementSibling;
    return name.getComputedTextLength() + 4 > block.getBBox().width;
}).map(name => name.textContent)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("file", FILES)
def test_a_page_fits_and_the_console_is_silent(
    seen: Browser, place: Path, file: str, width: int, scheme: str
) -> None:
    seen.visit(place / file, width, scheme)
    PHOTOGRAPHS.mkdir(parents=True, exist_ok=True)
    seen.photograph(PHOTOGRAPHS / f"{Path(file).stem}-{width}-{scheme}.png")
    assert seen.ask("document.documentElement.scrollWidth") <= seen.ask("innerWidth") == width
    assert seen.ask(OUTSIDE) == []
    assert seen.ask(TOO_LONG) == []
    assert width < 1000 or seen.ask(f"{SCROLLED}.length") == 0
    assert seen.ask("document.title")
    assert seen.trouble == []
    red, green, blue = seen.ask(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    )
    assert (max(red, green, blue) < 64) if scheme == "dark" else (min(red, green, blue) > 192)


@pytest.mark.parametrize("file", FILES)
def test_every_link_leads_to_a_file_and_has_a_name(seen: Browser, place: Path, file: str) -> None:
    seen.visit(place / file, 1280, "light")
    links = seen.ask("[...document.links].map(one => [one.href, one.textContent.trim()])")
    assert links
    for url, name in links:
        assert name
        assert urlsplit(url).scheme == "file"
        assert Path(unquote(urlsplit(url).path)).is_file()


def test_a_link_of_the_index_shows_the_page_of_the_host(seen: Browser, place: Path) -> None:
    """Whatever its name has in it."""
    seen.visit(place / "index.html", 1280, "light")
    for name in FLEET:
        href = seen.ask(f"[...document.links].find(one => one.textContent === {name!r}).href")
        seen.visit(Path(unquote(urlsplit(href).path)), 1280, "light")
        assert seen.ask("document.querySelector('h1').textContent") == name
        seen.visit(place / "index.html", 1280, "light")


def test_a_hundred_hosts_with_three_hundred_containers_each_are_drawn_within_seconds() -> None:
    """Of CPU time; and their pages are of bounded size."""
    crowd = {f"node{number}": told.crowded(number) for number in range(100)}
    before = time.process_time()
    pages = [port_page(result, name)["text"] for name, result in crowd.items()]
    pages.append(port_index(crowd)["text"])
    assert time.process_time() - before < 20
    assert sum(len(page.encode()) for page in pages) < 17_000_000


def test_a_screen_reader_hears_names_and_tables(seen: Browser, place: Path) -> None:
    seen.visit(place / "hosts/node1.html", 1280, "light")
    heard = seen.read_aloud()
    roles = {role for role, _name in heard}
    assert {
        "main",
        "navigation",
        "heading",
        "table",
        "rowheader",
        "columnheader",
        "image",
    } <= roles
    for role, name in heard:
        if role in {"image", "link", "table", "region", "heading", "rowheader"}:
            assert name, role
    assert ("table", "Who owns which ports") in heard
    assert {"web", "db", "cache"} <= {name for role, name in heard if role == "rowheader"}
    images = sorted(name.partition(" of ")[0] for role, name in heard if role == "image")
    assert images == ["All ports", "Service ports"]


def test_the_keyboard_comes_to_everything_that_moves(seen: Browser, place: Path) -> None:
    """First to a way past the drawings, which is seen then; and to tables wider than a telephone."""
    seen.visit(place / "hosts/node1.html", 400, "light")
    reached = []
    for _ in range(8):
        seen.press("Tab")
        reached.append(seen.ask("document.activeElement.textContent.trim().slice(0, 20)"))
    assert reached[:2] == ["Skip to the table of", "All hosts"]
    assert seen.ask(f"{SCROLLED}.length") >= 1
    assert seen.ask(f"{SCROLLED}.every(one => one.tabIndex === 0)")
    assert any(name.startswith("Who owns which ports") for name in reached)
    seen.visit(place / "hosts/node1.html", 400, "light")
    seen.press("Tab")
    assert seen.ask("document.activeElement.getBoundingClientRect().left") >= 0


def test_the_guide_has_photographs_of_pages(tmp_path: Path) -> None:
    """Those that the build of the documentation takes, and no others."""
    program = ROOT / "docs" / "photographs.py"
    subprocess.run([sys.executable, str(program), str(tmp_path)], check=True)
    guide = (ROOT / "docs/docsite/rst/guide_picture.rst").read_text()
    named = re.findall(r"image:: /pictures/(picture-\S+)", guide)
    assert sorted(named) == sorted(one.name for one in tmp_path.iterdir())
    for one in tmp_path.iterdir():
        head = one.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", head[16:])
        assert 380 < width <= max(WIDTHS)
        assert height > 400
