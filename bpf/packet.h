/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a packet is, or one that an ICMP error quotes. */

#pragma once

#include "steer.h"

/* An IPv4 packet, or one that an ICMP error quotes.  `transport` is where what it carries begins, and
 * `length` what the header says of the whole.  Ports are 0 where it has none. */
struct parsed {
	u32 at, transport, length, offset;
	u32 source, destination;
	u16 id, source_port, destination_port;
	u8 protocol, ttl;
	u8 more;
};

INLINE int has_ports(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

/* 0: understood. */
INLINE int parse(struct packet *packet, u32 at, struct parsed *to)
{
	u8 header[20];
	u16 word, ports[2];

	if (bpf_skb_load_bytes(packet, at, header, sizeof(header)))
		return -1;
	if (header[0] >> 4 != 4 || (header[0] & 15) < 5)
		return -1;
	to->at = at;
	to->transport = at + (header[0] & 15) * 4;
	__builtin_memcpy(&word, header + 2, sizeof(word));
	to->length = NETWORK16(word);
	__builtin_memcpy(&to->id, header + 4, sizeof(to->id));
	__builtin_memcpy(&word, header + 6, sizeof(word));
	word = NETWORK16(word);
	if (word & 0x8000)
		return -1; /* reserved */
	to->more = (word & 0x2000) != 0;
	to->offset = (word & 0x1fff) * 8;
	to->ttl = header[8];
	to->protocol = header[9];
	__builtin_memcpy(&to->source, header + 12, sizeof(to->source));
	__builtin_memcpy(&to->destination, header + 16, sizeof(to->destination));
	to->source_port = to->destination_port = 0;
	if (to->offset || !has_ports(to->protocol))
		return 0;
	if (bpf_skb_load_bytes(packet, to->transport, ports, sizeof(ports)))
		return -1;
	to->source_port = NETWORK16(ports[0]);
	to->destination_port = NETWORK16(ports[1]);
	return 0;
}

INLINE int is_loopback(u32 address)
{
	return (address & NETWORK32(0xff000000)) == NETWORK32(0x7f000000);
}

INLINE int is_everybody(const struct config *config, u32 address)
{
	return address == 0xffffffff || (config->broadcast && address == config->broadcast);
}

INLINE int is_own(const struct config *config, u32 address)
{
	return address == config->address ||
	       (config->others && bpf_map_lookup_elem(&pm_addresses, &address));
}

/* A source that no host has, or that is the host's own: its stack refuses it, and counts that. */
INLINE int is_martian(const struct config *config, u32 source)
{
	u8 first = source & 0xff;

	return first == 0 || first == 127 || (first & 0xf0) == 224 || is_everybody(config, source) ||
	       is_own(config, source);
}

INLINE int is_error(u8 type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

INLINE int is_reply(u8 type)
{
	return type == ICMP_ECHO_REPLY || type == ICMP_TIMESTAMP_REPLY;
}
