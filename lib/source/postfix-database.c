/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix-database.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "record/record.h"
#include "source/conf-file.h"
#include "source/entry.h"
#include "source/ldap.h"
#include "source/postfix-query.h"
#include "source/sql.h"
#include "source/table-file.h"

enum {
	PAGE = 500
};

/* One table. */
struct table {
	const char *path;
	struct setting conf; /* of its file */
	const char *format;  /* of the results */
	bool exact;          /* capitals and small letters are not the same */
	struct strs domains; /* of the keys; none: all */
	struct postfix_rows *rows;
};

void
postfix_rows_free(struct postfix_rows *rows)
{
	for (struct postfix_row *r = rows->first; r != NULL; r = r->next)
		free(r->value);
	map_free(&rows->by_key);
	arena_free(&rows->arena);
}

/* --- rows --- */

/* Whether the table is asked for such a key at all. (mysql_table(5),
 * "domain".) */
static bool
in_domain(const struct table *t, const char *key)
{
	const char *domain = address_domain(key);

	return t->domains.n == 0 ||
	       (domain != NULL && *key != '@' && strs_has(&t->domains, domain));
}

/* Adds a result to those of a key. */
static void
add_row(const struct table *t, const char *key, const char *result)
{
	struct postfix_rows *rows = t->rows;
	struct buf out = { 0 }, all = { 0 };
	struct postfix_row *row;
	bool added;
	char *lower = str_lower(xstrdup(key));
	void **slot;

	if (*key == '\0' || *result == '\0' || !in_domain(t, lower) ||
	    !postfix_result(t->format, result, &out))
		goto out;
	if (t->exact && strcmp(key, lower) != 0) {
		rows->never++;
		goto out;
	}
	slot = map_put_copy(&rows->by_key, &rows->arena, lower, &added);
	if (added) {
		row = *slot = arena_alloc(&rows->arena, sizeof *row);
		row->key = arena_adds(&rows->arena, lower);
		*rows->tail = row;
		rows->tail = &row->next;
	}
	row = *slot;
	if (row->value != NULL)
		buf_addf(&all, "%s,", row->value);
	buf_adds(&all, buf_str(&out));
	free(row->value);
	row->value = all.data;
out:
	free(lower);
	buf_free(&out);
}

/* --- SQL --- */

/* The query, also where it is put together of pieces, as in old files. */
static const char *
find_query(const struct table *t)
{
	const char *query = table_file_value(&t->conf, "query", NULL),
		   *column = table_file_value(&t->conf, "select_field", NULL),
		   *table = table_file_value(&t->conf, "table", NULL),
		   *where = table_file_value(&t->conf, "where_field", NULL);
	struct buf out = { 0 };

	if (query != NULL || column == NULL || table == NULL || where == NULL)
		return query;
	buf_addf(&out, "SELECT %s FROM %s WHERE %s = '%%s' %s", column, table,
	    where, table_file_value(&t->conf, "additional_conditions", ""));
	query = arena_adds(&t->rows->arena, buf_str(&out));
	buf_free(&out);
	return query;
}

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
take_row(const struct table *t, struct sql *db, bool parts)
{
	const char *first = text_value(db, 0),
		   *domain = parts ? text_value(db, 1) : NULL;
	struct buf key = { 0 };

	if (first == NULL || (parts && domain == NULL))
		return;
	buf_adds(&key, first);
	if (parts)
		buf_addf(&key, "@%s", domain);
	for (size_t i = parts ? 2 : 1; i < sql_columns(db); i++) {
		const char *result = text_value(db, i);

		if (result != NULL)
			add_row(t, buf_str(&key), result);
	}
	buf_free(&key);
}

