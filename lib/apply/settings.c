/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What no object of the registry holds, put into the accounts by an
 * administrator, several accounts in a request: each is asked what it has (owner.h
 * decides), and gets what it lacks. An answer that is lost is asked for again.
 */
#include "apply/settings.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/download.h"
#include "jmap/member.h"
#include "settings/file.h"
#include "settings/owner.h"
#include "settings/send.h"

enum {
	GROUP_MAX = 16, /* accounts in a request */
	TRIES = 3
};

/* Accounts that share requests. */
struct group {
	struct jmap_request request;
	struct holder *owners[GROUP_MAX];
	size_t n;
	size_t accounts; /* the call that asks when they were made */
	bool sending;
	int tries;
};

/* An account that the file has nothing for: what an earlier file had stays, but
 * for what -u takes back, where the file is that of all of the directory. */
static bool
is_emptied(struct apply *a, const struct apply_entry *e)
{
	if (e->status == APPLY_CREATED || e->status == APPLY_FAILED ||
	    !ledger_has(
		a->options->done, (const char *const[]){ e->address }, 1))
		return false;
	if (!a->options->settings->whole) {
		if (a->unproven++ == 0)
			a->first_unproven = arena_adds(&a->arena, e->address);
		return false;
	}
	if (a->emptied++ == 0)
		a->first_emptied = arena_adds(&a->arena, e->address);
	return a->options->update;
}

void
settings_note(struct apply *a, struct apply_entry *e)
{
	const char *description;
	struct settings_line *line;
	struct holder *o;

	if (a->options->settings == NULL || e->address == NULL)
		return;
	line = settings_file_find(a->options->settings, e->address);
	if (line == NULL ? !is_emptied(a, e) : line->used)
		return;
	if (line != NULL)
		line->used = true;
	if (e->status == APPLY_FAILED)
		return;
	o = xcalloc(1, sizeof *o);
	/* Nothing is left to be read. */
	if (line == NULL)
		o->want.type = REC_SETTINGS;
	o->id = e->id == NULL ? NULL : xstrdup(e->id);
	o->address = xstrdup(e->address);
	description = jmap_text(entry_body(e), "description");
	o->description = description == NULL ? NULL : xstrdup(description);
	o->line = line;
	o->next = a->owners;
	a->owners = o;
}

/* --- results --- */

static void
report(void *arg, const struct holder *o, enum item_kind kind,
    enum setting_status status, const char *name, const char *note,
    const json_t *differs, const struct why *why)
{
	static const char *const objects[ITEM_KINDS] = {
		[ITEM_VACATION] = "VacationResponse",
		[ITEM_SCRIPT] = "SieveScript",
		[ITEM_ACTIVE] = "SieveScript",
		[ITEM_IDENTITY] = "Identity",
		[ITEM_SHARE] = "Mailbox",
		[ITEM_APP_PASSWORD] = "AppPassword",
	};
	static const enum apply_status statuses[] = {
		[SET_EXISTS] = APPLY_EXISTS,
		[SET_CREATED] = APPLY_CREATED,
		[SET_UPDATED] = APPLY_UPDATED,
		[SET_PLANNED] = APPLY_PLANNED,
		[SET_FAILED] = APPLY_FAILED,
	};
	const struct apply *a = arg;
	struct apply_result r = { .status = statuses[status],
		.would = statuses[status],
		.object = objects[kind],
		.address = o->address,
		.name = name,
		.note = note,
		.differs = differs,
		.why = why };

	a->options->result(a->options->arg, &r);
}

/* Whom a folder is shared with: an account of this plan, or of an earlier one.
 * Asked once for each address; what is none, as Dovecot's "anyone", has no id. */
static const char *
account_id(void *arg, const char *address, struct why *why)
{
	struct apply *a = arg;
	void **known = map_get(&a->sharees, address);
	struct jmap_account one = { .address = address }, *list[] = { &one };
	char *id = NULL;

	if (known != NULL || strchr(address, '@') == NULL)
		return known == NULL ? NULL : *known;
	if (a->stopping) {
		why_set(why, FAIL_TEMP, "not asked for any more: the run ends");
		return NULL;
	}
	if (jmap_find_accounts(a->jmap, &a->sharee_domains, list, 1, why) == -1)
		apply_stop(a, why);
	else if (one.why.kind != FAIL_NONE)
		*why = one.why;
	else {
		id = one.id[0] == '\0' ? NULL : arena_adds(&a->arena, one.id);
		*map_put_copy(&a->sharees, &a->arena, address, NULL) = id;
	}
	jmap_account_free(&one);
	/* The run ends by what stopped it. */
	if (why->kind == FAIL_FATAL)
		why->kind = FAIL_DATA;
	return id;
}

static int
read_script(void *arg, const struct holder *o, const char *blob,
    struct buf *text, struct why *why)
{
	struct apply *a = arg;

	return jmap_download(a->jmap, o->id, blob, text, why);
}

static struct owner_run
run_of(struct apply *a)
{
	return (struct owner_run){ a->options->dry_run, a->options->update,
		a->options->done, a->options->app_passwords, read_script,
		account_id, report, a };
}

