/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Scripts (RFC 9661): those of the record, the forward, a vacation message that
 * has to share, and which one is active.
 */
#include "settings/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "settings/owner-internal.h"
#include "sieve/check.h"
#include "sieve/compose.h"

/* Names of ours; and the server's own, of its vacation message. */
static const char forward_name[] = "forward";
static const char vacation_name[] = "mailferry-vacation";
static const char wrapper_name[] = "mailferry";
static const char server_vacation[] = "vacation";
/* What the directory does not have any more: where it runs, it does nothing. */
static const char nothing[] = "# The directory does not have it any more.\r\n"
			      "if false {\r\n\tkeep;\r\n}\r\n";

/* What may be active together, in the order in which it runs: the filters come
 * last, because they may stop. */
enum component {
	C_VACATION,
	C_FORWARD,
	C_FILTERS,
	COMPONENTS
};

struct scripts {
	const struct owner_run *run;
	struct holder *o;
	const json_t *list;
	const json_t *active;    /* NULL: none is */
	const char *active_name; /* "" then */
	char *names[COMPONENTS]; /* NULL: not wanted */
	char *unread;       /* why nobody knows what the active one includes */
	char *filters;      /* the record's active script, as it is named */
	json_t *wanted;     /* the names of all that the record has */
	bool ends_vacation; /* the server's own message */
};

static const json_t *
find(const struct scripts *s, const char *name)
{
	return owner_find(s->list, "name", name);
}

static bool
is_wrapper(const char *name)
{
	return strcmp(name, wrapper_name) == 0 ||
	       (str_starts(name, wrapper_name) &&
		   name[sizeof wrapper_name - 1] == '-' &&
		   is_digits(name + sizeof wrapper_name));
}

static bool
is_ours(const char *name)
{
	return strcmp(name, forward_name) == 0 ||
	       strcmp(name, vacation_name) == 0 || is_wrapper(name);
}

static void
look(struct scripts *s)
{
	json_t *v;
	size_t i;

	s->active_name = "";
	json_array_foreach (s->list, i, v)
		if (json_is_true(json_object_get(v, "isActive")) &&
		    owner_text(v, "name") != NULL) {
			s->active = v;
			s->active_name = owner_text(v, "name");
		}
}

/* --- scripts of the record --- */

/* The name of an owner's script on the server: ours and the server's are
 * reserved. */
static char *
stored_name(const char *name)
{
	return is_ours(name) || str_eq_nocase(name, server_vacation)
		   ? xasprintf("%s-script", name)
		   : xstrdup(name);
}

/* One that is there. True if it gets the text of the record. */
static bool
replace_script(const struct scripts *s, const char *name, const char *text,
    const char *wish)
{
	const char *blob = owner_text(find(s, name), "blobId");
	enum owner_put put =
	    owner_put(s->run, s->o, ITEM_SCRIPT, name, wish, blob);

	/* The change that was sent has come, or not: once more does no harm. */
	if (put == PUT_THEIRS && owner_was_changing(s->o, name))
		return true;
	if (put == PUT_OURS || put == PUT_THEIRS)
		return owner_differs(s->run, s->o, ITEM_SCRIPT, name, put,
		    json_pack("[s]", "text"));
	/* It was not there when this run asked first. */
	if (put == PUT_UNKNOWN && s->o->sent && blob != NULL)
		owner_exists_as(
		    s->run, s->o, ITEM_SCRIPT, name, wish, blob, NULL);
	else if (put == PUT_UNKNOWN && blob != NULL)
		owner_exists_text(s->run, s->o, name, text, wish, blob);
	else
		owner_exists(s->run, s->o, ITEM_SCRIPT, name, NULL);
	return false;
}

/* wish: the digest of what the record says. */
static void
put_script(
    struct scripts *s, const char *name, const char *text, const char *wish)
{
	const json_t *there = find(s, name);
	struct owner_item *i;

