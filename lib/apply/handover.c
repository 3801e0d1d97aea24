/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The server keeps an address unique, so that a successor cannot be there before
 * its holder has given the address up. What is taken is therefore tried first, and
 * kept when the server refuses it for that alone. At the end one request takes the
 * address from its holder and gives it to the successor; where that fails, the
 * holder gets it back. A holder gives up what the plan does not give it, or goes
 * altogether when a reconcile leaves it over.
 */
#include "apply/handover.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/aliases.h"
#include "apply/destroy.h"
#include "apply/entry.h"
#include "apply/foresee.h"
#include "apply/lookup.h"
#include "apply/operation.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "jmap/destroy.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "jmap/seterror.h"

enum {
	TRIES = 3
};

/* Who has an address that the plan gives to somebody else. */
struct source {
	const char *object;
	const char *id;
	struct kept *kept; /* gives it up; NULL: a reconcile leaves it over */
	/* Of the one that is at work. */
	struct apply_op *op;
	json_t *have;
	bool whole; /* its own name is wanted: it goes */
	bool freed;
};

struct sources {
	struct map by_address; /* -> struct source */
	struct arena arena;
	struct source *now[8]; /* of the entry that is at work */
	size_t n;
};

bool
handover_concerns(const struct apply_op *op)
{
	return (op->type == OP_CREATE || op->type == OP_UPSERT ||
		   op->type == OP_RECONCILE) &&
	       (strcmp(op->object, "Account") == 0 ||
		   strcmp(op->object, "MailingList") == 0);
}

/* --- what is kept --- */

bool
handover_keep(struct apply *a, struct apply_op *op, struct apply_entry *e)
{
	struct kept *k;

	if (!e->waits && e->drops == NULL)
		return false;
	/* What refers to it must know what it has come to. */
	apply_remember(a, op, e);
	k = xcalloc(1, sizeof *k);
	k->op = op;
	op->uses++;
	k->changed = e->status == APPLY_UPDATED;
	k->e = *e;
	*e = (struct apply_entry){ 0 };
	if (a->kept == NULL)
		a->kept_end = &a->kept;
	*a->kept_end = k;
	a->kept_end = &k->next;
	return true;
}

/* --- who has what --- */

static void
add_source(struct sources *s, const json_t *address, struct source *from)
{
	char *key = aliases_key(address);

	if (key != NULL)
		*map_put_copy(&s->by_address, &s->arena, key, NULL) = from;
	free(key);
}

static struct source *
new_source(struct sources *s, const char *object, const char *id)
{
	struct source *from = arena_alloc(&s->arena, sizeof *from);

	*from = (struct source){ .object = object,
		.id = arena_adds(&s->arena, id) };
	return from;
}

static void
add_kept(struct apply *a, struct sources *s)
{
	for (struct kept *k = a->kept; k != NULL; k = k->next) {
		struct source *from;
		const char *key;
		json_t *v;

		if (k->e.drops == NULL || k->e.id == NULL)
			continue;
		from = new_source(s, k->op->object, k->e.id);
		from->kept = k;
		json_object_foreach (k->e.drops, key, v)
			add_source(s, v, from);
	}
}

/* The members of objects that make them again, as far as the server lets anybody
 * set them. */
static void
want_members(struct fetch *f, const char *object)
{
	fetch_member(f, "name");
	fetch_member(f, "domainId");
	fetch_member(f, "aliases");
	fetch_member(f, "emailAddress");
	if (strcmp(object, "MailingList") == 0) {
		fetch_member(f, "recipients");
		fetch_member(f, "description");
		fetch_member(f, "memberTenantId");
	}
}

