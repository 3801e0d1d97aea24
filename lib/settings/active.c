/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Which script is active: one alone, or a wrapper of ours that includes what has to
 * run together; unless the owner has chosen otherwise.
 */
#include "settings/active.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "settings/owner-internal.h"
#include "sieve/check.h"
#include "sieve/compose.h"

/* What the ledger calls them together. */
static char *
key_of(const char *const *names, size_t n)
{
	struct buf key = { 0 };
	char *text;

	for (size_t i = 0; i < n; i++)
		buf_addf(&key, "%s%s", i > 0 ? " + " : "", names[i]);
	text = xstrdup(buf_str(&key));
	buf_free(&key);
	return text;
}

static bool
was_active(const struct script_set *s, const char *key)
{
	return owner_was_done(s->run, s->o, ITEM_ACTIVE, key);
}

/* Whether what this program has activated last is active. */
bool
active_is_still(const struct script_set *s)
{
	return s->active != NULL &&
	       owner_is_last(s->run, s->o, ITEM_ACTIVATED, s->active_name);
}

/* Whether the owner has activated filters alone that our last wrapper included. */
static bool
went_back(const struct script_set *s)
{
	const char *filters = NULL;

	return s->active != NULL && !script_is_ours(s->active_name) &&
	       owner_filters(s->run, s->o, NULL, &filters) && filters != NULL &&
	       strcmp(filters, s->active_name) == 0;
}

/* Whether this program has activated anything in the account before. */
static bool
ever_active(const struct script_set *s)
{
	const char *identity = s->o->identity;
	const char *fields[] = { s->o->address,
		identity == NULL ? "" : identity, owner_words[ITEM_ACTIVE] };

	return ledger_has(s->run->done, fields, 3);
}

/* Whether scripts of ours are there, from a run that no ledger knows. */
static bool
has_wrapper(const struct script_set *s)
{
	json_t *v;
	size_t i;

	json_array_foreach (s->list, i, v)
		if (owner_text(v, "name") != NULL &&
		    script_is_wrapper(owner_text(v, "name")))
			return true;
	return false;
}

static bool
has_ours(const struct script_set *s)
{
	return script_find(s, script_forward) != NULL || has_wrapper(s);
}

/* Whether a script was active when a run from here looked, and what is to be
 * active is not new. */
static bool
was_switched_off(const struct script_set *s)
{
	if (!owner_was_done(s->run, s->o, ITEM_SEEN, NULL))
		return false;
	for (size_t i = 0; i < COMPONENTS; i++)
		if (s->names[i] != NULL && script_find(s, s->names[i]) == NULL)
			return false;
	return true;
}

/* Whether the owner has activated one of ours that is not the last, and it does what
 * would not be done any more. */
static bool
chose_ours(struct script_set *s)
{
	return s->active != NULL && script_is_ours(s->active_name) &&
	       ever_active(s) &&
	       ((s->names[C_FORWARD] == NULL &&
		    script_is_running(s, script_forward)) ||
		   (s->names[C_VACATION] == NULL &&
		       script_is_running(s, script_vacation)));
}

/* Why what is active stays; NULL: it has to change. */
static const char *
reason_to_leave(
    struct script_set *s, const struct wanted_vacation *w, const char *key)
{
	if (s->unread != NULL)
		return s->unread;
	if (s->o->sent)
		return NULL;
	if (!active_is_still(s) &&
	    (was_active(s, key) || went_back(s) || chose_ours(s)))
		return "the owner has activated another script, or none, "
		       "since: it is left alone";
	if (s->active == NULL &&
	    (ever_active(s) || has_ours(s) || was_switched_off(s)))
		return "the owner has switched the scripts off: they are left "
		       "alone";
	if (!ever_active(s) && s->active != NULL && has_wrapper(s))
		return "another script is active, and one of an earlier run "
		       "is not: it is left alone";
	if (strcmp(s->active_name, script_server_vacation) == 0 &&
	    (!vacation_is_ours(s->run, s->o) ||
		(w == NULL && s->o->want.part != NULL)))
		return "the owner's own vacation message is active, and "
		       "switches it off: it is left alone";
	return NULL;
}

