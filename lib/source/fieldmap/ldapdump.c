/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/ldapdump.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "ldap/filter.h"
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
	struct filter *rest; /* what is tried here, or NULL */
	bool again;          /* the first search is over */
};

/* The attributes of the section and those that the rest of its filter looks at,
 * with NULL at the end. */
static struct strs
with_names(const char *const *attributes, const struct buf *names)
{
	struct strs all = { 0 };

	for (; *attributes != NULL; attributes++)
		strs_add(&all, *attributes);
	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1)
		strs_add(&all, names->data + at);
	strs_add(&all, NULL);
	return all;
}

static int
start(void *ctx, const char *filter, const char *const *attributes,
    struct why *why)
{
	struct ldapdump *d = ctx;
	struct buf server = { 0 }, rest = { 0 }, names = { 0 };
	struct strs all;
	struct ldapquery q = { .base = d->base, .page = PAGE };

	d->emit->at.name = NULL;
	filter_split(filter, &server, &rest, &names);
	all = with_names(attributes, &names);
	q.filter = buf_str(&server);
	q.attributes = all.v;
	if (rest.len != 0)
		d->rest = filter_parse(buf_str(&rest), why);
	if (rest.len == 0 || d->rest != NULL)
		d->search = ldapsearch_new(d->conn, &q, why);
	free(all.v);
	buf_free(&server);
	buf_free(&rest);
	buf_free(&names);
	return d->search == NULL ? -1 : 0;
}

static int
next(void *ctx, struct ldap_entry *e, struct why *why)
{
	struct ldapdump *d = ctx;
	int r;

	do
		r = ldapsearch_next(d->search, e, why);
	while (r == 1 && d->rest != NULL && !filter_match(d->rest, e));
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
	filter_free(d->rest);
	d->rest = NULL;
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