	(void)json_object_set_new(s->wanted, name, json_true());
	if (there != NULL && !replace_script(s, name, text, wish))
		return;
	if (there == NULL && owner_was_done(s->run, s->o, ITEM_SCRIPT, name)) {
		owner_exists(s->run, s->o, ITEM_SCRIPT, name,
		    "the owner has removed it since: it is left out");
		return;
	}
	i = owner_item(s->run, s->o, ITEM_SCRIPT, name);
	if (i == NULL)
		return;
	i->text = xstrdup(text);
	if (there != NULL)
		i->id = xstrdup(owner_text(there, "id"));
	(void)snprintf(i->wish, sizeof i->wish, "%s", wish);
}

static void
put_text(struct scripts *s, const char *name, const char *text)
{
	char wish[OWNER_DIGEST];

	owner_digest(text, wish);
	put_script(s, name, text, wish);
}

static void
put_scripts(struct scripts *s)
{
	const struct record_script *v = s->o->want.scripts.v;

	for (size_t i = 0; i < s->o->want.scripts.n; i++) {
		char *name = stored_name(v[i].name);

		put_text(s, name, v[i].text);
		if (v[i].active && s->filters == NULL)
			s->filters = xstrdup(name);
		free(name);
	}
}

/* --- components --- */

/* Whether a script is there, or will be. */
static bool
will_be(const struct scripts *s, const char *name)
{
	if (find(s, name) != NULL)
		return true;
	if (owner_was_done(s->run, s->o, ITEM_SCRIPT, name))
		return false;
	for (size_t i = 0; i < s->o->n; i++)
		if (s->o->items[i].kind == ITEM_SCRIPT &&
		    strcmp(s->o->items[i].name, name) == 0)
			return true;
	return s->run->dry_run || s->o->id == NULL;
}

static void
want(struct scripts *s, enum component c, const char *name)
{
	if (will_be(s, name))
		s->names[c] = xstrdup(name);
}

/* A script of ours that is as it was put in ends where that is asked for. */
static void
end_script(struct scripts *s, const char *name)
{
	const json_t *there = find(s, name);
	struct owner_item *i;
	enum owner_put put;
	char wish[OWNER_DIGEST];

	owner_digest(nothing, wish);
	put = owner_put(
	    s->run, s->o, ITEM_SCRIPT, name, wish, owner_text(there, "blobId"));
	if (put == PUT_THEIRS && owner_was_changing(s->o, name))
		put = PUT_OURS;
	if (there == NULL ||
	    !(put == PUT_SAME || (put == PUT_OURS && s->run->update)))
		return;
	(void)json_object_set_new(s->wanted, name, json_true());
	if (put == PUT_SAME)
		return;
	i = owner_noted_item(s->run, s->o, ITEM_SCRIPT, name,
	    "the directory does not have it any more: it does nothing now");
	if (i == NULL)
		return;
	i->text = xstrdup(nothing);
	i->id = xstrdup(owner_text(there, "id"));
	(void)snprintf(i->wish, sizeof i->wish, "%s", wish);
}

static void
put_forward(struct scripts *s)
{
	const struct record *r = &s->o->want;
	struct buf text = { 0 };

	if (r->forward.n > 1) {
		owner_failed(s->run, s->o, ITEM_SCRIPT, forward_name,
		    "a forward to several addresses: the server runs one "
		    "redirect of a script; mkaccounts makes a list of them");
		return;
	}
	if (r->forward.n == 0) {
		end_script(s, forward_name);
		return;
	}
	sieve_forward(&text, r->forward.v[0], r->keep);
	put_text(s, forward_name, buf_str(&text));
	want(s, C_FORWARD, forward_name);
	buf_wipe(&text);
}

/* The message becomes a script where another one has to run as well: the
 * server's own would switch that off. */
static bool
put_vacation(struct scripts *s, const struct wanted_vacation *w)
{
	bool shares = s->names[C_FORWARD] != NULL ||
		      s->names[C_FILTERS] != NULL || is_ours(s->active_name);
	char *text, wish[OWNER_DIGEST];

	if (w == NULL || !w->active || !shares ||
	    (w->v->text == NULL && w->v->html == NULL))
		return false;
	text = vacation_script(s->o, w);
	vacation_wish(w, wish);
	put_script(s, vacation_name, text, wish);
	want(s, C_VACATION, vacation_name);
	free(text);
	return true;
}

