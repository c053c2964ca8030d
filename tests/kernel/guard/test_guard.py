# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module portmap_guard: what it attaches, changes, writes, refuses and takes away."""

from __future__ import annotations

import json
import os
import threading
from base64 import b85encode
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import cgroups
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf import (
    programs as bpf_programs,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.call import closing
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.bpf.code import (
    Compiled,
    Program,
)

from guarding import FOREIGN, FREE, OWN, POLICED, attach, drop_in, guard, on_host, programs
from guarding import group as group
from guarding import guarded as guarded
from guarding import lab as lab
from guarding import modules as modules
from lab import machines
from lab.modules import ModuleError, Modules
from lab.ways import I4, TCP, bind

# --- the module ---------------------------------------------------------------------------------


def test_ports_change_while_a_process_runs(lab, modules, guarded):
    """It goes on in the same process, whose first attempt is refused."""
    ours, its = os.pipe(), os.pipe()

    def act() -> str:
        first = outcome(FOREIGN)
        os.write(ours[1], b"1")
        os.read(its[0], 1)
        return f"{first} {outcome(FOREIGN)} {outcome(OWN)}"

    def outcome(port: int) -> str:
        try:
            return bind(I4, TCP, port)
        except OSError:
            return "refused"

    def change() -> None:
        os.read(ours[0], 1)
        modules.guard(**guard(guarded, ports=[str(FOREIGN)]))
        os.write(its[1], b"1")

    thread = threading.Thread(target=change)
    thread.start()
    assert guarded.run(on_host(lab, act)) == "refused bound refused"
    thread.join()


def test_other_ports_are_one_write_to_the_same_programs(modules, guarded):
    before = programs(guarded)
    done = modules.guard(**guard(guarded, ports=["31100"]))
    assert done["changes"][0].startswith("web: guard cgroup /netiso-portmap-tests-")
    assert done["changes"][-1] == "give the guard web its ports"
    assert programs(guarded) == before
    assert len(before) == 4


def test_a_second_run_changes_nothing(modules, guarded):
    assert modules.guard(**guard(guarded))["changes"] == []


def test_check_mode_foretells_and_leaves_no_trace(lab, modules, group):
    told = modules.checking().differing().guard(**guard(group))
    assert programs(group) == set()
    assert not Path(lab.host.path("/etc/netiso-portmap")).exists()
    done = modules.differing().guard(**guard(group))
    assert (told["changes"], told["diff"]) == (done["changes"], done["diff"])
    assert told["changed"]
    assert f"attached to /{group.path.name}\n" in done["diff"]["after"]


def test_an_absent_guard_is_detached_and_the_others_stay(lab, modules, group):
    inner = group.child("inner")
    both = guard(group)["guards"] + [
        {"name": "in", "cgroup": f"/{group.path.name}/inner", "ports": ["31200"]}
    ]
    modules.guard(**{**guard(group), "guards": both})
    left = modules.guard(guards=[{"name": "web", "state": "absent"}])
    assert [one["name"] for one in left["guards"]] == ["in"]
    assert programs(group) == set()
    assert len(programs(inner)) == 4
    assert inner.run(on_host(lab, lambda: bind(I4, TCP, OWN))) == "EPERM"


def test_the_last_guard_takes_everything_with_it(lab, modules, guarded):
    modules.guard(guards=[], purge=True)
    left = [
        path
        for path in ("/etc/netiso-portmap", "/usr/local/lib/netiso-portmap")
        if Path(lab.host.path(path)).exists()
    ]
    assert left == []
    assert os.listdir(lab.host.path("/etc/systemd/system")) in ([], ["multi-user.target.wants"])


def test_a_guard_that_somebody_detached_is_attached_again(lab, modules, guarded):
    with guarded.open() as directory:
        (number,) = cgroups.attached(directory, 12)
        with closing(bpf_programs.by_id(number)) as one:
            cgroups.detach(directory, one, 12)
    assert guarded.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "bound"
    done = modules.guard(**guard(guarded))
    assert done["changes"] == [f"attach the guard web to /{guarded.path.name}"]
    assert guarded.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "EPERM"
    assert len(programs(guarded)) == 4


def test_programs_of_others_stay(modules, group):
    allow = b85encode(bytes.fromhex("b7000000010000009500000000000000")).decode()
    strange = Compiled((), (Program("strange", "cgroup/post_bind4", allow),))
    with group.open() as directory, bpf_programs.loaded(strange) as made:
        cgroups.attach(directory, made.programs["strange"], 12)
        number = bpf_programs.info(made.programs["strange"]).id
    modules.guard(**guard(group))
    assert len(programs(group)) == 5
    modules.guard(guards=[], purge=True)
    assert programs(group) == {number}


WRONG = [
    ({"guards": [{"name": "a b", "cgroup": "/x"}]}, "cannot use the name 'a b' for a guard"),
    ({"guards": [{"name": "web", "unit": "web"}]}, "cannot guard the unit 'web': name a .service"),
    ({"guards": [{"name": "web", "unit": "w@.service"}]}, "an instance and no template"),
    ({"guards": [{"name": "web", "slice": "a--b.slice"}]}, "it is no name of a slice"),
    ({"guards": [{"name": "web", "cgroup": "/"}]}, "and not the root"),
    ({"guards": [{"name": "web", "cgroup": "/a/../b"}]}, "cannot guard the cgroup '/a/../b'"),
    ({"guards": [{"name": "web"}]}, "give exactly one of unit, slice and cgroup"),
    (
        {"guards": [{"name": "web", "unit": "a.service", "slice": "b.slice"}]},
        "give exactly one of",
    ),
    ({"guards": [{"name": "web", "cgroup": "/a", "ports": ["53/sctp"]}]}, "cannot read ports"),
    ({"guards": [{"name": "web", "cgroup": "/a", "ports": ["70000"]}]}, "70000"),
    (
        {"guards": [{"name": "a", "cgroup": "/a"}, {"name": "a", "cgroup": "/b"}]},
        "twice in one task",
    ),
    ({"guards": [{"name": "a", "cgroup": "/a"}, {"name": "b", "cgroup": "/a"}]}, "a is its guard"),
    ({"guards": [{"name": "a", "cgroup": "/a"}], "policed": ["pools"]}, "it is not prepared"),
    (
        {"guards": [{"name": "a", "cgroup": "/a"}], "policed": ["some"]},
        "cannot read policed 'some'",
    ),
    (
        {"guards": [{"name": "a", "cgroup": "/a"}], "policed": ["40000"]},
        "so 40000 cannot be policed",
    ),
    ({"guards": [], "scan_interval": -1}, "cannot scan every -1 s"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_bad_input_changes_nothing_and_is_named(lab, modules, given, said):
    with pytest.raises(ModuleError) as refused:
        modules.guard(**{"policed": POLICED, **given})
    assert said in refused.value.msg
    assert not Path(lab.host.path("/etc/netiso-portmap")).exists()


def test_a_reserved_port_of_the_hosts_own_range_can_be_policed(lab, modules, group):
    lab.host.place.set_sysctl("ipv4/ip_local_reserved_ports", "40000-40009")
    try:
        told = modules.guard(**{**guard(group), "policed": ["40000-40009"]})
        assert told["guards"][0]["policed"] == ["40000-40009"]
        assert group.run(on_host(lab, lambda: bind(I4, TCP, 40000))) == "EPERM"
    finally:
        lab.host.place.set_sysctl("ipv4/ip_local_reserved_ports", "\n")


def test_all_ports_are_all_but_those_that_the_host_takes_by_itself(lab, modules, group):
    told = modules.guard(**{**guard(group), "policed": ["all"]})
    assert told["guards"][0]["policed"] == ["1-32767", "61000-65535"]
    assert group.run(on_host(lab, lambda: bind(I4, TCP, FREE))) == "EPERM"


def test_a_file_of_guards_that_is_damaged_is_named_and_stays(lab, modules, guarded):
    path = Path(lab.host.path("/etc/netiso-portmap/guards.json"))
    text = path.read_text()
    path.write_text(text[:40])
    with pytest.raises(
        ModuleError, match=r"cannot read /etc/netiso-portmap/guards.json: .*; delete it"
    ):
        modules.guard(**guard(guarded))
    assert path.read_text() == text[:40]
    path.write_text(text)


def test_a_host_with_cgroup_v1_alone_is_refused_in_words(group):
    with machines.lab() as built:
        built.host.own_directories()
        built.host.run("umount", "/sys/fs/cgroup")
        with pytest.raises(ModuleError, match=r"no unified hierarchy .* \(cgroup2\) is mounted"):
            Modules(built.host).guard(**guard(group))


# Has the kernel answer BPF_PROG_LOAD as one without CONFIG_CGROUP_BPF does, by a filter of seccomp.
LACKING = """
import ctypes, os, struct, sys
number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
code = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 0, 1, 5)]
code += [(6, 0, 0, 0x00050016), (6, 0, 0, 0x7FFF0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in code))
program = ctypes.create_string_buffer(struct.pack("=H6xQ", len(code), ctypes.addressof(text)))
assert ctypes.CDLL(None).prctl(22, 2, program) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_a_kernel_without_the_hooks_is_refused_in_words(lab, modules, group):
    with pytest.raises(ModuleError) as refused:
        modules.under("python3", "-c", LACKING).guard(**guard(group))
    assert refused.value.msg.startswith(
        "cannot guard ports: this kernel lacks what that takes; it takes Linux 5.8 or later with"
        " CONFIG_CGROUP_BPF (cannot load the program pm_guard_"
    )
    assert not Path(lab.host.path("/etc/netiso-portmap")).exists()


# --- units, without systemd at work -------------------------------------------------------------


def test_a_unit_attaches_its_guard_by_itself(lab, modules, group):
    given = {
        **guard(group),
        "guards": [{"name": "web", "unit": "web.service", "ports": [str(OWN)]}],
    }
    told = modules.guard(**given)
    assert told["guards"][0]["cgroup"] is None  # nothing runs
    assert attach(lab.host, group, "web.service", "/proc/self/ns/net") == "0"
    assert group.run(on_host(lab, lambda: bind(I4, TCP, FOREIGN))) == "EPERM"
    assert group.run(on_host(lab, lambda: bind(I4, TCP, OWN))) == "bound"
    assert attach(lab.host, group, "web.service", "/proc/self/ns/net") == "0"
    assert len(programs(group)) == 4


def test_a_unit_whose_guard_cannot_be_attached_does_not_start(lab, modules, group):
    given = {
        **guard(group),
        "guards": [{"name": "web", "unit": "web.service", "ports": [str(OWN)]}],
    }
    modules.guard(**given)
    path = Path(lab.host.path("/etc/netiso-portmap/guards.json"))
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "guards": []}))
    said = attach(lab.host, group, "web.service", "/proc/self/ns/net")
    assert said.startswith("1 portmap-guard: cannot attach the guard web: /etc/netiso-portmap/")
    path.write_text("{")
    assert attach(lab.host, group, "web.service", "/proc/self/ns/net").startswith(
        "1 portmap-guard"
    )
    path.unlink()


def test_a_socket_unit_is_told_in_its_own_section_and_a_slice_waits_for_the_watcher(lab, modules):
    given = [
        {"name": "s", "unit": "web.socket", "ports": ["31000"]},
        {"name": "b", "slice": "a-batch.slice", "ports": ["31001"]},
    ]
    told = modules.guard(guards=given, policed=POLICED)
    assert "[Socket]\n" in drop_in(lab.host, "web.socket")
    assert "After=portmap-guard.service\n" in drop_in(lab.host, "a-batch.slice")
    assert told["guards"][0]["cgroup"] == "/a.slice/a-batch.slice"
    modules.guard(guards=[{"name": "s", "state": "absent"}])
    assert not Path(lab.host.path("/etc/systemd/system/web.socket.d")).exists()
