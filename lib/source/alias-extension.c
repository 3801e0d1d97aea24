/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/alias-extension.h"

#include <string.h>

#include "core/str.h"
#include "record/address.h"

/* Names whose delimiter does not begin an extension. (Postfix,
 * src/global/split_addr.c.) */
static bool
is_whole(const char *local, size_t len)
{
	static const char request[] = "-request";

	return str_starts(local, "owner-") ||
	       str_starts(local, "mailer-daemon@") ||
	       (len > strlen(request) &&
		   str_starts(local + len - strlen(request), request));
}

/* Whether something is known by an address: a record or an entry. */
static bool
is_known(const struct aliases *a, const struct emit *e, const char *address)
{
	return map_get(&e->seen, address) != NULL ||
	       map_get(&a->by_address, address) != NULL;
}

const char *
alias_base(struct aliases *a, const char *address)
{
	const char *domain = address_domain(address);
	size_t local = (size_t)(domain - 1 - address), len;
	struct buf out = { 0 };

	if (a->delimiter == NULL)
		return address;
	len = strcspn(address, a->delimiter);
	if (len == 0 || len >= local || is_whole(address, local) ||
	    map_get(&a->key_domains, domain) == NULL)
		return address;
	buf_add(&out, address, len);
	buf_addf(&out, "@%s", domain);
	address = arena_adds(&a->arena, buf_str(&out));
	buf_free(&out);
	return address;
}

const char *
alias_without_extension(
    struct aliases *a, const struct emit *e, const char *address)
{
	const char *base;

	if (is_known(a, e, address))
		return address;
	base = alias_base(a, address);
	return is_known(a, e, base) ? base : address;
}

const char *
alias_forward_target(
    struct aliases *a, const struct emit *e, const char *address)
{
	const char *base = alias_without_extension(a, e, address);

	return address[strcspn(
		   address, a->delimiter == NULL ? "@" : a->delimiter)] == '+'
		   ? base
		   : address;
}

void
alias_check_forward(
    struct aliases *a, struct emit *e, const struct alias *alias)
{
	for (size_t i = 0; i < alias->targets.n; i++) {
		const char *target = alias->targets.v[i];

		if (*target != '@' &&
		    alias_forward_target(a, e, target) == target &&
		    alias_without_extension(a, e, target) != target)
			emit_bad(e, alias->address,
			    "a forward to an address with an extension, which "
			    "is not cut off: write the address without it");
	}
}