/* What a reconcile leaves over gives up all that it has. */
static int
add_leftover(struct apply *a, struct sources *s, const struct leftover *l)
{
	struct fetch f = { .wanted = NULL };
	json_t *id;
	size_t i;
	int r;

	if (strcmp(l->object, "Account") != 0 &&
	    strcmp(l->object, "MailingList") != 0)
		return 0;
	json_array_foreach (l->ids, i, id)
		fetch_want(&f, l->object, json_string_value(id));
	want_members(&f, l->object);
	r = json_array_size(l->ids) == 0 ? 0 : fetch_all(a->jmap, &f, &a->why);
	json_array_foreach (l->ids, i, id) {
		const json_t *have =
		    r == -1 ? NULL
			    : fetch_found(&f, l->object, json_string_value(id));
		struct source *from;
		const char *key;
		json_t *v;

		if (have == NULL)
			continue;
		from = new_source(s, l->object, json_string_value(id));
		from->op = l->op;
		add_source(s, have, from);
		json_object_foreach (json_object_get(have, "aliases"), key, v)
			add_source(s, v, from);
	}
	fetch_clear(&f);
	return r;
}

static int
find_sources(struct apply *a, struct sources *s)
{
	bool waits = false;

	for (const struct kept *k = a->kept; k != NULL; k = k->next)
		waits = waits || k->e.waits;
	if (!waits)
		return 0;
	add_kept(a, s);
	for (const struct leftover *l = a->leftovers; l != NULL; l = l->next)
		if (add_leftover(a, s, l) == -1)
			return -1;
	return 0;
}

/* --- one entry --- */

static void
take_source(struct sources *s, const json_t *address)
{
	char *key = aliases_key(address);
	void **slot = key == NULL ? NULL : map_get(&s->by_address, key);
	struct source *from = slot == NULL ? NULL : *slot;

	free(key);
	if (from == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->now[i] == from)
			return;
	if (s->n < sizeof s->now / sizeof *s->now)
		s->now[s->n++] = from;
}

/* Who has addresses of the entry. */
static void
choose_sources(struct sources *s, struct kept *k)
{
	const json_t *body = entry_body(&k->e);
	const char *key;
	json_t *v;

	s->n = 0;
	take_source(s, body);
	json_object_foreach (json_object_get(body, "aliases"), key, v)
		take_source(s, v);
	for (size_t i = 0; i < s->n; i++)
		if (s->now[i]->kept == k)
			s->now[i--] = s->now[--s->n];
}

/* Whether the entry is to have this address. */
static bool
is_wanted(const struct kept *k, const json_t *address)
{
	return aliases_same(k->e.body, address) ||
	       aliases_has(json_object_get(k->e.body, "aliases"), address);
}

/* What it has now; NULL: it is gone, and has given all up. -1 and why. */
static int
look(
    struct apply *a, const struct kept *k, struct source *from, struct why *why)
{
	struct fetch f = { .wanted = NULL };
	const json_t *have;
	int r;

	fetch_want(&f, from->object, from->id);
	want_members(&f, from->object);
	r = fetch_all(a->jmap, &f, why);
	have = r == -1 ? NULL : fetch_found(&f, from->object, from->id);
	from->have = have == NULL ? NULL : json_deep_copy(have);
	from->whole = have != NULL && is_wanted(k, have);
	from->freed = false;
	fetch_clear(&f);
	return r;
}

/* The aliases that stay with the holder. */
static json_t *
staying(const struct kept *k, const struct source *from)
{
	json_t *list = json_object(), *v;
	const char *key;

	json_object_foreach (json_object_get(from->have, "aliases"), key, v)
		if (!is_wanted(k, v))
			aliases_append(list, v);
	return list;
}

static void
add_free(struct jmap_request *r, const struct kept *k, const struct source *s)
{
	char *method = xasprintf("x:%s/set", s->object);

	jmap_add_json(r, method,
	    s->whole ? json_pack("{s:[s]}", "destroy", s->id)
		     : json_pack("{s:{s:{s:o}}}", "update", s->id, "aliases",
			   staying(k, s)));
	free(method);
}

static void
add_claim(struct jmap_request *r, struct kept *k)
{
	char *method = xasprintf("x:%s/set", k->op->object);
	json_t *patch;

	if (k->e.later == NULL) {
		jmap_add_json(r, method,
		    json_pack(
			"{s:{s:O}}", "create", k->e.ref, entry_body(&k->e)));
	} else {
		patch = json_copy(k->e.later);
		/* What it had to give up meanwhile is not taken again. */
		if (json_object_get(patch, "aliases") != NULL)
			(void)json_object_set_new(patch, "aliases",
			    aliases_join(json_object_get(k->e.body, "aliases"),
				k->e.drops));
		jmap_add_json(r, method,
		    json_pack("{s:{s:o}}", "update", k->e.id, patch));
	}
	free(method);
}

