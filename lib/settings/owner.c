/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/owner.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/digest.h"
#include "core/str.h"
#include "settings/app-passwords.h"
#include "settings/identities.h"
#include "settings/owner-internal.h"
#include "settings/scripts.h"
#include "settings/shares.h"
#include "settings/vacation.h"

const char *const owner_words[ITEM_KINDS] = {
	[ITEM_VACATION] = "vacation",
	[ITEM_SCRIPT] = "script",
	[ITEM_ACTIVE] = "active",
	[ITEM_IDENTITY] = "identity",
	[ITEM_SHARE] = "share",
	[ITEM_APP_PASSWORD] = "app-password",
	[ITEM_FILTERS] = "filters",
	[ITEM_ASKED_PASSWORD] = "asked-app-password",
	[ITEM_ACTIVATED] = "activated",
	[ITEM_IDENTITY_ID] = "identity-id",
	[ITEM_WANTED_FILTERS] = "wanted-filters",
	[ITEM_SEEN] = "seen",
};

const char *
owner_text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

const json_t *
owner_find(const json_t *list, const char *member, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *there = owner_text(v, member);

		if (there != NULL && strcmp(there, text) == 0)
			return v;
	}
	return NULL;
}

const struct ledger_entry *
owner_entries(
    const struct owner_run *run, const struct holder *o, enum item_kind kind)
{
	return ledger_entries(run->done, o->address, owner_words[kind]);
}

/* What was put in is asked for again: the record may not have it any more. */
static bool
has_put(
    const struct owner_run *run, const struct holder *o, enum item_kind kind)
{
	return owner_entries(run, o, kind) != NULL;
}

bool
owner_asks(
    const struct owner_run *run, const struct holder *o, enum owner_ask ask)
{
	const struct record *r = &o->want;

	switch (ask) {
	case ASK_SCRIPTS:
		return r->forward.n != 0 || r->scripts.n != 0 ||
		       r->vacation.n != 0 ||
		       ledger_has(
			   run->done, (const char *const[]){ o->address }, 1);
	case ASK_VACATION:
		return r->vacation.n != 0 || has_put(run, o, ITEM_VACATION);
	case ASK_IDENTITIES: /* and the addresses of a vacation */
		return r->identities.n != 0 || r->vacation.n != 0 ||
		       has_put(run, o, ITEM_IDENTITY);
	case ASK_APP_PASSWORDS:
		return run->passwords != NULL &&
		       (r->app_passwords.n != 0 ||
			   has_put(run, o, ITEM_APP_PASSWORD));
	case ASK_MAILBOXES:
		return r->shares.n != 0 || has_put(run, o, ITEM_SHARE);
	case ASKS:
		break;
	}
	return false;
}

/* --- outcomes --- */

void
owner_identify(struct holder *o, const json_t *account)
{
	const char *made = owner_text(account, "createdAt");

	free(o->identity);
	o->identity = xasprintf("%s %s", o->id, made == NULL ? "" : made);
}

/* Of an account that is only planned nothing is known. */
static size_t
fields_of(const struct holder *o, enum item_kind kind, const char *name,
    const char *fields[OWNER_FIELDS])
{
	fields[0] = o->address;
	fields[1] = o->identity == NULL ? "" : o->identity;
	fields[2] = owner_words[kind];
	fields[3] = name == NULL ? "" : name;
	return OWNER_FIELDS;
}

bool
owner_was_done(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name)
{
	const char *fields[OWNER_FIELDS];

	return ledger_has(run->done, fields, fields_of(o, kind, name, fields));
}

static int
note_done(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, struct why *why)
{
	const char *fields[OWNER_FIELDS];
	size_t n = fields_of(o, kind, name, fields);

	if (run->dry_run || ledger_has(run->done, fields, n))
		return 0;
	return ledger_add(run->done, fields, n, false, why);
}

bool
owner_is_last(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name)
{
	const char *fields[OWNER_FIELDS];
	size_t n = fields_of(o, kind, name, fields),
	       last = ledger_line(run->done, fields, n - 1);

	return last != 0 && ledger_line(run->done, fields, n) == last;
}

/* Also where a line is there: the last one counts. */
static int
note_last(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, struct why *why)
{
	const char *fields[OWNER_FIELDS];
	size_t n = fields_of(o, kind, name, fields);

	if (run->dry_run || owner_is_last(run, o, kind, name))
		return 0;
	return ledger_add(run->done, fields, n, false, why);
}

/* --- what was put in, and is it still there? --- */

