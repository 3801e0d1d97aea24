/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The message that answers while the owner is away: RFC 8621, 8. */
#include "settings/vacation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "record/moment.h"
#include "settings/gone.h"
#include "settings/owner-internal.h"
#include "sieve/compose.h"

enum {
	ADDRESSES_MAX = 64
};

bool
vacation_wanted(const struct holder *o, struct wanted_vacation *w)
{
	const struct record_vacation *v = record_vacation(&o->want);

	if (v == NULL)
		return false;
	*w = (struct wanted_vacation){ v, -1, -1, v->active };
	if (v->from != NULL && !moment_read(v->from, &w->from))
		w->from = -1;
	if (v->until != NULL && !moment_read(v->until, &w->until))
		w->until = -1;
	if (w->until != -1 && w->until <= time(NULL))
		w->active = false;
	return true;
}

static void
set_text(json_t *body, const char *member, const char *text)
{
	if (text != NULL)
		(void)json_object_set_new(body, member, json_string(text));
}

static void
set_moment(json_t *body, const char *member, time_t moment)
{
	char text[MOMENT_SIZE];

	if (moment == -1)
		return;
	moment_write(moment, text);
	set_text(body, member, text);
}

static json_t *
body_of(const struct wanted_vacation *w, bool active)
{
	json_t *body = json_pack("{s:b}", "isEnabled", active);

	set_text(body, "subject", w->v->subject);
	set_text(body, "textBody", w->v->text);
	set_text(body, "htmlBody", w->v->html);
	set_moment(body, "fromDate", w->from);
	set_moment(body, "toDate", w->until);
	return body;
}

static const char *const members[] = { "isEnabled", "subject", "textBody",
	"htmlBody", "fromDate", "toDate" };

/* The members that the server has otherwise, by name; new. */
static json_t *
differences(const json_t *there, const json_t *body)
{
	json_t *names = json_array();

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const json_t *a = json_object_get(there, members[i]),
			     *b = json_object_get(body, members[i]);

		if (b == NULL ? a != NULL && !json_is_null(a)
			      : !json_equal(a, b))
			(void)json_array_append_new(
			    names, json_string(members[i]));
	}
	return names;
}

/* The digest of what a message says, whosever it is. */
static void
digest(const json_t *v, char out[OWNER_DIGEST])
{
	json_t *known = json_object();

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		(void)json_object_set(
		    known, members[i], json_object_get(v, members[i]));
	owner_digest_json(known, out);
	json_decref(known);
}

void
vacation_wish(const struct wanted_vacation *w, char out[OWNER_DIGEST])
{
	/* Over is not switched off. */
	json_t *body = body_of(w, w->v->active);

	digest(body, out);
	json_decref(body);
}

/* One that was put in becomes another one: what it lacks has to go. */
static json_t *
replacement(const json_t *body)
{
	json_t *all = json_copy((json_t *)(uintptr_t)body);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (json_object_get(all, members[i]) == NULL)
			(void)json_object_set_new(all, members[i], json_null());
	return all;
}

/* What an account has that never had one. */
static bool
is_empty(const json_t *there)
{
	return there == NULL ||
	       (!json_is_true(json_object_get(there, "isEnabled")) &&
		   owner_text(there, "subject") == NULL &&
		   owner_text(there, "textBody") == NULL &&
		   owner_text(there, "htmlBody") == NULL);
}

/* The message shares the place of the active script. */
static bool
has_active(const struct holder *o)
{
	json_t *v;
	size_t i;

	json_array_foreach (o->has[ASK_SCRIPTS], i, v)
		if (json_is_true(json_object_get(v, "isActive")))
			return true;
	return false;
}