/* Whether the call freed the address. */
static bool
was_freed(const struct source *s, const json_t *answer)
{
	if (s->whole)
		return jmap_is_gone(answer, s->id);
	return json_object_get(json_object_get(answer, "updated"), s->id) !=
	       NULL;
}

/* Whether the object that has the name is the entry itself, from an attempt whose
 * answer was lost. */
static bool
is_itself(struct apply *a, struct kept *k, const json_t *error)
{
	const json_t *holder = json_object_get(error, "objectId"), *have;
	struct fetch f = { .wanted = NULL };
	struct why why = { 0 };
	json_t *body = entry_body(&k->e);
	bool same = false;

	if (jmap_text(holder, "object") == NULL ||
	    jmap_text(holder, "id") == NULL ||
	    strcmp(jmap_text(holder, "object"), k->op->object) != 0)
		return false;
	fetch_want(&f, k->op->object, jmap_text(holder, "id"));
	fetch_member(&f, "name");
	fetch_member(&f, "domainId");
	fetch_member(&f, "@type");
	if (fetch_all(a->jmap, &f, &why) == 0 &&
	    (have = fetch_found(&f, k->op->object, jmap_text(holder, "id"))) !=
		NULL)
		same = json_equal(json_object_get(have, "name"),
			   json_object_get(body, "name")) &&
		       json_equal(json_object_get(have, "domainId"),
			   json_object_get(body, "domainId")) &&
		       (json_object_get(body, "@type") == NULL ||
			   json_equal(json_object_get(have, "@type"),
			       json_object_get(body, "@type")));
	if (same)
		entry_settle(&k->e, APPLY_CREATED, jmap_text(holder, "id"));
	fetch_clear(&f);
	return same;
}

/* What became of the successor: true if it has its addresses. */
static bool
take_claim(struct apply *a, struct kept *k, const json_t *answer)
{
	const json_t *made = json_object_get(json_object_get(answer, "created"),
			 k->e.ref == NULL ? "" : k->e.ref),
		     *error;
	const char *id = jmap_text(made, "id");

	if (k->e.later != NULL &&
	    json_object_get(json_object_get(answer, "updated"), k->e.id) !=
		NULL) {
		entry_settle(&k->e, APPLY_UPDATED, NULL);
		return true;
	}
	if (k->e.later == NULL && id != NULL) {
		entry_settle(&k->e, APPLY_CREATED, id);
		return true;
	}
	error = k->e.later == NULL
		    ? json_object_get(
			  json_object_get(answer, "notCreated"), k->e.ref)
		    : json_object_get(
			  json_object_get(answer, "notUpdated"), k->e.id);
	if (k->e.later == NULL && error != NULL && is_itself(a, k, error))
		return true;
	if (error != NULL) {
		jmap_set_error(error, k->e.body, &k->e.why);
		json_decref(k->e.holder);
		k->e.holder = json_incref(json_object_get(error, "objectId"));
		lookup_holder(a, &k->e);
	} else
		why_set(
		    &k->e.why, FAIL_TEMP, "the server says nothing about it");
	return false;
}

/* One request: all give up, then it takes. 1 it has its addresses, 0 it has not, -1
 * nobody knows; the same again then does no more than once. */
static int
exchange(struct apply *a, struct sources *s, struct kept *k)
{
	struct jmap_request r = { .repeat = false };
	struct why why = { 0 };
	json_t *answer;
	size_t call = 0;
	int done = 0;

	jmap_begin(&r, JMAP_REGISTRY);
	for (size_t i = 0; i < s->n; i++)
		if (s->now[i]->have != NULL)
			add_free(&r, k, s->now[i]);
	add_claim(&r, k);
	if (jmap_run(a->jmap, &r) != JMAP_OK) {
		k->e.why = r.why;
		jmap_clear(&r);
		return -1;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->now[i]->have != NULL &&
		    jmap_answer(&r, call++, NULL, &answer, &why) == JMAP_OK)
			s->now[i]->freed = was_freed(s->now[i], answer);
	if (jmap_answer(&r, call, NULL, &answer, &k->e.why) != JMAP_OK)
		done = -1;
	else if (take_claim(a, k, answer))
		done = 1;
	jmap_clear(&r);
	return done;
}

