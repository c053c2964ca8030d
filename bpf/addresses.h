/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What addresses mean. */

#pragma once

#include "steer.h"

#define FOUR NETWORK32(0xffff) /* the third word of an address of IPv4 */

INLINE int is_same(const struct address *one, const struct address *other)
{
	return !((one->words[0] ^ other->words[0]) | (one->words[1] ^ other->words[1]) |
		 (one->words[2] ^ other->words[2]) | (one->words[3] ^ other->words[3]));
}

INLINE int is_four(const struct address *address)
{
	return !(address->words[0] | address->words[1]) && address->words[2] == FOUR;
}

INLINE void fill_four(struct address *address, u32 word)
{
	address->words[0] = address->words[1] = 0;
	address->words[2] = FOUR;
	address->words[3] = word;
}

/* ::, and what begins with 96 bits of 0, but ::1. */
INLINE int is_unspecified(const struct address *address)
{
	return !(address->words[0] | address->words[1] | address->words[2]) &&
	       address->words[3] != NETWORK32(1);
}

INLINE int is_loopback(const struct address *address)
{
	if (is_four(address))
		return (address->words[3] & 0xff) == 127;
	return !(address->words[0] | address->words[1] | address->words[2]) &&
	       address->words[3] == NETWORK32(1);
}

INLINE int is_group(const struct address *address)
{
	if (is_four(address))
		return (address->words[3] & 0xf0) == 224;
	return (address->words[0] & 0xff) == 0xff;
}

/* fe80::/10: of one link, to which a container has no other neighbour than its host. */
INLINE int is_link_local(const struct address *address)
{
	return (address->words[0] & NETWORK32(0xffc00000)) == NETWORK32(0xfe800000);
}

/* Of IPv4: IPv6 has none. */
INLINE int is_everybody(const struct config *config, const struct address *address)
{
	u32 four = address->words[3];

	return is_four(address) &&
	       (four == 0xffffffff || (config->broadcast && four == config->broadcast));
}

INLINE int is_own(const struct config *config, const struct address *address)
{
	return is_same(address, &config->address) ||
	       (config->six.words[0] && is_same(address, &config->six)) ||
	       (config->others && bpf_map_lookup_elem(&pm_addresses, address));
}

/* Addresses that nobody has, and groups, which containers do not belong to. */
INLINE int is_nobodys(const struct address *address)
{
	if (is_four(address))
		return (address->words[3] & 0xff) == 0 || is_group(address);
	return is_unspecified(address) || is_group(address) || is_link_local(address);
}

/* A source that no host has, or that is the host's own: its stack refuses it, and counts that. */
INLINE int is_martian(const struct config *config, const struct address *source)
{
	if (is_group(source) || is_loopback(source) || is_own(config, source))
		return 1;
	if (is_four(source))
		return (source->words[3] & 0xff) == 0 || is_everybody(config, source);
	return is_unspecified(source);
}
