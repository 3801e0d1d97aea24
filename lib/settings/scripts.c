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
#include "settings/active.h"
#include "settings/gone.h"
#include "settings/owner-internal.h"
#include "sieve/compose.h"

/* Names of ours; and the server's own, of its vacation message. */
const char script_forward[] = "forward";
const char script_vacation[] = "mailferry-vacation";
const char script_wrapper[] = "mailferry";
const char script_server_vacation[] = "vacation";
/* What the directory does not have any more: where it runs, it does nothing. */
static const char nothing[] = "# The directory does not have it any more.\r\n"
			      "if false {\r\n\tkeep;\r\n}\r\n";

const json_t *
script_find(const struct script_set *s, const char *name)
{
	return owner_find(s->list, "name", name);
}

bool
script_is_wrapper(const char *name)
{
	return strcmp(name, script_wrapper) == 0 ||
	       (str_starts(name, script_wrapper) &&
		   name[sizeof script_wrapper - 1] == '-' &&
		   is_digits(name + sizeof script_wrapper));
}

bool
script_is_ours(const char *name)
{
	return strcmp(name, script_forward) == 0 ||
	       strcmp(name, script_vacation) == 0 || script_is_wrapper(name);
}

static void
look(struct script_set *s)
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
	return script_is_ours(name) ||
		       str_eq_nocase(name, script_server_vacation)
		   ? xasprintf("%s-script", name)
		   : xstrdup(name);
}

