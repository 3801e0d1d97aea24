/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/stalwart015.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/suite/stalwart015-answer.h"

enum {
	PAGE = 200
};

/* An alias that can be written when all names are known. */
struct later {
	struct place at;
	const char *address;
	struct strs members;  /* names of principals */
	struct strs external; /* addresses */
	struct later *next;
};

struct directory {
	struct emit *emit;
	struct webapi *api;
	const char *type;     /* of the principals that are read */
	struct map seen;      /* of this type: "ID NAME" */
	struct map addresses; /* the name of a principal -> its address */
	struct later *later, **last;
	struct arena arena;
	struct record r;
	struct buf address;
};

/* The normalised form; the arena's. NULL: reported. */
static const char *
normalise(struct directory *d, const char *id, const char *text)
{
	struct why why = { 0 };
	const char *result = NULL;

	buf_reset(&d->address);
	if (emit_address(text, true, &d->address, &why) == 0)
		result = arena_adds(&d->arena, d->address.data);
	else
		emit_fail(d->emit, id, &why);
	return result;
}

static struct later *
add_later(struct directory *d, const char *address)
{
	struct later *l = arena_alloc(&d->arena, sizeof *l);

	l->at = d->emit->at;
	l->address = address;
	*d->last = l;
	d->last = &l->next;
	return l;
}

/*
 * The addresses of a principal, the first being its own and the rest aliases.
 * "@domain" is a catch-all, which may come first. False if it has none, which
 * is reported.
 */
static bool
read_addresses(struct directory *d, const struct principal *p)
{
	struct record *r = &d->r;
	struct strs domains = { 0 };

	for (size_t i = 0; i < p->emails.n; i++) {
		const char *address = normalise(d, p->name, p->emails.v[i]);

		if (address == NULL)
			continue;
		if (*address == '@')
			strs_add(&domains, address);
		else if (r->address == NULL)
			r->address = address;
		else if (!strs_has(&r->aliases, address) &&
			 strcmp(address, r->address) != 0)
			strs_add(&r->aliases, address);
	}
	if (r->address == NULL)
		emit_bad(d->emit, p->name, "it has no mail address");
	else
		*map_put_copy(&d->addresses, &d->arena, p->name, NULL) =
		    (void *)(uintptr_t)r->address;
	for (size_t i = 0; i < domains.n && r->address != NULL; i++)
		strs_add(&add_later(d, domains.v[i])->external, r->address);
	free(domains.v);
	return r->address != NULL;
}

/* The password is the first secret that is one; the others are reported. */
static void
read_secrets(struct directory *d, const struct principal *p)
{
	struct record *r = &d->r;

	for (size_t i = 0; i < p->secrets.n; i++) {
		const char *secret = p->secrets.v[i];

		if (str_starts(secret, "$app$"))
			emit_note_behind(d->emit, r->address,
			    "an app password is not carried", NULL);
		else if (str_starts(secret, "otpauth://") && r->otp == NULL)
			r->otp = secret;
		else if (str_starts(secret, "otpauth://"))
			emit_note_behind(d->emit, r->address,
			    "several second factors: only one is carried",
			    NULL);
		else if (r->secret == NULL)
			r->secret = secret;
		else
			emit_note_behind(d->emit, r->address,
			    "several passwords: only one is carried", NULL);
	}
	/* Without a tag it is a hash if it looks like one, or else the
	 * password itself. */
	if (r->secret != NULL && *r->secret == '$')
		r->default_scheme = "CRYPT";
	else if (r->secret != NULL && *r->secret != '{')
		r->default_scheme = "PLAIN";
}

static void
read_rights(struct directory *d, const struct principal *p)
{
	struct record *r = &d->r;

	for (size_t i = 0; i < p->disabled.n; i++) {
		const char *name = p->disabled.v[i];

		if (strcmp(name, "authenticate") == 0)
			r->active = false;
		else if (strcmp(name, "email-receive") == 0 ||
			 strcmp(name, "emailReceive") == 0)
			r->receive = false;
		else
			emit_note_word(d->emit, r->address,
			    "a permission is not carried", name);
	}
	for (size_t i = 0; i < p->enabled.n; i++)
		emit_note_word(d->emit, r->address,
		    "a permission is not carried", p->enabled.v[i]);
	for (size_t i = 0; i < p->roles.n; i++)
		if (strcmp(p->roles.v[i], "user") != 0)
			emit_note_word(d->emit, r->address,
			    "a role is not carried", p->roles.v[i]);
}

static void
add_groups(struct directory *d, const struct principal *p)
{
	for (size_t i = 0; i < p->groups.n; i++) {
		void **address = map_get(&d->addresses, p->groups.v[i]);

		if (address == NULL)
			emit_bad(d->emit, d->r.address,
			    "it is in a group that has no address");
		else
			strs_add(&d->r.groups, *address);
	}
}

static void
add_domain(struct directory *d, const struct principal *p)
{
	struct buf name = { 0 };
	struct why why = { 0 };

	if (domain_normalise(p->name, &name, &why) == 0)
		emit_domain(d->emit, name.data);
	else
		emit_fail(d->emit, p->name, &why);
	buf_free(&name);
}

static void
add_group(struct directory *d, const struct principal *p)
{
	record_reset(&d->r, REC_GROUP);
	if (!read_addresses(d, p))
		return;
	d->r.name = p->description != NULL ? p->description : p->name;
	(void)emit_record(d->emit, &d->r);
}

