# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the playbook `picture`: well-formed, complete, linked, escaped, the same every time."""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.filter.port_index import port_index
from ansible_collections.netiso.portmap.plugins.filter.port_page import port_page
from ansible_collections.netiso.portmap.tests.unit.plugins.plugin_utils import told

VOID = {"meta", "link"}
COLLECTIONS = str(Path(inspect.getfile(port_page)).parents[5])


def parsed(page: str) -> ElementTree.Element:
    doctype, _newline, whole = page.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return ElementTree.fromstring(whole)


def text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def under(page: str, path: str) -> list[str]:
    return [text(element) for element in parsed(page).iterfind(path)]


def page_of(result: Any, host: str = "node1", **options: str) -> str:
    return port_page(result, host, **options)["text"]


def written(fleet: dict[str, Any]) -> dict[str, str]:
    """Every file, as the playbook writes them."""
    pages = [port_page(result, name) for name, result in fleet.items()]
    return {page["file"]: page["text"] for page in (*pages, port_index(fleet))}


class Nesting(HTMLParser):
    """A browser's view: every element is closed in its turn, and an id is had once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.ids += [value or "" for key, value in attrs if key == "id"]
        if tag in VOID:
            self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID | {"rect", "path", "div", "td"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("file", sorted(written(told.fleet())))
def test_a_page_is_well_formed_for_browsers_and_for_xml(file: str) -> None:
    page = written(told.fleet())[file]
    assert parsed(page).get("lang") == "en"
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []
    assert len(nesting.ids) == len(set(nesting.ids))


def test_every_link_leads_to_a_file_and_to_a_place_in_it() -> None:
    odd = {"a/b": told.small(), "../up": told.empty(), "100%": told.empty(), "index": told.empty()}
    files = written({**told.fleet(), **odd})
    assert len(files) == len(told.fleet()) + len(odd) + 1
    assert all(file.count("/") == file.startswith("hosts/") for file in files)
    for file, page in files.items():
        for link in parsed(page).iterfind(".//a"):
            path, _hash, place = str(link.get("href")).partition("#")
            target = "index.html" if path == "../index.html" else unquote(path) or file
            assert target in files
            assert not place or parsed(files[target]).find(f".//*[@id='{place}']") is not None
            assert text(link)


def test_every_range_that_is_owned_is_in_the_grid_and_in_the_table() -> None:
    for result in (told.small(), told.crowded()):
        page = page_of(result)
        titles = under(page, ".//svg[@class='grid']//rect/title")
        rows = under(page, ".//section[@id='containers']//tbody/tr")
        for one, row in zip(result["containers"], rows):
            assert row.startswith(f"{one['name']}{', '.join(one['ports'])}")
            assert one["ephemeral_ports"] in row
            for ports in one["ports"]:
                starts = f"{one['name']}, {ports}"
                assert any(title.startswith(starts) for title in titles), starts
        assert len(rows) == len(result["containers"])


def test_the_page_of_a_small_host_says_what_is_free_and_who_sends() -> None:
    page = page_of(told.small(), time="2026-11-30 15:00 UTC")
    free = under(page, ".//section[@id='free-ports']//tbody/tr")
    assert free == ["31008-3109992", "31151-3119949", "31108-3114942"]
    talkers = under(page, ".//section[@id='talkers']//tbody/tr")
    assert talkers == ["web81.2kB1.41MB", "cache512B0B"]
    assert "817 of 1000" in under(page, ".//header/dl/div")[3]
    assert under(page, ".//footer") == ["As of 2026-11-30 15:00 UTC."]


def test_measured_rates_say_who_sends_now() -> None:
    """And not who has sent most since he was placed; one that has come meanwhile has none."""
    rates = {
        "web": None,
        "db": {"rx_bytes": 1500, "tx_bytes": 20},
        "cache": {"rx_bytes": 0, "tx_bytes": 0},
    }
    result = told.small()
    for one in result["containers"]:
        one["rates"] = rates[one["name"]]
    page = page_of(result)
    assert under(page, ".//section[@id='talkers']//tbody/tr") == ["db1.50kB/s20B/s"]
    assert "a second" in under(page, ".//section[@id='talkers']//caption")[0]
    for one in result["containers"]:
        one["rates"] = rates["cache"]
    assert "Nobody receives or sends." in under(page_of(result), ".//section[@id='talkers']")[0]


def test_a_problem_is_told_in_words_with_a_command_for_this_host() -> None:
    page = page_of(told.small(), "node7")
    listed = under(page, ".//section[@id='attention']//li")
    assert [one.partition(":")[0] for one in listed] == ["host_listener", "drift"]
    assert "You have to choose" in listed[0]
    assert listed[1].endswith("ansible node7 -b -m netiso.portmap.portmap_container -a name=web")
    suffering = under(page, ".//section[@id='containers']//td[@class='bad']")
    assert suffering == ["yes", "yes"]
    titles = under(page, ".//svg[@class='grid']//rect/title")
    assert {title for title in titles if title.endswith("needs attention")} == {
        "web, 31000-31007, needs attention",
        "db, 31100-31107, needs attention",
        "db, 31150, needs attention",
    }


def test_what_could_not_be_asked_is_on_its_page_and_in_the_index_with_why() -> None:
    fleet = {
        "lost": told.unreachable(),
        "broken": {"failed": True, "msg": "cannot import\npyroute2"},
        "odd": {"failed": True},
        "bare": told.unprepared(),
    }
    index = port_index(fleet)["text"]
    rows = under(index, ".//tbody/tr")
    assert rows[0] == "bare1not prepared"
    assert rows[1] == "brokencould not be asked: cannot import pyroute2"
    assert rows[2].startswith("lostcould not be asked: Failed to connect")
    assert rows[3] == "oddcould not be asked: no reason was told"
    assert "No route to host" in under(page_of(told.unreachable()), ".//main")[0]
    assert "could not be asked on 3 hosts: broken, lost, odd" in under(index, ".//li")
    assert "Repair: ansible-playbook" in under(page_of(told.unprepared()), ".//li")[0]


def test_hosts_are_in_the_order_in_which_people_count() -> None:
    names = under(port_index(told.fleet())["text"], ".//tbody/tr/th")
    assert names == ["lost", "node1", "node2", "node10", "node11"]


HOSTILE = "<script>alert(1)</script> \"'&amp; {{ 7 * 7 }} {% raw %} \x1b[31m \u202etxt.exe \ud800 ]]> --> \n x"
HARMLESS = "<script>alert(1)</script> \"'&amp; {{ 7 * 7 }} {% raw %} \ufffd[31m \ufffdtxt.exe \ufffd ]]> --> x"


def test_what_hosts_say_is_text_and_nothing_else() -> None:
    """Not for a browser, not for a template, and not for the direction of what stands behind it."""
    found = told.problem(HOSTILE, HOSTILE, HOSTILE, repair=HOSTILE)
    named = told.container(HOSTILE, "31000-31007", assigned={HOSTILE: "31000"})
    result = told.told(named, problems=[found], address=HOSTILE)
    lost = {"unreachable": True, "msg": HOSTILE}
    files = written({HOSTILE: result, "lost": lost})
    assert len(files) == 3
    for page in files.values():
        page.encode()
        tree = parsed(page)
        assert not list(tree.iter("script"))
        assert HARMLESS in text(tree)
        assert not [mark for mark in ("{{", "{%", "{#") if mark in page]
        assert not [key for one in tree.iter() for key in one.attrib if key.startswith("on")]
    grid = under(files[port_page(result, HOSTILE)["file"]], ".//svg[@class='grid']//title")
    assert f"{HARMLESS}, 31000-31007, needs attention" in grid


def test_the_same_state_gives_the_same_bytes_in_every_process() -> None:
    """Whatever order sets and dictionaries have there."""
    program = f"from {__name__} import digest; print(digest())"
    paths = ":".join([COLLECTIONS, *sys.path])
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == digest()


def digest() -> str:
    fleet = told.fleet()
    backwards = dict(reversed(fleet.items()))
    assert port_index(fleet) == port_index(backwards)
    return hashlib.sha256(repr(sorted(written(fleet).items())).encode()).hexdigest()


def test_a_crowded_page_is_of_bounded_size() -> None:
    """A hundred such hosts are 15 MB."""
    assert len(page_of(told.crowded()).encode()) < 170_000
    hundred = {f"node{number}": told.small() for number in range(100)}
    assert len(port_index(hundred)["text"].encode()) < 80_000


@pytest.mark.parametrize(
    "result", ["text", None, {}, [told.small()], {"host": {}, "containers": [], "problems": []}]
)
def test_anything_else_than_a_result_is_refused(result: object) -> None:
    with pytest.raises(AnsibleFilterError, match=r"expected a result of portmap_info.* for node1"):
        port_page(result, "node1")
    with pytest.raises(AnsibleFilterError, match=r"expected a result of portmap_info.* for node1"):
        port_index({"node1": result})
    with pytest.raises(AnsibleFilterError, match="expected results of portmap_info by host"):
        port_index([result])