void
owner_digest(const char *text, char out[OWNER_DIGEST])
{
	unsigned char sum[SHA256_LEN];

	digest_of(text, strlen(text), sum);
	for (size_t i = 0; i < (OWNER_DIGEST - 1) / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

void
owner_digest_json(const json_t *object, char out[OWNER_DIGEST])
{
	json_t *set = json_object(), *v;
	const char *key;
	char *text;

	json_object_foreach ((json_t *)(uintptr_t)object, key, v)
		if (!json_is_null(v))
			(void)json_object_set(set, key, v);
	text = json_dumps(set, JSON_COMPACT | JSON_SORT_KEYS);
	owner_digest(text, out);
	free(text);
	json_decref(set);
}

/* What the ledger has after the name; NULL. */
static const char *
put_before(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name)
{
	const char *fields[OWNER_FIELDS];

	(void)fields_of(o, kind, name, fields);
	return ledger_more(run->done, fields);
}

static int
note_put(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *wish, const char *there,
    struct why *why)
{
	const char *fields[OWNER_ALL_FIELDS];
	size_t n = fields_of(o, kind, name, fields);
	char *now = xasprintf("%s\t%s", wish, there);
	const char *before = put_before(run, o, kind, name);
	int r = 0;

	fields[n] = wish;
	fields[n + 1] = there;
	if (!run->dry_run && (before == NULL || strcmp(before, now) != 0))
		r = ledger_add(run->done, fields, OWNER_ALL_FIELDS, false, why);
	free(now);
	return r;
}

enum owner_put
owner_put(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *wish, const char *there)
{
	const char *before = put_before(run, o, kind, name);
	const char *tab = before == NULL ? NULL : strchr(before, '\t');

	if (tab == NULL)
		return PUT_UNKNOWN;
	if ((size_t)(tab - before) == strlen(wish) && str_starts(before, wish))
		return PUT_SAME;
	return there != NULL && strcmp(tab + 1, there) == 0 ? PUT_OURS
							    : PUT_THEIRS;
}

bool
owner_untouched(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *there)
{
	const char *before = put_before(run, o, kind, name);
	const char *tab = before == NULL ? NULL : strchr(before, '\t');

	return tab != NULL && strcmp(tab + 1, there) == 0;
}

bool
owner_is_entry(const struct holder *o, const struct ledger_entry *e)
{
	return o->identity != NULL && strcmp(e->second, o->identity) == 0;
}

const char *
owner_identity_of(
    const struct owner_run *run, const struct holder *o, const char *id)
{
	return put_before(run, o, ITEM_IDENTITY_ID, id);
}

/* Keeps under which id the server has it, which ends what it was before. */
static int
note_id(const struct owner_run *run, const struct holder *o, const char *id,
    const char *name, struct why *why)
{
	const char *fields[OWNER_FIELDS + 1];
	size_t n = fields_of(o, ITEM_IDENTITY_ID, id, fields);
	const char *before = owner_identity_of(run, o, id);

	fields[n] = name;
	if (run->dry_run || (before != NULL && strcmp(before, name) == 0))
		return 0;
	if (before != NULL &&
	    note_put(run, o, ITEM_IDENTITY, before, OWNER_MOVED, "", why) == -1)
		return -1;
	return ledger_add(run->done, fields, n + 1, false, why);
}

bool
owner_differs(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, enum owner_put put, json_t *differs)
{
	bool change = put == PUT_OURS && run->update;

	if (!change)
		run->report(run->arg, o, kind, SET_EXISTS, name,
		    put == PUT_OURS
			? "the directory has it otherwise since: it is left "
			  "alone (-u changes it)"
			: "the directory has it otherwise since, and the owner "
			  "has changed it: it is left alone",
		    differs, NULL);
	json_decref(differs);
	return change;
}

/* --- filters of a wrapper --- */

/* Fields of a line that says which filters a wrapper includes, or (NULL) the
 * last one that was made; word is kept for them. */
static size_t
filter_fields(const struct holder *o, const char *wrapper, const char *filters,
    struct buf *word, const char *fields[OWNER_FIELDS])
{
	size_t n = fields_of(o, ITEM_FILTERS, filters, fields);

	buf_reset(word);
	buf_addf(word, "%s%s%s", owner_words[ITEM_FILTERS],
	    wrapper == NULL ? "" : " of ", wrapper == NULL ? "" : wrapper);
	fields[2] = buf_str(word);
	return n;
}

/* Also where the line is there: the last one counts. */
static int
note_filters(const struct owner_run *run, const struct holder *o,
    const char *wrapper, const char *filters, struct why *why)
{
	const char *fields[OWNER_FIELDS];
	struct buf word = { 0 };
	size_t n = filter_fields(o, wrapper, filters, &word, fields);
	int r = ledger_add(run->done, fields, n, false, why);

	buf_free(&word);
	return r;
}

bool
owner_filters(const struct owner_run *run, const struct holder *o,
    const char *wrapper, const char **filters)
{
	const char *fields[OWNER_FIELDS];
	struct buf word = { 0 };
	size_t n = filter_fields(o, wrapper, NULL, &word, fields), i,
	       last = ledger_line(run->done, fields, n - 1);
	json_t *v;

	*filters = NULL;
	json_array_foreach (o->has[ASK_SCRIPTS], i, v) {
		fields[n - 1] = owner_text(v, "name");
		if (last != 0 && fields[n - 1] != NULL &&
		    ledger_line(run->done, fields, n) == last)
			*filters = fields[n - 1];
	}
	buf_free(&word);
	return last != 0;
}

int
owner_asking(
    const struct owner_run *run, const struct holder *o, struct why *why)
{
	int r = 0;

	for (size_t n = 0; n < o->n && r == 0; n++)
		if (o->items[n].kind == ITEM_APP_PASSWORD && o->items[n].sent)
			r = note_done(
			    run, o, ITEM_ASKED_PASSWORD, o->items[n].name, why);
	return r;
}

static int
note_given(const struct owner_run *run, const struct holder *o,
    const json_t *names, struct why *why)
{
	json_t *v;
	size_t i;
	int r = 0;

	json_array_foreach (names, i, v)
		if (r == 0)
			r = note_done(
			    run, o, ITEM_SHARE, json_string_value(v), why);
	return r;
}

void
owner_given(
    const struct owner_run *run, const struct holder *o, const json_t *names)
{
	struct why why = { 0 };

	if (note_given(run, o, names, &why) == -1)
		run->report(run->arg, o, ITEM_SHARE, SET_FAILED, NULL, NULL,
		    NULL, &why);
}

int
owner_done(const struct owner_run *run, const struct holder *o,
    const struct owner_item *i, const char *there, const char *id,
    struct why *why)
{
	/* An active script is also one that was put in. */
	enum item_kind kind = i->kind == ITEM_ACTIVE ? ITEM_SCRIPT : i->kind;
	int r = 0;

	if (i->there[0] != '\0')
		there = i->there;
	if (i->wish[0] != '\0' && there != NULL)
		r = note_put(run, o, kind, i->name, i->wish, there, why);
	else if (kind != i->kind)
		r = note_done(run, o, kind, i->name, why);
	if (r == 0 && i->kind == ITEM_IDENTITY && id != NULL)
		r = note_id(run, o, id, i->name, why);
	if (r == 0 && i->filters != NULL)
		r = note_filters(run, o, i->name, i->filters, why);
	if (r == 0 && i->filters != NULL)
		r = note_filters(run, o, NULL, i->filters, why);
	if (r == 0 && i->kind == ITEM_ACTIVE)
		r = note_last(run, o, ITEM_ACTIVATED, i->name, why);
	if (r == 0 && i->wanted != NULL)
		r = note_last(run, o, ITEM_WANTED_FILTERS, i->wanted, why);
	if (r == 0 && i->kind == ITEM_ACTIVE)
		return note_last(run, o, ITEM_ACTIVE, i->key, why);
	if (r == 0 && i->given != NULL)
		return note_given(run, o, i->given, why);
	return r == 0 ? note_done(run, o, i->kind, i->name, why) : r;
}

static void
exists(const struct owner_run *run, const struct holder *o, enum item_kind kind,
    const char *name, const char *note, bool known)
{
	struct why why = { 0 };

	if (known && note_done(run, o, kind, name, &why) == -1) {
		run->report(
		    run->arg, o, kind, SET_FAILED, name, NULL, NULL, &why);
		return;
	}
	run->report(run->arg, o, kind, o->sent ? SET_CREATED : SET_EXISTS, name,
	    note, NULL, NULL);
}

void
owner_exists(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *note)
{
	exists(run, o, kind, name, note, note == NULL);
}

void
owner_exists_known(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *note)
{
	exists(run, o, kind, name, note, true);
}

void
owner_exists_as(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *wish, const char *there,
    const char *id)
{
	struct why why = { 0 };

	if (note_put(run, o, kind, name, wish, there, &why) == -1 ||
	    (id != NULL && note_id(run, o, id, name, &why) == -1))
		run->report(
		    run->arg, o, kind, SET_FAILED, name, NULL, NULL, &why);
	else
		owner_exists(run, o, kind, name, NULL);
}

/* Whether two texts are the same, but for their line ends. */
static bool
same_text(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "\r");
		b += strspn(b, "\r");
		if (*a != *b || *a == '\0')
			return *a == *b;
	}
}