static int
read_sql(const struct table *t, enum sql_kind kind, struct why *why)
{
	struct sql_options options = { .kind = kind };
	const char *query = find_query(t);
	struct buf list = { 0 };
	struct sql *db = NULL;
	bool parts = false;
	int r = -1;

	table_file_sql(&t->conf, &t->rows->arena, &options);
	if (query == NULL)
		why_set(why, FAIL_FATAL, "the file has no query");
	else if (postfix_query_list(query, &list, &parts, why) == 0)
		db = sql_open(&options, why);
	if (db != NULL)
		r = sql_query(db, buf_str(&list), why);
	while (r == 0 && (r = sql_next(db, why)) == 1) {
		take_row(t, db, parts);
		r = 0;
	}
	sql_close(db);
	buf_free(&list);
	return r;
}

static int
read_mysql(const struct table *t, struct why *why)
{
	return read_sql(t, SQL_MYSQL, why);
}

static int
read_pgsql(const struct table *t, struct why *why)
{
	return read_sql(t, SQL_POSTGRESQL, why);
}

static int
read_sqlite(const struct table *t, struct why *why)
{
	return read_sql(t, SQL_SQLITE, why);
}

/* --- LDAP --- */

static bool
is_yes(const char *value)
{
	return str_eq_nocase(value, "yes");
}

static struct ldapconn *
connect_to(const struct table *t, struct why *why)
{
	struct ldapconn_options o = {
		.starttls =
		    is_yes(table_file_value(&t->conf, "start_tls", "no")),
		.insecure_tls = !is_yes(
		    table_file_value(&t->conf, "tls_require_cert", "no")),
		.insecure_ldap = true,
		.cacert = table_file_value(&t->conf, "tls_ca_cert_file", NULL),
	};

	if (!str_eq_nocase(table_file_value(&t->conf, "bind", "yes"), "no")) {
		o.bind_dn = table_file_value(&t->conf, "bind_dn", NULL);
		o.password = table_file_value(&t->conf, "bind_pw", NULL);
	}
	return ldapconn_new(
	    table_file_ldap_uri(&t->conf, &t->rows->arena), &o, why);
}

/* The words of a list; none of them is NULL, and the last is followed by it. */
static void
split(struct strs *out, char *list)
{
	char *word;

	while ((word = table_file_word(&list)) != NULL)
		strs_add(out, word);
}

static void
take_results(const struct table *t, const struct entry *e, const char *key,
    const struct strs *results)
{
	struct value value;

	for (size_t i = 0; i < results->n; i++) {
		size_t at = 0;

		while (entry_next(e, results->v[i], &at, &value))
			if (strlen(value.data) == value.len &&
			    utf8_valid(value.data, value.len))
				add_row(t, key, value.data);
	}
}

static void
take_entry(const struct table *t, const struct entry *e,
    const struct strs *keys, const struct strs *results)
{
	struct value key;

	for (size_t i = 0; i < keys->n; i++) {
		size_t at = 0;

		while (entry_next(e, keys->v[i], &at, &key))
			if (strlen(key.data) == key.len &&
			    utf8_valid(key.data, key.len))
				take_results(t, e, key.data, results);
	}
}

static int
search(const struct table *t, struct ldapconn *c, const char *filter,
    const struct strs *keys, const struct strs *results, struct why *why)
{
	const char *scope = table_file_value(&t->conf, "scope", "sub");
	const char **names = xcalloc(keys->n + results->n + 1, sizeof *names);
	struct ldapquery query = { .base = table_file_value(
				       &t->conf, "search_base", ""),
		.scope = strcmp(scope, "base") == 0  ? SCOPE_BASE
			 : strcmp(scope, "one") == 0 ? SCOPE_ONE
						     : SCOPE_SUBTREE,
		.filter = filter,
		.attributes = names,
		.page = PAGE };
	struct ldapsearch *s;
	struct entry e;
	int r;

	for (size_t i = 0; i < keys->n; i++)
		names[i] = keys->v[i];
	for (size_t i = 0; i < results->n; i++)
		names[keys->n + i] = results->v[i];
	entry_init(&e);
	s = ldapsearch_new(c, &query, why);
	r = s == NULL ? -1 : 0;
	while (r == 0 && (r = ldapsearch_next(s, &e, why)) == 1) {
		take_entry(t, &e, keys, results);
		r = 0;
	}
	ldapsearch_free(s);
	entry_free(&e);
	free(names);
	return r;
}

