/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Lists of aliases (objects with decimal keys) are told apart by address, which is
 * the name and the id of the domain.
 */
#include "apply/aliases.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/entry.h"
#include "apply/references.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "jmap/member.h"
#include "jmap/seterror.h"

char *
aliases_key(const json_t *v)
{
	const char *name = jmap_text(v, "name"),
		   *domain = jmap_text(v, "domainId");

	return name == NULL || domain == NULL
		   ? NULL
		   : xasprintf("%s@%s", name, domain);
}

bool
aliases_same(const json_t *x, const json_t *y)
{
	char *one = aliases_key(x), *other = aliases_key(y);
	bool same = one != NULL && other != NULL && strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

bool
aliases_has(const json_t *list, const json_t *address)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)list, key, v)
		if (aliases_same(v, address))
			return true;
	return false;
}

void
aliases_append(json_t *list, json_t *v)
{
	char *number = xasprintf("%zu", json_object_size(list));

	(void)json_object_set(list, number, v);
	free(number);
}

json_t *
aliases_rest(const json_t *have, const json_t *want)
{
	json_t *rest = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)have, key, v)
		if (!aliases_has(want, v))
			aliases_append(rest, v);
	return rest;
}

json_t *
aliases_join(const json_t *list, const json_t *more)
{
	json_t *both = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)list, key, v)
		aliases_append(both, v);
	json_object_foreach ((json_t *)(uintptr_t)more, key, v)
		aliases_append(both, v);
	return both;
}

/* --- whose they should be --- */

static void
note_unmet(struct apply *a, const json_t *address, const char *owner)
{
	char *key = aliases_key(address);

	if (key != NULL)
		*map_put_copy(&a->unmet, &a->arena, key, NULL) =
		    arena_adds(&a->arena, owner == NULL ? "an object" : owner);
	free(key);
}

void
aliases_unmet(struct apply *a, const json_t *body, const char *owner)
{
	const char *key;
	json_t *v;

	note_unmet(a, body, owner);
	json_object_foreach (json_object_get(body, "aliases"), key, v)
		note_unmet(a, v, owner);
}

static const char *
unmet_owner(struct apply *a, const json_t *address)
{
	char *key = aliases_key(address);
	void **owner = key == NULL ? NULL : map_get(&a->unmet, key);

	free(key);
	return owner == NULL ? NULL : *owner;
}

const char *
aliases_wanted(struct apply *a, const json_t *have, char **address)
{
	const char *owner = unmet_owner(a, have), *key;
	json_t *v;

	if (owner != NULL)
		*address = alias_address(a, have);
	json_object_foreach (json_object_get(have, "aliases"), key, v)
		if (owner == NULL && (owner = unmet_owner(a, v)) != NULL)
			*address = alias_address(a, v);
	return owner;
}

/* --- what nobody else gets --- */

static json_t *
staying(struct apply *a, const struct kept *k)
{
	json_t *stays = json_object(), *v;
	const char *key;

	json_object_foreach (k->e.drops, key, v)
		if (k->op->part || unmet_owner(a, v) != NULL)
			aliases_append(stays, v);
	return stays;
}

void
aliases_note_staying(struct apply *a, struct kept *k)
{
	struct buf note = { 0 };
	json_t *stays = staying(a, k), *v;
	const char *key;

	json_object_foreach (stays, key, v) {
		char *address = alias_address(a, v);
		const char *owner = unmet_owner(a, v);

		buf_addf(&note, "%s %s",
		    note.len == 0 ? "it keeps the aliases" : ",", address);
		if (owner != NULL)
			buf_addf(&note, " (which %s should have, and has not)",
			    owner);
		free(address);
	}
	if (note.len != 0 && k->op->part)
		buf_adds(&note, ": a part of a directory does not show whose "
				"they are");
	if (note.len != 0) {
		entry_add_note(&k->e, note.data);
		entry_add_differing(&k->e, "aliases");
	}
	json_decref(stays);
	buf_free(&note);
}

/* What it has when the rest is gone; NULL: nothing goes. */
static json_t *
without_drops(struct apply *a, const struct kept *k)
{
	json_t *stays = staying(a, k), *aliases = NULL;

	if (json_object_size(stays) != json_object_size(k->e.drops))
		aliases =
		    aliases_join(json_object_get(k->e.body, "aliases"), stays);
	json_decref(stays);
	return aliases;
}

/* Those of one type from *k on, as many as the server takes at a time. The updates;
 * *k: where the next begin. */
static json_t *
some_drops(struct apply *a, struct kept **k)
{
	const char *object = (*k)->op->object;
	json_t *updates = json_object();

	for (; *k != NULL && strcmp((*k)->op->object, object) == 0 &&
	       json_object_size(updates) < a->jmap->max_set;
	     *k = (*k)->next) {
		json_t *aliases = (*k)->e.status == APPLY_FAILED
				      ? NULL
				      : without_drops(a, *k);

		if (aliases != NULL)
			(void)json_object_set_new(updates, (*k)->e.id,
			    json_pack("{s:o}", "aliases", aliases));
	}
	return updates;
}

static void
take_drop(const struct apply *a, struct kept *k, const json_t *answer)
{
	const json_t *error =
	    json_object_get(json_object_get(answer, "notUpdated"), k->e.id);

	if (a->options->dry_run ||
	    json_object_get(json_object_get(answer, "updated"), k->e.id) !=
		NULL) {
		k->changed = true;
		return;
	}
	why_set(&k->e.why, FAIL_TEMP, "the server says nothing about it");
	if (error != NULL)
		jmap_set_error(error, NULL, &k->e.why);
	k->e.status = APPLY_FAILED;
}

int
aliases_drop(struct apply *a)
{
	struct kept *k = a->kept;
	int r = 0;

	while (k != NULL && r == 0 && !apply_stopping(a)) {
		struct kept *from = k;
		char *method = xasprintf("x:%s/set", k->op->object);
		json_t *updates = some_drops(a, &k), *answer = NULL;

		if (json_object_size(updates) != 0 && !a->options->dry_run)
			r = jmap_call_json(a->jmap, method,
				json_pack("{s:O}", "update", updates), true,
				&answer, &a->why) == JMAP_OK
				? 0
				: -1;
		for (; r == 0 && from != k; from = from->next)
			if (from->e.id != NULL &&
			    json_object_get(updates, from->e.id) != NULL)
				take_drop(a, from, answer);
		json_decref(updates);
		json_decref(answer);
		free(method);
	}
	return r;
}