void
owner_exists_text(const struct owner_run *run, const struct holder *o,
    const char *name, const char *text, const char *wish, const char *blob)
{
	struct buf there = { 0 };
	struct why why = { 0 };
	json_t *differs;

	if (run->read_script == NULL ||
	    run->read_script(run->arg, o, blob, &there, &why) == -1) {
		owner_exists(run, o, ITEM_SCRIPT, name, NULL);
	} else if (same_text(buf_str(&there), text)) {
		owner_exists_as(run, o, ITEM_SCRIPT, name, wish, blob, NULL);
	} else if (note_done(run, o, ITEM_SCRIPT, name, &why) == -1) {
		run->report(run->arg, o, ITEM_SCRIPT, SET_FAILED, name, NULL,
		    NULL, &why);
	} else {
		differs = json_pack("[s]", "text");
		run->report(run->arg, o, ITEM_SCRIPT, SET_EXISTS, name,
		    "one with another text is there, from a run that this one "
		    "does not know, or the owner's: it is left alone",
		    differs, NULL);
		json_decref(differs);
	}
	buf_wipe(&there);
}

void
owner_failed(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *reason)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s", reason);
	run->report(run->arg, o, kind, SET_FAILED, name, NULL, NULL, &why);
}

struct owner_item *
owner_item(const struct owner_run *run, struct holder *o, enum item_kind kind,
    const char *name)
{
	return owner_noted_item(run, o, kind, name, NULL);
}

