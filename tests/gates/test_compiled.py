# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that are shipped are those that their C makes."""

from __future__ import annotations

import importlib.util

import pytest

from documentation import ROOT

SPEC = importlib.util.spec_from_file_location("compile", ROOT / "bpf" / "compile.py")
assert SPEC
assert SPEC.loader
compiling = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(compiling)


def test_the_shipped_programs_are_byte_for_byte_what_the_pinned_compiler_makes():
    assert compiling.SHIPPED.read_text(encoding="utf-8") == compiling.module()


def test_another_program_would_be_noticed(tmp_path, monkeypatch):
    for file in ("guard.c", "kernel.h"):
        text = (ROOT / "bpf" / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace("return !is->deny;", "return 1;"))
    monkeypatch.setattr(compiling, "SOURCES", tmp_path)
    assert compiling.SHIPPED.read_text(encoding="utf-8") != compiling.module()


PROGRAM = """
#include "kernel.h"
extern void *bpf_cast_to_kern_ctx(void *) SECTION(".ksyms");
extern char offset;
MAP first = {2, 4, 8, 1, 0};
SECTION("tc") int pm_one(void *context)
{
    u32 key = 0;
    void *skb = bpf_cast_to_kern_ctx(context);
    return bpf_map_lookup_elem(&first, &key) ? *(u32 *)(skb + (u64)&offset) : 0;
}
"""


def test_holes_are_maps_functions_and_numbers(tmp_path):
    (tmp_path / "kernel.h").write_text((ROOT / "bpf" / "kernel.h").read_text(encoding="utf-8"))
    (tmp_path / "one.c").write_text(PROGRAM)
    ((name, section, _, holes),) = compiling.compiled(tmp_path / "one.c").programs()
    assert (name, section) == ("pm_one", "tc")
    assert {found[1:] for found in holes} == {
        ("function", "bpf_cast_to_kern_ctx"),
        ("map", "first"),
        ("number", "offset"),
    }


@pytest.mark.parametrize("variable", ["int kept = 1;", 'const char kept[] = "a text";'])
def test_what_cannot_be_filled_in_is_refused(tmp_path, variable):
    (tmp_path / "kernel.h").write_text((ROOT / "bpf" / "kernel.h").read_text(encoding="utf-8"))
    body = f'#include "kernel.h"\n{variable}\nSECTION("tc") int pm_one(void *c)\n'
    (tmp_path / "one.c").write_text(body + "{ (void)c; return *(volatile char *)&kept; }\n")
    with pytest.raises(SystemExit, match="cannot fill in kept: use maps and externs only"):
        list(compiling.compiled(tmp_path / "one.c").programs())