static void
add_individual(struct directory *d, const struct principal *p)
{
	struct record *r = &d->r;

	record_reset(r, REC_ACCOUNT);
	if (!read_addresses(d, p))
		return;
	/* The login is the name, whatever the addresses are. */
	if (strcmp(p->name, r->address) != 0)
		strs_add(&r->logins, p->name);
	r->name = p->description;
	if (p->quota > 0)
		r->quota = p->quota;
	read_secrets(d, p);
	read_rights(d, p);
	add_groups(d, p);
	(void)emit_record(d->emit, r);
}

static void
copy_strs(struct directory *d, struct strs *to, const struct strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		strs_add(to, arena_adds(&d->arena, from->v[i]));
}

/* A list of addresses, each the same list. */
static void
add_list(struct directory *d, const struct principal *p)
{
	struct later *l;

	record_reset(&d->r, REC_ALIAS);
	if (!read_addresses(d, p))
		return;
	l = add_later(d, d->r.address);
	copy_strs(d, &l->members, &p->members);
	for (size_t i = 0; i < p->external.n; i++) {
		const char *address =
		    normalise(d, l->address, p->external.v[i]);

		if (address != NULL)
			strs_add(&l->external, address);
	}
	for (size_t i = 0; i < d->r.aliases.n; i++)
		strs_add(
		    &add_later(d, d->r.aliases.v[i])->external, l->address);
}

/* True if a principal comes for the first time: where others are made meanwhile,
 * the last ones of a page are on the next one again. */
static bool
is_new(struct directory *d, const struct principal *p)
{
	char *key = xasprintf(
	    "%lld %s", (long long)p->id, p->name == NULL ? "" : p->name);
	bool added;

	(void)map_put_copy(&d->seen, &d->arena, key, &added);
	free(key);
	return added;
}

static void
add_principal(void *ctx, const struct principal *p)
{
	static const struct {
		const char *type;
		void (*add)(struct directory *d, const struct principal *p);
	} types[] = { { "domain", add_domain }, { "group", add_group },
		{ "individual", add_individual }, { "list", add_list } };
	struct directory *d = ctx;

	if (emit_stop(d->emit) || !is_new(d, p))
		return;
	d->emit->at.line =
	    p->id > 0 && p->id < UINT32_MAX ? (uint32_t)p->id : 0;
	if (p->type == NULL || p->name == NULL) {
		emit_bad(d->emit, NULL, "a principal without a type or name");
		return;
	}
	/* A server that does not know the type gives everything. */
	if (strcmp(p->type, d->type) != 0)
		return;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(p->type, types[i].type) == 0)
			types[i].add(d, p);
}

/* All pages of a type, until one brings nothing new. False: reported. */
static bool
read_type(struct directory *d, const char *type)
{
	struct principal p = { 0 };
	struct why why = { 0 };
	int64_t total = 0;
	char path[96];
	bool more = true;
	int r = 0;

	d->type = type;
	map_free(&d->seen);
	for (int page = 1; r == 0 && more && !emit_stop(d->emit); page++) {
		size_t before = d->seen.n;

		(void)snprintf(path, sizeof path,
		    "/api/principal?page=%d&limit=%d&types=%s", page, (int)PAGE,
		    type);
		r = webapi_get(d->api, path, &why);
		if (r == 0)
			r = principal_page(d->api->reply.body.data, &p,
			    add_principal, d, &total, &why);
		more = d->seen.n > before && (int64_t)d->seen.n < total;
	}
	if (r == 0 && (int64_t)d->seen.n < total && !emit_stop(d->emit))
		r = why_set(&why, FAIL_FATAL,
		    "the server counts %lld principals of the type %s and "
		    "gives %zu: run it again",
		    (long long)total, type, d->seen.n);
	if (r == -1)
		webapi_fail(d->api, d->emit, path, &why);
	principal_free(&p);
	return r == 0;
}

/* The aliases: catch-alls and lists. */
static void
write_later(struct directory *d)
{
	struct record *r = &d->r;

	for (struct later *l = d->later; l != NULL; l = l->next) {
		d->emit->at = l->at;
		record_reset(r, REC_ALIAS);
		r->address = l->address;
		for (size_t i = 0; i < l->members.n; i++) {
			void **address =
			    map_get(&d->addresses, l->members.v[i]);

			if (address == NULL)
				emit_bad(d->emit, l->address,
				    "a member of the list has no address");
			else
				strs_add(&r->targets, *address);
		}
		for (size_t i = 0; i < l->external.n; i++)
			if (!strs_has(&r->targets, l->external.v[i]))
				strs_add(&r->targets, l->external.v[i]);
		if (r->targets.n != 0)
			(void)emit_record(d->emit, r);
		else
			emit_note_behind(d->emit, l->address,
			    "a list without members is not carried", NULL);
		free(l->members.v);
		free(l->external.v);
		l->members = l->external = (struct strs){ 0 };
	}
}

void
stalwart015_read(struct emit *e, struct webapi *w)
{
	static const char *const types[] = { "domain", "group", "individual",
		"list" };
	struct directory d = { .emit = e, .api = w };
	bool ok = true;

	d.last = &d.later;
	emit_file(e, http_base(w->http));
	for (size_t i = 0; i < sizeof types / sizeof *types && ok; i++)
		ok = read_type(&d, types[i]);
	/* Also where nothing more is written: it frees. */
	write_later(&d);
	record_free(&d.r);
	buf_wipe(&d.address);
	map_free(&d.addresses);
	map_free(&d.seen);
	arena_free(&d.arena);
}
