/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Steering: one address of a host, and a network namespace for each container.
 *
 * One program stands at every place where a packet is steered; the class of its filter says which
 * place that is.  0 is the host's public interface and its loopback.  Else the low bits are the
 * number of a container, and the high ones tell the host's end of its veth from the links inside.
 *
 * TC_ACT_UNSPEC leaves a packet to the filters behind this one, and then to the stack.
 */

#include "offload.h"

#define INSIDE_LOOPBACK 0x4000
#define INSIDE_PUBLIC 0x8000
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

#define SECOND 1000000000ULL

/* 1 where the kernel tells what a packet leaves to others to finish: the numbers of offload.h.  Weak, for
 * the compiler takes no other address for 0, and would leave the question out. */
NUMBER(judging) __attribute__((weak));

/* What the host is like.  Addresses are in network order. */
struct config {
	u32 address, broadcast; /* 0: the network has no address of everybody */
	u32 public;             /* the index of the interface */
	u8 mac[MAC], unused[2];
};

/* A container: the indexes of its links, on the host and inside. */
struct tenant {
	u32 veth, inner;
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
	MALFORMED, /* no IPv4 or ARP as hosts send it */
	ADDRESS,   /* not from the address of the host, or to nobody */
	PORT,      /* from a port that is not its own */
	PROTOCOL,  /* without ports, and no ICMP */
	ICMP,      /* an error or a question that it may not send */
	FRAGMENT,  /* of a datagram that nobody saw begin, or too many that did not end */
	REQUEST,   /* too many, or one for which somebody else waits */
	OFFLOAD,   /* left to others to finish, in a way that no stack does */
	REASONS,
	PASSED = REASONS,
};

struct drops {
	u64 packets[REASONS];
};

struct fragments {
	u32 source, destination;
	u32 from;
	u16 id; /* in network order, as all that is compared with packets */
	u8 protocol, unused;
};

/* Where the fragments of a datagram go.  `veth` tells whether the number is still that container's.
 * `next` is where the next one begins, in bytes, of one that leaves; `id` is the one that it leaves
 * with. */
struct direction {
	u32 target, veth, next;
	u16 id, unused;
};

struct request {
	u32 peer;
	u16 id, sequence;
	u32 type; /* of the reply */
};

struct asker {
	u64 when;
	u32 number, veth;
};

MAP pm_config = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct config), 1, BPF_F_MMAPABLE};
MAP pm_tenants = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct tenant), 4096, BPF_F_MMAPABLE};
MAP pm_ports = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct owners), 16384, BPF_F_MMAPABLE};
MAP pm_allowances = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct allowance), 4096, 0};
MAP pm_received = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(u32), sizeof(struct received), 4096, 0};
MAP pm_drops = {BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct drops), 4096, BPF_F_MMAPABLE};
MAP pm_fragments = {
	BPF_MAP_TYPE_LRU_HASH, sizeof(struct fragments), sizeof(struct direction), 16384, 0};
MAP pm_requests = {BPF_MAP_TYPE_LRU_HASH, sizeof(struct request), sizeof(struct asker), 16384, 0};

/* --- what a packet is ------------------------------------------------------------------------- */

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

/* A source that no host has, or that is the host's own: its stack refuses it, and counts that. */
INLINE int is_martian(const struct config *config, u32 source)
{
	u8 first = source & 0xff;

	return source == config->address || first == 0 || first == 127 || (first & 0xf0) == 224 ||
	       is_everybody(config, source);
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

/* --- who it is for ---------------------------------------------------------------------------- */

INLINE u32 owner_of(u16 port)
{
	u32 four = port >> 2;
	struct owners *owners = bpf_map_lookup_elem(&pm_ports, &four);

	return owners ? owners->number[port & 3] : 0;
}

INLINE u32 veth_of(u32 number)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &number);

	return tenant ? tenant->veth : 0;
}

INLINE void fill_fragments(struct fragments *key, const struct parsed *packet, u32 from)
{
	key->source = packet->source;
	key->destination = packet->destination;
	key->from = from;
	key->id = packet->id;
	key->protocol = packet->protocol;
	key->unused = 0;
}

/* Where a later fragment goes: where its first one went.  0: nobody knows. */
INLINE u32 follows(const struct parsed *packet, u32 from)
{
	struct fragments key;
	struct direction *found;

	fill_fragments(&key, packet, from);
	found = bpf_map_lookup_elem(&pm_fragments, &key);
	return found && found->veth == veth_of(found->target) ? found->target : 0;
}