/* One that is there. True if it gets the text of the record. */
static bool
replace_script(const struct script_set *s, const char *name, const char *text,
    const char *wish)
{
	const char *blob = owner_text(script_find(s, name), "blobId");
	enum owner_put put =
	    owner_put(s->run, s->o, ITEM_SCRIPT, name, wish, blob);

	/* The change that was sent has come, or not: once more does no harm. */
	if (put == PUT_THEIRS && owner_was_changing(s->o, name))
		return true;
	/* Whom it leads to on the server may be who could not be carried. */
	if (put == PUT_OURS && strcmp(name, script_forward) == 0 &&
	    owner_unproven(s->run, s->o, ITEM_SCRIPT, name))
		return false;
	if (put == PUT_OURS || put == PUT_THEIRS)
		return owner_differs(s->run, s->o, ITEM_SCRIPT, name, put,
		    json_pack("[s]", "text"));
	if (put == PUT_SAME && blob != NULL &&
	    !owner_untouched(s->run, s->o, ITEM_SCRIPT, name, blob)) {
		owner_exists(s->run, s->o, ITEM_SCRIPT, name,
		    "the owner has changed it since: it is left alone");
		return false;
	}
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
    struct script_set *s, const char *name, const char *text, const char *wish)
{
	const json_t *there = script_find(s, name);
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
put_text(struct script_set *s, const char *name, const char *text)
{
	char wish[OWNER_DIGEST];

	owner_digest(text, wish);
	put_script(s, name, text, wish);
}

static void
put_scripts(struct script_set *s)
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
will_be(const struct script_set *s, const char *name)
{
	if (script_find(s, name) != NULL)
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
want(struct script_set *s, enum component c, const char *name)
{
	if (will_be(s, name))
		s->names[c] = xstrdup(name);
}

/* A script of ours that is as it was put in ends where that is asked for. */
static void
end_script(struct script_set *s, const char *name)
{
	const json_t *there = script_find(s, name);
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
put_forward(struct script_set *s)
{
	const struct record *r = &s->o->want;
	struct buf text = { 0 };

	if (r->forward.n > 1) {
		owner_failed(s->run, s->o, ITEM_SCRIPT, script_forward,
		    "a forward to several addresses: the server runs one "
		    "redirect of a script; mkaccounts makes a list of them");
		return;
	}
	if (r->forward.n == 0) {
		if (r->part == NULL)
			end_script(s, script_forward);
		return;
	}
	sieve_forward(&text, r->forward.v[0], r->keep);
	put_text(s, script_forward, buf_str(&text));
	want(s, C_FORWARD, script_forward);
	buf_wipe(&text);
}

/* The message becomes a script where another one has to run as well: the
 * server's own would switch that off. */
static bool
put_vacation(struct script_set *s, const struct wanted_vacation *w)
{
	bool shares = s->names[C_FORWARD] != NULL ||
		      s->names[C_FILTERS] != NULL ||
		      script_is_ours(s->active_name);
	char *text, wish[OWNER_DIGEST];

	if (w == NULL || !w->active || !shares ||
	    (w->v->text == NULL && w->v->html == NULL))
		return false;
	text = vacation_script(s->o, w);
	vacation_wish(w, wish);
	put_script(s, script_vacation, text, wish);
	want(s, C_VACATION, script_vacation);
	free(text);
	return true;
}

/* The filters that go on: those that run, but where the directory had them active
 * when they were activated, and the owner has not chosen since, with -u those that
 * it has active now. */
static const char *
follow(const struct script_set *s, const char *runs)
{
	const char *wants = s->filters;

	if (runs == NULL || (wants != NULL && strcmp(runs, wants) == 0) ||
	    !active_is_still(s) ||
	    !owner_is_last(s->run, s->o, ITEM_WANTED_FILTERS, runs))
		return runs;
	if (wants == NULL) {
		if (json_object_get(s->wanted, runs) != NULL)
			owner_exists(s->run, s->o, ITEM_SCRIPT, runs,
			    "the directory has it switched off: it runs until "
			    "somebody switches it off");
		return runs;
	}
	if (!will_be(s, wants))
		return runs;
	if (s->run->update)
		return wants;
	owner_exists(s->run, s->o, ITEM_SCRIPT, wants,
	    "the directory has it active since: what runs is left alone (-u "
	    "changes it)");
	return runs;
}

/* The filters: what is active now, if it is the owner's; what our wrapper
 * includes, the active one before others; or the record's. What the owner has
 * replaced, and what is gone, does not come back. */
static void
find_filters(struct script_set *s)
{
	const char *name = NULL;
	bool known = script_is_wrapper(s->active_name) &&
		     owner_filters(s->run, s->o, s->active_name, &name);

	if (!known)
		known = owner_filters(s->run, s->o, NULL, &name);
	if (s->active != NULL && !script_is_ours(s->active_name) &&
	    strcmp(s->active_name, script_server_vacation) != 0)
		name = s->active_name;
	name = follow(s, name);
	if (name != NULL)
		s->names[C_FILTERS] = xstrdup(name);
	else if (!known && s->filters != NULL)
		want(s, C_FILTERS, s->filters);
}

/* The text of a script: one that is made, or of the server. -1 and why where it
 * cannot be had. */
int
script_text(const struct script_set *s, const char *name, struct buf *text,
    struct why *why)
{
	const struct record_script *v = s->o->want.scripts.v;
	const char *blob = owner_text(script_find(s, name), "blobId");

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

bool
script_is_running(struct script_set *s, const char *name)
{
	struct buf text = { 0 };
	struct why why = { 0 };
	bool is_run = strcmp(s->active_name, name) == 0;

	if (script_find(s, name) == NULL || !script_is_wrapper(s->active_name))
		return is_run;
	if (script_text(s, s->active_name, &text, &why) == 0)
		is_run = sieve_wraps(buf_str(&text), name);
	else if (s->unread == NULL)
		s->unread = xasprintf("what is active now cannot be read (%s): "
				      "it is left alone",
		    why.text);
	buf_wipe(&text);
	return is_run;
}

/* A script that the record does not know any more, or never knew, goes on where
 * it runs, unless this program has ended it. */
static void
keep_running(struct script_set *s, enum component c, const char *name)
{
	if (s->names[c] == NULL && json_object_get(s->wanted, name) == NULL &&
	    script_is_running(s, name))
		s->names[c] = xstrdup(name);
}

size_t
script_count(const struct script_set *s, const char *names[COMPONENTS])
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
runs(struct script_set *s, const char *name)
{
	const char *names[COMPONENTS];

	if (script_count(s, names) == 0)
		return script_is_running(s, name);
	for (size_t c = 0; c < COMPONENTS; c++)
		if (s->names[c] != NULL && strcmp(s->names[c], name) == 0)
			return true;
	return false;
}

/* A message that the directory does not have, or has switched off, runs on where
 * nothing else takes the place of what is active. */
static void
end_vacation(struct script_set *s, const struct wanted_vacation *w)
{
	if (s->names[C_VACATION] != NULL || !runs(s, script_vacation))
		return;
	end_script(s, script_vacation);
	if (w != NULL && json_object_get(s->wanted, script_vacation) == NULL)
		owner_exists(s->run, s->o, ITEM_SCRIPT, script_vacation,
		    "the directory has it switched off: it runs until "
		    "somebody switches it off (-u does, unless the owner has "
		    "changed it)");
}

/* What came from the directory, and is not there any more. */
static void
note_gone(struct script_set *s, const struct wanted_vacation *w)
{
	json_t *v;
	size_t i;

	json_array_foreach (s->list, i, v) {
		const char *name = owner_text(v, "name");

		if (name == NULL || json_object_get(s->wanted, name) != NULL ||
		    script_is_wrapper(name) ||
		    (w != NULL && strcmp(name, script_vacation) == 0) ||
		    !owner_was_done(s->run, s->o, ITEM_SCRIPT, name))
			continue;
		if (owner_unproven(s->run, s->o, ITEM_SCRIPT, name))
			continue;
		owner_exists(s->run, s->o, ITEM_SCRIPT, name,
		    runs(s, name)
			? "the directory does not have it any more: it runs "
			  "until somebody switches it off"
			: "the directory does not have it any more: it stays, "
			  "and does not run");
	}
}

bool
scripts_decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w)
{
	struct script_set s = {
		.run = run, .o = o, .list = o->has[ASK_SCRIPTS]
	};
	bool shares;

	s.wanted = json_object();
	look(&s);
	put_scripts(&s);
	put_forward(&s);
	find_filters(&s);
	keep_running(&s, C_FORWARD, script_forward);
	shares = put_vacation(&s, w);
	if (w == NULL && o->want.part != NULL)
		keep_running(&s, C_VACATION, script_vacation);
	end_vacation(&s, w);
	note_gone(&s, w);
	active_decide(&s, w);
	for (size_t c = 0; c < COMPONENTS; c++)
		free(s.names[c]);
	free(s.filters);
	free(s.unread);
	json_decref(s.wanted);
	return shares || s.ends_vacation;
}