/* --- back again --- */

/* The holder of before: a list is made again, an alias given back. */
static bool
put_back(struct apply *a, const struct source *s)
{
	char *method = xasprintf("x:%s/set", s->object);
	json_t *answer = NULL, *body;
	struct why why = { 0 };
	bool good;

	if (s->whole) {
		body = json_copy(s->have);
		(void)json_object_del(body, "id");
		(void)json_object_del(body, "emailAddress");
		body = json_pack("{s:{s:o}}", "create", "back", body);
	} else {
		body = json_pack("{s:{s:{s:O}}}", "update", s->id, "aliases",
		    json_object_get(s->have, "aliases"));
	}
	good = jmap_call_json(a->jmap, method, body, true, &answer, &why) ==
		   JMAP_OK &&
	       json_object_size(json_object_get(
		   answer, s->whole ? "created" : "updated")) != 0;
	json_decref(answer);
	free(method);
	return good;
}

/* The successor failed: its reason says what has become of the addresses. */
static void
undo(struct apply *a, struct sources *s, struct kept *k)
{
	struct buf lost = { 0 };
	struct why why = k->e.why;

	for (size_t i = 0; i < s->n; i++) {
		const struct source *from = s->now[i];
		const char *name = jmap_text(from->have, "emailAddress");

		if (!from->freed ||
		    (!(from->whole && strcmp(from->object, "Account") == 0) &&
			put_back(a, from)))
			continue;
		buf_addf(&lost, "%s%s", lost.len == 0 ? "" : ", ",
		    name == NULL ? from->id : name);
	}
	if (lost.len != 0)
		why_set(&k->e.why, why.kind == FAIL_NONE ? FAIL_DATA : why.kind,
		    "%s; mail for it reaches nobody now: it was taken from %s, "
		    "which cannot have it back",
		    why.text, lost.data);
	buf_free(&lost);
}

/* --- results --- */

/* The aliases of another are not its own any more. */
static void
give_up(struct kept *k, const struct kept *other)
{
	json_t *left = json_object(), *v;
	const char *key;

	json_object_foreach (k->e.drops, key, v)
		if (!is_wanted(other, v))
			aliases_append(left, v);
	json_decref(k->e.drops);
	k->e.drops = left;
	k->changed = true;
}

/* What was given up is said of who had it. */
static void
report_source(struct apply *a, const struct kept *k, struct source *from)
{
	struct apply_op op = {
		.uses = 1, .type = OP_DESTROY, .object = from->object
	};
	struct apply_entry e = { 0 };
	const char *name = jmap_text(from->have, "emailAddress");
	char *key;

	if (from->kept != NULL)
		give_up(from->kept, k);
	if (!from->whole)
		return;
	key = xasprintf("%s/%s", from->object, from->id);
	(void)map_put_copy(&a->touched, &a->arena, key, NULL);
	free(key);
	e.address = name == NULL ? NULL : xstrdup(name);
	e.note = xasprintf("it makes room for the %s of that address",
	    strcmp(k->op->object, "Account") == 0 ? "account" : "list");
	entry_settle(&e, a->options->dry_run ? APPLY_PLANNED : APPLY_DESTROYED,
	    from->id);
	apply_report(a, &op, &e);
	entry_clear(&e);
}

/* Why who has an address may not be destroyed for it; NULL: it may. */
static const char *
hindrance_of(struct apply *a, const struct source *from)
{
	char *address = NULL;
	const char *owner = aliases_wanted(a, from->have, &address);

	free(address);
	return owner != NULL ? "that has another address, whose new owner does "
			       "not have it"
			     : leftover_hindrance(a, from->object, from->have);
}

/* Looks what those have who have its addresses. False: that failed, or there are
 * none. *whole: one of them has to go for it. */