/* The filters: what is active now, if it is the owner's; what our wrapper
 * includes, the active one before others; or the record's. What the owner has
 * replaced, and what is gone, does not come back. */
static void
find_filters(struct scripts *s)
{
	const char *name = NULL;
	bool known = is_wrapper(s->active_name) &&
		     owner_filters(s->run, s->o, s->active_name, &name);

	if (!known)
		known = owner_filters(s->run, s->o, NULL, &name);
	if (s->active != NULL && !is_ours(s->active_name) &&
	    strcmp(s->active_name, server_vacation) != 0)
		name = s->active_name;
	if (name != NULL)
		s->names[C_FILTERS] = xstrdup(name);
	else if (!known && s->filters != NULL)
		want(s, C_FILTERS, s->filters);
}

/* The text of a script: one that is made, or of the server. -1 and why where it
 * cannot be had. */
static int
text_of(const struct scripts *s, const char *name, struct buf *text,
    struct why *why)
{
	const struct record_script *v = s->o->want.scripts.v;
	const char *blob = owner_text(find(s, name), "blobId");

	if (blob != NULL && s->run->read_script != NULL)
		return s->run->read_script(s->run->arg, s->o, blob, text, why);
	for (size_t i = 0; blob == NULL && i < s->o->want.scripts.n; i++) {
		char *stored = stored_name(v[i].name);
		bool found = strcmp(stored, name) == 0;

		free(stored);
		if (found) {
			buf_adds(text, v[i].text);
			return 0;
		}
	}
	return why_set(why, FAIL_DATA, "its text is not known");
}

/* Whether what is active now is the script, or includes it. */
static bool
is_running(struct scripts *s, const char *name)
{
	struct buf text = { 0 };
	struct why why = { 0 };
	bool is_run = strcmp(s->active_name, name) == 0;

	if (find(s, name) == NULL || !is_wrapper(s->active_name))
		return is_run;
	if (text_of(s, s->active_name, &text, &why) == 0)
		is_run = sieve_wraps(buf_str(&text), name);
	else if (s->unread == NULL)
		s->unread = xasprintf("what is active now cannot be read (%s): "
				      "it is left alone",
		    why.text);
	buf_wipe(&text);
	return is_run;
}

/* A forward that the record does not know any more, or never knew, goes on where
 * it runs, unless this program has ended it. */
static void
keep_forward(struct scripts *s)
{
	if (json_object_get(s->wanted, forward_name) == NULL &&
	    is_running(s, forward_name))
		s->names[C_FORWARD] = xstrdup(forward_name);
}

static size_t
count(const struct scripts *s, const char *names[COMPONENTS])
{
	size_t n = 0;

	for (size_t c = 0; c < COMPONENTS; c++)
		if (s->names[c] != NULL)
			names[n++] = s->names[c];
	return n;
}

/* Whether it will be among those that run. Where nothing is wanted, what is active
 * stays so. */
static bool
runs(struct scripts *s, const char *name)
{
	const char *names[COMPONENTS];

	if (count(s, names) == 0)
		return is_running(s, name);
	for (size_t c = 0; c < COMPONENTS; c++)
		if (s->names[c] != NULL && strcmp(s->names[c], name) == 0)
			return true;
	return false;
}

/* A message that the directory does not have, or has switched off, runs on where
 * nothing else takes the place of what is active. */
static void
end_vacation(struct scripts *s, const struct wanted_vacation *w)
{
	if (s->names[C_VACATION] != NULL || !runs(s, vacation_name))
		return;
	end_script(s, vacation_name);
	if (w != NULL && json_object_get(s->wanted, vacation_name) == NULL)
		owner_exists(s->run, s->o, ITEM_SCRIPT, vacation_name,
		    "the directory has it switched off: it runs until "
		    "somebody switches it off (-u does, unless the owner has "
		    "changed it)");
}

