# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host, its network and its containers, made of namespaces.

The lab stands for the machines of a small network: one *host*, on which the modules run, and two
machines *outside*. Each is a pair of namespaces (network and mount) held by one waiting process;
when that process ends, the kernel removes everything that was in them. Nothing of the machine
that runs the lab is touched.

`machines` makes them, and tools/sandbox runs a command on one; `modules` runs the modules there, in
children of the `runner`, with `faults` where they are wanted; `probes`, `frames` and `serve` are the
traffic; `state` compares; `trace` watches; `cgroups`, `ways` and `scanner` are for guards; `pools` and `steering` are what tests are prepared with.
"""