/* One that is not as the record wants it. body: what is wanted. */
static void
decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w, json_t *body, json_t *differs)
{
	const json_t *there = json_array_get(o->has[ASK_VACATION], 0);
	char wish[OWNER_DIGEST], now[OWNER_DIGEST];
	struct owner_item *i;
	enum owner_put put;

	vacation_wish(w, wish);
	digest(there, now);
	put = owner_put(run, o, ITEM_VACATION, NULL, wish, now);
	if (put == PUT_OURS || put == PUT_THEIRS) {
		if (!owner_differs(
			run, o, ITEM_VACATION, NULL, put, json_incref(differs)))
			return;
	} else if (owner_was_done(run, o, ITEM_VACATION, NULL)) {
		owner_exists(run, o, ITEM_VACATION, NULL,
		    "the owner has changed it since: it is left alone");
		return;
	} else if (!is_empty(there)) {
		owner_exists(run, o, ITEM_VACATION, NULL,
		    "another vacation message is there: it is left alone");
		return;
	} else if (!w->active && has_active(o)) {
		owner_exists(run, o, ITEM_VACATION, NULL,
		    "it is switched off, and a script is active: it is left "
		    "out");
		return;
	}
	i = owner_item(run, o, ITEM_VACATION, NULL);
	if (i == NULL)
		return;
	i->body = put == PUT_OURS ? replacement(body) : json_incref(body);
	i->id = put == PUT_OURS ? xstrdup("singleton") : NULL;
	memcpy(i->wish, wish, sizeof wish);
	digest(body, i->there);
}

void
vacation_decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w)
{
	const json_t *there = json_array_get(o->has[ASK_VACATION], 0);
	char wish[OWNER_DIGEST], now[OWNER_DIGEST];
	json_t *body, *differs;

	if (w->v->text == NULL && w->v->html == NULL) {
		owner_failed(run, o, ITEM_VACATION, NULL,
		    "a vacation message without a text");
		return;
	}
	body = body_of(w, w->active);
	differs = differences(there, body);
	if (json_array_size(differs) == 0) {
		vacation_wish(w, wish);
		digest(body, now);
		owner_exists_as(run, o, ITEM_VACATION, NULL, wish, now, NULL);
	} else {
		decide(run, o, w, body, differs);
	}
	json_decref(differs);
	json_decref(body);
}

bool
vacation_is_ours(const struct owner_run *run, const struct holder *o)
{
	char now[OWNER_DIGEST];

	digest(json_array_get(o->has[ASK_VACATION], 0), now);
	return owner_untouched(run, o, ITEM_VACATION, NULL, now);
}

void
vacation_end(const struct owner_run *run, struct holder *o)
{
	const json_t *there = json_array_get(o->has[ASK_VACATION], 0);
	json_t *body;
	struct owner_item *i;

	if (!owner_was_done(run, o, ITEM_VACATION, NULL) ||
	    !json_is_true(json_object_get(there, "isEnabled")))
		return;
	if (!owner_goes(run, o, ITEM_VACATION, NULL, vacation_is_ours(run, o),
		"switches it off") ||
	    (i = owner_noted_item(run, o, ITEM_VACATION, NULL,
		 "the directory does not have it any more: it is switched "
		 "off")) == NULL)
		return;
	body = json_pack("{s:b}", "isEnabled", false);
	i->body = replacement(body);
	i->id = xstrdup("singleton");
	digest(body, i->there);
	memcpy(i->wish, i->there, sizeof i->wish);
	json_decref(body);
}

char *
vacation_script(const struct holder *o, const struct wanted_vacation *w)
{
	const char *addresses[ADDRESSES_MAX + 1] = { NULL };
	struct sieve_vacation s = { w->v->subject, w->v->text, w->v->html,
		w->from, w->until, addresses };
	struct buf out = { 0 };
	json_t *v;
	size_t i, n = 0;
	char *text;

	json_array_foreach (o->has[ASK_IDENTITIES], i, v) {
		const char *address = owner_text(v, "email");
		size_t at = 0;

		while (address != NULL && at < n &&
		       strcmp(addresses[at], address) != 0)
			at++;
		if (address != NULL && at == n && n < ADDRESSES_MAX)
			addresses[n++] = address;
	}
	sieve_vacation(&out, &s);
	text = xstrdup(buf_str(&out));
	buf_wipe(&out);
	return text;
}
