/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/pick.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "record/address.h"
#include "record/intake.h"
#include "record/mirrors.h"
#include "record/record.h"

enum {
	CHUNK = 256 /* records that wait for the answers of their accounts */
};

/* One record that waits. */
struct waiting {
	const char *text;
	enum record_type type;
	size_t subject; /* of an account */
};

/* An alias, or a domain that has other names: what becomes of it is known when all
 * accounts are. */
struct kept {
	struct kept *next;
	enum record_type type;
	char *name; /* its address, or the domain */
	const char *text;
	char **names; /* its targets, or the other names; n of them */
	size_t n;
	bool held; /* is of an account that was left out */
};

struct picking {
	const struct pick *p;
	struct ndjson *in;
	struct record record;
	struct arena lines; /* of the chunk */
	struct waiting waiting[CHUNK];
	size_t n;
	struct subjects subjects;
	struct buf line;
	struct arena texts; /* of all that follows */
	struct map left;    /* the addresses of accounts that stay */
	struct map owned;   /* domains with accounts or groups */
	struct map mains;   /* other name of a domain -> the domain */
	struct map targets; /* of the aliases that go on */
	struct kept *kept, **last;
	struct buf address;
	struct pick_counts *counts;
	struct intake intake;
	size_t passed;
	bool part; /* something was not passed on */
};

/* Where all logins of an account go; NULL and why where they differ. */
static const char *
common_route(
    const struct subject *s, const struct batch_outcome *o, struct why *why)
{
	const char *first = o->routes[0].destination.data;

	for (size_t i = 1; i < s->n; i++)
		if (strcmp(o->routes[i].destination.data, first) != 0) {
			(void)why_set(why, FAIL_DATA,
			    "goes to %s, and its login %s to %s (see "
			    "--no-logins)",
			    first, s->ids[i], o->routes[i].destination.data);
			return NULL;
		}
	return first;
}

static bool
passes_account(
    struct picking *k, const struct subject *s, const struct batch_outcome *o)
{
	struct why why = o->result.why;
	const char *to = NULL;

	if (o->begun && why.kind == FAIL_NONE)
		to = common_route(s, o, &why);
	if (o->begun && to == NULL)
		k->p->fail(k->p->arg, s->where, s->ids[0], s->line, &why);
	if (to != NULL) {
		k->p->done(k->p->arg);
		if (strcmp(to, k->p->destination) == 0)
			return true;
		k->counts->accounts++;
	}
	/* One that failed is left out as well, and what is its own with it: its
	 * forward alone would become a list that has its address. */
	(void)map_put_copy(&k->left, &k->texts, s->ids[0], NULL);
	k->part = true;
	return false;
}

static bool
passes(struct picking *k, const struct waiting *w,
    const struct batch_outcome *outcomes)
{
	switch (w->type) {
	case REC_ACCOUNT:
		return passes_account(
		    k, &k->subjects.v[w->subject], &outcomes[w->subject]);
	case REC_END:
		/* What was not looked up for lack of a proxy is not a part. */
		return !k->p->stop(k->p->arg);
	default:
		return true;
	}
}

/* The dump is whole, and this is a part of it: who takes the rest for gone
 * must know. */
static void
make_end(struct picking *k, const char *line)
{
	struct record end = { 0 };
	char *part = xasprintf("remap pick %s", k->p->destination);

	if (record_parse(&end, line, strlen(line), NULL) == 0) {
		end.count = (int64_t)k->passed;
		end.part = part;
		record_write(&end, &k->line);
	}
	record_free(&end);
	free(part);
}

static void
pass_line(struct picking *k)
{
	k->p->pass(k->p->arg, buf_str(&k->line), k->line.len);
	k->passed++;
}

/* --- aliases, and other names of domains --- */

/* "@a" -> "@b": what makes a domain another name of one, as its record may. */
static bool
is_domain_row(const struct kept *r)
{
	return r->type == REC_ALIAS && *r->name == '@' && r->n == 1 &&
	       *r->names[0] == '@';
}

static bool
is_owned(void *picking, const char *domain)
{
	const struct picking *k = picking;

	return map_get(&k->owned, domain) != NULL;
}

static void
find_mains(struct picking *k)
{
	for (const struct kept *r = k->kept; r != NULL; r = r->next) {
		if (is_domain_row(r))
			*map_put(&k->mains, r->name + 1, NULL) =
			    r->names[0] + 1;
		for (size_t i = 0; r->type == REC_DOMAIN && i < r->n; i++)
			*map_put(&k->mains, r->names[i], NULL) = r->name;
	}
}

/* The address in the domain of which its own is another name. */
static const char *
canonical(struct picking *k, const char *address)
{
	const char *domain = address_domain(address);
	void **to = domain == NULL || is_owned(k, domain)
			? NULL
			: map_get(&k->mains, domain);

	if (to == NULL)
		return address;
	buf_reset(&k->address);
	buf_add(&k->address, address, (size_t)(domain - address));
	buf_adds(&k->address, *to);
	return buf_str(&k->address);
}

static bool
is_left(struct picking *k, const char *address)
{
	return map_get(&k->left, canonical(k, address)) != NULL;
}

/* An alias goes with the one account that it belongs to: the only one that it
 * leads to, or that whose address it has, of which it is the forward. A list that
 * goes on keeps its members, which such an alias may be. */
static void
choose_aliases(struct picking *k)
{
	for (struct kept *r = k->kept; r != NULL; r = r->next) {
		r->held = r->type == REC_ALIAS &&
			  (is_left(k, r->name) ||
			      (r->n == 1 && is_left(k, r->names[0])));
		for (size_t i = 0; r->type == REC_ALIAS && !r->held && i < r->n;
		     i++)
			(void)map_put_copy(&k->targets, &k->texts,
			    canonical(k, r->names[i]), NULL);
	}
}

