/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/ldapdump.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "source/fieldmap/entrydump.h"

enum {
	/* As many as Active Directory gives at most. */
	PAGE = 1000
};

struct ldapdump {
	struct ldapconn *conn;
	const char *base;
	struct emit *emit;
	struct ldapsearch *search;
	bool again; /* the first search is over */
};

static int
start(void *ctx, const char *filter, const char *const *attributes,
    struct why *why)
{
	struct ldapdump *d = ctx;
	struct ldapquery q = { .base = d->base,
		.filter = filter,
		.attributes = attributes,
		.page = PAGE };

	d->emit->at.name = NULL;
	d->search = ldapsearch_new(d->conn, &q, why);
	return d->search == NULL ? -1 : 0;
}

static int
next(void *ctx, struct ldap_entry *e, struct why *why)
{
	struct ldapdump *d = ctx;
	int r = ldapsearch_next(d->search, e, why);

	/* What is wrong is about no entry, unless it is about its bytes. */
	if (r == -1 && why->kind != FAIL_DATA)
		entry_reset(e, "", 0);
	d->emit->at.name = r == 1 ? entry_dn(e) : NULL;
	return r;
}

/* Each search meets the same references. */
static void
end(void *ctx)
{
	struct ldapdump *d = ctx;
	size_t n = 0;

	d->emit->at.name = NULL;
	if (d->search != NULL && !d->again)
		n = ldapsearch_references(d->search);
	for (; n > 0; n--)
		emit_note(d->emit, NULL,
		    "a reference to another server is not followed", NULL);
	d->again = true;
	ldapsearch_free(d->search);
	d->search = NULL;
}

/* Names the server, without the base that may follow it. */
static void
set_place(struct emit *e, const char *uri)
{
	const char *host = strstr(uri, "://");
	size_t len = strlen(uri);
	char *server;

	if (host != NULL)
		len = (size_t)(host - uri) + 3 + strcspn(host + 3, "/");
	server = xmemdup(uri, len);
	emit_file(e, server);
	free(server);
}

void
ldapdump_read(struct ldapconn *c, const char *uri, const char *base,
    const struct fieldmap *map, struct rows *m)
{
	struct ldapdump d = { .conn = c, .base = base, .emit = m->emit };
	struct entry_reader reader = { start, next, end, &d };
	struct why why = { 0 };

	set_place(m->emit, uri);
	if (d.base == NULL)
		d.base = ldapconn_base(c, &why);
	if (d.base != NULL)
		entrydump_read(&reader, map, m);
	else
		emit_fail(m->emit, NULL, &why);
}