/* What came from the directory, and is not there any more. */
static void
note_gone(struct scripts *s, const struct wanted_vacation *w)
{
	json_t *v;
	size_t i;

	json_array_foreach (s->list, i, v) {
		const char *name = owner_text(v, "name");

		if (name == NULL || json_object_get(s->wanted, name) != NULL ||
		    is_wrapper(name) ||
		    (w != NULL && strcmp(name, vacation_name) == 0) ||
		    !owner_was_done(s->run, s->o, ITEM_SCRIPT, name))
			continue;
		owner_exists(s->run, s->o, ITEM_SCRIPT, name,
		    runs(s, name)
			? "the directory does not have it any more: it runs "
			  "until somebody switches it off"
			: "the directory does not have it any more: it stays, "
			  "and does not run");
	}
}

/* --- the active one --- */

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
was_active(const struct scripts *s, const char *key)
{
	return owner_was_done(s->run, s->o, ITEM_ACTIVE, key);
}

/* Whether the ledger's last line of a kind is about this. */
static bool
is_last(const struct scripts *s, enum item_kind kind, const char *name)
{
	const char *identity = s->o->identity;
	const char *fields[] = { s->o->address,
		identity == NULL ? "" : identity, owner_words[kind], name };
	size_t last = ledger_line(s->run->done, fields, 3);

	return last != 0 && ledger_line(s->run->done, fields, 4) == last;
}

/* Whether what this program has activated last is active. */
static bool
is_still_active(const struct scripts *s)
{
	return s->active != NULL && is_last(s, ITEM_ACTIVATED, s->active_name);
}

/* Whether the owner has activated filters alone that our last wrapper included. */
static bool
went_back(const struct scripts *s)
{
	const char *filters = NULL;

	return s->active != NULL && !is_ours(s->active_name) &&
	       owner_filters(s->run, s->o, NULL, &filters) && filters != NULL &&
	       strcmp(filters, s->active_name) == 0 && !is_still_active(s);
}

/* Whether this program has activated anything in the account before. */
static bool
ever_active(const struct scripts *s)
{
	const char *identity = s->o->identity;
	const char *fields[] = { s->o->address,
		identity == NULL ? "" : identity, owner_words[ITEM_ACTIVE] };

	return ledger_has(s->run->done, fields, 3);
}

/* Whether scripts of ours are there, from a run that no ledger knows. */
static bool
has_wrapper(const struct scripts *s)
{
	json_t *v;
	size_t i;

	json_array_foreach (s->list, i, v)
		if (owner_text(v, "name") != NULL &&
		    is_wrapper(owner_text(v, "name")))
			return true;
	return false;
}

static bool
has_ours(const struct scripts *s)
{
	return find(s, forward_name) != NULL || has_wrapper(s);
}

/* Why what is active stays; NULL: it has to change. */
static const char *
reason_to_leave(const struct scripts *s, const char *key)
{
	if (s->unread != NULL)
		return s->unread;
	if (s->o->sent)
		return NULL;
	if ((was_active(s, key) && !is_still_active(s)) || went_back(s))
		return "the owner has activated another script, or none, "
		       "since: it is left alone";
	if (s->active == NULL && (ever_active(s) || has_ours(s)))
		return "the owner has switched the scripts off: they are left "
		       "alone";
	if (!ever_active(s) && s->active != NULL && has_wrapper(s))
		return "another script is active, and one of an earlier run "
		       "is not: it is left alone";
	if (strcmp(s->active_name, server_vacation) == 0 &&
	    !owner_was_done(s->run, s->o, ITEM_VACATION, NULL))
		return "the owner's own vacation message is active, and "
		       "switches it off: it is left alone";
	return NULL;
}

/* Whether the active script does all that is wanted. */
static bool
is_covered(const struct scripts *s, const char *const *names, size_t n,
    const char *key)
{
	if (s->active == NULL)
		return false;
	if (n == 1 && strcmp(s->active_name, names[0]) == 0)
		return true;
	if (!is_wrapper(s->active_name))
		return false;
	if (is_still_active(s))
		return is_last(s, ITEM_ACTIVE, key);
	return was_active(s, key) || !ever_active(s);
}

/* A name for a wrapper that nothing has. */
static char *
free_name(const struct scripts *s)
{
	char *name = xstrdup(wrapper_name);

	for (unsigned int n = 2; find(s, name) != NULL; n++) {
		free(name);
		name = xasprintf("%s-%u", wrapper_name, n);
	}
	return name;
}