/* In a part a domain is no other name of one if it has accounts: those that stay
 * could not be made any more. */
static bool
goes_on(struct picking *k, const struct kept *r)
{
	if (r->held)
		return !is_left(k, r->name) &&
		       map_get(&k->targets, canonical(k, r->name)) != NULL;
	return !k->part || !is_domain_row(r) || !is_owned(k, r->name + 1);
}

static void
pass_kept(struct picking *k)
{
	find_mains(k);
	choose_aliases(k);
	for (const struct kept *r = k->kept; r != NULL; r = r->next) {
		if (!goes_on(k, r)) {
			k->counts->aliases++;
			continue;
		}
		buf_reset(&k->line);
		buf_adds(&k->line, r->text);
		if (k->part && r->type == REC_DOMAIN)
			mirrors_cut(&k->line, is_owned, k);
		buf_addc(&k->line, '\n');
		pass_line(k);
	}
	k->kept = NULL;
	k->last = &k->kept;
}

/* --- records --- */

static void
pass(struct picking *k, const struct waiting *w)
{
	if (w->type == REC_END)
		pass_kept(k);
	buf_reset(&k->line);
	if (w->type == REC_END && k->part) {
		make_end(k, w->text);
	} else {
		buf_adds(&k->line, w->text);
		buf_addc(&k->line, '\n');
	}
	pass_line(k);
}

/* Asks for the accounts among the records that wait, and lets them go on. */
static void
flush(struct picking *k)
{
	struct batch_outcome *outcomes = k->p->ask(k->p->arg, &k->subjects);

	for (size_t i = 0; i < k->n; i++)
		if (passes(k, &k->waiting[i], outcomes))
			pass(k, &k->waiting[i]);
	k->p->release(k->p->arg, &k->subjects, outcomes);
	k->n = 0;
	arena_free(&k->lines);
	subjects_reset(&k->subjects);
}

/* As names of records are written: targets keep the spelling of the directory. */
static char *
normal(struct picking *k, const char *name)
{
	buf_reset(&k->address);
	if ((strchr(name, '@') == NULL
		    ? domain_normalise(name, &k->address, NULL)
		    : address_normalise(name, true, &k->address, NULL)) == 0)
		name = buf_str(&k->address);
	return arena_adds(&k->texts, name);
}

static void
keep(struct picking *k, const struct strs *names)
{
	struct kept *r = arena_alloc(&k->texts, sizeof *r);

	r->type = k->record.type;
	r->name = normal(k, record_owner(&k->record));
	r->text = arena_add(&k->texts, k->in->line, k->in->len);
	r->names = arena_alloc(&k->texts, (names->n + 1) * sizeof *r->names);
	r->n = names->n;
	for (size_t i = 0; i < r->n; i++)
		r->names[i] = normal(k, names->v[i]);
	*k->last = r;
	k->last = &r->next;
}

static void
wait(struct picking *k)
{
	const struct record *r = &k->record;
	struct waiting *w = &k->waiting[k->n++];

	*w = (struct waiting){ .type = r->type };
	w->text = arena_add(&k->lines, k->in->line, k->in->len);
	if (r->type == REC_ACCOUNT) {
		w->subject = k->subjects.n;
		subjects_add_record(
		    &k->subjects, r, ndjson_where(k->in), w->text);
	}
}

static void
add(struct picking *k)
{
	const struct record *r = &k->record;

	if (r->type == REC_ACCOUNT || r->type == REC_GROUP)
		(void)map_put_copy(
		    &k->owned, &k->texts, address_domain(r->address), NULL);
	if (r->type == REC_ALIAS)
		keep(k, &r->targets);
	else if (r->type == REC_DOMAIN && r->aliases.n != 0)
		keep(k, &r->aliases);
	else
		wait(k);
}

/* A dump that was cut off is passed on so far, and fails: it has no end that the
 * next filter would take for one. */
static void
check_whole(struct picking *k)
{
	struct why why = { 0 };

	intake_end(&k->intake, k->in);
	if (!k->p->partial && !k->p->stop(k->p->arg) &&
	    !intake_is_complete(&k->intake, &why))
		k->p->fail(k->p->arg, NULL, NULL, NULL, &why);
	intake_free(&k->intake);
}

void
pick_run(const struct pick *p, struct ndjson *in, struct pick_counts *counts)
{
	struct picking *k = xcalloc(1, sizeof *k);
	int r = 1;

	k->p = p;
	k->in = in;
	k->counts = counts;
	*counts = (struct pick_counts){ 0 };
	k->last = &k->kept;
	k->subjects.logins = p->logins;
	k->subjects.shared = true;
	while (r != 0 && !p->stop(p->arg)) {
		struct why why = { 0 };

		r = record_next(in, &k->record, &why);
		if (r != 0)
			intake_line(
			    &k->intake, in->file, r == 1 ? &k->record : NULL);
		if (r == -1) {
			k->part = true;
			p->fail(p->arg, ndjson_where(in), NULL,
			    why.kind == FAIL_DATA ? in->line : NULL, &why);
		} else if (r == 1) {
			add(k);
		}
		if (k->n == CHUNK || r == 0 || p->strict)
			flush(k);
	}
	if (!p->stop(p->arg))
		pass_kept(k);
	check_whole(k);
	record_free(&k->record);
	subjects_free(&k->subjects);
	map_free(&k->left);
	map_free(&k->owned);
	map_free(&k->mains);
	map_free(&k->targets);
	arena_free(&k->texts);
	arena_free(&k->lines);
	buf_free(&k->line);
	buf_free(&k->address);
	free(k);
}
