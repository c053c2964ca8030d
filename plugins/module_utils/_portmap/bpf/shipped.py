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
            "M9X00000w*mkF00000w*&wH00000w*>$I0RR91g#Z8mqW}N^6#xMM000001psIO00000VPT{"
            "I00000B>@2dfB*mh1pos800000w*UYD0ssI2VPUWU00000r2%6AFaQ7m7y$qP00000000000"
            "0000zheLZ000004-)_Y00000zo7sC000002LS*8fdBvhw*mkFfB*mhg#Z8maR2}S6#xMM000"
            "001prt800000zo7sC000002LS*8fdBvh7y<wQ000000000000000zY_oe000004<i5o00000"
            "aWVh^000007y|$R000000000000000Uorpy000007y|$R000000000000000T{15K00000VP"
            "X&f00000RRT!>2mk;87y<wQ000000000000000zY_oe000004<i5o00000aWVh^00000dn$1"
            "M00000aXA41000007y<wQ000000000000000zY_oe000004<i5o00000aWVh^00000dn#c60"
            "0000aX0}0000007y<wQ0000000000000004<P^m00000aS{Lk00000dn#!E00000aTfsq000"
            "00zoP&E000002Lk{AfB*mgzhM9X00000w*mkF7XSbNw*&wH0RR91g#Z8m8UO$QRRAsk00000"
            "X9)lR2mk;8d7*Is00000PZ<CJ00000X9xfQ2mk;8d7)tc00000PZ$6I00000AD93D00000X9"
            "oZP2mk;8d7)_k00000PZt0H00000aiM?z00000RR{?H6aWAKRRIV91^@s67ytkO|NsC00000"
            "000000R|fz9|Nj606$c&w5C8xG1ppiX000007ytkO|NsC000000000001ppcV00000RR{q96"
            "aWAK6#)|f5dZ)HRR{(E6aWAKRRIM6ga7~l7ytkO|NsC00000000000R|fz9|Nj606$cUk2mk"
            ";81pp8L00000w*mkF0RR91w*vqG0RR916#)SN5dZ)Hw*vqG00000We5QP8vp<Rw*mkF00000"
            "Uorpy000007ytkO|NsC00000000000R{{V40RR91RRRV8000001pov9000007ytkO|NsC000"
            "00000000R|fz9|Nj606$b$T1^@s6w*UYD0ssI2l>h($00000",
            (
                Hole(20, "number", "part"),
                Hole(32, "number", "ip_summed"),
                Hole(37, "number", "ip_summed_mask"),
                Hole(40, "number", "ip_summed_partial"),
                Hole(45, "number", "network_header"),
                Hole(52, "number", "csum_start"),
                Hole(59, "number", "csum_offset"),
            ),
        ),
    ),
)

