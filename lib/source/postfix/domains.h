/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Lists of domains: names, files of names, and tables with names as keys. */
#ifndef FERRY_SOURCE_POSTFIX_DOMAINS_H
#define FERRY_SOURCE_POSTFIX_DOMAINS_H

#include "core/arena.h"
#include "core/map.h"
#include "record/record.h"
#include "source/emit.h"

/* Lists that a domain is in. */
enum {
	IN_ALIAS_DOMAINS = 1,
	IN_MAILBOX_DOMAINS = 2
};

/* The zero value is empty. */
struct postfix_domains {
	struct strs names; /* normalised, each once */
	struct map seen;   /* -> the lists that have it, an intptr_t */
	int list;          /* which is read */
	struct arena arena;
	bool partial; /* some could not be listed */

	/* May be NULL: whether a key of a table, which has no "@", is a domain
	 * and not a local name. */
	bool (*is_domain)(void *ctx, const char *key, const char *value);
	void *ctx;
};

/*
 * Adds the domains of a list in the words of postconf(5), which is changed. dir
 * is the configuration folder, where the parameter that the list is from. What
 * is not a domain is reported, in a table only where it looks like one.
 */
void postfix_domains_read(struct postfix_domains *d, struct emit *e,
    const char *dir, char *list, const char *where);

bool postfix_domains_has(const struct postfix_domains *d, const char *name);
/* The lists that have a domain, joined. */
int postfix_domains_lists(const struct postfix_domains *d, const char *name);

void postfix_domains_free(struct postfix_domains *d);

#endif
