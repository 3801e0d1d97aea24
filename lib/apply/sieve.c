/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Forwards, which no object of the registry can hold: an administrator puts
 * them into the accounts as Sieve scripts (RFC 9404, RFC 9661), several accounts
 * in one request. A script of the owner is never replaced.
 */
#include "apply/sieve.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/apply-internal.h"
#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "jmap/member.h"
#include "jmap/seterror.h"
#include "plan/name.h"

enum {
	GROUP_MAX = 16,       /* accounts in a request */
	SCRIPT_MAX = 1 << 20, /* bytes */
	TRIES = 3
};

static const char script_name[] = "forward";

struct script {
	struct script *next;
	char *id; /* of the account; NULL: it is only planned */
	char *address;
	char *file;
	bool sent;      /* and nobody knows what became of it */
	char *existing; /* our own script, which is not active */
};

/* Accounts that share a request: first their scripts are listed, then ours is
 * put in where none is active. */
struct group {
	struct jmap_request request;
	struct script *scripts[GROUP_MAX];
	size_t n;
	bool setting;
	int tries;
};

void
sieve_note(struct apply *a, const struct apply_entry *e)
{
	struct buf name = { 0 };
	struct script *s;
	char *file;

	if (a->options->sieve_dir == NULL || e->address == NULL ||
	    e->status == APPLY_FAILED)
		return;
	name_script(e->address, &name);
	file = xasprintf("%s/%s", a->options->sieve_dir, name.data);
	if (access(file, F_OK) == 0) {
		(void)map_put_copy(
		    &a->script_files, &a->arena, name.data, NULL);
		s = xcalloc(1, sizeof *s);
		s->id = e->id == NULL ? NULL : xstrdup(e->id);
		s->address = xstrdup(e->address);
		s->file = xstrdup(file);
		s->next = a->scripts;
		a->scripts = s;
	}
	free(file);
	buf_free(&name);
}

static void
free_script(struct script *s)
{
	free(s->id);
	free(s->address);
	free(s->file);
	free(s->existing);
	free(s);
}

/* What became of a script; it is freed. */
static void
report(struct apply *a, struct script *s, enum apply_status status,
    const char *id, const char *note, const struct why *why)
{
	struct apply_result r = { .status = status,
		.would = APPLY_CREATED,
		.object = "SieveScript",
		.address = s->address,
		.id = id,
		.note = note,
		.why = why };

	a->options->result(a->options->arg, &r);
	free_script(s);
}

/* --- what is there --- */

static void
fill_get(struct group *g)
{
	g->setting = false;
	g->request.repeat = true;
	jmap_begin(&g->request, JMAP_SIEVE);
	for (size_t i = 0; i < g->n; i++) {
		char *args = xasprintf(
		    "{\"accountId\":\"%s\",\"ids\":null}", g->scripts[i]->id);

		jmap_add(&g->request, "SieveScript/get", args);
		free(args);
	}
}

/* Decides on one account by its list of scripts: true if ours is to be put in;
 * otherwise it is reported. */
static bool
decide(struct apply *a, struct script *s, const json_t *list)
{
	const json_t *active = NULL, *ours = NULL;
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *name = jmap_text(v, "name");

		if (json_is_true(json_object_get(v, "isActive")))
			active = v;
		if (name != NULL && strcmp(name, script_name) == 0)
			ours = v;
	}
	if (active != NULL && active == ours)
		report(a, s, s->sent ? APPLY_CREATED : APPLY_EXISTS,
		    jmap_text(ours, "id"), NULL, NULL);
	else if (active != NULL)
		report(a, s, APPLY_EXISTS, jmap_text(active, "id"),
		    "another script is active: it is left alone, and the "
		    "forward is not put in",
		    NULL);
	else if (ours != NULL && !s->sent)
		report(a, s, APPLY_EXISTS, jmap_text(ours, "id"),
		    "the script \"forward\" is there, and not active: it is "
		    "left alone",
		    NULL);
	else if (a->options->dry_run)
		report(a, s, APPLY_PLANNED, NULL, NULL, NULL);
	else {
		if (ours != NULL && jmap_text(ours, "id") != NULL)
			s->existing = xstrdup(jmap_text(ours, "id"));
		return true;
	}
	return false;
}

