/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a packet is, or one that an ICMP error quotes. */

#pragma once

#include "addresses.h"

/* So many headers of IPv6 before the last one: a packet with more is left to the host. */
#define EXTENSIONS 6

/* Where it begins, where what it carries begins, and where the part of it that fragments have begins;
 * `length` is what the header says of the whole.  Ports are 0 where it has none.  `extension`: where
 * the header of a fragment of IPv6 stands, else 0.  `routed`: IPv6 leads it somewhere else first. */
struct parsed {
	u32 at, transport, body, length, offset, extension;
	struct address source, destination;
	u32 id;
	u16 source_port, destination_port;
	u8 protocol, ttl;
	u8 more, six, routed;
};

/* The packet, and the one that an error quotes.  One CPU looks at it, without a break.  They stand here, for
 * the stack of a program has no room; and of what it reads here the verifier believes nothing, so that it
 * need not follow every way by which a value may have come. */
enum which { PACKET, QUOTED, PARSED };
MAP pm_parsed = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(u32), sizeof(struct parsed), PARSED, 0};

INLINE int has_ports(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

INLINE int is_extension(u8 header)
{
	return header == NEXTHDR_HOP || header == NEXTHDR_ROUTING || header == NEXTHDR_FRAGMENT ||
	       header == NEXTHDR_AUTH || header == NEXTHDR_DEST;
}

INLINE int is_icmp(const struct parsed *packet)
{
	return packet->protocol == (packet->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* 0: understood. */
INLINE int parse_four(struct packet *packet, u32 at, struct parsed *to)
{
	u8 header[20];
	u16 word;
	u32 address;

	if (bpf_skb_load_bytes(packet, at, header, sizeof(header)))
		return -1;
	if (header[0] >> 4 != 4 || (header[0] & 15) < 5)
		return -1;
	to->transport = to->body = at + (header[0] & 15) * 4;
	__builtin_memcpy(&word, header + 2, sizeof(word));
	to->length = NETWORK16(word);
	__builtin_memcpy(&word, header + 4, sizeof(word));
	to->id = word;
	__builtin_memcpy(&word, header + 6, sizeof(word));
	word = NETWORK16(word);
	if (word & 0x8000)
		return -1; /* reserved */
	to->more = (word & 0x2000) != 0;
	to->offset = (word & 0x1fff) * 8;
	to->ttl = header[8];
	to->protocol = header[9];
	__builtin_memcpy(&address, header + 12, sizeof(address));
	fill_four(&to->source, address);
	__builtin_memcpy(&address, header + 16, sizeof(address));
	fill_four(&to->destination, address);
	return 0;
}

/* The headers behind that of IPv6, of which `next` is the first. */
INLINE int parse_extensions(struct packet *packet, u8 next, struct parsed *to)
{
	u8 header[8];
	u16 word;

	for (int left = EXTENSIONS; left && !to->offset && is_extension(next); left--) {
		if (bpf_skb_load_bytes(packet, to->transport, header, sizeof(header)))
			return -1;
		if (next == NEXTHDR_FRAGMENT) {
			if (to->extension)
				return -1;
			__builtin_memcpy(&word, header + 2, sizeof(word));
			word = NETWORK16(word);
			to->more = word & 1;
			to->offset = word & 0xfff8;
			__builtin_memcpy(&to->id, header + 4, sizeof(to->id));
			to->extension = to->transport;
			to->body = to->transport += sizeof(header);
		} else {
			to->routed |= next == NEXTHDR_ROUTING;
			to->transport +=
				next == NEXTHDR_AUTH ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		}
		next = header[0];
	}
	to->protocol = next;
	return !to->offset && is_extension(next) ? -1 : 0;
}

INLINE int parse_six(struct packet *packet, u32 at, struct parsed *to)
{
	u8 header[40];
	u16 word;

	if (bpf_skb_load_bytes(packet, at, header, sizeof(header)) || header[0] >> 4 != 6)
		return -1;
	__builtin_memcpy(&word, header + 4, sizeof(word));
	to->length = sizeof(header) + NETWORK16(word);
	to->ttl = header[7];
	to->transport = to->body = at + sizeof(header);
	__builtin_memcpy(&to->source, header + 8, sizeof(to->source));
	__builtin_memcpy(&to->destination, header + 24, sizeof(to->destination));
	if (is_four(&to->source) || is_four(&to->destination))
		return -1;
	return parse_extensions(packet, header[6], to);
}

/* 0: not understood. */
INLINE const struct parsed *parse(struct packet *packet, u32 at, u32 which)
{
	struct parsed *to = bpf_map_lookup_elem(&pm_parsed, &which);
	u16 ports[2];

	if (!to)
		return 0;
	to->at = at;
	to->six = packet->protocol == ETH_P_IPV6;
	to->id = to->offset = to->extension = to->more = to->routed = 0;
	to->source_port = to->destination_port = 0;
	if (to->six ? parse_six(packet, at, to) : parse_four(packet, at, to))
		return 0;
	if (to->offset || !has_ports(to->protocol))
		return to;
	if (bpf_skb_load_bytes(packet, to->transport, ports, sizeof(ports)))
		return 0;
	to->source_port = NETWORK16(ports[0]);
	to->destination_port = NETWORK16(ports[1]);
	return to;
}

/* The packet that an ICMP error is about; 0 where its first part is not quoted. */
INLINE const struct parsed *parse_quoted(struct packet *packet, const struct parsed *error)
{
	const struct parsed *quoted = parse(packet, error->transport + 8, QUOTED);

	return quoted && !quoted->offset ? quoted : 0;
}

INLINE int is_ip(const struct packet *packet)
{
	return packet->protocol == ETH_P_IP || packet->protocol == ETH_P_IPV6;
}

INLINE int is_error(const struct parsed *packet, u8 type)
{
	if (packet->six)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER;
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

INLINE int is_reply(const struct parsed *packet, u8 type)
{
	if (packet->six)
		return type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO_REPLY || type == ICMP_TIMESTAMP_REPLY;
}

#define NO_REQUEST 0xff

/* The type of what answers a request. */
INLINE u32 reply_to(const struct parsed *packet, u8 type)
{
	if (packet->six)
		return type == ICMPV6_ECHO ? ICMPV6_ECHO_REPLY : NO_REQUEST;
	return type == ICMP_ECHO        ? ICMP_ECHO_REPLY
	       : type == ICMP_TIMESTAMP ? ICMP_TIMESTAMP_REPLY
					: NO_REQUEST;
}
