/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/shared-dict.h"

#include <string.h>

#include "core/buf.h"
#include "core/io.h"
#include "core/str.h"
#include "sql/sql.h"

enum {
	DICT_MAX = 64 << 20
};

/* Names have no blanks that are kept apart from it. */
static void
add(struct shared_dict *d, const char *from, const char *to)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s %s", from, to);
	(void)map_put_copy(&d->pairs, &d->arena, str_lower(b.data), NULL);
	buf_free(&b);
}

static bool
has(const struct shared_dict *d, const char *from, const char *kind,
    const char *to)
{
	struct buf b = { 0 };
	bool there;

	buf_addf(&b, "%s %s%s", from, kind, to);
	there = map_get(&d->pairs, str_lower(b.data)) != NULL;
	buf_free(&b);
	return there;
}

bool
shared_dict_has(const struct shared_dict *d, const char *from, const char *to,
    const struct strs *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		if (has(d, from, "group/", groups->v[i]))
			return true;
	return has(d, from, "", to) || has(d, from, "", "anyone");
}

/* Lines of keys, each followed by a line with its value:
 * "shared/shared-boxes/user/TO/FROM", ".../group/TO/FROM", ".../anyone/FROM". */
static void
take_key(struct shared_dict *d, char *key)
{
	static const char boxes[] = "shared/shared-boxes/";
	char *at, *from;

	if (!str_starts(key, boxes))
		return;
	at = key + strlen(boxes);
	from = strrchr(at, '/');
	if (from == NULL)
		return;
	*from++ = '\0';
	add(d, from, str_starts(at, "user/") ? at + strlen("user/") : at);
}

static int
read_dict_file(struct shared_dict *d, const char *path, struct why *why)
{
	struct buf text = { .max = DICT_MAX };
	int r = read_file(path, &text, why);
	char *rest = text.data, *line;

	while (r == 0 && rest != NULL) {
		line = str_cut(&rest, '\n');
		take_key(d, line);
		if (rest != NULL)
			(void)str_cut(&rest, '\n');
	}
	buf_free(&text);
	if (r == -1)
		why->kind = FAIL_FATAL;
	return r;
}

/* Rows of from and to; to is absent where everybody is meant. */
static int
read_table(
    struct shared_dict *d, struct sql *db, const char *query, struct why *why)
{
	size_t len;
	int n;

	if (sql_query(db, query, why) == -1)
		return -1;
	while ((n = sql_next(db, why)) == 1) {
		const char *from = sql_value(db, 0, &len);
		const char *to =
		    sql_columns(db) > 1 ? sql_value(db, 1, &len) : "anyone";

		if (from != NULL && to != NULL)
			add(d, from, to);
	}
	return n;
}

static int
read_database(struct shared_dict *d, const char *url, const char *password,
    struct why *why)
{
	struct sql_options o = { .standard = true, .password = password };
	struct sql *db = NULL;
	int r = -1, anyone;

	if (sql_options_url(&o, url, why) == 0)
		db = sql_open(&o, why);
	if (db != NULL)
		r = read_table(
		    d, db, "SELECT from_user, to_user FROM user_shares", why);
	if (r == 0) {
		anyone = sql_has_table(db, "anyone_shares", why);
		r = anyone != 1
			? anyone
			: read_table(d, db,
			      "SELECT from_user FROM anyone_shares", why);
	}
	sql_close(db);
	sql_options_free(&o);
	return r;
}

int
shared_dict_read(struct shared_dict *d, const char *place, const char *password,
    struct why *why)
{
	const char *colon = strchr(place, ':');

	if (str_starts(place, "file:"))
		place += strlen("file:");
	else if (colon != NULL && *place != '/')
		return read_database(d, place, password, why);
	return read_dict_file(d, place, why);
}

void
shared_dict_free(struct shared_dict *d)
{
	map_free(&d->pairs);
	arena_free(&d->arena);
}