/* Leaves the accounts in the group that get a script. */
static void
take_get(struct apply *a, struct group *g)
{
	size_t left = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct script *s = g->scripts[i];
		struct why why = { 0 };
		json_t *answer;

		if (jmap_answer(&g->request, i, "SieveScript/get", &answer,
			&why) != JMAP_OK) {
			if (why.kind == FAIL_FATAL)
				why.kind = FAIL_DATA;
			report(a, s, APPLY_FAILED, NULL, NULL, &why);
		} else if (decide(a, s, json_object_get(answer, "list"))) {
			g->scripts[left++] = s;
		}
	}
	g->n = left;
}

/* --- putting in --- */

static void
add_script(struct jmap_request *r, const struct script *s, const char *script)
{
	if (s->existing != NULL) {
		jmap_add_json(r, "SieveScript/set",
		    json_pack("{s:s, s:s}", "accountId", s->id,
			"onSuccessActivateScript", s->existing));
		return;
	}
	jmap_add_json(r, "Blob/upload",
	    json_pack("{s:s, s:{s:{s:[{s:s}], s:s}}}", "accountId", s->id,
		"create", "b", "data", "data:asText", script, "type",
		"application/sieve"));
	jmap_add_json(r, "SieveScript/set",
	    json_pack("{s:s, s:{s:{s:s, s:s}}, s:s}", "accountId", s->id,
		"create", "f", "name", script_name, "blobId", "#b",
		"onSuccessActivateScript", "#f"));
}

/* Fills in the request; scripts that cannot be read are reported. */
static void
fill_set(struct apply *a, struct group *g)
{
	size_t left = 0;

	g->setting = true;
	g->request.repeat = false;
	jmap_begin(&g->request, JMAP_SIEVE);
	for (size_t i = 0; i < g->n; i++) {
		struct script *s = g->scripts[i];
		struct buf b = { .max = SCRIPT_MAX };
		struct why why = { 0 };

		if (read_file(s->file, &b, &why) == 0 &&
		    (strlen(buf_str(&b)) != b.len ||
			!utf8_valid(buf_str(&b), b.len)))
			why_set(&why, FAIL_DATA, "%s: not UTF-8", s->file);
		if (why.kind == FAIL_NONE) {
			add_script(&g->request, s, buf_str(&b));
			s->sent = true;
			g->scripts[left++] = s;
		} else {
			why.kind = FAIL_DATA;
			report(a, s, APPLY_FAILED, NULL, NULL, &why);
		}
		buf_free(&b);
	}
	g->n = left;
}

static void
take_one(struct apply *a, struct script *s, const json_t *answer)
{
	const json_t *made = json_object_get(
			 json_object_get(answer, "created"), "f"),
		     *error = json_object_get(
			 json_object_get(answer, "notCreated"), "f");
	const char *type = jmap_text(error, "type");
	struct why why = { 0 };

	if (s->existing != NULL) {
		report(a, s, APPLY_CREATED, NULL, NULL, NULL);
	} else if (made != NULL) {
		report(a, s, APPLY_CREATED, jmap_text(made, "id"), NULL, NULL);
	} else {
		jmap_set_error(error, NULL, &why);
		/* Nothing had the name when this run looked. */
		if (type != NULL && strcmp(type, "alreadyExists") == 0)
			why_set(&why, FAIL_TEMP,
			    "another run has made it at the same time: run it "
			    "again");
		report(a, s, APPLY_FAILED, NULL, NULL, &why);
	}
}