/* A script that is to be made becomes the one that is activated. */
static struct owner_item *
planned_script(const struct scripts *s, const char *name)
{
	for (size_t i = 0; i < s->o->n; i++)
		if (s->o->items[i].kind == ITEM_SCRIPT &&
		    s->o->items[i].id == NULL &&
		    strcmp(s->o->items[i].name, name) == 0)
			return &s->o->items[i];
	return NULL;
}

static void
activate_one(struct scripts *s, const char *name)
{
	const char *id = owner_text(find(s, name), "id");
	struct owner_item *i = planned_script(s, name);

	if (i != NULL)
		i->kind = ITEM_ACTIVE;
	else if (id != NULL &&
		 (i = owner_item(s->run, s->o, ITEM_ACTIVE, name)) != NULL)
		i->id = xstrdup(id);
	if (i != NULL)
		i->key = xstrdup(name);
}

/* What is lost where forward and filters run together, because the server runs
 * one redirect of a script; new, NULL: nothing. */
static char *
note_redirects(const struct scripts *s)
{
	const char *filters = s->names[C_FILTERS];
	struct buf text = { 0 };
	struct why why = { 0 };
	char *note = NULL;

	if (s->names[C_FORWARD] == NULL || filters == NULL)
		return NULL;
	if (text_of(s, filters, &text, &why) == -1)
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

static void
activate_wrapper(
    struct scripts *s, const char *const *names, size_t n, const char *key)
{
	char *name = free_name(s), *note = note_redirects(s);
	struct buf text = { 0 };
	struct owner_item *i =
	    owner_noted_item(s->run, s->o, ITEM_ACTIVE, name, note);

	if (i != NULL) {
		sieve_wrapper(&text, names, n);
		i->text = xstrdup(buf_str(&text));
		i->key = xstrdup(key);
		if (s->names[C_FILTERS] != NULL)
			i->filters = xstrdup(s->names[C_FILTERS]);
	}
	buf_free(&text);
	free(name);
	free(note);
}

/* The server's own message, which came from the directory and is not there any more,
 * ends where a script becomes active. */
static void
note_vacation(
    struct scripts *s, const struct wanted_vacation *w, const char *key)
{
	char *note;

	if (w != NULL || strcmp(s->active_name, server_vacation) != 0)
		return;
	s->ends_vacation = true;
	note = xasprintf("the directory does not have it any more: the script "
			 "%s becomes active, which switches it off",
	    key);
	owner_exists(s->run, s->o, ITEM_VACATION, NULL, note);
	free(note);
}

static void
activate(struct scripts *s, const char *const *names, size_t n, const char *key)
{
	if (n == 1)
		activate_one(s, names[0]);
	else
		activate_wrapper(s, names, n, key);
}

static void
decide_active(struct scripts *s, const struct wanted_vacation *w)
{
	const char *names[COMPONENTS], *reason;
	size_t n = count(s, names);
	char *key = key_of(names, n);

	if (n == 0 || (n == 1 && s->active != NULL &&
			  strcmp(s->active_name, names[0]) == 0))
		;
	else if (is_covered(s, names, n, key))
		owner_exists(s->run, s->o, ITEM_SCRIPT, s->active_name, NULL);
	else if ((reason = reason_to_leave(s, key)) != NULL)
		owner_exists(s->run, s->o, ITEM_ACTIVE, key, reason);
	else {
		note_vacation(s, w, key);
		activate(s, names, n, key);
	}
	free(key);
}

bool
scripts_decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w)
{
	struct scripts s = { .run = run, .o = o, .list = o->has[ASK_SCRIPTS] };
	bool shares;

	s.wanted = json_object();
	look(&s);
	put_scripts(&s);
	put_forward(&s);
	find_filters(&s);
	keep_forward(&s);
	shares = put_vacation(&s, w);
	end_vacation(&s, w);
	note_gone(&s, w);
	decide_active(&s, w);
	for (size_t c = 0; c < COMPONENTS; c++)
		free(s.names[c]);
	free(s.filters);
	free(s.unread);
	json_decref(s.wanted);
	return shares || s.ends_vacation;
}