INLINE void lead(const struct parsed *packet, u32 from, u32 target)
{
	struct fragments key;
	struct direction to = {target, veth_of(target), 0, 0, 0};

	fill_fragments(&key, packet, from);
	bpf_map_update_elem(&pm_fragments, &key, &to, 0);
}

/* Who has asked for a reply to a request. */
INLINE u32 asker_of(u32 peer, const u8 *message, u32 type)
{
	struct request key = {.peer = peer, .type = type};
	struct asker *found;

	__builtin_memcpy(&key.id, message + 4, sizeof(key.id));
	__builtin_memcpy(&key.sequence, message + 6, sizeof(key.sequence));
	found = bpf_map_lookup_elem(&pm_requests, &key);
	return found && found->veth == veth_of(found->number) ? found->number : 0;
}

/* Whom an ICMP error is about: who has sent the packet that it quotes. */
INLINE u32 quoted_sender(struct packet *packet, const struct parsed *error)
{
	struct parsed quoted;
	u8 message[8];

	if (parse(packet, error->transport + 8, &quoted) || quoted.offset)
		return 0;
	if (has_ports(quoted.protocol))
		return owner_of(quoted.source_port);
	if (quoted.protocol != IPPROTO_ICMP ||
	    bpf_skb_load_bytes(packet, quoted.transport, message, sizeof(message)))
		return 0;
	if (message[0] == ICMP_ECHO)
		return asker_of(quoted.destination, message, ICMP_ECHO_REPLY);
	if (message[0] == ICMP_TIMESTAMP)
		return asker_of(quoted.destination, message, ICMP_TIMESTAMP_REPLY);
	return 0;
}

INLINE int drop(u32 me, enum reason reason)
{
	struct drops *drops = bpf_map_lookup_elem(&pm_drops, &me);

	if (drops)
		__sync_fetch_and_add(&drops->packets[reason], 1);
	return TC_ACT_SHOT;
}

/* --- the ways out ----------------------------------------------------------------------------- */

/* What comes from the host's loopback takes the pair of links: before Linux 6.15 the short way keeps
 * the route that the host has found, and the container's stack refuses the packet. */
INLINE int deliver(struct packet *packet, const struct config *config, u32 number)
{
	u32 veth = veth_of(number);
	struct received *received;

	if (!veth)
		return TC_ACT_SHOT;
	if (packet->ifindex == LOOPBACK) {
		bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
		return bpf_redirect(veth, 0);
	}
	received = bpf_map_lookup_elem(&pm_received, &number);
	if (received) {
		received->packets++;
		received->bytes += packet->len;
	}
	bpf_skb_change_type(packet, PACKET_HOST);
	return bpf_redirect_peer(veth, 0);
}

/* Through the loopback interface of the namespace, which takes frames for its own MAC only. */
INLINE int loop(struct packet *packet, const struct config *config)
{
	bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
	return bpf_redirect(LOOPBACK, BPF_F_INGRESS);
}

