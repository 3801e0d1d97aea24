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
#include "record/record.h"

enum {
	CHUNK = 256 /* records that wait for the answers of their accounts */
};

/* One record that waits. */
struct waiting {
	const char *text;
	enum record_type type;
	size_t subject;       /* of an account */
	const char *alias;    /* the address of one; otherwise NULL */
	const char **targets; /* of an alias, n of them */
	size_t n;
};

/* An alias of an account that was left out. A list that is passed on may have it
 * as a member: without it that would lead nowhere. */
struct held {
	struct held *next;
	const char *alias, *text;
	bool passed;
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
	/* Addresses of accounts that were not passed on. */
	struct arena texts;
	struct map left;
	struct held *held;
	struct map targets; /* of the aliases that were passed on */
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

/* An alias goes with the one account that it belongs to: the only one that it
 * leads to, or that whose address it has, of which it is the forward. */
static bool
belongs_to_left(const struct picking *k, const struct waiting *w)
{
	return map_get(&k->left, w->alias) != NULL ||
	       (w->n == 1 && map_get(&k->left, w->targets[0]) != NULL);
}

static void
hold(struct picking *k, const struct waiting *w)
{
	struct held *h = arena_alloc(&k->texts, sizeof *h);

	*h = (struct held){ k->held, arena_adds(&k->texts, w->alias),
		arena_adds(&k->texts, w->text), false };
	k->held = h;
	k->counts->aliases++;
}

/* Whether an alias goes on. */
static bool
passes_alias(struct picking *k, const struct waiting *w)
{
	if (!belongs_to_left(k, w)) {
		for (size_t i = 0; i < w->n; i++)
			(void)map_put_copy(
			    &k->targets, &k->texts, w->targets[i], NULL);
		return true;
	}
	if (map_get(&k->left, w->alias) == NULL)
		hold(k, w);
	else
		k->counts->aliases++;
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
	case REC_ALIAS:
		return passes_alias(k, w);
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

/* What lists that were passed on need. */
static void
pass_held(struct picking *k)
{
	for (struct held *h = k->held; h != NULL; h = h->next) {
		if (h->passed || map_get(&k->targets, h->alias) == NULL)
			continue;
		h->passed = true;
		k->counts->aliases--;
		buf_reset(&k->line);
		buf_addf(&k->line, "%s\n", h->text);
		pass_line(k);
	}
}

static void
pass(struct picking *k, const struct waiting *w)
{
	if (w->type == REC_END)
		pass_held(k);
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

/* The targets of an alias, as addresses of records are written. */
static void
add_targets(struct picking *k, struct waiting *w, const struct strs *from)
{
	struct buf address = { 0 };

	w->n = from->n;
	w->targets = arena_alloc(&k->lines, (w->n + 1) * sizeof *w->targets);
	for (size_t i = 0; i < w->n; i++) {
		const char *name = from->v[i];

		buf_reset(&address);
		if (address_normalise(name, false, &address, NULL) == 0)
			name = buf_str(&address);
		w->targets[i] = arena_adds(&k->lines, name);
	}
	buf_free(&address);
}

static void
add(struct picking *k)
{
	const struct record *r = &k->record;
	struct waiting *w = &k->waiting[k->n++];

	*w = (struct waiting){ .type = r->type };
	w->text = arena_add(&k->lines, k->in->line, k->in->len);
	if (r->type == REC_ALIAS)
		w->alias = arena_adds(&k->lines, r->address);
	if (r->type == REC_ALIAS)
		add_targets(k, w, &r->targets);
	if (r->type == REC_ACCOUNT) {
		w->subject = k->subjects.n;
		subjects_add_record(
		    &k->subjects, r, ndjson_where(k->in), w->text);
	}
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
		pass_held(k);
	check_whole(k);
	record_free(&k->record);
	subjects_free(&k->subjects);
	map_free(&k->left);
	map_free(&k->targets);
	arena_free(&k->texts);
	arena_free(&k->lines);
	buf_free(&k->line);
	free(k);
}