/* Whether the active script does all that is wanted. */
static bool
is_covered(const struct script_set *s, const char *const *names, size_t n,
    const char *key)
{
	if (s->active == NULL)
		return false;
	if (n == 1 && strcmp(s->active_name, names[0]) == 0)
		return true;
	if (!script_is_wrapper(s->active_name))
		return false;
	if (active_is_still(s))
		return owner_is_last(s->run, s->o, ITEM_ACTIVE, key);
	return was_active(s, key) || !ever_active(s);
}

/* What the wrapper that is active does not run, though it was made to; new, NULL:
 * nothing. */
static char *
note_lacking(const struct script_set *s, const char *const *names, size_t n)
{
	struct buf text = { 0 }, lacking = { 0 };
	struct why why = { 0 };
	char *note = NULL;

	if (script_text(s, s->active_name, &text, &why) == -1) {
		note = xasprintf("what it runs cannot be read: %s", why.text);
	} else {
		for (size_t i = 0; i < n; i++)
			if (!sieve_wraps(buf_str(&text), names[i]))
				buf_addf(&lacking, "%s%s",
				    lacking.len == 0 ? "" : ", ", names[i]);
		if (lacking.len != 0)
			note = xasprintf("the owner has changed it since, and "
					 "it does not run %s: it is left alone",
			    buf_str(&lacking));
	}
	buf_wipe(&text);
	buf_free(&lacking);
	return note;
}

/* A name for a wrapper that nothing has. */
static char *
free_name(const struct script_set *s)
{
	char *name = xstrdup(script_wrapper);

	for (unsigned int n = 2; script_find(s, name) != NULL; n++) {
		free(name);
		name = xasprintf("%s-%u", script_wrapper, n);
	}
	return name;
}

/* A script that is to be made becomes the one that is activated. */
static struct owner_item *
planned_script(const struct script_set *s, const char *name)
{
	for (size_t i = 0; i < s->o->n; i++)
		if (s->o->items[i].kind == ITEM_SCRIPT &&
		    s->o->items[i].id == NULL &&
		    strcmp(s->o->items[i].name, name) == 0)
			return &s->o->items[i];
	return NULL;
}

/* Whether what has to run includes the filters that the record has active. */
static bool
has_wanted(const struct script_set *s)
{
	return s->filters != NULL && s->names[C_FILTERS] != NULL &&
	       strcmp(s->filters, s->names[C_FILTERS]) == 0;
}

static void
set_wanted(const struct script_set *s, struct owner_item *i)
{
	if (has_wanted(s))
		i->wanted = xstrdup(s->filters);
}

static void
activate_one(struct script_set *s, const char *name)
{
	const char *id = owner_text(script_find(s, name), "id");
	struct owner_item *i = planned_script(s, name);

	if (i != NULL)
		i->kind = ITEM_ACTIVE;
	else if (id != NULL &&
		 (i = owner_item(s->run, s->o, ITEM_ACTIVE, name)) != NULL)
		i->id = xstrdup(id);
	if (i == NULL)
		return;
	i->key = xstrdup(name);
	set_wanted(s, i);
}

/* What is lost where forward and filters run together, because the server runs
 * one redirect of a script; new, NULL: nothing. */
static char *
note_redirects(const struct script_set *s)
{
	const char *filters = s->names[C_FILTERS];
	struct buf text = { 0 };
	struct why why = { 0 };
	char *note = NULL;

	if (s->names[C_FORWARD] == NULL || filters == NULL)
		return NULL;
	if (script_text(s, filters, &text, &why) == -1)
		note = xasprintf(
		    "whether the filter \"%s\" redirects mail is not known "
		    "(%s): the server would run the forward alone",
		    filters, why.text);
	else if (sieve_redirects(buf_str(&text), text.len) != 0)
		note = xasprintf(
		    "the filter \"%s\" redirects mail as well: the server "
		    "runs one of both, the forward; let a list hold all "
		    "targets",
		    filters);
	buf_wipe(&text);
	return note;
}