/* Takes the answers; what nobody knows the fate of stays in the group. */
static void
take_set(struct apply *a, struct group *g)
{
	size_t left = 0, call = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct script *s = g->scripts[i];
		struct why why = { 0 };
		enum jmap_status status = JMAP_OK;
		json_t *answer;

		if (s->existing == NULL)
			status = jmap_answer(
			    &g->request, call++, "Blob/upload", &answer, &why);
		if (status == JMAP_OK)
			status = jmap_answer(&g->request, call,
			    "SieveScript/set", &answer, &why);
		call++;
		if (status == JMAP_OK)
			take_one(a, s, answer);
		else if (status == JMAP_UNSURE || status == JMAP_BROKEN)
			g->scripts[left++] = s;
		else
			report(a, s, APPLY_FAILED, NULL, NULL, &why);
	}
	g->n = left;
}

/* --- groups --- */

/* Ends a group without a result for what is left in it. */
static void
end_group(struct apply *a, struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		free_script(g->scripts[i]);
	jmap_clear(&g->request);
	free(g);
	a->running--;
}

/* After a request: what comes next for the group. */
static void
step(struct apply *a, void *arg)
{
	struct group *g = arg;
	if (g->request.status == JMAP_OK && !g->setting) {
		take_get(a, g);
		if (g->n != 0)
			fill_set(a, g);
	} else if (g->request.status == JMAP_OK) {
		take_set(a, g);
		/* What is left: is it there? */
		if (g->n != 0)
			fill_get(g);
		g->tries++;
	} else if (g->setting && g->request.status == JMAP_UNSURE) {
		fill_get(g);
		g->tries++;
	} else {
		apply_stop(a, &g->request.why);
	}
	if (g->n != 0 && g->tries > TRIES) {
		struct why why = { .kind = FAIL_TEMP };

		why_set(&why, FAIL_TEMP, "the server fails at the scripts");
		apply_stop(a, &why);
	}
	if (g->n == 0 || apply_stopping(a))
		end_group(a, g);
	else
		jmap_start(a->jmap, &g->request);
}

/* The request for the next accounts that are there; NULL if there are no more. */
static struct jmap_request *
next_group(struct apply *a)
{
	size_t max = a->jmap->max_calls < 2 ? 1 : a->jmap->max_calls / 2;
	struct group *g = xcalloc(1, sizeof *g);

	if (max > GROUP_MAX)
		max = GROUP_MAX;
	while (a->scripts != NULL && g->n < max) {
		struct script *s = a->scripts;

		a->scripts = s->next;
		if (s->id == NULL)
			report(a, s, APPLY_PLANNED, NULL, NULL, NULL);
		else
			g->scripts[g->n++] = s;
	}
	if (g->n == 0) {
		free(g);
		return NULL;
	}
	g->request.arg = g;
	fill_get(g);
	return &g->request;
}

/* Scripts in the folder that no account of the plan has taken. */
static void
tell_unused(struct apply *a)
{
	DIR *dir = opendir(a->options->sieve_dir);
	struct dirent *d;
	struct buf line = { 0 };
	size_t n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);

		if (len < 7 || strcmp(d->d_name + len - 6, ".sieve") != 0 ||
		    map_get(&a->script_files, d->d_name) != NULL)
			continue;
		if (n++ == 0)
			buf_adds(&line, d->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (n > 1)
		buf_addf(&line, " and %zu more", n - 1);
	if (n != 0) {
		buf_adds(&line, ": no account of the plan has this address, or "
				"it failed");
		a->options->say(
		    a->options->arg, a->options->sieve_dir, line.data);
	}
	buf_free(&line);
}

int
sieve_pass(struct apply *a, bool go)
{
	if (go && a->options->sieve_dir != NULL) {
		apply_run_requests(a, next_group, step);
		if (!a->stopping)
			tell_unused(a);
	}
	while (a->scripts != NULL) {
		struct script *s = a->scripts;

		a->scripts = s->next;
		free_script(s);
	}
	return a->stopping ? -1 : 0;
}