static bool
look_at_sources(struct apply *a, struct sources *s, struct kept *k, bool *whole)
{
	struct why why = { 0 };

	*whole = false;
	for (size_t i = 0; i < s->n; i++) {
		if (look(a, k, s->now[i], &why) == -1) {
			k->e.why = why;
			return false;
		}
		*whole = *whole || s->now[i]->whole;
	}
	return s->n != 0;
}

/* Of what exists nobody has asked yet who has the address. */
static void
name_holder(struct apply *a, struct kept *k)
{
	if (k->e.later != NULL)
		lookup_holder(a, &k->e);
}

/* Whether all who have its addresses may give them up. */
static bool
may_have(struct apply *a, struct sources *s, struct kept *k)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *hindrance =
		    s->now[i]->whole ? hindrance_of(a, s->now[i]) : NULL;
		struct why why;

		if (hindrance == NULL)
			continue;
		name_holder(a, k);
		why = k->e.why;
		why_set(&k->e.why, FAIL_DATA, "%s; %s", why.text, hindrance);
		return false;
	}
	return true;
}

static void
forget_sources(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		json_decref(s->now[i]->have);
		s->now[i]->have = NULL;
		s->now[i]->freed = false;
	}
}

/* As exchange(). */
static int
hand_over(struct apply *a, struct sources *s, struct kept *k)
{
	int done = -1;

	if (!a->options->dry_run) {
		for (int i = 0; i < TRIES && done == -1; i++)
			done = exchange(a, s, k);
	} else if (foresee_freed(a, k, &s->by_address)) {
		entry_settle(&k->e, APPLY_PLANNED, NULL);
		done = 1;
	}
	return done;
}

/* An entry for which somebody has to go comes last: his other addresses may be
 * another's. */
static void
settle_waiting(struct apply *a, struct sources *s, struct kept *k, bool last)
{
	int done = 0;
	bool found, whole;

	(void)entry_body(&k->e);
	choose_sources(s, k);
	found = look_at_sources(a, s, k, &whole);
	if (s->n == 0)
		name_holder(a, k);
	if (found && whole && !last) {
		forget_sources(s);
		return;
	}
	if (found && may_have(a, s, k))
		done = hand_over(a, s, k);
	for (size_t i = 0; i < s->n && done == 1; i++)
		report_source(a, k, s->now[i]);
	if (done == 0)
		undo(a, s, k);
	if (done == 1)
		k->changed = true;
	else
		entry_settle(&k->e, APPLY_FAILED, NULL);
	k->settled = true;
	forget_sources(s);
	if (k->e.status == APPLY_FAILED)
		aliases_unmet(a, k->e.body, k->e.address);
}

static void
settle_all(struct apply *a, struct sources *s, bool last)
{
	for (struct kept *k = a->kept; k != NULL && !apply_stopping(a);
	     k = k->next)
		if (k->e.waits && !k->settled)
			settle_waiting(a, s, k, last);
}

/* --- all of it --- */

static void
end_kept(struct apply *a, struct kept *k, bool go)
{
	if (k->e.status == APPLY_EXISTS && k->changed)
		k->e.status =
		    a->options->dry_run ? APPLY_PLANNED : APPLY_UPDATED;
	if (k->e.status != APPLY_FAILED)
		aliases_note_staying(a, k);
	/* After a stop nothing is said of what was to come. */
	if (go || k->e.waits)
		apply_report(a, k->op, &k->e);
}

static void
free_kept(struct kept *k)
{
	entry_clear(&k->e);
	apply_op_free(k->op);
	free(k);
}

int
handover_pass(struct apply *a, bool go)
{
	struct sources s = { .n = 0 };
	struct kept *k;
	int r = go ? find_sources(a, &s) : 0;

	if (go && r == 0) {
		settle_all(a, &s, false);
		settle_all(a, &s, true);
	}
	if (go && r == 0)
		r = aliases_drop(a);
	if (r == -1)
		apply_stop(a, &a->why);
	while ((k = a->kept) != NULL) {
		a->kept = k->next;
		end_kept(a, k, go && !apply_stopping(a));
		free_kept(k);
	}
	map_free(&s.by_address);
	arena_free(&s.arena);
	return r;
}