/* A wrapper that is there and does the same; NULL. */
static const json_t *
find_wrapper(const struct script_set *s, const char *wanted)
{
	const json_t *found = NULL;
	json_t *v;
	size_t at;

	json_array_foreach (s->list, at, v) {
		const char *name = owner_text(v, "name");
		struct buf text = { 0 };
		struct why why = { 0 };

		if (found == NULL && name != NULL && script_is_wrapper(name) &&
		    script_text(s, name, &text, &why) == 0 &&
		    strcmp(buf_str(&text), wanted) == 0)
			found = v;
		buf_free(&text);
	}
	return found;
}

static void
activate_wrapper(
    struct script_set *s, const char *const *names, size_t n, const char *key)
{
	char *name, *note = note_redirects(s);
	struct buf text = { 0 };
	const json_t *there;
	struct owner_item *i;

	sieve_wrapper(&text, names, n);
	there = find_wrapper(s, buf_str(&text));
	name =
	    there == NULL ? free_name(s) : xstrdup(owner_text(there, "name"));
	i = owner_noted_item(s->run, s->o, ITEM_ACTIVE, name, note);
	if (i != NULL) {
		if (there == NULL)
			i->text = xstrdup(buf_str(&text));
		else
			i->id = xstrdup(owner_text(there, "id"));
		i->key = xstrdup(key);
		if (s->names[C_FILTERS] != NULL)
			i->filters = xstrdup(s->names[C_FILTERS]);
		set_wanted(s, i);
	}
	buf_free(&text);
	free(name);
	free(note);
}

/* The server's own message, which came from the directory and is not there any more,
 * ends where a script becomes active. */
static void
note_vacation(
    struct script_set *s, const struct wanted_vacation *w, const char *key)
{
	char *note;

	if (w != NULL || strcmp(s->active_name, script_server_vacation) != 0)
		return;
	s->ends_vacation = true;
	note = xasprintf("the directory does not have it any more: the script "
			 "%s becomes active, which switches it off",
	    key);
	owner_exists(s->run, s->o, ITEM_VACATION, NULL, note);
	free(note);
}

/* That a script was active, whoever has made it so. The server's own message is
 * none. */
static void
note_seen(const struct script_set *s)
{
	struct owner_item seen = { .kind = ITEM_SEEN };
	struct why why = { 0 };

	if (s->active != NULL &&
	    strcmp(s->active_name, script_server_vacation) != 0 &&
	    owner_done(s->run, s->o, &seen, NULL, NULL, &why) == -1)
		owner_failed(
		    s->run, s->o, ITEM_ACTIVE, s->active_name, why.text);
}

static void
activate(
    struct script_set *s, const char *const *names, size_t n, const char *key)
{
	if (n == 1)
		activate_one(s, names[0]);
	else
		activate_wrapper(s, names, n, key);
}

void
active_decide(struct script_set *s, const struct wanted_vacation *w)
{
	const char *names[COMPONENTS], *reason;
	size_t n = script_count(s, names);
	char *key = key_of(names, n), *note = NULL;

	if (n != 0)
		note_seen(s);
	if (n == 0 || (n == 1 && s->active != NULL &&
			  strcmp(s->active_name, names[0]) == 0))
		;
	else if (is_covered(s, names, n, key)) {
		if (script_is_wrapper(s->active_name))
			note = note_lacking(s, names, n);
		owner_exists(s->run, s->o, ITEM_SCRIPT, s->active_name, note);
	} else if ((reason = reason_to_leave(s, w, key)) != NULL)
		owner_exists(s->run, s->o, ITEM_ACTIVE, key, reason);
	else {
		note_vacation(s, w, key);
		activate(s, names, n, key);
	}
	free(key);
	free(note);
}
