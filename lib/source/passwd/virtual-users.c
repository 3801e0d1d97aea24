/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/virtual-users.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/targets.h"

static const char between[] = ", \t";

struct entry {
	const char *key, *value;
	struct place at;
	struct entry *next;
};

struct entries {
	struct entry *first, **tail;
};

void
virtual_users_free(struct virtual_users *v)
{
	map_free(&v->address_of);
	aliases_free(&v->aliases);
	arena_free(&v->arena);
}

/* Whether the name of a user begins with the local part of an address. */
static bool
is_named_after(const char *user, const char *address)
{
	size_t len = strcspn(address, "@");

	return strncmp(user, address, len) == 0;
}

/* An entry that leads one address to one user. */
static void
learn(struct virtual_users *v, const struct entry *entry)
{
	const char *user = entry->value + (*entry->value == '\\');
	void **address;
	bool added;

	if (*entry->key == '@' || strchr(entry->key, '@') == NULL ||
	    *user == '\0' || user[strcspn(user, ", \t@:|/\"")] != '\0')
		return;
	address = map_put_copy(&v->address_of, &v->arena, user, &added);
	if (added || (!is_named_after(user, *address) &&
			 is_named_after(user, entry->key)))
		*address = arena_adds(&v->arena, entry->key);
}

static void
read_entries(struct virtual_users *v, struct emit *e, struct postfix_map *m,
    struct entries *all)
{
	struct why why = { 0 };
	char *key, *value;
	int n;

	while ((n = postfix_map_next(m, &key, &value, &why)) != 0) {
		struct entry *entry;

		e->at.line = (uint32_t)m->line;
		if (n == -1) {
			emit_fail(e, NULL, &why);
			if (why.kind == FAIL_FATAL)
				break;
			continue;
		}
		entry = arena_alloc(&v->arena, sizeof *entry);
		*entry = (struct entry){ arena_adds(&v->arena, key),
			arena_adds(&v->arena, value), e->at, NULL };
		*all->tail = entry;
		all->tail = &entry->next;
		learn(v, entry);
	}
}

/* Adds an entry, each user in it as an address. */
static void
add(struct virtual_users *v, struct emit *e, const struct entry *entry)
{
	struct buf value = { 0 };

	for (const char *p = entry->value; *p != '\0';) {
		size_t len = strcspn(p, between);
		char *word = arena_add(&v->arena, p, len);
		void **address =
		    map_get(&v->address_of, word + (*word == '\\'));

		buf_adds(&value, address == NULL ? word : *address);
		p += len;
		for (; *p != '\0' && strchr(between, *p) != NULL; p++)
			buf_addc(&value, *p);
	}
	e->at = entry->at;
	aliases_add(&v->aliases, e, entry->key, buf_str(&value));
	buf_free(&value);
}

void
virtual_users_read(struct virtual_users *v, struct emit *e, const char *path)
{
	struct entries all = { .tail = &all.first };
	struct postfix_map m;
	struct why why = { 0 };

	emit_file(e, path);
	if (postfix_map_open(&m, path, MAP_TABLE, &why) == -1) {
		emit_fail(e, NULL, &why);
		return;
	}
	read_entries(v, e, &m, &all);
	postfix_map_close(&m);
	for (const struct entry *one = all.first; one != NULL; one = one->next)
		add(v, e, one);
}