INLINE int send(struct packet *packet, const struct config *config, u32 target)
{
	const u8 everybody[MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (target == TO_OUTSIDE)
		return bpf_redirect_neigh(config->public, 0, 0, 0);
	if (target == TO_EVERYBODY) { /* whom the helper finds no neighbour for */
		bpf_skb_store_bytes(packet, 0, everybody, MAC, 0);
		bpf_skb_store_bytes(packet, MAC, config->mac, MAC, 0);
		return bpf_redirect(config->public, 0);
	}
	if (target == TO_HOST)
		return loop(packet, config);
	return deliver(packet, config, target);
}

/* --- on the host's interfaces ----------------------------------------------------------------- */

INLINE u32 icmp_target(struct packet *packet, const struct parsed *parsed, int loopback)
{
	u8 message[8];

	if (bpf_skb_load_bytes(packet, parsed->transport, message, sizeof(message)))
		return 0;
	if (is_error(message[0]))
		return quoted_sender(packet, parsed);
	if (!loopback && is_reply(message[0]))
		return asker_of(parsed->source, message, message[0]);
	return 0;
}

INLINE int arrives(struct packet *packet, const struct config *config)
{
	int loopback = packet->ifindex == LOOPBACK;
	u32 from = loopback ? FROM_LOOPBACK : FROM_OUTSIDE, target = 0;
	struct parsed parsed;

	if (packet->protocol != ETH_P_IP || packet->pkt_type > PACKET_BROADCAST)
		return TC_ACT_UNSPEC;
	/* The kernel has taken the tag off.  Number 0 is a priority, and no network of its own. */
	if (packet->vlan_present && packet->vlan_tci & 0xfff)
		return TC_ACT_UNSPEC;
	if (parse(packet, FRAME, &parsed))
		return TC_ACT_UNSPEC;
	if (packet->pkt_type == PACKET_BROADCAST) {
		if (parsed.protocol != IPPROTO_UDP || !is_everybody(config, parsed.destination))
			return TC_ACT_UNSPEC;
	} else if (parsed.destination != config->address &&
		   !(loopback && is_loopback(parsed.destination))) {
		return TC_ACT_UNSPEC;
	}
	if (!loopback && is_martian(config, parsed.source))
		return TC_ACT_UNSPEC;
	if (parsed.offset) {
		target = follows(&parsed, from);
		return target ? deliver(packet, config, target) : TC_ACT_UNSPEC;
	}
	if (has_ports(parsed.protocol))
		target = owner_of(parsed.destination_port);
	else if (parsed.protocol == IPPROTO_ICMP)
		target = icmp_target(packet, &parsed, loopback);
	if (!target)
		return TC_ACT_UNSPEC;
	if (parsed.more)
		lead(&parsed, from, target);
	return deliver(packet, config, target);
}

/* --- what a container sends ------------------------------------------------------------------- */

/* Whether one more may be sent: so many at once, and one each `cost` nanoseconds. */
INLINE int allowed(u64 *due, u64 cost, u64 most)
{
	u64 now = bpf_ktime_get_ns(), from = *due > now ? *due : now;

	if (from + cost > now + cost * most)
		return 0;
	*due = from + cost;
	return 1;
}

/* Datagrams of which the rest never comes fill the memory of their receiver, which counts them for
 * the address of the host.  One that leaves whole costs nothing. */
#define UNFINISHED_AT_ONCE 16
#define UNFINISHED_EACH SECOND
#define REQUESTS_AT_ONCE 1000
#define REQUESTS_EACH (SECOND / 1000)

/* Addresses that nobody has, and groups, which containers do not belong to. */
INLINE int is_nobodys(u32 destination)
{
	u8 first = destination & 0xff;

	return first == 0 || (first & 0xf0) == 224;
}

/* Fragments leave with an id that the host has chosen: with their own, two containers could mix their
 * datagrams at a receiver, and one could do that to another. */
INLINE void renumber(struct packet *packet, u16 from, u16 to)
{
	bpf_l3_csum_replace(packet, FRAME + 10, from, to, sizeof(to));
	bpf_skb_store_bytes(packet, FRAME + 4, &to, sizeof(to), 0);
}

/* The target of a datagram whose first fragment this is; 0: it may not be sent. */
INLINE u32 first_leaves(struct packet *packet, struct parsed *parsed, u32 me, u32 target)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct fragments key;
	struct direction to = {target, veth_of(target), 0, bpf_get_prandom_u32(), 0};

	if (!allowance || !allowed(&allowance->datagrams, UNFINISHED_EACH, UNFINISHED_AT_ONCE))
		return 0;
	to.next = parsed->length - (parsed->transport - parsed->at);
	fill_fragments(&key, parsed, me);
	bpf_map_update_elem(&pm_fragments, &key, &to, 0);
	renumber(packet, parsed->id, to.id);
	return target;
}

/* The same of a later one.  They come in order, as a stack sends them: so the last one proves that
 * nothing is missing. */
INLINE u32 later_leaves(struct packet *packet, struct parsed *parsed, u32 me)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct fragments key;
	struct direction *found;

	fill_fragments(&key, parsed, me);
	found = bpf_map_lookup_elem(&pm_fragments, &key);
	if (!allowance || !found || found->next != parsed->offset)
		return 0;
	if (found->target < TO_EVERYBODY && found->veth != veth_of(found->target))
		return 0;
	if (parsed->more) {
		found->next += parsed->length - (parsed->transport - parsed->at);
	} else {
		found->next = 0; /* nobody begins there: no other one is the last */
		allowance->datagrams -= UNFINISHED_EACH;
	}
	renumber(packet, parsed->id, found->id);
	return found->target;
}

/* Requests that are noted, so that the reply finds who asked. */
INLINE u32 request_leaves(const struct parsed *parsed, const u8 *message, u32 me)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct request key = {.peer = parsed->destination};
	struct asker asker = {bpf_ktime_get_ns(), me, veth_of(me)}, *before;

	if (!allowance || !allowed(&allowance->requests, REQUESTS_EACH, REQUESTS_AT_ONCE))
		return 0;
	key.type = message[0] == ICMP_ECHO ? ICMP_ECHO_REPLY : ICMP_TIMESTAMP_REPLY;
	__builtin_memcpy(&key.id, message + 4, sizeof(key.id));
	__builtin_memcpy(&key.sequence, message + 6, sizeof(key.sequence));
	before = bpf_map_lookup_elem(&pm_requests, &key);
	if (before && before->number != me && asker.when - before->when < 2 * SECOND)
		return 0; /* somebody else waits for the very same reply */
	bpf_map_update_elem(&pm_requests, &key, &asker, 0);
	return TO_OUTSIDE;
}

