/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/database.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/postfix/db-table.h"
#include "source/postfix/filter.h"
#include "source/postfix/lookup.h"
#include "source/postfix/query.h"
#include "source/postfix/table-file.h"

enum {
	PAGE = 500
};

void
postfix_rows_free(struct postfix_rows *rows)
{
	for (struct postfix_row *r = rows->first; r != NULL; r = r->next)
		buf_free(&r->value);
	free(rows->capital.v);
	free(rows->spaced.v);
	map_free(&rows->by_key);
	map_free(&rows->padded);
	arena_free(&rows->arena);
}

/* --- rows --- */

/* The row of a key in lower case, made where there is none. */
static struct postfix_row *
get_row(struct postfix_rows *rows, const char *key)
{
	bool added;
	void **slot = map_put_copy(&rows->by_key, &rows->arena, key, &added);
	struct postfix_row *row;

	if (!added)
		return *slot;
	row = *slot = arena_alloc(&rows->arena, sizeof *row);
	row->key = arena_adds(&rows->arena, key);
	*rows->tail = row;
	rows->tail = &row->next;
	return row;
}

static const char blanks[] = " \t\r\n\f\v";

/* A key that is not asked for as it is. One with nothing but blanks around it is
 * kept without them where the database may pass over those. */
static void
add_odd(const struct db_table *t, struct postfix_rows *rows, const char *key)
{
	char *copy = str_lower(xstrdup(key)), *trimmed = str_trim(copy);

	if (key[strcspn(key, blanks)] == '\0')
		strs_add(&rows->capital, arena_adds(&rows->arena, key));
	else if (t->exact || trimmed[strcspn(trimmed, blanks)] != '\0')
		strs_add(&rows->spaced, arena_adds(&rows->arena, key));
	else
		(void)map_put_copy(&rows->padded, &rows->arena, trimmed, NULL);
	free(copy);
}

/* Adds a result to those of a key. */
static void
add_row(const struct db_table *t, struct postfix_rows *rows, const char *key,
    const char *result)
{
	struct buf out = { 0 };
	struct postfix_row *row;
	char *lower = str_lower(xstrdup(key));

	if (*key == '\0' || *result == '\0' || !db_table_asks(t, lower) ||
	    !db_table_expand(t->format, result, lower, NULL, NULL, &out)) {
		;
	} else if ((t->exact && strcmp(key, lower) != 0) ||
		   lower[strcspn(lower, blanks)] != '\0') {
		add_odd(t, rows, key);
	} else {
		row = get_row(rows, lower);
		if (row->value.len != 0)
			buf_addc(&row->value, ',');
		buf_add(&row->value, out.data, out.len);
	}
	free(lower);
	buf_free(&out);
}

/* Asks for each key as Postfix does: what it finds is its row. */
static int
ask_each(struct postfix_rows *rows, const struct map *keys, const char *table,
    struct why *why)
{
	struct postfix_lookup *lookup;
	const char *key;
	void *value;
	int r = 0;

	if (keys->n == 0)
		return 0;
	lookup = postfix_lookup_open(table, why);
	if (lookup == NULL)
		return -1;
	for (size_t at = 0; r == 0 && map_next(keys, &at, &key, &value);) {
		struct buf found = { 0 };

		r = postfix_lookup(lookup, key, &found, why);
		if (r == 1) {
			struct postfix_row *row = get_row(rows, key);

			buf_reset(&row->value);
			buf_add(&row->value, found.data, found.len);
			r = 0;
		} else if (r == 0 && keys == &rows->padded &&
			   map_get(&rows->by_key, key) == NULL) {
			strs_add(&rows->spaced, key);
		}
		buf_free(&found);
	}
	postfix_lookup_close(lookup);
	return r;
}

/* --- SQL --- */

/* A value that is text; NULL for others. */
static const char *
text_value(struct sql *db, size_t i)
{
	size_t len;
	const char *value = sql_value(db, i, &len);

	return value == NULL || strlen(value) != len || !utf8_valid(value, len)
		   ? NULL
		   : value;
}

static void
take_row(const struct db_table *t, struct postfix_rows *rows, struct sql *db,
    const struct postfix_select *s)
{
	const char *parts[POSTFIX_PARTS];
	size_t n = postfix_select_parts(s), columns = sql_columns(db);
	struct buf key = { 0 };

	for (size_t i = 0; i < n; i++) {
		parts[i] = text_value(db, i);
		if (parts[i] == NULL)
			return;
	}
	/* Postfix looks at one column of SQLite (dict_sqlite.c), at all of the
	 * others. */
	if (t->kind == SQL_SQLITE && columns > n + 1)
		columns = n + 1;
	if (postfix_select_key(s, parts, &key)) {
		for (size_t i = n; i < columns; i++) {
			const char *result = text_value(db, i);

			if (result != NULL)
				add_row(t, rows, key.data, result);
		}
	}
	buf_free(&key);
}