/* Results that are looked up once more cannot be told from an entry alone. */
static int
check_results(const struct table *t, struct why *why)
{
	static const char *const no[] = { "special_result_attribute",
		"leaf_result_attribute", "terminal_result_attribute" };

	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (table_file_value(&t->conf, no[i], NULL) != NULL)
			return why_set(why, FAIL_DATA,
			    "the table has a %s, and cannot be listed", no[i]);
	return 0;
}

static int
read_ldap(const struct table *t, struct why *why)
{
	struct buf filter = { 0 }, keys = { 0 };
	struct strs key_names = { 0 }, results = { 0 };
	struct ldapconn *c = NULL;
	int r = -1;

	if (check_results(t, why) == 0 &&
	    postfix_filter_list(table_file_value(&t->conf, "query_filter",
				    "(mailacceptinggeneralid=%s)"),
		&filter, &keys, why) == 0)
		c = connect_to(t, why);
	if (c != NULL) {
		for (size_t i = 0; i < keys.len; i++)
			if (keys.data[i] == '\n')
				keys.data[i] = ' ';
		split(&key_names, keys.data);
		split(&results, arena_adds(&t->rows->arena,
				    table_file_value(&t->conf,
					"result_attribute", "maildrop")));
		r = search(t, c, buf_str(&filter), &key_names, &results, why);
	}
	ldapconn_free(c);
	free(key_names.v);
	free(results.v);
	buf_free(&filter);
	buf_free(&keys);
	return r;
}

/* --- all types --- */

static const struct {
	const char *type;
	int (*read)(const struct table *t, struct why *why);
	bool exact;
} types[] = { { "mysql", read_mysql, false }, { "pgsql", read_pgsql, true },
	{ "sqlite", read_sqlite, true }, { "ldap", read_ldap, false } };

enum {
	TYPES = sizeof types / sizeof *types
};

static size_t
find_type(const char *type, size_t len)
{
	size_t i = 0;

	while (i < TYPES && (strlen(types[i].type) != len ||
				strncmp(types[i].type, type, len) != 0))
		i++;
	return i;
}

bool
postfix_is_database(const char *type, size_t len)
{
	return find_type(type, len) < TYPES;
}

/* The domains that the table is asked for. */
static int
read_domains(struct table *t, struct why *why)
{
	char *list = arena_adds(
	    &t->rows->arena, table_file_value(&t->conf, "domain", ""));
	char *word;

	while ((word = table_file_word(&list)) != NULL) {
		if (strpbrk(word, ":/") != NULL)
			return why_set(why, FAIL_DATA,
			    "the table's \"domain\" is a table or a file, "
			    "which is not understood here");
		strs_add(&t->domains, str_lower(word));
	}
	return 0;
}

int
postfix_database_read(
    struct postfix_rows *rows, const char *table, struct why *why)
{
	size_t len = strcspn(table, ":"), type = find_type(table, len);
	struct table t = { .path = table + len + 1,
		.rows = rows,
		.exact = types[type].exact };
	int r;

	*rows = (struct postfix_rows){ .tail = &rows->first };
	if (*t.path != '/')
		return why_set(why, FAIL_DATA,
		    "a table that is not described in a file of its own "
		    "cannot be listed");
	r = conf_read_table(&t.conf, &rows->arena, t.path, why);
	if (r == 0)
		r = read_domains(&t, why);
	t.format = table_file_value(&t.conf, "result_format",
	    table_file_value(&t.conf, "result_filter", "%s"));
	if (r == 0)
		r = types[type].read(&t, why);
	free(t.domains.v);
	return r;
}
