# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The saved state: its text, what is refused, and how it follows the runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import saving
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import next_boot
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.next_boot import (
    Entry,
    Saved,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
    Pools,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from hypothesis import given
from hypothesis import strategies as st

POOLS = Pools((Range(31000, 31999),), Range(30016, 30999), 16)
HOST = HostOptions("", "lo", *POOLS, Range(32768, 60999), "relax", steering="u32")
WEB = Entry("web", "web", "created", (Range(31000, 31007),), Range(30016, 30031))
DB = Entry("db", "/run/db/ns", "attached", (Range(31008, 31008),), Range(30032, 30047))
OLD = Entry("old", "theirs", "kept", (), None)
WHOLE = Saved(HOST, {"db": DB, "old": OLD, "web": WEB})
TEXT = """\
{
 "version": 1,
 "host": {"public_interface": "", "loopback_interface": "lo", "ports": ["31000-31999"], \
"ephemeral_ports": "30016-30999", "ephemeral_ports_per_container": 16, \
"host_ephemeral_ports": "32768-60999", "rp_filter": "relax"},
 "containers": [
  {"name": "db", "netns": "/run/db/ns", "origin": "attached", "ports": ["31008"], \
"ephemeral_ports": "30032-30047"},
  {"name": "old", "netns": "theirs", "origin": "kept", "ports": [], "ephemeral_ports": null},
  {"name": "web", "netns": "web", "origin": "created", "ports": ["31000-31007"], \
"ephemeral_ports": "30016-30031"}
 ]
}
"""
FIX = "; run the playbook of this host (such as netiso.portmap.site) to write it anew"
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text("09-/a", max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)


def changed(part: str, name: str, value: object) -> str:
    """The text with one value changed, of the host or of the container web."""
    data: dict[str, Any] = json.loads(TEXT)
    where = {"top": data, "host": data["host"], "web": data["containers"][2]}[part]
    where[name] = value
    return json.dumps(data)


def without(part: str, name: str) -> str:
    data: dict[str, Any] = json.loads(TEXT)
    del {"top": data, "host": data["host"], "web": data["containers"][2]}[part][name]
    return json.dumps(data)


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        next_boot.decode(text)
    return str(refused.value)


def test_it_outlives_the_boot():
    assert next_boot.PATH == "/var/lib/netiso-portmap/desired.json"


def test_it_is_json_with_a_line_for_each_container():
    assert next_boot.encode(WHOLE) == TEXT
    assert json.loads(next_boot.encode(Saved(HOST, {})))["containers"] == []


def test_it_is_read_as_it_was_written():
    assert next_boot.decode(TEXT) == WHOLE
    next_boot.check(WHOLE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError Expecting value: line 1 column 1 (char 0)"),
        (TEXT[: len(TEXT) // 2], "JSONDecodeError "),
        ("[]", "TypeError "),
        ("{}", "KeyError 'version'"),
        ("[" * 100000, "RecursionError "),
        (changed("top", "version", 0), "version 0 instead of 1"),
        (changed("top", "version", "1"), "version '1' instead of 1"),
        (changed("top", "more", 1), "ValueError the key 'more' is not known"),
        (changed("top", "containers", {}), "TypeError {} is not a list"),
        (changed("top", "containers", [1]), "TypeError 1 is not a mapping"),
        (changed("top", "host", None), "TypeError None is not a mapping"),
        (changed("host", "more", 1), "ValueError the key 'more' is not known"),
        (changed("host", "ports", ["7-5"]), "cannot use ports 7-5: the range is reversed"),
        (changed("host", "ports", [7]), "TypeError 7 is not text"),
        (changed("host", "ephemeral_ports", None), "TypeError None is not text"),
        (changed("host", "ephemeral_ports_per_container", True), "TypeError True is not a whole number"),
        (changed("host", "rp_filter", "off"), "ValueError rp_filter 'off' is neither relax nor keep"),
        (changed("host", "fair_shares", "yes"), "TypeError 'yes' is neither true nor false"),
        (changed("host", "fair_shares", True), "cannot use fair_shares with link_speed auto"),
        (changed("host", "public_interface", "../eth0"), "ValueError '../eth0' is not the name of an interface"),
        (changed("host", "loopback_interface", "a" * 128), "ValueError 'aaaaaaaaaaaaaaaa"),
        (changed("web", "more", 1), "ValueError the key 'more' is not known"),
        (changed("web", "name", "../web"), "cannot use name '../web'"),
        (changed("top", "containers", json.loads(TEXT)["containers"] * 2), "cannot place db: the list has it 2 times"),
        (changed("web", "netns", "other"), "ValueError netns 'other' of web does not go with the origin 'created'"),
        (changed("web", "netns", None), "TypeError None is not text"),
        (changed("web", "origin", "attached"), "ValueError netns 'web' of web does not go with the origin 'attached'"),
        (changed("web", "origin", "made"), "ValueError netns 'web' of web does not go with the origin 'made'"),
        (changed("web", "ports", ["31000", "31000"]), "cannot use ports 31000 and 31000: 31000 is in both"),
        (changed("web", "ephemeral_ports", 5), "TypeError 5 is not text"),
    ],
)  # fmt: skip
def test_a_damaged_text_is_refused_with_what_is_wrong_and_the_fix(text, why):
    said = refusal(text)
    assert said.startswith(f"cannot read /var/lib/netiso-portmap/desired.json: {why}")
    assert said.endswith(FIX)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        *(("top", name) for name in ("version", "host", "containers")),
        *(("host", name) for name in json.loads(TEXT)["host"]),
        *(("web", name) for name in json.loads(TEXT)["containers"][2]),
    ],
)
def test_a_text_without_one_of_its_values_is_refused(part, name):
    assert f"KeyError '{name}'" in refusal(without(part, name))


