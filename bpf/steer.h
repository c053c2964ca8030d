/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the program that steers remembers: the numbers, values and maps of steer.c.  The engine has the same
 * numbers in steering/bpf/numbers.py. */

#pragma once

#include "offload.h"

#define INSIDE_LOOPBACK 0x4000
#define INSIDE_PUBLIC 0x8000
#define SHAPED 0x2000
#define BARE 0x1000 /* a link of the host whose packets have no header of Ethernet */
#define LEAVING 0xc000 /* with BARE or not: what leaves by a link of the host */
#define NUMBER_MASK 0x0fff

#define LOOPBACK 1 /* the index of lo in every namespace */
#define FRAME 14   /* the header of Ethernet */
#define MAC 6

/* Where a packet goes, besides to a container by its number. */
#define TO_HOST 0xffff
#define TO_OUTSIDE 0xfffe
#define TO_EVERYBODY 0xfffd

/* Who sent a fragment, besides a container by its number: directions do not share entries. */
#define FROM_OUTSIDE 0x10000
#define FROM_LOOPBACK 0x20000
#define WITHIN 0x40000

/* In the place of a target, with the number of the container: the first fragment was dropped. */
#define REFUSED 0x10000

#define SECOND 1000000000ULL

/* 1 where the kernel tells what a packet leaves to others to finish: the numbers of offload.h.  Weak, for
 * the compiler takes no other address for 0, and would leave the question out. */
NUMBER(judging) __attribute__((weak));

/* An address in network order.  One of IPv4 stands as ::ffff:1.2.3.4, which no packet of IPv6 may have. */
struct address {
	u32 words[4];
};

/* What the host is like. */
struct config {
	struct address address, six; /* of IPv4, and of IPv6: :: where it has none */
	u32 broadcast;               /* of IPv4; 0: the network has no address of everybody */
	u32 public;                  /* the index of the interface */
	u8 mac[MAC];
	u16 others; /* how many other addresses it has, in pm_addresses */
};

/* A container: the indexes of its links, on the host and inside; whether what it receives has to pass
 * the queue of its veth; the class in which what it sends waits, and on which links: what goes
 * outside, and what stays in the host.  0 is none.  `closed`: it may not use servers of the host.  Where not
 * everybody outside may send to it, answers may, to its ports `first` to `last`; else `last` is 0. */
struct tenant {
	u32 veth, inner, queued, class, outside, within, closed;
	u16 first, last;
};

/* The numbers of the owners of four ports; 0 is nobody.  The kernel rounds the size of an entry up
 * to eight bytes. */
struct owners {
	u16 number[4];
};

/* What a container may still send of what others have to remember: when the next one is due. */
struct allowance {
	u64 datagrams, requests;
};

/* What a container received that its veth did not count. */
struct received {
	u64 packets, bytes;
};

/* Why packets of a container were dropped. */
enum reason {
	MALFORMED, /* no IPv4, IPv6 or ARP as hosts send it */
	ADDRESS,   /* not from the address of the host, or to nobody */
	PORT,      /* from a port that is not its own */
	PROTOCOL,  /* without ports, and no ICMP */
	ICMP,      /* an error or a question that it may not send */
	FRAGMENT,  /* of a datagram that nobody saw begin, or too many that did not end */
	REQUEST,   /* too many, or one for which somebody else waits */
	OFFLOAD,   /* left to others to finish, in a way that no stack does */
	HOST,      /* to a server of the host, which is closed to it */
	SENDER,    /* to it, from somebody who may not send to it */
	REASONS,
	PASSED = REASONS,
};

struct drops {
	u64 packets[REASONS];
};

struct fragments {
	struct address source, destination;
	u32 from;
	u32 id;       /* in network order, as all that is compared with packets */
	u32 protocol; /* 0 with IPv6, which tells datagrams apart by the rest alone */
};

/* Where the fragments of a datagram go.  `veth` tells whether the number is still that container's.
 * `next` is where the next one begins, in bytes, of one that leaves; `id` is the one that it leaves
 * with. */
struct direction {
	u32 target, veth, next, id;
};

struct request {
	struct address peer;
	u16 id, sequence;
	u32 type; /* of the reply */
};

struct asker {
	u64 when;
	u32 number, veth;
};

MAP pm_config = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct config), 1, BPF_F_MMAPABLE};
MAP pm_addresses = {BPF_MAP_TYPE_HASH, sizeof(struct address), sizeof(u32), 256, 0};
MAP pm_tenants = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct tenant), 4096, BPF_F_MMAPABLE};
MAP pm_ports = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct owners), 16384, BPF_F_MMAPABLE};
MAP pm_allowances = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct allowance), 4096, 0};
MAP pm_received = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(u32), sizeof(struct received), 4096, 0};
MAP pm_drops = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct drops), 4096, BPF_F_MMAPABLE};
MAP pm_fragments = {
	BPF_MAP_TYPE_LRU_HASH, sizeof(struct fragments), sizeof(struct direction), 16384, 0};
MAP pm_requests = {BPF_MAP_TYPE_LRU_HASH, sizeof(struct request), sizeof(struct asker), 16384, 0};
