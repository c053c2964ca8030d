# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.spelling import (
    argument,
    filled,
    unit_of_path,
    word,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/run/netns/web", "run-netns-web.mount"),
        ("/run/netns/my-web.1", r"run-netns-my\x2dweb.1.mount"),
        ("/run//netns/web/", "run-netns-web.mount"),
        ("/run/netns/a_B:9", "run-netns-a_B:9.mount"),
        ("/.run", r"\x2erun.mount"),
        ("/run/ü", r"run-\xc3\xbc.mount"),
        ("/", "-.mount"),
    ],
)
def test_a_mount_has_the_name_that_systemd_gives_it(path, unit):
    assert unit_of_path(path, "mount") == unit


@pytest.mark.skipif(not shutil.which("systemd-escape"), reason="there is no systemd-escape here")
@pytest.mark.parametrize(
    "path", ["/run/netns/web", "/run/netns/my-web.1", "/run/netns/0-_.-x", "/.r"]
)
def test_systemd_escape_says_the_same(path):
    command = ["systemd-escape", "--path", "--suffix=mount", path]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert unit_of_path(path, "mount") == said.stdout.strip()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/bin/httpd", "/bin/httpd"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("50%", "50%%"),
        ("two\nlines", r'"two\x0alines"'),
        ("it's", '"it\'s"'),
        (";", '";"'),
    ],
)
def test_a_word_means_itself(text, written):
    assert word(text) == written


def test_systemd_replaces_nothing_in_an_argument():
    assert argument("$HOME ${HOME}") == '"$$HOME $${HOME}"'
    assert argument("$HOME") == "$$HOME"


@given(st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF)))
def test_a_word_is_one_word_on_one_line(text):
    written = word(text)
    assert "\n" not in written
    assert "\r" not in written
    if not written.startswith('"'):
        assert not set(written) & set(" \t'\"\\;")


KNOWN = {"PORT": "31000", "PORT_HTTP": "31001"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-p ${PORT}", "-p 31000"),
        ("${PORT}:${PORT_HTTP}", "31000:31001"),
        ("echo $$PORT", "echo $PORT"),
        ("echo $${PORT}", "echo ${PORT}"),
        ("awk {print $1}", "awk {print $1}"),
        ("$$$$", "$$"),
        ("$PORT", "$PORT"),
    ],
)
def test_variables_in_braces_are_replaced(text, result):
    assert filled(text, KNOWN, "command") == result


def test_a_variable_that_is_not_there_is_an_error_that_names_those_that_are():
    with pytest.raises(
        InvalidRequest, match=r"there is no PORT_HTTPS, but there are PORT, PORT_HTTP;"
    ):
        filled("${PORT_HTTPS}", KNOWN, "command")
