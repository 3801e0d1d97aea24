/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A run tries, and the server says what is taken. A dry run cannot, and the server
 * finds nobody by an alias: all addresses of its accounts and lists are read.
 */
#include "apply/foresee.h"

#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "apply/aliases.h"
#include "apply/entry.h"
#include "apply/handover.h"
#include "apply/lookup.h"
#include "core/alloc.h"
#include "core/str.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "plan/name.h"

struct holder_of_address {
	const char *object, *id;
};

/* Who has what. */
struct foresight {
	struct map holders; /* name@id of the domain -> who has it */
	struct arena arena;
	const char *object; /* that is being read */
};

/* --- reading --- */

static void
add_address(struct foresight *f, const json_t *address,
    struct holder_of_address *holder)
{
	char *key = aliases_key(address);

	if (key != NULL)
		*map_put_copy(&f->holders, &f->arena, key, NULL) = holder;
	free(key);
}

static void
take_holder(void *arg, const json_t *object)
{
	struct foresight *f = arg;
	struct holder_of_address *holder;
	const char *id = jmap_text(object, "id"), *key;
	json_t *v;

	if (id == NULL)
		return;
	holder = arena_alloc(&f->arena, sizeof *holder);
	holder->object = f->object;
	holder->id = arena_adds(&f->arena, id);
	add_address(f, object, holder);
	json_object_foreach (json_object_get(object, "aliases"), key, v)
		add_address(f, v, holder);
}

/* Reads who has what, once. */
static void
read_holders(struct apply *a)
{
	static const char *const members[] = { "name", "domainId", "aliases",
		NULL };
	static const char *const objects[] = { "Account", "MailingList" };
	struct why why = { 0 };

	if (a->foresight != NULL)
		return;
	a->foresight = xcalloc(1, sizeof *a->foresight);
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		a->foresight->object = objects[i];
		if (fetch_each(a->jmap, objects[i], NULL, members, take_holder,
			a->foresight, &why) == -1) {
			apply_stop(a, &why);
			return;
		}
	}
}

void
foresee_free(struct apply *a)
{
	if (a->foresight == NULL)
		return;
	map_free(&a->foresight->holders);
	arena_free(&a->foresight->arena);
	free(a->foresight);
	a->foresight = NULL;
}

/* --- what would be refused --- */

/* The server takes a domain only below a top-level domain of the Public Suffix List
 * that it was built with, or below one of these. */
static bool
is_known_top(const char *top)
{
	static const char *const inside[] = { "corp", "home", "internal",
		"intranet", "lan", "local", "localdomain", "localhost",
		"private", "test" };

	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (strcmp(top, inside[i]) == 0)
			return true;
	return psl_is_public_suffix2(psl_builtin(), top,
		   PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

void
foresee_domain(struct apply_entry *e)
{
	const char *name = jmap_text(e->body, "name"), *top;
	struct buf normal = { 0 };
	struct why why = { 0 };

	if (name == NULL || e->done)
		return;
	if (name_domain(name, &normal, &why) == -1) {
		entry_fail(e, &why);
	} else if (top = strrchr(normal.data, '.') + 1, !is_known_top(top)) {
		why_set(&why, FAIL_DATA,
		    "the server refuses this domain name: \"%s\" is no "
		    "top-level domain, by the Public Suffix List of this "
		    "machine",
		    top);
		entry_fail(e, &why);
	}
	buf_free(&normal);
}

/* Whether an address is somebody else's, who would not have been destroyed by
 * then. */
static const struct holder_of_address *
find_other(const struct apply *a, const char *object,
    const struct apply_entry *e, const char *key)
{
	void **slot = key == NULL ? NULL : map_get(&a->foresight->holders, key);
	const struct holder_of_address *holder = slot == NULL ? NULL : *slot;
	char *name;
	bool gone;

	if (holder == NULL ||
	    (e->id != NULL && strcmp(e->id, holder->id) == 0 &&
		strcmp(object, holder->object) == 0))
		return NULL;
	name = xasprintf("%s/%s", holder->object, holder->id);
	gone = map_get(&a->going, name) != NULL;
	free(name);
	return gone ? NULL : holder;
}

static void
add_key(json_t *keys, const json_t *address)
{
	char *key = aliases_key(address);

	if (key != NULL)
		(void)json_object_set_new(keys, key, json_true());
	free(key);
}

/* The addresses that it would get, by key: of what is new all, of another what the
 * patch has; new. */
static json_t *
coming(struct apply_entry *e)
{
	json_t *from = e->id == NULL ? entry_body(e) : e->later,
	       *keys = json_object(), *v;
	const char *name;

	if (e->id == NULL)
		add_key(keys, from);
	json_object_foreach (json_object_get(from, "aliases"), name, v)
		add_key(keys, v);
	json_object_foreach (from, name, v)
		if (str_starts(name, "aliases/"))
			add_key(keys, v);
	return keys;
}

void
foresee_taken(struct apply *a, const struct apply_op *op, struct apply_entry *e)
{
	const struct holder_of_address *holder = NULL;
	const char *key;
	json_t *keys, *v;

	if (e->status != APPLY_PLANNED || a->stopping || !handover_concerns(op))
		return;
	keys = coming(e);
	if (json_object_size(keys) != 0)
		read_holders(a);
	json_object_foreach (keys, key, v)
		if (holder == NULL)
			holder = find_other(a, op->object, e, key);
	json_decref(keys);
	if (holder == NULL)
		return;
	e->holder =
	    json_pack("{s:s, s:s}", "object", holder->object, "id", holder->id);
	lookup_holder(a, e);
	e->status = APPLY_FAILED;
	e->waits = true;
}

bool
foresee_freed(
    const struct apply *a, const struct kept *k, const struct map *given_up)
{
	struct apply_entry e = k->e;
	json_t *keys = coming(&e), *v;
	const char *key;
	bool all = true;

	json_object_foreach (keys, key, v)
		if (find_other(a, k->op->object, &e, key) != NULL &&
		    map_get(given_up, key) == NULL)
			all = false;
	json_decref(keys);
	return all;
}