/* An error that a container may send: that one of its ports cannot be reached, to who has tried. */
INLINE u32 error_leaves(struct packet *packet, const struct config *config,
			const struct parsed *error, const u8 *message, u32 me, int among_us)
{
	struct parsed quoted;
	u32 target;

	if (message[0] != ICMP_UNREACHABLE || message[1] == ICMP_FRAGMENTATION_NEEDED)
		return 0;
	if (parse(packet, error->transport + 8, &quoted) || quoted.offset ||
	    !has_ports(quoted.protocol) || quoted.source != error->destination)
		return 0;
	if (quoted.transport + 8 > error->at + error->length)
		return 0; /* the ports would stand behind its end */
	if (owner_of(quoted.destination_port) != me)
		return 0;
	if (quoted.destination != config->address &&
	    !(among_us && is_loopback(quoted.destination)))
		return 0;
	target = owner_of(quoted.source_port);
	return !among_us ? TO_OUTSIDE : target ? target : TO_HOST;
}

/* What a packet that is whole, or the first of its datagram, must be.  `target`: where it goes. */
INLINE int refuse(struct packet *packet, const struct config *config, const struct parsed *parsed,
		  u32 me, int among_us, u32 *target)
{
	u8 message[8];

	if (has_ports(parsed->protocol)) {
		if (owner_of(parsed->source_port) != me)
			return PORT;
		*target = owner_of(parsed->destination_port);
		if (is_everybody(config, parsed->destination))
			*target = TO_EVERYBODY;
		else
			*target = !among_us ? TO_OUTSIDE : *target ? *target : TO_HOST;
		return PASSED;
	}
	if (parsed->protocol != IPPROTO_ICMP)
		return PROTOCOL;
	if (bpf_skb_load_bytes(packet, parsed->transport, message, sizeof(message)))
		return MALFORMED;
	if ((message[0] == ICMP_ECHO || message[0] == ICMP_TIMESTAMP) && !message[1]) {
		*target = among_us ? 0 : request_leaves(parsed, message, me);
		return *target ? PASSED : REQUEST;
	}
	*target = error_leaves(packet, config, parsed, message, me, among_us);
	return *target ? PASSED : ICMP;
}

/* A checksum that is still to be written, and segments still to be cut: see offload.h.  No stack
 * leaves a checksum of fragments to others. */
INLINE int may_be_finished(struct packet *packet, const struct parsed *parsed)
{
	long start;
	u16 offset;
	int asked = has_request(packet, &start, &offset);

	if (asked < 0 || !fits(packet))
		return 0;
	return !asked || (!parsed->more && !parsed->offset &&
			  is_place(parsed->protocol, start - (parsed->transport - parsed->at), offset));
}

INLINE int leaves(struct packet *packet, const struct config *config, u32 me)
{
	struct parsed parsed;
	int among_us, refused;
	u32 target = 0;

	if (parse(packet, FRAME, &parsed) || !parsed.ttl)
		return drop(me, MALFORMED);
	/* What others read as ports must be part of the packet, and the packet of the frame. */
	if (parsed.length < parsed.transport - FRAME + (parsed.offset ? 1 : 8) ||
	    FRAME + parsed.length > packet->len)
		return drop(me, MALFORMED);
	if (VALUE(judging) && !may_be_finished(packet, &parsed))
		return drop(me, OFFLOAD);
	among_us = is_loopback(parsed.source) && is_loopback(parsed.destination);
	if (!among_us) {
		if (parsed.source != config->address || is_loopback(parsed.destination) ||
		    is_nobodys(parsed.destination))
			return drop(me, ADDRESS);
		among_us = parsed.destination == config->address;
	}
	if (parsed.offset) {
		target = later_leaves(packet, &parsed, me);
		return target ? send(packet, config, target) : drop(me, FRAGMENT);
	}
	refused = refuse(packet, config, &parsed, me, among_us, &target);
	if (refused != PASSED)
		return drop(me, refused);
	if (parsed.more && !first_leaves(packet, &parsed, me, target))
		return drop(me, FRAGMENT);
	return send(packet, config, target);
}