STEER = Compiled(
    (
        Map("pm_config", 2, 4, 20, 1, 1024),
        Map("pm_tenants", 2, 4, 8, 4096, 1024),
        Map("pm_ports", 2, 4, 8, 16384, 1024),
        Map("pm_allowances", 2, 4, 16, 4096, 0),
        Map("pm_received", 6, 4, 16, 4096, 0),
        Map("pm_drops", 2, 4, 64, 4096, 1024),
        Map("pm_fragments", 9, 16, 16, 16384, 0),
        Map("pm_requests", 9, 12, 16, 16384, 0),
    ),
    (
        Program(
            "pm_steer",
            "tc",
            "zZL)h00000VQEMJ00000w*deE00000V;Wrl00000zoGyD000002Lb>9T>t<77y$qP0000000"
            "00000000g#Z8m0RR91zXt#S00000w*UYD0ssI26$jJ;00000zmfm|00000R{{V4|Nj60RRTx"
            "=00000VQ44-00000w+R3M000626$k+U0RR91w+R3M00031VPX&f000007ytkO|NsC0000000"
            "0000RRYNZ2mk;8VPXUT00000B?89+0RR91VPX^j000006#@eQ00000VPY5n00000R{{V4{|^"
            "8FRRY2S00000dwNj+00000zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAK"
            "g#Z8m8UO$QRRC)Q00000aiVzt00000zaans00000R{;P3@Bjb+RRL!NKmY&$zaans00000R{"
            ";P34*&oFr2%9F1poj5aixF%00000X9WNN2mk;8aiM<y00000PZa<F00000+ywvtKmY&$#{~c"
            "YFaQ7m#RXji00000aie|z00000aiM(w00000dl~@$00000X955K0ssI2R{{V4JOBUy2Lb>94"
            "gdfEdnyS300000aiN9(00000dm2Fh00000aiN6&00000dm0%300000aiNC)00000dm14B000"
            "00aioX;00000aiNL-00000dm1?Z00000aiNI+00000dm1SJ00000aiNO;00000dm1qR00000"
            "ai@#_00000w*UYD00000aiW3$00000zfk}H00000X8`~J0{{R3dm8xu00000R{;P3`2PR^dp"
            "bz}00000dnyqB00000RRPif000006#~Kl1^@s6Wdgqdg8%>k6#~Ej5dZ)H6#~BiApigX1pv("
            "e00000R|x<B{|^8Fzaszu00000R|5b506+i$6$3W|00000W19T`000007ytkO|NsC0000000"
            "0000VPOye00000RRMqk2mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aW"
            "AKg#Z8m8UO$QRRBQ%00000ai@6y00000zi|Kn00000R{;P3@Bjb+RRKK!KmY&$zi|Kn00000"
            "R{;P34*&oFr2#qs1poj5aj1X)00000X9xfQ2mk;8aiM<y00000PZ$6I00000+z0>wKmY&$#|"
            "QubFaQ7m#RxM100000aie|z00000X9EBL2mk;8aiM(w00000PZIzD00000aiNL-00000X8`~"
            "J2mk;8aiWO-00000PayyR00000aiWU<00000X955K5C8xGaioj?00000X9NHM7ytkOPb2^U0"
            "0000PZR(E00000aiN9(00000X8`~J2mk;8aiWC(00000PayyR00000aiWI*00000X955K5C8"
            "xGaixd<00000X9WNN7ytkOPbB~V00000PZa<F00000aiW3$00000zkvV%00000R{;P3{~rJV"
            "RRI_P00000X9oZP0ssI2R|fz9JOBUy2L}KE4gdfEzaans00000R{;P3{{R307ytkO|NsC000"
            "00000000dpbz}00000drCn600000ds;aE000006#)bQ1^@s6Wdbb#g8%>k6#@bP5dZ)H6#@Y"
            "OApigX1pq7n00000dn!=>00000zoP&E000002Lk{AX#fBJzhM9X00000zj6Qo00000w*&wH1"
            "ONa4g#Z8m8UO$Q6#ymx000001pw#+00000b1H`a00000YdVDg00000zmWg{00000M*#o;000"
            "C4V;X?}00000V@iDg00000V_JCs00000w+8?K00000b9#sW00000zoGyD000002Lb>9c>n+Z"
            "7y$qP000000000000000g#Z8m0RR91zXkvR000006$T9e00000VQ2&Z00000VPOCO00000V;"
            "X4x00000zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR91w*deE000006#xM"
            "M00000VF3UD00000T^IoX00000VP^mU000007ytkO|NsC000000000009hWZx000001ppQT0"
            "00006#~`&ga7~l6#~@%hyVZpw*vqG000001po*D00000X`^cY00000+yejr5C8xGd7@DN000"
            "00zaans00000R{;P3{{R307ytkO|NsC000000000006#)kT1^@s6WdZ{LAOHXW6#~ov0RR91"
            "6#@hR5dZ)H1po#D000006#@bPApigX6#@YOhyVZpRRRM7ga7~lza{_x00000zcBy+00000cL"
            "4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000zc&B?00000g#Z8"
            "m0RR91w*deE000006#xVP00000R|fz90{{R3X9oZP0RR914{!hg00000X#oHL000007ytkO|"
            "NsC000000000009g*+>00000R|o(A03ZMW6$l0b00000W149H00000W13+900000zoGyD000"
            "002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR91w*deE00000M+pD`000C4w*mkF00000"
            "6#xMM00000VFCaE00000V=8R_00000b83eF00000d7?=F00000Ybu2Q00000W14{f00000d7"
            "?o700000V=8?A00000d7?P~00000V=8$600000V;Xe-00000V;XS(00000a~g;L00000zoGy"
            "D000002Lb>9c>n+ZzoP&E000002Lk{AX#fBJ7y$qP000000000000000w*&wH00000g#Z8m0"
            "ssI21pws%000006#@YOhyVZpRRRwHga7~ldrIK`00000zoP&E000002Lk{AX#fBJzhM9X000"
            "00d7=pa00000w*&wH1ONa4ds^`R00000g#Z8m8UO$Qd8P3F00000RRD4W00000X`pKV00000"
            "+yDRo5C8xGd80`G00000d8FX}00000d7=>i00000dkX0O00000d7(i600000X8`~J2mk;8d7"
            "~Kr00000PcZ-h00000d7~iz00000X9EBL5C8xGX9NHM7ytkOPc#4k00000d7wD|00000X8-^"
            "I2mk;8d7~)*00000PcQ%g00000d807@00000X9EBL5C8xGX9oZP7ytkOPd5Mn00000PX_=10"
            "0000PZR(E00000VPOOS00000RRKT%0RR917ytkO|NsC00000000000d7)7M00000d80`G000"
            "00RRW>`5dZ)H7y<wQ|NsC00000000000dn!Qx000009R~#f00000VG;xY000006#|?A00000"
            "dwM|s000009VY<*000001pt`=000006$lRi0RR91VG;lU000007ytkO|NsC000000000009V"
            "C<i00000zd`^200000R{{V4{{R306#|g~000006#|d}e*gdg9R!a700000zd`^200000R{{V"
            "4@Bjb+6#|R_-~a#sVG#rX000006#)SN000009TbTH00000X9EBL2mk;8d7%LR00000PZIzD0"
            "0000d7=3J00000R{;P3|Nj606#*##00000w+H|L00000bBc%m00000d7%*h00000a~g*K000"
            "00YdVDg00000W14{f00000d7(i600000V;X$_00000V@i1c00000zoGyD000002Lb>9c>n+Z"
            "7y$qP000000000000000g#Z8m0RR91zXt#S000006$c9d00000VR-}q00000VQ~Ne00000V;"
            "X4x00000zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR916#xMM00000VF&;"
            "K000009f=+Q000001ppWW00000d7)7M00000VG;lU00000dwM|s00000d80`G000009Vf~E0"
            "00007ytkO|NsC00000000000RR~`J0RR91zi|Kn00000R{;P3{{R30dwM|s000006#>%!e*g"
            "dg1przB00000d7%*h00000drIK`00000ds^`R000006#-WO1^@s6d7%*h00000WdTkAAOHXW"
            "zc&B?000006#=gR0RR917ytkO|NsC00000000000zjFWp00000d8FX}00000d8P3F00000d7"
            "%*h000006#+~D5dZ)H1prC`00000VQ~Ne000007ytkO|NsC000000000006#+&800000V;X4"
            "x00000V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91zX1RM0"
            "0000RRM(n000001ppWW00000zoP&E000002Lk{AVE_OBzhM9X00000zj6Qo00000w*&wH0RR"
            "91g#Z8m8UO$QzX1RM000007ytkO|NsC00000000000RRJ;q00000aiL)U000006#)hS0{{R3"
            "B>^u13;+NCw*mkF0RR91ZxR3i00000R{{V45EuXeRRRG3000001pq1m000002L}KE2mk;8zo"
            "P&E000002Lk{Ac>n+ZzhM9X00000zj6Qo00000w*&wH6aWAKg#Z8m8UO$QRRGfh00000aiMt"
            "s00000zY+id00000R{{V4@Bjb+RRYffKmY&$zY+id00000R{{V44*&oFr2@<X1poj5aiV|!0"
            "0000X955K2mk;8aif0!00000Pci@i00000+yVdqKmY&$#{vKVFaQ7m#RA0w00000w+H|L000"
            "00aif9%00000dpc1600000R{{V4{~rJVRRRS800000d7@DN000006$1AF1^@s6d7@DN00000"
            "WdiX4g8%>kd7@DN000006$0}B5dZ)Hd7@DN000006$0@9ApigX1pxd2000006#)hSApigXd7"
            "%*h000006#)bQhyVZp7ytkO|NsC00000000000d7%*h00000RRRA1ga7~lzc&B?00000d8p|"
            "A00000zkvV%00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP00000000000"
            "0000g#Z8m0RR91w*mkF000006#xVP00000R|o(A0{{R3X9xfQ0RR914}bsw00000X#xNM000"
            "007ytkO|NsC00000000000d8pw200000d7<$B000006$0u200000R{;P303ZMW6#*as00000"
            "V=8F>00000dn!o(00000V=7?(00000zoGyD000002Lb>9VE_OB7y$qP000000000000000g#"
            "Z8m0RR91w*deE00000w*mkF000006#xMM00000VFCaE00000V=8R_00000d7=>i00000b1H`"
            "a00000YkGwL00000W14{f00000d7?o700000V=8?A00000V~TkH00000V;Xe-00000V;XS(0"
            "0000a~g;L00000zoGyD000002Lb>9c>n+ZzoP&E000002Lk{AX#fBJ7y$qP0000000000000"
            "00w*&wH00000g#Z8m0ssI2d7?=F00000V=8F>00000V=8$600000zoGyD000002Lb>9c>n+Z"
            "7y$qP000000000000000g#Z8m0RR91zX1RM00000RRIA2000001pt}?00000w*UYD0ssI2VH"
            "W@Z000006$iTj00000VPPl$00000RRIqG0RR911poyA00000w*UYD0ssI2VHW@Z000006$iB"
            "d00000VPPl$00000RRLQ70RR91d81JO000002Lk{A3;+NCzhM9X00000w*mkF00000w*&wH1"
            "^@s6w*>$I00000g#Z8m2><{9zi|Kn000001pv$d00000zoGyD000002Lb>9X#fBJ7y$qP000"
            "000000000000g#Z8m0RR916#!WP000001prY100000zoP&E000002Lk{AVE_OBzhM9X00000"
            "d7=pa00000w*&wH2mk;8g#Z8m8UO$Qw*deE00000dm2dp00000RRBN$00000aiL)U000006#"
            ")hS0{{R3B>__a3;+NCw*mkF0RR91ZxR3i00000R{{V45EuXeRRRG3000001prO}00000d7=p"
            "a000002Lb>92mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000zbF6z00000w*&wH6aWAKg#Z8m8"
            "UO$QRRApj00000aiMts00000zY+id00000R{{V4@Bjb+RRSphKmY&$zY+id00000R{{V44*&"
            "oFr2-}Z1poj5aiV|!00000X955K2mk;8aif0!00000Pci@i00000+yVdqKmY&$#{vKVFaQ7m"
            "#R4Ay00000R{{V4{~rJVRRSFV00000X8`~J0ssI2R{;P3JOBUy4;TOd00000aiNL-00000dm"
            "1SJ00000aiNI+00000dm0%300000aiNO;00000dm14B00000aiNR<00000dm1qR00000aiM|"
            "#00000dm1?Z00000R{;P3{{R306#)kT1^@s6d7(J}00000WdV%<g8%>kd7(J}000006#)YP5"
            "dZ)Hd7(J}000006#)SNApigX1ptfy00000zoP&E000002Lk{AX#fBJzhM9X00000zk&b&000"
            "00w*&wH1ONa4g#Z8m8UO$Q6#$3;00000w*deE00000dm2dp00000d7?=F000001psOP00000"
            "zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR916#xeS00000c>w?b000002L"
            "S*80RR91dk_Es00000VPOCO00000c>)Lk000004-x<X00000dmsn^00000zhM9X00000w*mk"
            "F00000g#Z8mAOHXWzi|Kn00000w*mkF00000g#Z8mn*aa+1pq_<000006$t770RR916#)SN4"
            "gdfERRQP!00000V;X?}00000d7<F`00000V;Xq>00000aiL}Z00000X8`~J2mk;8aiV1Z000"
            "00PayyR00000YZ`q200000aiM4b00000X8`~J2mk;8aiV7b00000PayyR00000YZ`w400000"
            "zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91zX$*T00000w*deE00000dm"
            "2dp000006$sJ)00000VSx+)00000dm1?Z00000VSxw$00000V;X4x00000zoGyD000002Lb>"
            "9X#fBJ7y$qP000000000000000g#Z8m0RR91w*deE00000dm2dp000006#xMM00000VF3UD0"
            "0000d7?P~00000T@u3o00000VSxw$000001pvSQ00000d7@DN000006#@bPhyVZpd7@DN000"
            "00RRRnEga7~lX8`~J0ssI2R{;P3JOBUy4;KIc00000zoP&E000002Lk{AX#fBJzhM9X00000"
            "zj6Qo00000w*&wH1ONa4g#Z8m8UO$QRRFyK00000X{c!b00000+z0>w5C8xGd7)7M000006#"
            ")+b1^@s6d7)7M00000WdR2Og8%>k7ytkO|NsC00000000000d7)7M000006#)qV5dZ)Hd7)7"
            "M000006#)kTApigXl>h($000007ytkO|NsC00000000000d7)7M000006#)VOhyVZpd7)7M0"
            "0000RRQ_`ga7~lzkvV%00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000"
            "000000000000g#Z8m0RR91w*deE000006#xVP00000R|o(A0{{R3X9xfQ0RR914}bsw00000"
            "X#oHL000007ytkO|NsC000000000009g*n&00000zoGyD000002Lb>9{Qv*|7y$qP0000000"
            "00000000g#Z8m0RR91zX1RM00000w*UYD0ssI26#?M?00000VG#rX000006#?G=00000w*mk"
            "F00000g#Z8m7XSbN1pwRs00000d7(J}000006#;htga7~ld7(J}000006#;brhyVZpw*deE0"
            "0000dm0G;000001po#B00000X`yKU00000+yMXp5C8xGdm0G;00000d7(J}00000R{;P3{{R"
            "306#)+b1^@s6w*deE00000dm2dp00000d7(J}00000WdQ{MAOHXWd7(J}000006#*Im0RR91"
            "d7(J}000006#)kT5dZ)H1psUR00000d7(J}000006#)bQApigXd7(J}000006#)VOhyVZpd7"
            "(J}00000RRLxHga7~ld7%jZ00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR91w*deE00000dm2dp000006#!cQ00000d7%jZ00000R{;P30"
            "{{R3X8`~J0RR914-fzV00000X#oHL000001prh300000zoP&E000002Lk{AX#fBJzhM9X000"
            "00zk&b&00000w*&wH2mk;8g#Z8m8UO$QRRB%@00000d7&u(00000X8`~J2mk;8d7>Eq00000"
            "PayyR00000d7>cy00000X955K5C8xGd807@00000X9EBL7ytkOPa^;T00000PZIzD00000ai"
            "M7c000006#*vz4FCWDRRKW%2mk;8aiMMh00000X8`~J2mk;8aiVPh00000PayyR00000V>)>"
            "M00000YZ`q200000aiMSj00000X8`~J2mk;8aiVVj00000PayyR00000YZ`w400000w*mkF0"
            "0000w*deE00000dm2dp00000V=93E00000zoGyD000002Lb>9c>n+Z7y$qP0000000000000"
            "00g#Z8m0RR91zX$*T000006$mQ-00000VSx+)00000dm1?Z00000VSxw$00000V;cPb00000"
            "zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR91w*deE00000dm2dp000006#"
            "xMM00000VF3UD00000d7?P~00000T@oAr000001prw800000w*deE4gdfEV;X?}00000V>)>"
            "M00000aiMMh00000X8`~J2mk;8aiVPh00000PayyR00000YZ`q200000aiMSj00000X8`~J2"
            "mk;8aiVVj00000PayyR00000YZ`w400000zoGyD000002Lb>9c>n+Z7y$qP0000000000000"
            "00g#Z8m0RR91zX$*T00000w*deE00000dm2dp000006$k|X00000VSx+)00000dm1?Z00000"
            "VSxw$00000V;cPb00000zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR91w*"
            "deE00000dm2dp000006#xMM00000VF3UD00000d7?P~00000T@v;F000001pqSt00000R{{V"
            "40Du4h6#_2+000007ytkO|NsC00000000000VPX&f00000RRT!=2mk;8zoP&E000002Lk{Ac"
            ">n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAKg#Z8m8UO$QRRHn;00000aiVzt00000zaans000"
            "00R{;P3@Bjb+RRQh*KmY&$zaans00000R{;P34*&oFr2*>z1poj5aiM?z00000X8`~J2mk;8"
            "aif0!00000PcZ-h00000+yMXpKmY&$#{mEUFaQ7m#R23100000aj1y@00000R{;P3{~rJVRR"
            "IM600000aiM|#000006#>=&1^@s6WdYLwg8%>k6#>)$5dZ)H6#>%#ApigX7ytkO|NsC00000"
            "000000RR}2me*gdg2L}KE3;+NCzhM9X00000w*mkF00000zjFWp00000w*&wH1^@s6w*>$I0"
            "0000g#Z8m2><{9w*deE0RR91w*mkF0RR91g#Z8m7XSbN1ppoY00000W14vX00000zoGyD000"
            "002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xMM00000VF3UD00000"
            "VPYr%00000w*UYD0ssI2T_F+w00000VPO;i000006#)nU00000W14vX00000zoGyD000002L"
            "b>9c>n+Z7y$qP000000000000000g#Z8m0RR916#(P_000001ps0I00000VPOye000006#+&"
            "72nGNERRLH42mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAKg#Z8m8"
            "UO$QRRGWc00000aiVzt00000zaans00000R{;P3@Bjb+RRPQZKmY&$zaans00000R{;P34*&"
            "oFr2)wR1poj5aj1X)00000X9xfQ2mk;8aiM<y00000PZ$6I00000+z0>wKmY&$#|QubFaQ7m"
            "#R$Rx00000aiM+x00000dm2Fh00000aiM(w00000dm7mO00000aie?x00000aiMzu00000dm"
            "1SJ00000X955K0ssI2R{{V4JOBUydnz#h000002Lb>94gdfEaiN9(00000dm0G;00000aiN6"
            "&00000dm8Be00000aiNC)00000dm8xu00000aiE9)00000aiNL-00000dl~@$00000aiNI+0"
            "0000dm7;W00000aiNO;00000dm8Zm00000aiNR<00000w*&wH00000drBDp00000aioF&000"
            "00drC<E00000aioC%00000drDCM00000zl8t*00000X9WNN0{{R3R|Nn7`2PR^w*&wH00000"
            "drBbx00000ds;aE00000RRx*=00000d8A1H000006$F3)1^@s6d8A1H00000WdwNug8%>k6$"
            "E_%5dZ)Hw*&wH00000drBbx00000d8A1H000006$E(zApigX1ptr$00000w*deE00RI3YZ`3"
            "-00000w*deE0&r~rV;X4x00000zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH8"
            "~^|Sg#Z8m8UO$Q6#x<d00000W13+900000zoGyD000002Lb>9VE_OB7y$qP0000000000000"
            "00g#Z8m0RR916#$6<000001ptNs00000W14vX00000zoGyD000002Lb>9c>n+Z7y$qP00000"
            "0000000000g#Z8m0RR916##(%00000w*deE0RR91+YlH4000001ps~k00000X`y)k00000RR"
            "IJ500961X`y=m00000RRID32mk;8X`z1q000006#)nU00961W13+900000zoGyD000002Lb>"
            "9VE_OB7y$qP000000000000000g#Z8m0RR916##Jn000001psaU00000X`zz;00000X8`~J5"
            "C8xGX`+z-00000PayyR00000VR8Tf00000T_Fen00000W13+900000zoGyD000002Lb>9VE_"
            "OB7y$qP000000000000000g#Z8m0RR916#!!Z000001po>G00000X`+b#00000Ybuie00000"
            "X`+Vz00000Ybucc00000X`+Dt00000w*vqG0&oBTYdV1c00000X`_Pw00000w*&wHZ2$lOYf"
            "6Iu00000YdVbo00000YbuKW00000X`+Px00000w*vqG00RI3YdVDg00000YbuWa00000w*mk"
            "F00IC2Ybt*K00000YZ`|C00000cL4wZ5C8xGYZ{3E00000zoP&E000002Lk{Ac>n+ZzhM9X0"
            "0000w*mkF4gdfEw*&wH8~^|Sw*>$I00000g#Z8m2><{9zoP&E000002Lk{AivR!rzhM9X000"
            "00w*mkF00000w*&wH1^@s6w*>$I00000g#Z8m2><{9zoP&E000002Lk{AX#fBJzhM9X00000"
            "w*mkF1^@s6w*&wH1^@s6w*>$I00000g#Z8m2><{9VPPl$000001ps{h000006#)SNhyVZpRR"
            "Jykga7~lX955K0ssI2R{{V4JOBUy2Lb>94gdfEzoP&E000002Lk{AX#fBJzhM9X00000w*&w"
            "H1ONa4g#Z8m8UO$Q6#yjv000007ytkO|NsC000000000001prL`000006$AtThyVZpw*&wH0"
            "0000drBbx00000d8A1H00000RRkCSga7~ldm0e`00000dkV<@00000dpfxO00000d7(i6000"
            "00zoP&E000002Lk{AX#fBJzhM9X00000dn&;G00000w*&wH1ONa4dy3Hh00000g#Z8m8UO$Q"
            "d8p9-00000RR9eD00000X`yQW00000+yMXp5C8xGdm14B00000X`yKU00000+yMXp5C8xGdm"
            "0%300000d7(i600000d84@g00000d7{An00000d7#Mt00000d7%*h00000d8APP00000RRjw"
            "F00000W14vX00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#xPN0"
            "0000w*deE0RR91+YkT%00000w*UYD0ssI21pp%c00000dm0e`00000X9EBL2mk;8d7&u(000"
            "00PZIzD00000+yejr5C8xGw*deE0RR91d89c100000RRjS500000w*deE2mk;8d89D^00000"
            "4?zF`00000EinWD00000zcc^<000002Lu2B4gdfEVPOCO00000y%Y!l00000W14vX00000zo"
            "GyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#(b|000001pws#00000drDC"
            "M00000dkV<@00000dn&;G00000dpfxO00000d7(i600000cL)Fg4FCWDR|o(A0RR91dy3Hh0"
            "00007y$qP0000000000000006#-ZP000007y$qP000000000000000zheLZ000004-)_Y000"
            "00zo7sC000002LS*8c>n+Zw*mkFfB*mhg#Z8maR2}S6#xMM000001pq_>000007y$qP00000"
            "0000000000zoGyD000002Lb>9c>n+Zzaszu000004-)_Y000007y$qP000000000000000za"
            "#(v000004-^0Z000007y$qP000000000000000za;<w000004;26a000007y$qP000000000"
            "0000004-x<X00000aVP))00000aZvyO00000dm5<z00000aZv#P00000dm6C*00000aX|n80"
            "0000dm5nr00000aX|q900000dm1SJ00000aWMb@00000dm5Pj00000aWMe^00000dm51b000"
            "00w*deE00000V;Xq>00000VPOCO00000r2z>50RjL3zoP&E000002Lk{Ac>n+ZzhM9X00000"
            "w*mkF00000w*&wH00000w*>$I0RR91g#Z8mqW}N^6#xMM000001ppZW00000VPT{I00000B>"
            "@2dfB*mh1pop700000VPUWU00000r2!NIFaQ7m7y$qP000000000000000Ul;%Y000007y$q"
            "P000000000000000T^JYu00000d7;q$00000RRIhF00000d7(J}00000RRIbD00000d8m;70"
            "0000X9xfQ2mk;8d7+s800000PZ$6I00000zk>h(00000d7>!)00000X955K2mk;8d7+^G000"
            "00PZ9tC00000d8DxZ00000X9NHM2mk;8d7-HO00000PZR(E00000d7&`>000004-x<X00000"
            "d7()E00000RRLE41^@s6T_jck000006$1eP5C8xG1pxK|00000d7}vb00000X9EBL2mk;8d8"
            "PRN00000X9WNN5C8xGd7{Yv00000X955K7ytkOd87dU00000X9NHM2mk;8d7$wA00000X8-^"
            "I5C8xGd7%*h00000X8`~J7ytkOd8p|A00000PlEse00000Pf`E?00000d8Od~00000PgDQ^0"
            "0000PXPb`00000PeA|x00000Pci@i00000dm0e`00000R{;P3{{R30dn(BO00000R{{V4{{R"
            "30RRRM5e*gdgw*mkF00000dnz#h000006#*Fle*gdgVR8Tf00000d85ew00000T_Xhm00000"
            "6#)bQe*gdg6#)YP00000d7%*h00000R{;P3@Bjb+RRIbB-~a#sW14vX00000zoGyD000002L"
            "b>9c>n+Z7y$qP000000000000000g#Z8m0RR916#!WO00000w*deE0RR91+Ykr<000001prn"
            "500000w*deE0RR91dm1qR00000d7%*h00000d7{Yv00000T_FMh00000w*deE00000dm1qR0"
            "0000d7(i600000X8`~J2mk;8d7{|<00000PayyR00000dm2Fh00000d7(J}000006#+W{000"
            "00W13+900000zoGyD000002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR91zX$*T00000"
            "w*deE00000a~g;L00000d7()E00000a~g*K00000d7(i600000YZ`?A00000VWD9E00000V;"
            "X?}00000d7%*h00000V;X$_00000d7;Su00000V;Xq>00000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR91dkRqh00000dx}W^000006$tYH00000d7)7M000006#?-80"
            "0000d7)7M00000VG#%b00000d7?P~00000T_NoN00000d7)7M00000VG#fT00000B>@Zo{Qm"
            "#|d7@DN00000VJHLu00000V;X4x00000zoGyD000002Lb>9X#fBJ7y$qP000000000000000"
            "g#Z8m0RR91w*deE000006#xMM00000VF3UD00000T^QZ~00000d7;q$000006#=mT00000d7"
            "`-f00000d7;4m000009})ln00000d7)7M00000VG#%b000004-x<X000002Lb>94gdfEzaan"
            "s000001puu800000d7()E000006#)+b1^@s6w*deE0{{R3dm1?Z00000d7()E00000WdQ{MA"
            "OHXWd7()E000006#?x40RR91d7()E000006#)kT5dZ)H1pr6^00000d7()E000006#)bQApi"
            "gXd7()E000006#)VOhyVZpd7()E00000RRKZ)ga7~ld7&8p00000cL4wZ0ssI2V;Xq>00000"
            "zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xYQ00000d7"
            "&8p00000R{;P30{{R3X8`~J0RR914-fzV00000X#oHL00000w*mkF0ssI2dn!2p00000U6C*"
            "W00000d7&Wx00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP00000000000"
            "0000g#Z8m0RR91w*deE000006#xYQ00000d7&Wx00000R{;P30{{R3X8`~J0RR914-fzV000"
            "00X#oHL00000w*mkF{r>;}dn!=>000007y<wQ|NsC00000000000d7}{j000009U~e500000"
            "d8H8l00000X9WNNAOHXWcLe|dAOHXWVRHlk00000X9EBLAOHXWcLM+bAOHXWw*mkF0RR91w*"
            "&wH0RR919W?;}00000w*&wH00000RRaM400000w*mkF00000UqS!?00000w*vqG{r>;}dpc1"
            "600000RRRJ400000w*vqG{{H{~dpc1600000d807@00000Pci@i00000R{{V40RR91RRRP60"
            "0000w*mkF|Nj60dn!=>000006#)SN00000dm2#x00000d7;q$000006#+^B00000W19T`000"
            "00zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR91zX$*T00000d7)7M00000"
            "V;X4x00000V;W%p00000zoGyD000002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR91w*"
            "deE000006#xMM00000VF3UD00000V;XG#00000g#Z8m2LJ#7w*deE00000YZ`X{00000YYKG"
            "#000006$oDd00000g#Z8m1poj57y$qP0HCb7000000{{R3zXAXN000004-x<X00000d4T``0"
            "0000Edc=l00000zX1RM000002LS*80Lq#>Eg@9^00000dl&!!00000d7()E00000a~g*K000"
            "00d8t7E00000Ynp`r00000d7%*h00000V;X$_00000d7;Su00000V;Xq>00000d7-%e00000"
            "d7{An00000A0Yq$000002LS*84gdfEV;XS(00000VWIs000000V;X?}00000w*deE00000a~"
            "g;L00000zoGyD000002Lb>9c>n+ZzoP&E000002Lk{AX#fBJ7y$qP000000000000000w*&w"
            "H00000g#Z8m0ssI2X{2=j00000Yf51M00000zhM9X00000w*mkF7ytkOzmos}00000w*>$I0"
            "ssI2g#Z8m3IG5AzoP&E000002Lk{AVE_OBzhM9X00000w*mkF5&!@Iw*&wH0ssI2w*>$I000"
            "00g#Z8m2><{9w*deE|NsC0YZ`q200000V;Xq>00000d7)7M00000X8`~JAOHXWcL4wZAOHXW"
            "6#+m1{r>;}6#-)X|Nj60RROmE{{H{~1pplY00000d7?=F00000c_9D*000002LS*805)aBdl"
            "CQu00000w*deE00000d8knT00000V;Bek00000X@m>_00000Yf5PU00000zhM9X00000w*mk"
            "F7ytkOd80u800000w*>$I0ssI2g#Z8m3IG5AzoP&E000002Lk{AX#fBJzhM9X00000w*mkF5"
            "&!@Iw*&wH0ssI2w*>$I00000g#Z8m2><{9VSxYu000006#*0g00000w*mkF|NsC0Ybt#I000"
            "00V=8$6000006#*gu{r>;}6#+#3|Nj60RRN>`{{H{~VQ~lm00000w*mkF00000w*vqG00000"
            "w*&wH00000g#Z8mm;e9(1psCI00000W14vX00000zoGyD000002Lb>9c>n+Z7y$qP0000000"
            "00000000g#Z8m0RR916#zQ^000001po&C00000W14vX00000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR916#z2+00000w*deE0RR91+Yl%K000001pqJp00000d7()E0"
            "0000RRIA25dZ)H9VDIr00000d7()E00000RRNa(ga7~lT_lzO000006$7RI2mk;81pt}=000"
            "00zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF00000w*&wH1^@s6w*>$I00000g#Z8m2><{9"
            "zjFWp000002Lk{A3;+NCzhM9X00000w*mkF1^@s6w*&wH1^@s6w*>$I00000g#Z8m2><{9VQ"
            "~lm000001pr<A00000zoP&E000002Lk{AVE_OBzhM9X00000d7{An00000w*&wH2mk;8g#Z8"
            "m8UO$Qw*deE00000dm1?Z00000RRC2000000aiL)U00000R{;P3{{R30w*mkF0RR91w*vqG0"
            "RR91RRIA24FCWDw*vqG00000RRIA22mk;8w*mkF00000Uorpy00000aid}X00000R{{V40RR"
            "91RRWCw00000RRfFw00000w*deE1^@s6dm1?Z00000d7&`>00000R{;P30RR916#+v400000"
            "W19H?00000zoGyD000002Lb>9`2YX^7y$qP000000000000000g#Z8m0RR91dkRqh00000d7"
            "%*h00000V;X4x00000w*deE00000V;XS(00000w+H|L00000V;XG#00000g#Z8m1poj5dkQf"
            "B00000dkT2}00000VWIf{00000V;X?}00000V;cPb00000zoGyD000002Lb>9{Qv*|7y$qP0"
            "00000000000000g#Z8m0RR916#xMM00000VF&;K00000V~T|T00000d7)7M000006#*sy000"
            "00g#Z8m1poj5d7)7M00000c@YQz00000Edc=l00000zX1RM000002LS*8Ktc}y2LJ#70Lq#>"
            "Edd??00000d7@DN00000dlCo$00000w*deE00000aiU=V000006#@YO2mk;8w*deE4gdfEV;"
            "XS(00000aiL}Z00000X8`~J2mk;8aiV1Z00000PayyR00000YZ`3-00000aiM4b00000X8`~"
            "J2mk;8aiV7b00000PayyR00000YZ`9<00000zoGyD000002Lb>9X#fBJ7y$qP00000000000"
            "0000g#Z8m0RR916#%RN00000VF3sL00000VWRl|000009U-Xz00000c>w?b00000d7?1?000"
            "009})ln00000B?6@Y|C2R$W14vX00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000"
            "g#Z8m0RR916#%mR00000d7(J}00000X8`~J0{{R34-fzV000001puu500000d7)7M00000V;"
            "W%p00000V;X4x00000zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR91zX1R"
            "M00000RRIeC000001puS{00000V;W%p00000V;X4x00000zoGyD000002Lb>9X#fBJ7y$qP0"
            "00000000000000g#Z8m0RR91zX1RM00000RRI?O000001pt}-00000w*UYD0ssI2VHf}a000"
            "006$rZf00000VPPl$00000RRL!J0RR911ppNQ00000d7()E00000RRIJ55dZ)HA0z+(00000"
            "WdscV2LJ#71pom6000006$1+X1^@s6W14vX00000zoGyD000002Lb>9c>n+Z7y$qP0000000"
            "00000000g#Z8m0RR916#$0)00000w*deE0RR91+YmSa000001ptHn00000w*UYD0ssI2VHf}"
            "a000006$qsJ00000VPPl$00000RRLH40RR912L}KE3;+NCzhM9X00000w*mkF00000zjFWp0"
            "0000w*&wH1^@s6w*>$I00000g#Z8m2><{9zkvV%000001pvGI00000w*mkF1ONa4dn!2p000"
            "00RROvG0{{R36$7~c1ONa4d7{An000002Lb>92mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000"
            "dnzdZ00000w*&wH6aWAKg#Z8m8UO$QRRB5w00000aiMts00000zY+id00000R{{V4@Bjb+RR"
            "T5uKmY&$zY+id00000R{{V44*&oFr2;bm1poj5aiV|!00000X955K2mk;8aif0!00000Pci@"
            "i00000+yVdqKmY&$#{vKVFaQ7m#R4n<00000R{{V4{~rJVRRSsi00000X8`~J0ssI2R{;P3J"
            "OBUyd7>!)000004-x<X00000dnzdZ00000aiNL-00000dl~@$00000aiNI+00000dm8Zm000"
            "00aiNO;00000dm8xu00000aiNR<00000dm0G;00000aiN9(00000X8`~J2mk;8aiWC(00000"
            "PayyR00000aiWI*00000X955K5C8xGaifR-00000X9EBL7ytkOPa^;T00000PZIzD00000dp"
            "a2Z00000aiM|#00000dm14B00000R{;P3{{R306#)kT1^@s6d7&Wx00000WdSe%g8%>kd7&W"
            "x000006#)YP5dZ)Hd7&Wx000006#)SNApigX1pqGq00000zoP&E000002Lk{AX#fBJzhM9X0"
            "0000d7>!)00000w*&wH1ONa4g#Z8m8UO$Q6#y&%000001psva00000zoGyD000002Lb>9VE_"
            "OB7y$qP000000000000000g#Z8m0RR916#xzZ000001po#B00000zoGyD000002Lb>9VE_OB"
            "7y$qP000000000000000g#Z8m0RR916#xeS00000c>w?b000002LS*80RR91dk_Es00000VP"
            "OCO00000c>)Lk000004-x<X00000dmsn^00000zhM9X00000w*mkF00000g#Z8mAOHXWzkvV"
            "%000001px8-00000zoGyD000002Lb>9X#fBJzoP&E000002Lk{Ac>n+Z7y$qP00000000000"
            "0000w*&wH00000g#Z8m0ssI2w*deE{{H{~1prU}00000d7&Wx000006#>)#ga7~ld7&Wx000"
            "006#>!zhyVZpw*deE00000dm8Be00000dm7;W000001po;E00000X`yKU00000+yMXp5C8xG"
            "dm7;W00000X`yQW00000+yMXp5C8xGdm8Be00000d7&Wx00000R{;P3{{R306#)zY1^@s6d7"
            "&Wx000006#)tW5dZ)Hd7&Wx000006#)nUApigXd7&Wx000006#)hSga7~ld7&Wx00000RRK8"
            "vhyVZpd7%*h00000d7>Eq000009TEfp000001pqYv00000d7%*h00000d7>Eq00000T@o?>0"
            "0000d7>!)000002Lb>92mk;8d7)7M00000EfOvN00000d7<e300000cL4wZ0ssI2V;Xq>000"
            "00zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xYQ00000"
            "d7<e300000R{;P30{{R3X8`~J0RR914-fzV00000X#oHL00000U6CFC00000d7%LR00000X8"
            "`~J2mk;8d7}9K00000X955K5C8xGd7}vb00000X9EBL7ytkOd8F|E00000PeA|x00000Pa^;"
            "T00000PZIzD00000VQ~Ne00000zcK&-000009TNxu00000R{{V4{{R30w*deE0RR91RRRG3e"
            "*gdgw*deE00000d7?1?00000PZ9tC00000R{{V40RR91RRReA00000d7<F`00000cL4wZ0ss"
            "I2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#xzZ00000"
            "w*deE{{H{~dm2#x00000d7&`>00000R{;P30RR91RRQ_^00000d7<F`00000R{;P30{{R3X8"
            "`~J0RR914-fzV00000X#oHL00000dm2#x00000RRQw-00000w*deE|Nj601px2;00000w*de"
            "E{{H{~dm2#x00000d7&`>00000R{;P30RR91RRQb$000001pxT}00000",
            (
                Hole(6, "map", "pm_config"),
                Hole(180, "map", "pm_fragments"),
                Hole(190, "map", "pm_tenants"),
                Hole(227, "map", "pm_ports"),
                Hole(246, "map", "pm_tenants"),
                Hole(270, "map", "pm_fragments"),
                Hole(360, "map", "pm_fragments"),
                Hole(370, "map", "pm_tenants"),
                Hole(414, "map", "pm_tenants"),
                Hole(488, "map", "pm_ports"),
                Hole(509, "map", "pm_tenants"),
                Hole(531, "map", "pm_fragments"),
                Hole(540, "map", "pm_tenants"),
                Hole(568, "map", "pm_received"),
                Hole(650, "map", "pm_received"),
                Hole(686, "map", "pm_requests"),
                Hole(699, "map", "pm_tenants"),
                Hole(748, "map", "pm_ports"),
                Hole(762, "map", "pm_tenants"),
                Hole(806, "map", "pm_ports"),
                Hole(855, "map", "pm_requests"),
                Hole(866, "map", "pm_tenants"),
                Hole(891, "map", "pm_requests"),
                Hole(904, "map", "pm_tenants"),
                Hole(966, "map", "pm_tenants"),
                Hole(980, "map", "pm_drops"),
                Hole(1071, "map", "pm_drops"),
                Hole(1079, "map", "pm_drops"),
                Hole(1095, "map", "pm_drops"),
                Hole(1109, "map", "pm_drops"),
                Hole(1206, "map", "pm_drops"),
                Hole(1233, "map", "pm_drops"),
                Hole(1246, "number", "judging"),
                Hole(1249, "number", "part"),
                Hole(1259, "number", "csum_offset"),
                Hole(1265, "number", "network_header"),
                Hole(1269, "number", "csum_start"),
                Hole(1273, "number", "ip_summed"),
                Hole(1307, "number", "ip_summed_mask"),
                Hole(1310, "number", "ip_summed_partial"),
                Hole(1376, "map", "pm_drops"),
                Hole(1400, "map", "pm_allowances"),
                Hole(1418, "map", "pm_fragments"),
                Hole(1438, "map", "pm_tenants"),
                Hole(1478, "map", "pm_ports"),
                Hole(1496, "map", "pm_ports"),
                Hole(1543, "map", "pm_allowances"),
                Hole(1552, "map", "pm_tenants"),
                Hole(1596, "map", "pm_fragments"),
                Hole(1662, "map", "pm_drops"),
                Hole(1670, "map", "pm_drops"),
                Hole(1731, "map", "pm_allowances"),
                Hole(1749, "map", "pm_tenants"),
                Hole(1784, "map", "pm_requests"),
                Hole(1798, "map", "pm_drops"),
                Hole(1811, "map", "pm_tenants"),
                Hole(1821, "map", "pm_tenants"),
                Hole(1842, "map", "pm_drops"),
                Hole(1937, "map", "pm_received"),
                Hole(1944, "map", "pm_received"),
                Hole(1964, "map", "pm_requests"),
                Hole(2011, "map", "pm_ports"),
                Hole(2048, "map", "pm_ports"),
            ),
        ),
    ),
)