def assert_taken_or_refused(text: str) -> None:
    try:
        found = next_boot.decode(text)
    except InvalidRequest:
        return
    assert next_boot.decode(next_boot.encode(found)) == found


@given(
    st.sampled_from(
        [("host", name) for name in json.loads(TEXT)["host"]]
        + [("web", name) for name in json.loads(TEXT)["containers"][2]]
        + [("top", name) for name in json.loads(TEXT)]
    ),
    json_values,
)
def test_a_value_of_any_kind_is_taken_or_refused(where, value):
    assert_taken_or_refused(changed(*where, value))


@given(st.lists(st.tuples(st.integers(0, 700), st.characters(max_codepoint=127)), max_size=4))
def test_changed_characters_are_taken_or_refused(changes):
    text = list(TEXT)
    for at, character in changes:
        text[at % len(text)] = character
    assert_taken_or_refused("".join(text))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (Saved(HOST, {"a": WEB._replace(name="a"), "b": WEB._replace(name="b")}), "cannot give ports"),
        (Saved(HOST, {"web": WEB._replace(service=(Range(32000, 32000),))}), "outside the host's pool"),
        (Saved(HOST, {"web": WEB._replace(ephemeral=Range(30017, 30032))}), "a multiple of it"),
        (Saved(HOST._replace(per_container=17), {}), "power of two"),
        (Saved(HOST._replace(host_ephemeral=Range(31000, 31001)), {}), "is in 31000-31001"),
    ],
)  # fmt: skip
def test_what_no_host_could_have_is_refused(state, why):
    with pytest.raises(InvalidRequest, match=why):
        next_boot.check(state)


# --- how it follows the runs ------------------------------------------------------------------


def test_another_steering_is_told_and_so_it_is_saved():
    """What is saved is written when what is told of it differs."""
    gone_over = WHOLE._replace(host=WHOLE.host._replace(steering="bpf", fair_shares=True))
    assert next_boot.lines(gone_over) == {
        **next_boot.lines(WHOLE),
        "host": next_boot.lines(WHOLE)["host"] + " with fair shares steering bpf",
    }


def test_the_containers_of_a_task_replace_what_was_saved_of_them():
    new = WEB._replace(service=(Range(31500, 31500),))
    assert saving.merged({"db": DB, "web": WEB}, [new]) == {"db": DB, "web": new}


def test_one_that_is_saved_only_loses_the_service_ports_that_others_got():
    new = Entry("new", "new", "created", (Range(31002, 31003),), Range(30064, 30079))
    left = saving.merged({"web": WEB}, [new])["web"]
    assert left.service == (Range(31000, 31001), Range(31004, 31007))
    assert left.ephemeral == WEB.ephemeral


def test_one_that_is_saved_only_is_forgotten_when_others_got_its_ephemeral_ports():
    new = Entry("new", "new", "created", (), Range(30016, 30031))
    assert saving.merged({"web": WEB}, [new]) == {"new": new}


def test_what_the_pools_no_longer_hold_is_forgotten():
    kept = saving.fitting(WHOLE.containers, POOLS._replace(service=(Range(31004, 31999),)))
    assert kept == {**WHOLE.containers, "web": WEB._replace(service=(Range(31004, 31007),))}
    moved = POOLS._replace(ephemeral=Range(30032, 30999))
    assert sorted(saving.fitting(WHOLE.containers, moved)) == ["db", "old"]


names = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def owners(draw: st.DrawFn) -> dict[str, Entry]:
    """Containers of which no two own the same port, as the kernel always has them."""
    taken: tuple[Range, ...] = ()
    found = {}
    for name in draw(st.lists(names, unique=True)):
        first = draw(st.integers(31000, 31030))
        want = ports.subtract([Range(first, first + draw(st.integers(0, 9)))], taken)
        free = [number for number in range(4) if all(
            one.ephemeral != Range(30016 + 16 * number, 30031 + 16 * number)
            for one in found.values()
        )]  # fmt: skip
        number = draw(st.sampled_from(free))
        ephemeral = Range(30016 + 16 * number, 30031 + 16 * number)
        taken = (*taken, *want)
        found[name] = Entry(name, name, "created", want, ephemeral)
    return found


@given(owners(), owners())
def test_whatever_was_saved_and_is_placed_a_host_could_have_it(before, placed):
    after = saving.merged(before, placed.values())
    next_boot.check(Saved(HOST, after))
    assert {name: after[name] for name in placed} == placed
    assert set(after) <= {*before, *placed}