static void
drop(struct group *g, size_t i)
{
	owner_free(g->owners[i]);
	g->owners[i] = NULL;
}

/* Closes the gaps. */
static void
compact(struct group *g)
{
	size_t left = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->owners[i] != NULL)
			g->owners[left++] = g->owners[i];
	g->n = left;
}

static void
fail_owner(struct apply *a, const struct holder *o, const struct why *why)
{
	struct why data = *why;

	if (data.kind == FAIL_FATAL)
		data.kind = FAIL_DATA;
	report(a, o, ITEM_SCRIPT, SET_FAILED, NULL, NULL, NULL, &data);
}

/* --- asking --- */

static void
fill_ask(struct apply *a, struct group *g)
{
	struct owner_run run = run_of(a);
	json_t *ids = json_array();

	g->sending = false;
	g->request.repeat = true;
	jmap_begin(&g->request, JMAP_OWNER);
	for (size_t i = 0; i < g->n; i++)
		(void)json_array_append_new(ids, json_string(g->owners[i]->id));
	g->accounts = g->request.calls;
	jmap_add_json(&g->request, "x:Account/get",
	    json_pack("{s:o, s:[s]}", "ids", ids, "properties", "createdAt"));
	for (size_t i = 0; i < g->n; i++)
		settings_ask(&g->request, &run, g->owners[i]);
}

/* When the accounts were made: where the server does not say it of one, its id has
 * to do. -1 and why where it does not answer: nobody knows then what was put in. */
static int
identify(struct group *g, struct why *why)
{
	struct why reason = { 0 };
	json_t *answer = NULL, *v;
	size_t n;

	if (jmap_answer(&g->request, g->accounts, "x:Account/get", &answer,
		&reason) != JMAP_OK)
		return why_set(why, FAIL_DATA,
		    "when the account was made cannot be read: %s",
		    reason.text);
	for (size_t i = 0; i < g->n; i++) {
		struct holder *o = g->owners[i];
		const json_t *found = NULL;

		json_array_foreach (json_object_get(answer, "list"), n, v) {
			const char *id = jmap_text(v, "id");

			if (id != NULL && strcmp(id, o->id) == 0)
				found = v;
		}
		owner_identify(o, found);
	}
	return 0;
}

/* Decides on each; those with something to be done stay in the group. */
static void
take_ask(struct apply *a, struct group *g)
{
	struct owner_run run = run_of(a);
	struct why unknown = { 0 };
	bool known = identify(g, &unknown) == 0;

	for (size_t i = 0; i < g->n; i++) {
		struct holder *o = g->owners[i];
		struct why why = unknown;

		if (!known ||
		    settings_answers(&g->request, &run, o, &why) == -1)
			fail_owner(a, o, &why);
		else
			owner_decide(&run, o);
		if (o->n == 0)
			drop(g, i);
	}
	compact(g);
}

/* --- sending --- */

static void
fill_send(struct apply *a, struct group *g)
{
	struct owner_run run = run_of(a);
	struct why why = { 0 };

	g->sending = true;
	g->request.repeat = false;
	jmap_begin(&g->request, JMAP_OWNER);
	for (size_t i = 0; i < g->n; i++)
		if (!settings_send(a->jmap, &g->request, g->owners[i]))
			break;
	for (size_t i = 0; i < g->n; i++)
		if (owner_asking(&run, g->owners[i], &why) == -1)
			apply_stop(a, &why);
}

static void
take_send(struct apply *a, struct group *g, bool *lost)
{
	struct owner_run run = run_of(a);

	for (size_t i = 0; i < g->n; i++) {
		struct holder *o = g->owners[i];
		struct why why = { 0 };

		switch (settings_outcome(&g->request, &run, o, &why)) {
		case SEND_DONE:
			if (o->n == 0)
				drop(g, i);
			break;
		case SEND_LOST:
			owner_lost(o);
			*lost = true;
			break;
		/* The answers of the others are here: what was made for them
		 * is written down, if it can be. */
		case SEND_STOP:
			apply_stop(a, &why);
			break;
		}
	}
	compact(g);
}

/* --- groups --- */

static void
end_group(struct apply *a, struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		owner_free(g->owners[i]);
	jmap_clear(&g->request);
	free(g);
	a->running--;
}

/* What is left of a group after an answer was lost is asked again, all of it. */
static void
start_over(struct apply *a, struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->owners[i]->n != 0)
			owner_lost(g->owners[i]);
	fill_ask(a, g);
	g->tries++;
}

/* After a request: what comes next for the group. */
static void
step(struct apply *a, void *arg)
{
	struct group *g = arg;
	bool lost = false;

	if (g->request.status == JMAP_OK && !g->sending) {
		take_ask(a, g);
		if (g->n != 0 && !a->stopping)
			fill_send(a, g);
	} else if (g->request.status == JMAP_OK) {
		take_send(a, g, &lost);
		if (lost)
			start_over(a, g);
		else if (g->n != 0 && !a->stopping)
			fill_send(a, g);
	} else if (g->sending && g->request.status == JMAP_UNSURE) {
		start_over(a, g);
	} else {
		apply_stop(a, &g->request.why);
	}
	if (g->n != 0 && g->tries > TRIES) {
		struct why why = { 0 };

		why_set(&why, FAIL_TEMP, "the server fails at the settings");
		apply_stop(a, &why);
	}
	if (g->n == 0 || apply_stopping(a))
		end_group(a, g);
	else
		jmap_start(a->jmap, &g->request);
}