static int
read_sql(struct db_table *t, struct postfix_rows *rows, struct why *why)
{
	const char *query = db_table_query(t, why);
	struct postfix_listing list = { 0 };
	struct sql *db = NULL;
	int r = -1;

	if (query != NULL && postfix_query_list(query, &list, why) == 0)
		db = db_table_sql(t, why);
	for (size_t i = 0; db != NULL && i < list.n; i++) {
		const struct postfix_select *s = &list.selects[i];

		r = sql_query(db, buf_str(&s->text), why);
		while (r == 0 && (r = sql_next(db, why)) == 1) {
			take_row(t, rows, db, s);
			r = 0;
		}
		if (r == -1)
			break;
	}
	sql_close(db);
	postfix_listing_free(&list);
	return r;
}

/* --- LDAP --- */

/* A search of all entries that could have a key. */
struct candidates {
	const struct db_table *t;
	struct postfix_rows *rows;
	const struct postfix_filter *filter;
	const struct strs *results;
	struct map keys; /* where each has to be asked for */
};

static bool
is_text(const struct value *v)
{
	return strlen(v->data) == v->len && utf8_valid(v->data, v->len);
}

static void
take_results(struct candidates *c, const struct ldap_entry *e, const char *key)
{
	struct value value;

	if (!c->filter->exact) {
		char *lower = str_lower(xstrdup(key));

		(void)map_put_copy(&c->keys, &c->rows->arena, lower, NULL);
		free(lower);
		return;
	}
	for (size_t i = 0; i < c->results->n; i++)
		for (size_t at = 0;
		     entry_next(e, c->results->v[i], &at, &value);)
			if (is_text(&value))
				add_row(c->t, c->rows, key, value.data);
}

static void
take_entry(struct candidates *c, const struct ldap_entry *e)
{
	const struct postfix_filter *f = c->filter;
	struct value value;

	for (size_t i = 0; i < f->n; i++)
		for (size_t at = 0;
		     entry_next(e, f->keys[i].name, &at, &value);) {
			struct buf key = { 0 };

			if (is_text(&value) &&
			    postfix_filter_key(&f->keys[i], value.data, &key))
				take_results(c, e, buf_str(&key));
			buf_free(&key);
		}
}

static int
search(struct candidates *c, struct ldapconn *conn, const char *base,
    struct why *why)
{
	const struct postfix_filter *f = c->filter;
	const char **names = xcalloc(f->n + c->results->n + 1, sizeof *names);
	struct ldapquery query = { .base = base,
		.scope = db_table_scope(c->t),
		.filter = buf_str(&f->text),
		.attributes = names,
		.page = PAGE };
	struct ldapsearch *s;
	struct ldap_entry e;
	int r;

	for (size_t i = 0; i < f->n; i++)
		names[i] = f->keys[i].name;
	for (size_t i = 0; i < c->results->n; i++)
		names[f->n + i] = c->results->v[i];
	entry_init(&e);
	s = ldapsearch_new(conn, &query, why);
	r = s == NULL ? -1 : 0;
	while (r == 0 && (r = ldapsearch_next(s, &e, why)) == 1) {
		take_entry(c, &e);
		r = 0;
	}
	ldapsearch_free(s);
	entry_free(&e);
	free(names);
	return r;
}

static int
read_ldap(struct db_table *t, struct postfix_rows *rows, const char *table,
    struct why *why)
{
	const char *base = table_file_value(&t->conf, "search_base", "");
	struct strs results = db_table_words(t, "result_attribute", "maildrop");
	struct postfix_filter filter = { 0 };
	struct candidates c = {
		.t = t, .rows = rows, .filter = &filter, .results = &results
	};
	struct ldapconn *conn = NULL;
	int r = -1;

	/* With the domain in the base, the entries below it are not known. */
	if (strchr(base, '%') != NULL)
		why_set(why, FAIL_DATA,
		    "the search_base depends on the key, so that the table "
		    "cannot be listed");
	else if (postfix_filter_list(table_file_value(&t->conf, "query_filter",
					 "(mailacceptinggeneralid=%s)"),
		     &filter, why) == 0)
		conn = db_table_ldap(t, why);
	if (conn != NULL)
		r = search(&c, conn, base, why);
	ldapconn_free(conn);
	if (r == 0)
		r = ask_each(rows, &c.keys, table, why);
	map_free(&c.keys);
	free(results.v);
	postfix_filter_free(&filter);
	return r;
}

int
postfix_database_read(
    struct postfix_rows *rows, const char *table, struct why *why)
{
	struct db_table t;
	int r;

	*rows = (struct postfix_rows){ .tail = &rows->first };
	r = db_table_read(&t, table, why);
	if (r == 0)
		r = t.is_ldap ? read_ldap(&t, rows, table, why)
			      : read_sql(&t, rows, why);
	if (r == 0)
		r = ask_each(rows, &rows->padded, table, why);
	db_table_free(&t);
	return r;
}