/* Neighbours are the host's business: every question is answered with one MAC, which is nobody's.
 * The frames that follow get the right one on their way out. */
INLINE int answer(struct packet *packet, const struct config *config, u32 me)
{
	struct {
		u16 hardware, protocol;
		u8 sizes[2];
		u16 operation;
		u8 sender_mac[MAC], sender[4], target_mac[MAC], target[4];
	} arp;
	const u8 nobody[MAC] = {0x02, 0x70, 0x6d, 0x00, 0x00, 0x03};
	u32 asked;

	if (bpf_skb_load_bytes(packet, FRAME, &arp, sizeof(arp)))
		return drop(me, MALFORMED);
	if (arp.hardware != NETWORK16(1) || arp.protocol != ETH_P_IP ||
	    arp.operation != NETWORK16(1))
		return drop(me, MALFORMED);
	__builtin_memcpy(&asked, arp.target, sizeof(asked));
	if (asked == config->address)
		return drop(me, ADDRESS); /* nobody else has it */
	__builtin_memcpy(arp.target, arp.sender, sizeof(arp.target));
	__builtin_memcpy(arp.sender, &asked, sizeof(arp.sender));
	__builtin_memcpy(arp.target_mac, arp.sender_mac, MAC);
	__builtin_memcpy(arp.sender_mac, nobody, MAC);
	arp.operation = NETWORK16(2);
	bpf_skb_store_bytes(packet, FRAME, &arp, sizeof(arp), 0);
	bpf_skb_store_bytes(packet, 0, arp.target_mac, MAC, 0);
	bpf_skb_store_bytes(packet, MAC, nobody, MAC, 0);
	return bpf_redirect(packet->ifindex, 0);
}

INLINE int of_container(struct packet *packet, const struct config *config, u32 me)
{
	if (veth_of(me) != packet->ifindex)
		return TC_ACT_SHOT;
	if (packet->vlan_present)
		return drop(me, PROTOCOL);
	if (packet->protocol == ETH_P_IP)
		return leaves(packet, config, me);
	if (packet->protocol == ETH_P_ARP)
		return answer(packet, config, me);
	return drop(me, PROTOCOL);
}

/* --- inside a container ----------------------------------------------------------------------- */

/* On its loopback: what is for its own ports stays, and all else that has ports leaves. */
INLINE int stays(struct packet *packet, u32 me)
{
	struct parsed parsed, quoted;
	struct tenant *tenant;
	u8 type;

	if (packet->protocol != ETH_P_IP || parse(packet, FRAME, &parsed))
		return TC_ACT_UNSPEC;
	if (parsed.offset) {
		if (follows(&parsed, WITHIN | me) != me)
			return TC_ACT_UNSPEC;
	} else if (has_ports(parsed.protocol)) {
		if (owner_of(parsed.destination_port) == me)
			return TC_ACT_UNSPEC;
		if (parsed.more)
			lead(&parsed, WITHIN | me, me);
	} else if (parsed.protocol == IPPROTO_ICMP) {
		if (bpf_skb_load_bytes(packet, parsed.transport, &type, sizeof(type)) || !is_error(type))
			return TC_ACT_UNSPEC;
		if (parse(packet, parsed.transport + 8, &quoted) || !has_ports(quoted.protocol) ||
		    owner_of(quoted.source_port) == me)
			return TC_ACT_UNSPEC;
	} else {
		return TC_ACT_UNSPEC;
	}
	tenant = bpf_map_lookup_elem(&pm_tenants, &me);
	return tenant && tenant->inner ? bpf_redirect(tenant->inner, 0) : TC_ACT_SHOT;
}

/* On its public interface: only the loopback may have 127/8. */
INLINE int comes_in(struct packet *packet, const struct config *config)
{
	struct parsed parsed;

	if (packet->protocol != ETH_P_IP || parse(packet, FRAME, &parsed))
		return TC_ACT_UNSPEC;
	return is_loopback(parsed.destination) ? loop(packet, config) : TC_ACT_UNSPEC;
}

SECTION("tc") int pm_steer(struct packet *packet)
{
	u32 place = packet->tc_classid & 0xffff, me = place & NUMBER_MASK, only = 0;
	struct config *config = bpf_map_lookup_elem(&pm_config, &only);

	if (!config)
		return TC_ACT_SHOT;
	if (!place)
		return arrives(packet, config);
	if (place & INSIDE_LOOPBACK)
		return stays(packet, me);
	if (place & INSIDE_PUBLIC)
		return comes_in(packet, config);
	return of_container(packet, config, me);
}

char licence[] SECTION("license") = "GPL";
