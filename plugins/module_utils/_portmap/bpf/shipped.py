# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-2.0-or-later

"""Compiled programs.  Written by `bpf/compile.py` of the repository: do not edit."""

from __future__ import annotations

from .code import Compiled, Hole, Map, Program

GUARD = Compiled(
    (
        Map("pm_rules", 2, 4, 16400, 1, 0),
        Map("pm_events", 27, 0, 0, 4096, 0),
    ),
    (
        Program(
            "pm_guard_bind4",
            "cgroup/post_bind4",
            "zZL)h00000w*deE00000V;a!^00000zoGyD000002Lb>9(EtDc7y$qP000000000000000g#"
            "Z8m0RR91w*deE0RR916#zN_00000VP`A=00000VQ35h00000w*mkF5C8xG6$k_X1^@s66$k?"
            "W1_1y7w*mkF5Fh{m6$k+U5dZ)HRR}TwhyVZpzXJdO000004<i5o00000zj6Qo00000cLD$a0"
            "{{R3R{{V4{~rJV4<i5o00000aWVh^00000zjFWp00000R|5b52LJ#7e=-0700000R{{V40RR"
            "91RRSge00000c?k#r000006$u9b00000zhM9X00000zXkvR00000g#Z8mdH?_bzXAXN00000"
            "w*deE0RR91zhD3W00000T`3&^00000w*deE00000dm8xv00000dm8Zn00000zXkvR00000g#"
            "Z8m1poj5dkWD100000g#Z8mPyhe`dkWb900000g#Z8m4gdfEYl`mw00000YkKVe00000dkWz"
            "H00000w*deE0RR91V;boH00000zo7sC000002LS*8@c;k+w*mkF5C8xGg#Z8m5C8xGzoGyD0"
            "00002Lb>9(EtDc7y$qP000000000000000w*vqGFaQ7mw*&wH00000g#Z8mf&c&jw*deE0RR"
            "91VPXIP000006#@YO00000w*deE00000zYqWb00000l>h($00000",
            (
                Hole(5, "map", "pm_rules"),
                Hole(59, "map", "pm_events"),
            ),
        ),
        Program(
            "pm_guard_bind6",
            "cgroup/post_bind6",
            "zZL)h00000w*deE00000V;a!^00000zoGyD000002Lb>9(EtDc7y$qP000000000000000g#"
            "Z8m0RR91w*deE0RR916#zN_00000VP`A=00000VQ35h00000w*mkF5C8xG6$k_X1^@s66$k?"
            "W1_1y7w*mkF5Fh{m6$k+U5dZ)HRR}TwhyVZpzXJdO000004<i5o00000zj6Qo00000cLD$a0"
            "{{R3R{{V4{~rJV4<i5o00000aWVh^00000zjFWp00000R|5b52LJ#7e=-0700000R{{V40RR"
            "91RRSge00000c?k#r000006$u9b00000zhM9X00000zXkvR00000g#Z8mdH?_bzXAXN00000"
            "w*deE0RR91zhD3W00000T`3&^00000w*deE00000dm8xv00000dm8Zn00000zXkvR00000g#"
            "Z8m1poj5dkWD100000g#Z8mPyhe`dkWb900000g#Z8m4gdfEYl`mw00000YkKVe00000dkWz"
            "H00000w*deE0RR91V;boH00000zo7sC000002LS*8@c;k+w*mkF5C8xGg#Z8m5C8xGzoGyD0"
            "00002Lb>9(EtDc7y$qP000000000000000w*vqGFaQ7mw*&wH00000g#Z8mf&c&jw*deE0RR"
            "91VPXIP000006#@YO00000w*deE00000zYqWb00000l>h($00000",
            (
                Hole(5, "map", "pm_rules"),
                Hole(59, "map", "pm_events"),
            ),
        ),
        Program(
            "pm_guard_socket",
            "cgroup/sock_create",
            "zZU=i00000w*deE00000V;a!^00000zoGyD000002Lb>9(EtDc7y$qP000000000000000g#"
            "Z8m0RR91zXkvR00000w*UYD0RR916$UB*00000VPOOS000006#*y!00000VR#Gx00000VQ~l"
            "m000006#)VO0{{R36$k+Uga7~lRR|*hApigXd1(j$000006$u3Z00000zi|Kn00000g#Z8md"
            "H?_bzX1RM00000w*UYD0RR91T^Sqz00000w+8?K00000dwTf)00000dwTHy00000g#Z8m1po"
            "j5dkWD100000g#Z8mPyhe`dkWb900000g#Z8m4gdfEYl`mw00000w*deE0{{R3V;boH00000"
            "dkWzH00000YkKVe00000zo7sC000002LS*8@c;k+w*mkF5C8xGg#Z8m5C8xGzoGyD000002L"
            "b>9(EtDc7y$qP000000000000000w*vqGFaQ7mw*&wH00000g#Z8mf&c&jVPOCO00000w*UY"
            "D0RR916#)SN00000w*UYD00000l>h($00000",
            (
                Hole(5, "map", "pm_rules"),
                Hole(44, "map", "pm_events"),
            ),
        ),
        Program(
            "pm_guard_listen",
            "sockops",
            "zZL)h00000w+8?K00000V|vj400000zoGyD000002Lb>9(EtDc7y$qP000000000000000g#"
            "Z8m0RR91dwTf)00000dwTHy00000dwS^q00000dwSsi00000dwSUa00000VPOCO00000RRJ0"
            "R3jhEB6#y9k00000VPQl700000zY+id00000cLD$a0{{R3R{{V4{~rJV4<G;l00000aRLwk0"
            "0000R{;P32LJ#7e-Z!y00000R{{V40RR91RRRwH00000g#Z8m1poj5w*deE0ssI2V;boH000"
            "00dkWD100000VPQl700000YZ~nT00000w*deE1^@s6YZ~tV00000zoGyD000002Lb>9(EtDc"
            "7y$qP000000000000000w*vqGFaQ7mw*&wH00000g#Z8mf&c&jw*UYD0RR91l>h($00000",
            (
                Hole(5, "map", "pm_rules"),
                Hole(36, "map", "pm_events"),
            ),
        ),
    ),
)

