# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manual page portmapctl(8), in mdoc(7).  Pure."""

from __future__ import annotations

MANUAL = r""".\" {mark}, and removed by it.
.Dd November 30, 2026
.Dt PORTMAPCTL 8
.Os
.Sh NAME
.Nm portmapctl
.Nd tell who owns which port of this host
.Sh SYNOPSIS
.Nm
.Cm list
.Op Fl -json
.Op Ar name ...
.Nm
.Cm who
.Op Fl -json
.Ar port
.Nm
.Cm free
.Op Fl -json
.Op Ar size
.Nm
.Cm check
.Op Fl -json
.Nm
.Cm metrics
.Op Fl -openmetrics
.Op Fl o Ar file | Fl -http
.Op Ar group ...
.Nm
.Cm top
.Op Fl -json
.Op Fl i Ar seconds
.Op Fl n Ar count
.Sh DESCRIPTION
On a host that netiso.portmap has prepared, containers share the host's
address, and each owns ports.
.Nm
tells which, from what is in the kernel.
It changes nothing, takes no lock, and needs no Ansible.
.Bl -tag -width Ds
.It Cm list Op Ar name ...
Tell the containers with their ports, or only those that are named.
.It Cm who Ar port
Tell whose a port is, which processes have a socket on it, and whether it is
reached from outside and from this host.
When it is not, the reasons follow.
A process of the host that listens on a port of a container hears nothing there.
.It Cm free Op Ar size
Tell where
.Ar size
service ports side by side (1 when left out) are free, and how many such runs
there are.
A run starts at a multiple of the next power of two, which takes the fewest
filters.
Ports on which the host listens are not free.
The last line says for how many containers more there are ephemeral ports.
.It Cm check
Tell what is wrong, one line for each problem, as the module portmap_info does.
.It Cm metrics Op Ar group ...
Tell metrics for Prometheus.
The groups are
.Cm counters ,
.Cm sockets ,
.Cm snmp
and
.Cm problems ;
each costs more than the one before, and all are told when none is named.
.It Cm top
Tell which containers receive and send most bytes a second.
.El
.Pp
The options are:
.Bl -tag -width Ds
.It Fl h , Fl -help
Tell the commands, or the options of one.
.It Fl -http
Answer one request by HTTP for
.Pa /metrics
on the standard input, which is a connection that a socket unit of
.Xr systemd 1
has accepted.
The request says which format it wants.
Who asks from a port of the pools is a container, and is refused.
.It Fl -json
Tell the answer as JSON.
.It Fl i , Fl -interval Ar seconds
Measure for so long; 1 when left out.
.It Fl -openmetrics
Tell metrics in the format of OpenMetrics.
.It Fl o , Fl -output Ar file
Write metrics to a file, which is replaced at once.
.It Fl n , Fl -lines Ar count
Tell so many containers; 20 when left out.
JSON has all of them.
.El
.Pp
Everybody may use it.
Who is not root is not told what is inside the namespaces of containers, nor
the processes of other users; what was not seen is said on the error stream,
and is
.Dq unseen
in JSON.
.Cm check
and
.Cm metrics
need root.
.Sh FILES
.Bl -tag -width Ds
.It Pa /run/portmap/host.json
The pools from which containers are given ports.
.It Pa /usr/local/lib/netiso-portmap
What
.Nm
runs.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
It was told;
.Cm check :
nothing is wrong.
.It 1
.Cm who :
no container owns the port;
.Cm free :
there is no such run;
.Cm check :
something is wrong.
.It 2
The command was called in a wrong way.
.It 3
It cannot be told, and the error stream says why.
.El
.Sh EXAMPLES
Who has port 31025, and why does nobody answer there?
.Pp
.Dl portmapctl who 31025
.Pp
Where can the next container have eight ports?
.Pp
.Dl portmapctl free 8
.Pp
Who fills the link, measured for ten seconds?
.Pp
.Dl portmapctl top --interval 10
.Sh SEE ALSO
.Xr ip 8 ,
.Xr ss 8 ,
.Xr tc 8
"""