struct owner_item *
owner_noted_item(const struct owner_run *run, struct holder *o,
    enum item_kind kind, const char *name, const char *note)
{
	struct owner_item *i;

	if (run->dry_run || o->id == NULL) {
		run->report(
		    run->arg, o, kind, SET_PLANNED, name, note, NULL, NULL);
		return NULL;
	}
	o->items = xgrow(o->items, o->n, &o->cap, sizeof *o->items);
	i = &o->items[o->n++];
	*i = (struct owner_item){ .kind = kind };
	if (name != NULL)
		i->name = xstrdup(name);
	if (note != NULL)
		i->note = xstrdup(note);
	return i;
}

/* --- decisions --- */

void
owner_decide(const struct owner_run *run, struct holder *o)
{
	struct wanted_vacation w;
	bool vacation = vacation_wanted(o, &w);

	if (scripts_decide(run, o, vacation ? &w : NULL))
		;
	else if (vacation)
		vacation_decide(run, o, &w);
	else
		vacation_end(run, o);
	identities_decide(run, o);
	shares_decide(run, o);
	if (run->passwords != NULL)
		app_passwords_decide(run, o);
}

void
owner_forget(struct holder *o, size_t n)
{
	struct owner_item *i = &o->items[n];

	free(i->name);
	free(i->text);
	free(i->id);
	free(i->key);
	free(i->filters);
	free(i->wanted);
	free(i->note);
	json_decref(i->given);
	json_decref(i->body);
	memmove(i, i + 1, (--o->n - n) * sizeof *i);
}

static void
clear(struct holder *o)
{
	while (o->n != 0)
		owner_forget(o, o->n - 1);
	for (size_t i = 0; i < ASKS; i++) {
		json_decref(o->has[i]);
		o->has[i] = NULL;
	}
}

void
owner_lost(struct holder *o)
{
	if (o->changing == NULL)
		o->changing = json_array();
	for (size_t n = 0; n < o->n; n++) {
		const struct owner_item *i = &o->items[n];

		if (i->kind == ITEM_SCRIPT && i->id != NULL && i->sent)
			(void)json_array_append_new(
			    o->changing, json_string(i->name));
	}
	clear(o);
	o->sent = true;
}

bool
owner_was_changing(const struct holder *o, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (o->changing, i, v)
		if (strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

void
owner_free(struct holder *o)
{
	clear(o);
	json_decref(o->changing);
	record_free(&o->want);
	free(o->items);
	free(o->id);
	free(o->address);
	free(o->identity);
	free(o->description);
	free(o);
}
