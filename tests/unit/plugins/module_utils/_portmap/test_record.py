# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory import record
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.record import Record
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
    join,
)
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = HostOptions(
    public="eth0",
    loopback="lo",
    service=(Range(31000, 31499), Range(31500, 31500)),
    ephemeral=Range(30001, 30999),
    per_container=16,
    host_ephemeral=Range(32768, 60999),
    rp_filter="relax",
    steering="u32",
)
WHOLE = Record(
    OPTIONS,
    before={"net/ipv4/conf/lo/route_localnet": "0", "mtu": "65536"},
    qdiscs=("eth0", "lo"),
    applied=("10.0.0.1", "24", "02:00:00:00:00:01", "1500", ""),
)
TEXT = """\
{
 "applied": [
  "10.0.0.1",
  "24",
  "02:00:00:00:00:01",
  "1500",
  ""
 ],
 "before": {
  "mtu": "65536",
  "net/ipv4/conf/lo/route_localnet": "0"
 },
 "ephemeral_ports": "30001-30999",
 "ephemeral_ports_per_container": 16,
 "host_ephemeral_ports": "32768-60999",
 "loopback_interface": "lo",
 "ports": [
  "31000-31499",
  "31500"
 ],
 "public_interface": "eth0",
 "qdiscs": [
  "eth0",
  "lo"
 ],
 "rp_filter": "relax",
 "version": 1
}
"""
FIX = (
    "; run netiso.portmap.portmap_host with the host's parameters to write it anew (delete the"
    " damaged file first)"
)

any_range = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda ends: Range(min(ends), max(ends))
)
link_names = st.text("abceth0123.-", max_size=15)
options = st.builds(
    HostOptions,
    link_names,
    link_names,
    st.lists(any_range).map(join),
    any_range,
    st.integers(-1, 65536),
    st.one_of(st.none(), any_range),
    st.sampled_from(["relax", "keep"]),
    st.one_of(st.just(""), st.ip_addresses(v=4).map(str)),
    st.sampled_from(["", "auto", "10gbit", "1500kbit"]),
    st.sampled_from(["", "outside", "all"]),
    st.sampled_from(["u32", "bpf"]),
    st.one_of(st.none(), st.just(("eth*",))),
    st.sampled_from([None, True, False]),
    st.none(),
)
shared = st.builds(lambda one: one._replace(link_speed="1gbit", fair_shares=True), options)
records = st.builds(
    Record,
    st.one_of(options, shared),
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.lists(st.text(), max_size=3).map(tuple),
    st.lists(st.text(), max_size=3).map(tuple),
    st.integers(0, 1 << 31),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text("09-a", max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)


def test_a_record_of_an_earlier_version_is_read():
    found = record.decode(TEXT)
    assert (found.address, found.mac) == ("10.0.0.1", "02:00:00:00:00:01")
    assert (found.ifindex, found.options.address) == (0, "")


def test_a_record_says_more_than_earlier_versions_only_where_there_is_more_to_say():
    more = WHOLE._replace(options=OPTIONS._replace(address="10.0.0.7"), ifindex=2)
    new = json.loads(record.encode(more))
    assert {key: new[key] for key in new.keys() - json.loads(TEXT).keys()} == {
        "address": "10.0.0.7",
        "ifindex": 2,
    }
    again = record.decode(record.encode(more))
    assert (again.ifindex, again.options.address) == (2, "10.0.0.7")


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        record.decode(text)
    return str(refused.value)


def with_value(name: str, value: object) -> str:
    return json.dumps({**json.loads(TEXT), name: value})


def test_the_record_lies_below_run():
    assert record.PATH == "/run/portmap/host.json"


def test_a_record_is_readable_json():
    assert record.encode(WHOLE) == TEXT


def test_ranges_that_touch_are_read_as_one():
    assert record.decode(TEXT) == WHOLE._replace(
        options=OPTIONS._replace(service=(Range(31000, 31500),))
    )


@given(records)
def test_a_record_is_read_as_it_was_written(whole):
    assert record.decode(record.encode(whole)) == whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError Expecting value: line 1 column 1 (char 0)"),
        ("{", "JSONDecodeError Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (TEXT[:200], "JSONDecodeError "),
        ("[]", "TypeError "),
        ("null", "TypeError "),
        ("1", "TypeError "),
        ("{}", "KeyError 'version'"),
        (with_value("version", 2), "version 2 instead of 1"),
        (with_value("version", None), "version None instead of 1"),
        (with_value("public_interface", None), "TypeError None is not text"),
        (with_value("ports", None), "TypeError None is not a list"),
        (with_value("ports", ["31000-30999"]), "cannot use ports 31000-30999: the range is reversed"),
        (with_value("ports", ["0"]), "cannot use ports 0: ports go from 1 to 65535"),
        (with_value("ports", [31000]), "TypeError 31000 is not text"),
        (with_value("ports", "12"), "TypeError '12' is not a list"),
        (with_value("ephemeral_ports", "x"), "cannot read ephemeral_ports 'x': expected FIRST-LAST or one port"),
        (with_value("ephemeral_ports", 30000), "TypeError 30000 is not text"),
        (with_value("ephemeral_ports_per_container", "many"), "TypeError 'many' is not a whole number"),
        (with_value("ephemeral_ports_per_container", float("inf")), "TypeError inf is not a whole number"),
        (with_value("ephemeral_ports_per_container", None), "TypeError None is not a whole number"),
        (with_value("host_ephemeral_ports", 5), "TypeError 5 is not text"),
        (with_value("before", []), "TypeError "),
        (with_value("before", {"mtu": 65536}), "TypeError 65536 is not text"),
        (with_value("qdiscs", [None]), "TypeError None is not text"),
        (with_value("applied", 7), "TypeError 7 is not a list"),
        ("[" * 100000, "RecursionError "),
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused_with_what_is_wrong_and_the_fix(text, why):
    said = refusal(text)
    assert said.startswith(f"cannot read /run/portmap/host.json: {why}")
    assert said.endswith(FIX)


@pytest.mark.parametrize("name", sorted(json.loads(TEXT)))
def test_a_record_without_one_of_its_values_is_refused(name):
    data = json.loads(TEXT)
    del data[name]
    assert f"KeyError '{name}'" in refusal(json.dumps(data))


def assert_taken_or_refused(text: str) -> None:
    try:
        found = record.decode(text)
    except InvalidRequest:
        return
    assert record.decode(record.encode(found)) == found


@given(st.sampled_from(sorted(json.loads(TEXT))), json_values)
def test_a_value_of_any_kind_is_taken_or_refused(name, value):
    assert_taken_or_refused(with_value(name, value))


@given(st.lists(st.tuples(st.integers(0, 600), st.characters(max_codepoint=127)), max_size=4))
def test_changed_characters_are_taken_or_refused(changes):
    text = list(TEXT)
    for at, character in changes:
        text[at % len(text)] = character
    assert_taken_or_refused("".join(text))