OFFLOAD = Compiled(
    (),
    (
        Program(
            "pm_offload",
            "tc",
            "zZL)h00000w*deE00000V;X?}00000VPOCO00000r2z>50RjL3zoP&E000002Lk{AfdBvhzh"
            "M9X00000w*mkF00000w*&wH00000w*>$I0RR91g#Z8mqW}N^6#xMM000001ps0I00000VPT{"
            "I00000B>@2dfB*mh1pos800000w*UYD0ssI2VPUWU00000r2$<4FaQ7m7y$qP00000000000"
            "0000zheLZ000004-)_Y00000zo7sC000002LS*8fdBvhw*mkFfB*mhg#Z8maR2}SRRB`}000"
            "007y$qP000000000000000zoGyD000002Lb>9fdBvh4-x<X00000aUlQz000007y<wQ00000"
            "0000000000Um*Yh000007y<wQ0000000000000009U%h%000007ytkO|NsC000000000001p"
            "q|=00000VPOye00000RRKZ(2mk;8zoP&E000002Lk{AfB*mgzhM9X00000w*mkF7XSbNw*&w"
            "H0RR91g#Z8m8UO$QRRB8x000007y<wQ000000000000000zo7sC000002LS*8fdBvhzY_oe0"
            "00004<i5o00000aWVh^00000aWeq`00000X9EBL2mk;8Pa^;T000007y<wQ0000000000000"
            "00zZ3uf000004<rBp00000aYX<C00000aY6wA00000X955K2mk;8Pf`E?00000A2I*{00000"
            "7y|$R0000000000000004>14$00000aT5Rl00000aS;Ik00000X8`~J2mk;8PcZ-h00000ai"
            "f3#00000RRab91^@s6RRRS76aWAK7ytkO|NsC00000000000R{;P3|Nj606#*Ln5C8xG1ppZ"
            "U00000RRaM45dZ)H6#^3g6aWAKRRab9ga7~lRRRS76aWAK7ytkO|NsC00000000000R{;P3|"
            "Nj606#)_e2mk;81pp8L00000w*deE0RR91w*&wH0RR91WdZ>J8vp<Rw*&wH000006$1eP5dZ"
            ")Hw*deE00000UqJu>000007ytkO|NsC00000000000R{;P30RR91RRIP7000001pov900000"
            "7ytkO|NsC00000000000R{;P3|Nj606#)SN1^@s6w*UYD0ssI2l>h($00000",
            (
                Hole(20, "number", "part"),
                Hole(29, "number", "ip_summed"),
                Hole(35, "number", "ip_summed_mask"),
                Hole(38, "number", "ip_summed_partial"),
                Hole(53, "number", "network_header"),
                Hole(63, "number", "csum_start"),
                Hole(72, "number", "csum_offset"),
            ),
        ),
    ),
)
