/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whose mail is routed: accounts, groups and lists of the new server, each with
 * all of its addresses. */
#ifndef FERRY_ROUTE_OWNERS_H
#define FERRY_ROUTE_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "jmap/client.h"
#include "record/record.h"
#include "route/domains.h"

struct owner {
	const char *address;   /* as it was asked for, in lower case */
	struct strs also;      /* aliases of a record */
	const char *where;     /* of the input; NULL: the command line */
	const char *line;      /* as it was read; NULL likewise */
	const char *object;    /* "Account" or "MailingList" */
	const char *id;        /* on the server; NULL: it has none */
	struct strs addresses; /* all that reach it, the first its own */
	struct strs keys;      /* ids of the keys that were made for them */
	size_t same;    /* number + 1 of an owner that is the same; or 0 */
	bool logs_in;   /* an account of a person: lists and groups do not */
	bool missing;   /* the server does not have it */
	struct why why; /* kind NONE, or why nothing can be done for it */
};

/* The zero value is empty. Texts of owners are in the arena. */
struct owners {
	struct owner *v;
	size_t n, cap;
	struct arena texts;
	/* Private: of those that are looked for, "LOCAL@DOMAINID" -> number + 1,
	 * and of those that were found "Object/ID". */
	struct map wanted, found;
	const struct route_domains *domains;
	bool all;
};
void owners_free(struct owners *o);

/* Adds somebody by an address; or by a record of an account, a group or an
 * alias. where and line are copied, and may be NULL. */
void owners_add_address(
    struct owners *o, const char *address, const char *where, const char *line);
void owners_add_record(struct owners *o, const struct record *r,
    const char *where, const char *line);

/*
 * Looks all of them up on the server, by any of their addresses, and fills in
 * what it says. Whom the server does not have gets a why (DATA). 0, or -1 and why
 * where it could not be asked. The domains must outlive the owners.
 */
int owners_find(struct jmap *j, const struct route_domains *d, struct owners *o,
    struct why *why);
/* Adds everybody whom the server has. */
int owners_read_all(struct jmap *j, const struct route_domains *d,
    struct owners *o, struct why *why);

/* The owner that stands for this one: itself, or another that is the same. */
struct owner *owners_first(const struct owners *o, struct owner *w);

#endif
