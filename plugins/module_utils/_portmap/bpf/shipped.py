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
        Map("pm_tenants", 2, 4, 24, 4096, 1024),
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
            "00000000g#Z8m0RR91zXt#S00000w*UYD0ssI26$j7+00000zmfm|00000R{{V4|Nj60RRUB"
            "300000VQ44-00000w+R3M000626$k+U0RR91w+R3M00031VPX&f000007ytkO|NsC0000000"
            "0000RRYBX2mk;8VPXUT00000B?7|)0RR91VPX^j000006#@eQ00000VPY5n00000R{{V4{|^"
            "8FRRX>Q00000dwNj+00000zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAK"
            "g#Z8m8UO$QRRER%00000aiVzt00000zaans00000R{;P3@Bjb+RRNL!KmY&$zaans00000R{"
            ";P34*&oFr2&rs1poj5aixF%00000X9WNN2mk;8aiM<y00000PZa<F00000+ywvtKmY&$#{~c"
            "YFaQ7m#RZ4}00000aie|z00000aiM(w00000dl~@$00000X955K0ssI2R{{V4JOBUy2Lb>94"
            "gdfEdnyS300000aiN9(00000dm2Fh00000aiN6&00000dm0%300000aiNC)00000dm14B000"
            "00aioX;00000aiNL-00000dm1?Z00000aiNI+00000dm1SJ00000aiNO;00000dm1qR00000"
            "ai@#_00000w*UYD00000aiW3$00000zfk}H00000X8`~J0{{R3dm8xu00000R{;P3`2PR^dp"
            "bz}00000dnyqB00000RRI<N000006#@nT1^@s6WdZ{Lg8%>k6#@hR5dZ)H6#@eQApigX1ppB"
            "M000006#@YOhyVZpRRRwHga7~ldrIK`00000zoP&E000002Lk{AX#fBJzhM9X00000d7=pa0"
            "0000w*&wH1ONa4ds^`R00000g#Z8m8UO$Qd8P3F00000RRCE400000X`pKV00000+yDRo5C8"
            "xGd80`G00000d8FX}00000d7=>i00000dkX0O00000d7(i600000X8`~J2mk;8d7~Kr00000"
            "PcZ-h00000d7~iz00000X9EBL5C8xGX9NHM7ytkOPc#4k00000d7wD|00000X8-^I2mk;8d7"
            "~)*00000PcQ%g00000d807@00000X9EBL5C8xGX9oZP7ytkOPd5Mn00000PX_=100000PZR("
            "E00000VPOOS00000RRKZ(0RR917ytkO|NsC00000000000d7)7M00000d80`G00000RRUTB5"
            "dZ)H7y<wQ|NsC00000000000dn!Qx000009R~#f00000VG;xY000006#`TQ00000dwM|s000"
            "009VY<*000001prY5000006$lRi0RR91VG;lU000007ytkO|NsC000000000009VAQy00000"
            "zd`^200000R{{V4{{R306#_{F000006#_^Ee*gdg9Rx=N00000zd`^200000R{{V4@Bjb+6#"
            "_&A-~a#sVG#rX000006#)SN000009TY(X00000X9EBL2mk;8d7%LR00000PZIzD00000d7=3"
            "J00000R{;P3|Nj606#**%00000w+H|L00000bBc%m00000d7%*h00000a~g*K00000YdVDg0"
            "0000W14{f00000d7(i600000V;X$_00000V@i1c00000zoGyD000002Lb>9c>n+Z7y$qP000"
            "000000000000g#Z8m0RR91zXt#S000006$c9d00000VR-}q00000VQ~Ne00000V;X4x00000"
            "zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR916#xMM00000VF&;K000009f"
            "@uL000007ytkO|NsC000000000001pplc00000d7)7M00000VG;lU00000dwM|s00000d80`"
            "G000009Vf^C000007ytkO|NsC00000000000RR|RX0RR91zi|Kn00000R{;P3{{R30dwM|s0"
            "00006#>xye*gdg1pp8P00000d7%*h00000drIK`00000ds^`R000006#)|f1^@s6d7%*h000"
            "00WdRBRAOHXWzc&B?000006#;Sp0RR917ytkO|NsC00000000000zjFWp00000d8FX}00000"
            "d8P3F00000d7%*h000006#)nU5dZ)H1poj9000006#)hSApigXd7%*h000006#)bQhyVZp7y"
            "tkO|NsC00000000000d7%*h00000RRQ?}ga7~lzc&B?00000d8p|A00000zkvV%00000cL4w"
            "Z0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*mkF0"
            "00006#xVP00000R|o(A0{{R3X9xfQ0RR914}bsw00000X#xNM000007ytkO|NsC000000000"
            "00d8pw200000d7<$B000006$0b~00000R{;P303ZMW6#*as00000V=8F>00000dn!o(00000"
            "V=7?(00000zoGyD000002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR91w*deE00000w*"
            "mkF000006#xMM00000VFCaE00000V=8R_00000d7=>i00000b1H`a00000YkGwL00000W14{"
            "f00000d7?o700000V=8?A00000V~TkH00000V;Xe-00000V;XS(00000a~g;L00000zoGyD0"
            "00002Lb>9c>n+ZzoP&E000002Lk{AX#fBJ7y$qP000000000000000w*&wH00000g#Z8m0ss"
            "I2d7?=F00000V=8$600000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91"
            "zXt#S00000w*UYD0ssI26$iNk00000VQ~Ne000006#=&c00000VPPl$000006#)VO0RR91VQ"
            "~lm000006#-}f000001ppHO00000VQ~Ne000007ytkO|NsC000000000006#=dT00000V;Xq"
            ">00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91zXt#S00000w*UYD0"
            "ssI26$hmQ00000VQ~Ne000006#=6I00000VPPl$000006#)VO0RR91VQ~lm000006#-iS000"
            "00d81JO000002Lk{A3;+NCzhM9X00000w*mkF00000w*&wH1^@s6w*>$I00000g#Z8m2><{9"
            "VQ~Ne000001ps~m00000zoP&E000002Lk{AVE_OBzhM9X00000d7=pa00000w*&wH2mk;8g#"
            "Z8m8UO$Qw*deE00000dm2dp00000RRBN$00000aiL)U000006#)hS0{{R3B>`Fh3;+NCw*mk"
            "F0RR91ZxR3i00000R{{V45EuXeRRRG3000001prk500000d7=pa000002Lb>92mk;8zoP&E0"
            "00002Lk{Ac>n+ZzhM9X00000zbF6z00000w*&wH6aWAKg#Z8m8UO$QRRApj00000aiMts000"
            "00zY+id00000R{{V4@Bjb+RRSphKmY&$zY+id00000R{{V44*&oFr2-}Z1poj5aiV|!00000"
            "X955K2mk;8aif0!00000Pci@i00000+yVdqKmY&$#{vKVFaQ7m#R4Ay00000R{{V4{~rJVRR"
            "SFV00000X8`~J0ssI2R{;P3JOBUy4;TOd00000aiNL-00000dm1SJ00000aiNI+00000dm0%"
            "300000aiNO;00000dm14B00000aiNR<00000dm1qR00000aiM|#00000dm1?Z00000R{;P3{"
            "{R306#)kT1^@s6d7(J}00000WdT(Hg8%>kd7(J}000006#)YP5dZ)Hd7(J}000006#)SNApi"
            "gX1prh400000zoP&E000002Lk{AX#fBJzhM9X00000zk&b&00000w*&wH1ONa4g#Z8m8UO$Q"
            "6#!5G00000w*deE00000dm2dp00000d7?=F000001ps3I00000zoGyD000002Lb>9c>n+Z7y"
            "$qP000000000000000g#Z8m0RR916#xzZ000001po#B00000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR916#xeS00000c>w?b000002LS*80RR91dk_Es00000VPOCO0"
            "0000c>)Lk000004-x<X00000dmsn^00000zhM9X00000w*mkF00000g#Z8mAOHXWVQ~Ne000"
            "00w*mkF00000g#Z8mn*aa+1pqJu000006$s-00RR916#)SN4gdfERRQ4t00000V;X?}00000"
            "d7<F`00000V;Xq>00000aiL}Z00000X8`~J2mk;8aiV1Z00000PayyR00000YZ`q200000ai"
            "M4b00000X8`~J2mk;8aiV7b00000PayyR00000YZ`w400000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR91zX$*T00000w*deE00000dm2dp000006$r}z00000VSx+)0"
            "0000dm1?Z00000VSxw$00000V;X4x00000zoGyD000002Lb>9X#fBJ7y$qP0000000000000"
            "00g#Z8m0RR91w*deE00000dm2dp000006#xMM00000VF3UD00000d7?P~00000T@t(h00000"
            "VSxw$000001pv7J00000d7(J}000006#=gQga7~ld7(J}000006#=aOhyVZpw*deE00000dm"
            "0G;000001po#B00000X`yKU00000+yMXp5C8xGdm0G;00000d7(J}00000R{;P3{{R306#)+"
            "b1^@s6w*deE00000dm2dp00000d7(J}00000WdQ{MAOHXWd7(J}000006#*Im0RR91d7(J}0"
            "00006#)kT5dZ)H1puS}00000d7(J}000006#)bQApigXd7(J}000006#)VOhyVZpd7(J}000"
            "00RRNv<ga7~ld7%jZ00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP00000"
            "0000000000g#Z8m0RR91w*deE00000dm2dp000006#$a|00000d7%jZ00000R{;P30{{R3X8"
            "`~J0RR914-fzV00000X#oHL000001ptfx00000zoP&E000002Lk{AX#fBJzhM9X00000zk&b"
            "&00000w*&wH2mk;8g#Z8m8UO$QRRD$m00000d7&u(00000X8`~J2mk;8d7>Eq00000PayyR0"
            "0000d7>cy00000X955K5C8xGd807@00000X9EBL7ytkOPa^;T00000PZIzD00000aiM7c000"
            "006#*vz4FCWDRRMVa2mk;8aiMMh00000X8`~J2mk;8aiVPh00000PayyR00000V>)>M00000"
            "YZ`q200000aiMSj00000X8`~J2mk;8aiVVj00000PayyR00000YZ`w400000w*mkF00000w*"
            "deE00000dm2dp00000V=93E00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8"
            "m0RR91zX$*T000006$oPg00000VSx+)00000dm1?Z00000VSxw$00000V;cPb00000zoGyD0"
            "00002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR91w*deE00000dm2dp000006#xMM000"
            "00VF3UD00000d7?P~00000T@q9O000001pt@-00000w*deE4gdfEV;X?}00000V>)>M00000"
            "aiMMh00000X8`~J2mk;8aiVPh00000PayyR00000YZ`q200000aiMSj00000X8`~J2mk;8ai"
            "VVj00000PayyR00000YZ`w400000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8"
            "m0RR91zX$*T00000w*deE00000dm2dp000006$m{400000VSx+)00000dm1?Z00000VSxw$0"
            "0000V;cPb00000zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR91w*deE000"
            "00dm2dp000006#xMM00000VF3UD00000d7?P~00000T@o$-000001psmX00000R|x<B{|^8F"
            "zaszu00000R|5b503ZMW6$2Ik00000VPOye00000RRMDX2mk;8zoP&E000002Lk{AX#fBJzh"
            "M9X00000w*mkF9smFUw*&wH1ONa4g#Z8m8UO$QzX1RM00000w*UYD0ssI2RRL-O000006$x7"
            "a000002L}KE3;+NCzhM9X00000w*mkF00000zjFWp00000w*&wH1^@s6w*>$I00000g#Z8m2"
            "><{9w*deE0RR91w*mkF0RR911pr6^00000zaszu00000R|5b506+i$6$3{B00000W19T`000"
            "007ytkO|NsC00000000000VPOye00000RRLE52mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000"
            "w*mkF4gdfEw*&wH6aWAKg#Z8m8UO$QRRBQ%00000ai@6y00000zi|Kn00000R{;P3@Bjb+RR"
            "KK!KmY&$zi|Kn00000R{;P34*&oFr2#qs1poj5aj1X)00000X9xfQ2mk;8aiM<y00000PZ$6"
            "I00000+z0>wKmY&$#|QubFaQ7m#RxM100000aie|z00000X9EBL2mk;8aiM(w00000PZIzD0"
            "0000aiNL-00000X8`~J2mk;8aiWO-00000PayyR00000aiWU<00000X955K5C8xGaioj?000"
            "00X9NHM7ytkOPb2^U00000PZR(E00000aiN9(00000X8`~J2mk;8aiWC(00000PayyR00000"
            "aiWI*00000X955K5C8xGaixd<00000X9WNN7ytkOPbB~V00000PZa<F00000aiW3$00000zk"
            "vV%00000R{;P3{~rJVRRJ;p00000X9oZP0ssI2R|fz9JOBUy2L}KE4gdfEzaans00000R{;P"
            "3{{R307ytkO|NsC00000000000dpbz}00000drCn600000ds;aE000006#)bQ1^@s6WdcV4g"
            "8%>k6#@bP5dZ)H6#@YOApigX1pr0>00000dn!=>00000zoP&E000002Lk{AX#fBJzhM9X000"
            "00zj6Qo00000w*&wH1ONa4g#Z8m8UO$Q6#zg0000001pw~-00000VWDXM000007y<wQ|NsC0"
            "0000000000T_F<y00000w*deE|NsC0YZ`q200000V;Xq>00000zoP&E000002Lk{Ac>n+Zzh"
            "M9X00000w*mkF00000w*&wH1^@s6w*>$I00000g#Z8m2><{9zjFWp000002Lk{A3;+NCzhM9"
            "X00000w*mkF1^@s6w*&wH1^@s6w*>$I00000g#Z8m2><{9VQ~lm000001pwaw00000VR8fj0"
            "0000RRRG7000001povD00000b1H`a00000YdVDg00000zmWg{00000M*#o;000C4V;X?}000"
            "00V@iDg00000V_JCs00000w+8?K00000b9#sW00000zoGyD000002Lb>9c>n+Z7y$qP00000"
            "0000000000g#Z8m0RR91zXkvR000006$T9e00000VQ2&Z00000VPOCO00000V;X4x00000zo"
            "GyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR91w*deE000006#xMM00000VF3U"
            "D00000T^IoX00000VP^mU000007ytkO|NsC000000000009hb5I000001pw0l000006#~2eg"
            "a7~l6#}~dhyVZpw*vqG000001po*D00000X`^cY00000+yejr5C8xGd7@DN00000zaans000"
            "00R{;P3{{R307ytkO|NsC000000000006#)kT1^@s6WdZ{LAOHXW6#_c|0RR916#@hR5dZ)H"
            "1pvbV000006#@bPApigX6#@YOhyVZpRRX{Pga7~lza{_x00000zcBy+00000cL4wZ0ssI2V;"
            "Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000zc&B?00000g#Z8m0RR91w*de"
            "E000006#xVP00000R|fz90{{R3X9oZP0RR914{!hg00000X#oHL000007ytkO|NsC0000000"
            "00009g(d800000R|o(A03ZMW6$ps{00000W149H00000W13+900000zoGyD000002Lb>9VE_"
            "OB7y$qP000000000000000g#Z8m0RR91w*deE00000M+pD`000C4w*mkF000006#xMM00000"
            "VFCaE00000V=8R_00000b83eF00000d7?=F00000Ybu2Q00000W14{f00000d7?o700000V="
            "8?A00000d7?P~00000V=8$600000V;Xe-00000V;XS(00000a~g;L00000zoGyD000002Lb>"
            "9c>n+ZzoP&E000002Lk{AX#fBJ7y$qP000000000000000w*&wH00000g#Z8m0ssI21psIO0"
            "0000zoP&E000002Lk{AVE_OBzhM9X00000zj6Qo00000w*&wH0RR91g#Z8m8UO$QzX1RM000"
            "007ytkO|NsC00000000000RRMqj00000aiL)U000006#)hS0{{R3B>{Z_3;+NCw*mkF0RR91"
            "ZxR3i00000R{{V45EuXeRRRG3000001ps&f000002L}KE2mk;8zoP&E000002Lk{Ac>n+Zzh"
            "M9X00000zj6Qo00000w*&wH6aWAKg#Z8m8UO$QRRB=^00000aiMts00000zY+id00000R{{V"
            "4@Bjb+RRT=?KmY&$zY+id00000R{{V44*&oFr2<L)1poj5aiV|!00000X955K2mk;8aif0!0"
            "0000Pci@i00000+yVdqKmY&$#{vKVFaQ7m#R5Y800000w+H|L00000aif9%00000dpc16000"
            "00R{{V4{~rJVRRS3R00000d7@DN000006#@$Y1^@s6d7@DN00000Wda2Ng8%>kd7@DN00000"
            "6#@qU5dZ)Hd7@DN000006#@kSApigX1pp8L00000d7@DN000006#@bPhyVZpd7@DN00000RR"
            "RnEga7~lX8`~J0ssI2R{;P3JOBUy4;KIc00000zoP&E000002Lk{AX#fBJzhM9X00000zj6Q"
            "o00000w*&wH1ONa4g#Z8m8UO$QRRAXa00000X{c!b00000+z0>w5C8xGd7)7M000006#)+b1"
            "^@s6d7)7M00000WdR2Og8%>k7ytkO|NsC00000000000d7)7M000006#)qV5dZ)Hd7)7M000"
            "006#)kTApigX1pqk#000007ytkO|NsC00000000000d7)7M000006#)VOhyVZpd7)7M00000"
            "RRJ>rga7~lzkvV%00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP0000000"
            "00000000g#Z8m0RR91w*deE000006#xVP00000R|o(A0{{R3X9xfQ0RR914}bsw00000X#oH"
            "L000007ytkO|NsC000000000009g!jd00000zoGyD000002Lb>9{Qv*|7y$qP00000000000"
            "0000g#Z8m0RR91zX1RM00000w*UYD0ssI26#*In00000VG#rX000006#*Cl00000w*mkF000"
            "00g#Z8m7XSbN1ppNR00000R{{V40Du4h6#^vy000007ytkO|NsC00000000000VPX&f00000"
            "RRRwI2mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAKg#Z8m8UO$QRR"
            "H4v00000aiVzt00000zaans00000R{;P3@Bjb+RRP}sKmY&$zaans00000R{;P34*&oFr2*U"
            "k1poj5aiM?z00000X8`~J2mk;8aif0!00000PcZ-h00000+yMXpKmY&$#{mEUFaQ7m#R1g-0"
            "0000aj1y@00000R{;P3{~rJVRRIM600000aiM|#000006#>Tp1^@s6WdXzhg8%>k6#>Nn5dZ"
            ")H6#>KmApigX7ytkO|NsC00000000000RS53@e*gdg1ptNq00000W14vX00000zoGyD00000"
            "2Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xMM00000VF3UD00000VP"
            "Yr%00000w*UYD0ssI2T_NHC00000VPO;i000006#)nU00000W14vX00000zoGyD000002Lb>"
            "9c>n+Z7y$qP000000000000000g#Z8m0RR916#&=(000001pr+D00000VPOye000006#+p22"
            "nGNERRL1~2mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH6aWAKg#Z8m8UO"
            "$QRRF{Q00000aiVzt00000zaans00000R{;P3@Bjb+RRO>NKmY&$zaans00000R{;P34*&oF"
            "r2)MF1poj5aj1X)00000X9xfQ2mk;8aiM<y00000PZ$6I00000+z0>wKmY&$#|QubFaQ7m#R"
            "#?l00000aiM+x00000dm2dp00000aiM(w00000dm7;W00000aie?x00000aiMzu00000dm1q"
            "R00000X955K0ssI2R{{V4JOBUydn!2p000002Lb>94gdfEaiN9(00000dm0e`00000aiN6&0"
            "0000dm8Zm00000aiNC)00000dl~@$00000aiE9)00000aiNL-00000dm0G;00000aiNI+000"
            "00dm8Be00000aiNO;00000dm8xu00000aiNR<00000dm14B00000w*deE00000dm0%300000"
            "aiM|#00000aioC%00000drDCM00000zl8t*00000X9WNN0{{R3R|Nn7`2PR^w*&wH00000ds"
            ";yM00000dm1SJ00000RRxX!000006#;hu1^@s6WdU>mg8%>k6#;bs5dZ)H6#;YrApigX1ptW"
            "v00000w*deE00RI3YZ`3-00000w*deE0&r~rV;X4x00000zoP&E000002Lk{Ac>n+ZzhM9X0"
            "0000w*mkF4gdfEw*&wH8~^|Sg#Z8m8UO$Q6#x<d00000W13+900000zoGyD000002Lb>9VE_"
            "OB7y$qP000000000000000g#Z8m0RR916##+&000001pt2l00000W14vX00000zoGyD00000"
            "2Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916##kw00000w*deE0RR91+YlH4000001p"
            "s#d00000X`y)k00000RRIJ500961X`y=m00000RRID32mk;8X`z1q000006#)nU00961W13+"
            "900000zoGyD000002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR916#!}g000001psFN0"
            "0000X`zz;00000X8`~J5C8xGX`+z-00000PayyR00000VR8Tf00000T_Fen00000W13+9000"
            "00zoGyD000002Lb>9VE_OB7y$qP000000000000000g#Z8m0RR916#!fS000001pos900000"
            "X`+b#00000Ybuie00000X`+Vz00000Ybucc00000X`+Dt00000w*vqG0&oBTYdV1c00000X`"
            "_Pw00000w*&wHZ2$lOYf6Iu00000YdVbo00000YbuKW00000X`+Px00000w*vqG00RI3YdVD"
            "g00000YbuWa00000w*mkF00IC2Ybt*K00000YZ`|C00000cL4wZ5C8xGYZ{3E00000zoP&E0"
            "00002Lk{Ac>n+ZzhM9X00000w*mkF4gdfEw*&wH8~^|Sw*>$I00000g#Z8m2><{9zoP&E000"
            "002Lk{AivR!rzhM9X00000w*mkF00000w*&wH1^@s6w*>$I00000g#Z8m2><{9zoP&E00000"
            "2Lk{AX#fBJzhM9X00000w*mkF1^@s6w*&wH1^@s6w*>$I00000g#Z8m2><{9VPPl$000001p"
            "pZT000006#)SNhyVZpRRKKzga7~lX955K0ssI2R{{V4JOBUy2Lb>94gdfEzoP&E000002Lk{"
            "AX#fBJzhM9X00000w*&wH1ONa4g#Z8m8UO$Q6#z5;000001poy6000006#)SNhyVZpRRI<Ng"
            "a7~ldkWD000000dpf}W00000d7()E00000zoP&E000002Lk{AX#fBJzhM9X00000dn(BO000"
            "00w*&wH1ONa4dy3fp00000g#Z8m8UO$Qd8pX_00000RR9bC00000X{2iZ00000+ynps5C8xG"
            "X`yKU00000+yMXp5C8xGdm0%300000d7()E00000d85Go00000d7{Yv00000d7#k#00000d7"
            "&u(00000d7)7M00000RRIeC00000W14vX00000zoGyD000002Lb>9c>n+Z7y$qP000000000"
            "000000g#Z8m0RR916#xPN00000w*deE0RR91+YkT%00000w*UYD0ssI2l>h($00000drDCM0"
            "0000X9EBL2mk;8d7&`>00000PZIzD00000+yejr5C8xGw*deE0RR91d89!900000d8Ii2000"
            "00RRjS500000w*deE2mk;84^aRB00000EinZE00000zcc^<000002Lu2B4gdfEVPOCO00000"
            "drC0>00000y%Y!l00000W14vX00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#"
            "Z8m0RR916#(Y{000001pwp!00000dkWD000000dn(BO00000dpf}W00000d7()E00000cL)F"
            "g4FCWDR|o(A0RR91dy3fp000007y$qP0000000000000006#-ZP000007y$qP00000000000"
            "0000zheLZ000004-)_Y00000zo7sC000002LS*8c>n+Zw*mkFfB*mhg#Z8maR2}S6#xMM000"
            "001psgY000007y$qP000000000000000zoGyD000002Lb>9c>n+Zzaszu000004-)_Y00000"
            "7y$qP000000000000000za#(v000004-^0Z000007y$qP000000000000000za;<w000004;"
            "26a000007y$qP0000000000000004-x<X00000aVP))00000aZvyO00000dm5<z00000aZv#"
            "P00000dm6C*00000aX|n800000dm5nr00000aX|q900000dm6a@00000aWMb@00000dm5Pj0"
            "0000aWMe^00000dm51b00000w*deE00000V;Xq>00000VPOCO00000r2z>50RjL3zoP&E000"
            "002Lk{Ac>n+ZzhM9X00000w*mkF00000w*&wH00000w*>$I0RR91g#Z8mqW}N^6#xMM00000"
            "1pq|?00000VPT{I00000B>@2dfB*mh1pop700000VPUWU00000r2#+!FaQ7m7y$qP0000000"
            "00000000Ul;%Y000007y$qP000000000000000T^JYu00000d7;?;00000RRK5x00000d7(i"
            "600000RRJ~v00000d8m;700000X9xfQ2mk;8d7+s800000PZ$6I00000zk>h(00000d7`-f0"
            "0000X955K2mk;8d7+^G00000PZ9tC00000d8DxZ00000X9NHM2mk;8d7-HO00000PZR(E000"
            "00d7(J}000004-x<X00000d7&u(00000RRMzm1^@s6T_l15000006$1eP5C8xG1pp!f00000"
            "d7}{j00000X9EBL2mk;8d8GjV00000X9WNN5C8xGd7{w%00000X955K7ytkOd87#c00000X9"
            "NHM2mk;8d7$|I00000X8-^I5C8xGd7&Wx00000X8`~J7ytkOd8qLI00000PlEse00000Pf`E"
            "?00000d8O$700000PgDQ^00000PXPb`00000PeA|x00000Pci@i00000dm14B00000R{;P3{"
            "{R30dn(ZW00000R{{V4{{R30RRRM5e*gdgw*mkF00000dn!2p000006#*Fle*gdgVR8Tf000"
            "00d85$&00000T_Xhm000006#)bQe*gdg6#)YP00000d7&Wx00000R{;P3@Bjb+RRIbB-~a#s"
            "W14vX00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#!WO00000w*"
            "deE0RR91+Ykr<000001prn500000w*deE0RR91dm1?Z00000d7&Wx00000d7{w%00000T_FM"
            "h00000w*deE00000dm1?Z00000d7()E00000X8`~J2mk;8d7|L{00000PayyR00000dm2dp0"
            "0000d7(i6000006#+W{00000W13+900000zoGyD000002Lb>9VE_OB7y$qP0000000000000"
            "00g#Z8m0RR91zX$*T00000w*deE00000a~g;L00000d7&u(00000a~g*K00000d7()E00000"
            "YZ`?A00000VWD9E00000V;X?}00000d7&Wx00000V;X$_00000d7;q$00000V;Xq>00000zo"
            "GyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91dkRqh00000dx|*!000006$l>"
            "z00000d7)7M000006#*Rq00000d7)7M00000VG#%b00000d7?o700000T_G6(00000d7)7M0"
            "0000VG#fT00000B>@Zo{Qm#|d7@DN00000VJHLu00000V;X4x00000zoGyD000002Lb>9X#f"
            "BJ7y$qP000000000000000g#Z8m0RR91w*deE000006#xMM00000VF3UD00000T^I@h00000"
            "d7;?;000006#>iu00000d7{An00000d7;Su000009})ln00000d7)7M00000VG#%b000004-"
            "x<X000002Lb>94gdfEzaans000001pvqZ00000d7&u(000006#)+b1^@s6w*deE0{{R3dm2F"
            "h00000d7&u(00000WdQ{MAOHXWd7&u(000006#*at0RR91d7&u(000006#)kT5dZ)H1ps>i0"
            "0000d7&u(000006#)bQApigXd7&u(000006#)VOhyVZpd7&u(00000RRMJYga7~ld7&8p000"
            "00cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91"
            "w*deE000006#xYQ00000d7&8p00000R{;P30{{R3X8`~J0RR914-fzV00000X#oHL00000w*"
            "mkF0ssI2dn!Qx00000U6Eq}00000d7)7M00000cL4wZ0ssI2V;Xq>00000zoGyD000002Lb>"
            "9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xYQ00000d7)7M00000R{;P30"
            "{{R3X8`~J0RR914-fzV00000X#oHL00000w*mkF{r>;}dn!=>000007y<wQ|NsC000000000"
            "00d7~iz000009U~e500000d8Hu#00000X9WNNAOHXWcLe|dAOHXWVRHlk00000X9EBLAOHXW"
            "cLM+bAOHXWw*mkF0RR91w*&wH0RR919W?;}00000w*&wH00000RRaM400000w*mkF00000Uq"
            "S!?00000w*vqG{r>;}dpc1600000RRRJ400000w*vqG{{H{~dpc1600000d80W000000Pci@"
            "i00000R{{V40RR91RRRP600000w*mkF|Nj60dn!=>000006#)SN00000dm2#x00000d7;?;0"
            "00006#+^B00000W19T`00000zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR"
            "91zX$*T00000d7)7M00000V;X4x00000V;W%p00000zoGyD000002Lb>9VE_OB7y$qP00000"
            "0000000000g#Z8m0RR91w*deE000006#xMM00000VF3UD00000V;XG#00000g#Z8m2LJ#7w*"
            "deE00000YZ`X{00000YYKG#000006$py}00000g#Z8m1poj57y$qP0HCb7000000{{R3zXAX"
            "N000004-x<X00000d4T``00000Edc=l00000zX1RM000002LS*80Lq#>Eg^vb00000dl&!!0"
            "0000d7&u(00000a~g*K00000d8kPL00000Yl?*b00000d7&Wx00000V;X$_00000d7;q$000"
            "00V;Xq>00000d7;4m00000d7{Yv00000A0Yq$000002LS*84gdfEV;XS(00000VWIs000000"
            "V;X?}00000w*deE00000a~g;L00000zoGyD000002Lb>9c>n+ZzoP&E000002Lk{AX#fBJ7y"
            "$qP000000000000000w*&wH00000g#Z8m0ssI2X{2=j00000Yf51M00000zhM9X00000w*mk"
            "F7ytkOzk>h(00000w*>$I0ssI2g#Z8m3IG5AzoP&E000002Lk{AVE_OBzhM9X00000w*mkF5"
            "&!@Iw*&wH0ssI2w*>$I00000g#Z8m2><{9d7)7M00000X8`~JAOHXWcL4wZAOHXWw+H|L0RR"
            "91w*mkF0RR916#)SN{{H{~w*mkF000006#)SN{r>;}w+H|L00000W149H00000PbdHY00000"
            "zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR916#xnV00000zk&b&00000R{"
            "{V40RR91w*deE5C8xGRRRG300000w*deE6aWAKzXAXN000004-x<X00000VIcqj000006#)S"
            "N000001pqq$00000R|o(A0RR916$oem00000w*deE|NsC0YZ`q200000V;Xq>00000d7)7M0"
            "0000X8`~JAOHXWcL4wZAOHXW6#+#2{r>;}1przA00000d7?P~00000c_9D*000002LS*805)"
            "aBdlCQu00000w*deE00000d8knT00000V;Bek00000X@m>_00000Yf5PU00000zhM9X00000"
            "w*mkF7ytkOd80`G00000w*>$I0ssI2g#Z8m3IG5AzoP&E000002Lk{AX#fBJzhM9X00000w*"
            "mkF5&!@Iw*&wH0ssI2w*>$I00000g#Z8m2><{9VSxYu00000dm2#x000006#*mw00000w+H|"
            "L0RR91w*deE0RR91d7@DN000006#@YO{{H{~w*deE00000d7@DN000006#@YO{r>;}w+H|L0"
            "0000W149H00000PZ$6I00000zoGyD000002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR"
            "916#ymx00000zk&b&00000R{{V40RR91w*deE5C8xGRRRG300000w*deE6aWAKzXAXN00000"
            "4-x<X00000VIcqj000006#*Rp00000VFC;Q00000V<sQ~000001pxm100000W14vX00000zo"
            "GyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#x$Y000001po&C00000W14v"
            "X00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#xeQ00000w*deE0"
            "RR91+Yl%K000001pov700000d7&u(00000RRIA25dZ)H9VDIr00000d7&u(00000RRNa(ga7"
            "~lT_lzO000006$5$x2mk;81pt}=00000R|o(A0RR916$pL+00000w*deE|NsC0YZ`q200000"
            "V;Xq>00000d7)7M000006#?%1{r>;}1pov900000w*vqG|NsC0YdU=Y00000V>)>M000009U"
            "<xa00000VQ~lm00000w*mkF00000w*vqG00000w*&wH00000g#Z8mm;e9(1pw;(00000d7)7"
            "M00000X8`~JAOHXWcL4wZAOHXWRRL`P|Nj601ps{e00000zoP&E000002Lk{AVE_OBzhM9X0"
            "0000d7{Yv00000w*&wH2mk;8g#Z8m8UO$Qw*deE00000dm2Fh00000RRC2000000aiL)U000"
            "00R{;P3{{R30w*mkF0RR91w*vqG0RR91RRIA24FCWDw*vqG00000RRIA22mk;8w*mkF00000"
            "Uorpy00000aid}X00000R{{V40RR91RRWO!00000RRfR!00000w*deE1^@s6dm2Fh00000d7"
            "(J}00000R{;P30RR916#+v400000W19H?00000zoGyD000002Lb>9`2YX^7y$qP000000000"
            "000000g#Z8m0RR91dkRqh00000d7&Wx00000V;X4x00000w*deE00000V;XS(00000w+H|L0"
            "0000V;XG#00000g#Z8m1poj5dkQ%J00000dkT2}00000VWIf{00000V;X?}00000V;cPb000"
            "00zoGyD000002Lb>9{Qv*|7y$qP000000000000000g#Z8m0RR916#xMM00000VF&;K00000"
            "V~T|T00000d7)7M000006#*sy00000g#Z8m1poj5d7)7M00000c@YQz00000Edc=l00000zX"
            "1RM000002LS*8Ktc}y2LJ#70Lq#>Edd??00000d7@DN00000dlCo$00000w*deE00000aiU="
            "V000006#@YO2mk;8w*deE4gdfEV;XS(00000aiL}Z00000X8`~J2mk;8aiV1Z00000PayyR0"
            "0000YZ`3-00000aiM4b00000X8`~J2mk;8aiV7b00000PayyR00000YZ`9<00000zoGyD000"
            "002Lb>9X#fBJ7y$qP000000000000000g#Z8m0RR916#%dR00000VF3sL00000VWRl|00000"
            "9U-j%00000c>w?b00000d7?P~000009})ln00000B?74c|C2R$W14vX00000zoGyD000002L"
            "b>9c>n+Z7y$qP000000000000000g#Z8m0RR916##$z00000d7(i600000X8`~J0{{R34-fz"
            "V000001ps;d00000d7)7M00000RRJOZ|Nj601ppBH00000d7)7M00000V;Xq>00000zoGyD0"
            "00002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91zX$*T00000w*UYD0ssI26$o$r000"
            "00VSxYu000006#;Gi00000VPPl$000006#)VO0RR91VSxw$000006#;Sp000001ppub00000"
            "d7&u(00000RRIJ55dZ)HA0z+(00000Wdz{;2LJ#71pom6000006$9S=1^@s6W14vX00000zo"
            "GyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#!cO00000w*deE0RR91+YmS"
            "a000001prt500000d7)7M00000V;Xq>00000zoGyD000002Lb>9c>n+Z7y$qP00000000000"
            "0000g#Z8m0RR91zX$*T00000w*UYD0ssI26$noK00000VSxYu000006#-2B00000VPPl$000"
            "006#)VO0RR91VSxw$000006#-ZP000002L}KE3;+NCzhM9X00000w*mkF00000zjFWp00000"
            "w*&wH1^@s6w*>$I00000g#Z8m2><{9VSxYu000001pp`f00000w*mkF1ONa4dn!Qx00000RR"
            "OjC0{{R36$7;Y1ONa4d7{Yv000002Lb>92mk;8zoP&E000002Lk{Ac>n+ZzhM9X00000dn!="
            ">00000w*&wH6aWAKg#Z8m8UO$QRRB5w00000aiMts00000zY+id00000R{{V4@Bjb+RRT5uK"
            "mY&$zY+id00000R{{V44*&oFr2;bm1poj5aiV|!00000X955K2mk;8aif0!00000Pci@i000"
            "00+yVdqKmY&$#{vKVFaQ7m#R4n<00000R{{V4{~rJVRRSsi00000X8`~J0ssI2R{;P3JOBUy"
            "d7@DN000004-x<X00000dn!=>00000aiNL-00000dl~@$00000aiNI+00000dm8Zm00000ai"
            "NO;00000dm8xu00000aiNR<00000dm0G;00000aiN9(00000X8`~J2mk;8aiWC(00000Payy"
            "R00000aiWI*00000X955K5C8xGaifR-00000X9EBL7ytkOPa^;T00000PZIzD00000dpZ#R0"
            "0000aiM|#00000dm0%300000R{;P3{{R306#)kT1^@s6d7&8p00000WdSe%g8%>kd7&8p000"
            "006#)YP5dZ)Hd7&8p000006#)SNApigX1pqGq00000zoP&E000002Lk{AX#fBJzhM9X00000"
            "d7@DN00000w*&wH1ONa4g#Z8m8UO$Q6#y&%000001psjW00000zoGyD000002Lb>9c>n+Z7y"
            "$qP000000000000000g#Z8m0RR916#xzZ000001po#B00000zoGyD000002Lb>9c>n+Z7y$q"
            "P000000000000000g#Z8m0RR916#xeS00000c>w?b000002LS*80RR91dk_Es00000VPOCO0"
            "0000c>)Lk000004-x<X00000dmsn^00000zhM9X00000w*mkF00000g#Z8mAOHXWVSxYu000"
            "001pur000000zoGyD000002Lb>9X#fBJzoP&E000002Lk{Ac>n+Z7y$qP000000000000000"
            "w*&wH00000g#Z8m0ssI2w*deE{{H{~1ppZS00000d7&8p000006#>)#ga7~ld7&8p000006#"
            ">!zhyVZpw*deE00000dm8Be00000dm7;W000001po;E00000X`yKU00000+yMXp5C8xGdm7;"
            "W00000X`yQW00000+yMXp5C8xGdm8Be00000d7&8p00000R{;P3{{R306#)zY1^@s6d7&8p0"
            "00006#)tW5dZ)Hd7&8p000006#)nUApigXd7&8p000006#)hSga7~ld7&8p00000RRJ{rhyV"
            "Zpd7&Wx00000d7=>i000009TEfp000001pqMr00000d7&Wx00000d7=>i00000T@o$-00000"
            "d7@DN000002Lb>92mk;8d7&`>00000EfOjJ00000d7<e300000cL4wZ0ssI2V;Xq>00000zo"
            "GyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR91w*deE000006#xYQ00000d7<e"
            "300000R{;P30{{R3X8`~J0RR914-fzV00000X#oHL00000U6C3800000d7%LR00000X8`~J2"
            "mk;8d7}9K00000X955K5C8xGd7}vb00000X9EBL7ytkOd8F|E00000PeA|x00000Pa^;T000"
            "00PZIzD00000VQ~Ne00000zcK&-000009TNxu00000R{{V4{{R30w*deE0RR91RRRG3e*gdg"
            "w*deE00000d7?P~00000PZ9tC00000R{{V40RR91RRRS600000d7<F`00000cL4wZ0ssI2V;"
            "Xq>00000zoGyD000002Lb>9c>n+Z7y$qP000000000000000g#Z8m0RR916#xzZ00000w*de"
            "E{{H{~dm2#x00000d7(J}00000R{;P30RR91RRO~N00000d7<F`00000R{;P30{{R3X8`~J0"
            "RR914-fzV00000X#oHL00000dm2#x00000RRO#G00000w*deE|Nj601pv7H00000w*deE{{H"
            "{~dm2#x00000d7(J}00000R{;P30RR91RROg9000001pxT}00000",
            (
                Hole(6, "map", "pm_config"),
                Hole(172, "map", "pm_fragments"),
                Hole(182, "map", "pm_tenants"),
                Hole(234, "map", "pm_ports"),
                Hole(255, "map", "pm_tenants"),
                Hole(277, "map", "pm_fragments"),
                Hole(285, "map", "pm_tenants"),
                Hole(305, "map", "pm_tenants"),
                Hole(403, "map", "pm_received"),
                Hole(410, "map", "pm_received"),
                Hole(446, "map", "pm_requests"),
                Hole(459, "map", "pm_tenants"),
                Hole(503, "map", "pm_ports"),
                Hole(552, "map", "pm_requests"),
                Hole(563, "map", "pm_tenants"),
                Hole(588, "map", "pm_requests"),
                Hole(601, "map", "pm_tenants"),
                Hole(755, "map", "pm_fragments"),
                Hole(765, "map", "pm_tenants"),
                Hole(802, "map", "pm_ports"),
                Hole(821, "map", "pm_tenants"),
                Hole(845, "map", "pm_fragments"),
                Hole(942, "map", "pm_ports"),
                Hole(956, "map", "pm_tenants"),
                Hole(1009, "map", "pm_tenants"),
                Hole(1023, "map", "pm_drops"),
                Hole(1109, "map", "pm_drops"),
                Hole(1117, "map", "pm_drops"),
                Hole(1133, "map", "pm_drops"),
                Hole(1147, "map", "pm_drops"),
                Hole(1237, "map", "pm_drops"),
                Hole(1265, "map", "pm_drops"),
                Hole(1277, "number", "judging"),
                Hole(1280, "number", "part"),
                Hole(1290, "number", "csum_offset"),
                Hole(1296, "number", "network_header"),
                Hole(1300, "number", "csum_start"),
                Hole(1304, "number", "ip_summed"),
                Hole(1338, "number", "ip_summed_mask"),
                Hole(1341, "number", "ip_summed_partial"),
                Hole(1407, "map", "pm_drops"),
                Hole(1431, "map", "pm_allowances"),
                Hole(1449, "map", "pm_fragments"),
                Hole(1469, "map", "pm_tenants"),
                Hole(1509, "map", "pm_ports"),
                Hole(1527, "map", "pm_ports"),
                Hole(1574, "map", "pm_allowances"),
                Hole(1583, "map", "pm_tenants"),
                Hole(1627, "map", "pm_fragments"),
                Hole(1658, "map", "pm_tenants"),
                Hole(1718, "map", "pm_tenants"),
                Hole(1737, "map", "pm_drops"),
                Hole(1745, "map", "pm_drops"),
                Hole(1813, "map", "pm_allowances"),
                Hole(1831, "map", "pm_tenants"),
                Hole(1866, "map", "pm_requests"),
                Hole(1880, "map", "pm_drops"),
                Hole(1895, "map", "pm_tenants"),
                Hole(1917, "map", "pm_drops"),
                Hole(1928, "map", "pm_tenants"),
                Hole(2023, "map", "pm_received"),
                Hole(2030, "map", "pm_received"),
                Hole(2050, "map", "pm_requests"),
                Hole(2097, "map", "pm_ports"),
                Hole(2134, "map", "pm_ports"),
            ),
        ),
    ),
)