/* The record of an owner. False: there is nothing to ask the server, or the run
 * has to end. */
static bool
read_owner(struct apply *a, struct holder *o)
{
	struct owner_run run = run_of(a);
	struct why why = { 0 };

	if (settings_file_read(a->options->settings, o->line, &o->want, &why) ==
	    -1) {
		apply_stop(a, &why);
		return false;
	}
	if (a->options->app_passwords == NULL)
		a->without_password += o->want.app_passwords.n;
	/* Nobody can be asked about an account that is only planned. */
	if (o->id == NULL)
		owner_decide(&run, o);
	return o->id != NULL && settings_asks(&run, o) != 0;
}

/* The request for the next accounts that are there; NULL if there are no more. */
static struct jmap_request *
next_group(struct apply *a)
{
	struct group *g = xcalloc(1, sizeof *g);
	struct owner_run run = run_of(a);
	size_t calls = 1; /* one is about all of them */
	size_t most =
	    a->jmap->max_get < GROUP_MAX ? a->jmap->max_get : GROUP_MAX;

	while (a->owners != NULL && g->n < most && !a->stopping) {
		struct holder *o = a->owners;
		size_t needs;

		if (o->want.type == REC_OTHER && !read_owner(a, o)) {
			a->owners = o->next;
			owner_free(o);
			continue;
		}
		needs = settings_asks(&run, o);
		if (g->n != 0 && calls + needs > a->jmap->max_calls)
			break;
		calls += needs;
		a->owners = o->next;
		g->owners[g->n++] = o;
	}
	if (g->n == 0) {
		free(g);
		return NULL;
	}
	g->request.arg = g;
	fill_ask(a, g);
	return &g->request;
}

/* Addresses in the file that no account of the plan has. */
static void
tell_unused(struct apply *a)
{
	const struct settings_file *f = a->options->settings;
	const char *address, *first = NULL;
	struct buf line = { 0 };
	size_t at = 0, n = 0;
	void *value;

	while (map_next(&f->lines, &at, &address, &value))
		if (!((struct settings_line *)value)->used && n++ == 0)
			first = address;
	if (n != 0) {
		buf_addf(&line, "%s", first);
		if (n > 1)
			buf_addf(&line, " and %zu more", n - 1);
		buf_adds(&line, ": no account of the plan has this address");
		a->options->say(a->options->arg, f->path, line.data);
	}
	buf_free(&line);
}

static void
tell_unmade(struct apply *a)
{
	char text[128];

	if (a->without_password == 0)
		return;
	(void)snprintf(text, sizeof text,
	    "%zu app password%s not made (--app-passwords OUT makes them)",
	    a->without_password, a->without_password == 1 ? " is" : "s are");
	a->options->say(a->options->arg, a->options->settings->path, text);
}

static void
tell_emptied(const struct apply *a)
{
	struct buf text = { 0 };

	if (a->emptied == 0)
		return;
	buf_addf(&text, "%s", a->first_emptied);
	if (a->emptied > 1)
		buf_addf(&text, " and %zu more", a->emptied - 1);
	buf_adds(&text,
	    ": the directory has no settings any more: what was put in stays "
	    "until somebody removes it");
	if (a->options->update)
		buf_adds(&text,
		    ", but for a forward, a vacation message and signatures "
		    "that were as they were put in");
	a->options->say(a->options->arg, a->options->settings->path, text.data);
	buf_free(&text);
}

/* With -u, what the directory does not have any more ends: this file does not show
 * what that is. */
static void
tell_unproven(struct apply *a)
{
	struct apply_result r = { .status = APPLY_FAILED,
		.would = APPLY_FAILED,
		.object = "SieveScript",
		.address = a->first_unproven };
	struct why why = { 0 };

	if (a->unproven == 0 || !a->options->update)
		return;
	why_set(&why, FAIL_DATA,
	    "%s does not have it%s, and is not the file of all of the "
	    "directory: nothing ends for what is not in it; make plan and "
	    "settings by one run of mkaccounts",
	    a->options->settings->path,
	    a->unproven > 1 ? ", nor others of the plan" : "");
	r.why = &why;
	a->options->result(a->options->arg, &r);
	a->unproven = 0;
}

int
settings_pass(struct apply *a, bool go)
{
	if (go && a->options->settings != NULL) {
		apply_run_requests(a, next_group, step);
		tell_unmade(a);
		tell_emptied(a);
		tell_unproven(a);
		if (!a->stopping && a->options->last_plan)
			tell_unused(a);
	}
	while (a->owners != NULL) {
		struct holder *o = a->owners;

		a->owners = o->next;
		owner_free(o);
	}
	return a->stopping ? -1 : 0;
}
