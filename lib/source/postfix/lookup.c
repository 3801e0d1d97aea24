/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/command.h"
#include "core/str.h"
#include "ldap/filter.h"
#include "source/postfix/db-table.h"
#include "source/postfix/table-file.h"

enum {
	ANSWER_MAX = 1 << 20
};

struct postfix_lookup {
	struct db_table table;
	struct sql *db; /* one of the three */
	struct ldapconn *ldap;
	const char *patterns; /* "TYPE:NAME" for postmap */
	const char *dir;
	const char *query;
	struct strs results; /* attributes of LDAP */
};

struct postfix_lookup *
postfix_lookup_open(const char *table, struct why *why)
{
	struct postfix_lookup *l = xcalloc(1, sizeof *l);
	bool ok = db_table_read(&l->table, table, why) == 0;

	if (ok && l->table.is_ldap) {
		l->ldap = db_table_ldap(&l->table, why);
		l->results =
		    db_table_words(&l->table, "result_attribute", "maildrop");
	} else if (ok) {
		l->query = db_table_query(&l->table, why);
		if (l->query != NULL)
			l->db = db_table_sql(&l->table, why);
	}
	if (l->db != NULL || l->ldap != NULL)
		return l;
	postfix_lookup_close(l);
	return NULL;
}

void
postfix_lookup_close(struct postfix_lookup *l)
{
	if (l == NULL)
		return;
	sql_close(l->db);
	ldapconn_free(l->ldap);
	free(l->results.v);
	db_table_free(&l->table);
	free(l);
}

/* Adds a result, as result_format writes it. */
static void
add(struct postfix_lookup *l, const char *key, const char *result, size_t len,
    struct buf *value)
{
	size_t before = value->len;

	if (len == 0 || strlen(result) != len || !utf8_valid(result, len))
		return;
	if (before != 0)
		buf_addc(value, ',');
	if (!db_table_expand(l->table.format, result, key, NULL, NULL, value)) {
		value->len = before;
		if (value->data != NULL)
			value->data[before] = '\0';
	}
}

static bool
quote_sql(void *ctx, const char *text, size_t len, struct buf *out)
{
	struct postfix_lookup *l = ctx;
	struct buf copy = { 0 };
	int r;

	buf_add(&copy, text, len);
	r = sql_escape(l->db, buf_str(&copy), out, NULL);
	buf_free(&copy);
	return r == 0;
}

static int
ask_sql(struct postfix_lookup *l, const char *key, struct buf *value,
    struct why *why)
{
	struct buf text = { 0 };
	int r = 0;

	if (db_table_expand(l->query, key, key, quote_sql, l, &text)) {
		r = sql_query(l->db, buf_str(&text), why);
		while (r == 0 && (r = sql_next(l->db, why)) == 1) {
			size_t n = l->table.kind == SQL_SQLITE
				       ? 1
				       : sql_columns(l->db);

			for (size_t i = 0; i < n; i++) {
				size_t len = 0;
				const char *result = sql_value(l->db, i, &len);

				if (result != NULL)
					add(l, key, result, len, value);
			}
			r = 0;
		}
	}
	buf_free(&text);
	return r;
}

static bool
quote_filter(void *ctx, const char *text, size_t len, struct buf *out)
{
	(void)ctx;
	filter_escape(out, text, len);
	return true;
}

/* RFC 4514, 2.4. */
static bool
quote_dn(void *ctx, const char *text, size_t len, struct buf *out)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		if (strchr(" #\"+,;<>\\=", text[i]) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, text[i]);
	}
	return true;
}

static void
take_entry(struct postfix_lookup *l, const struct ldap_entry *e,
    const char *key, struct buf *value)
{
	struct value v;

	for (size_t i = 0; i < l->results.n; i++)
		for (size_t at = 0; entry_next(e, l->results.v[i], &at, &v);)
			add(l, key, v.data, v.len, value);
}

static int
search(struct postfix_lookup *l, const char *key, const char *base,
    const char *filter, struct buf *value, struct why *why)
{
	const char **names = xcalloc(l->results.n + 1, sizeof *names);
	struct ldapquery query = { .base = base,
		.scope = db_table_scope(&l->table),
		.filter = filter,
		.attributes = names,
		.may_lack_base = true };
	struct ldapsearch *s;
	struct ldap_entry e;
	int r;

	for (size_t i = 0; i < l->results.n; i++)
		names[i] = l->results.v[i];
	entry_init(&e);
	s = ldapsearch_new(l->ldap, &query, why);
	r = s == NULL ? -1 : 0;
	while (r == 0 && (r = ldapsearch_next(s, &e, why)) == 1) {
		take_entry(l, &e, key, value);
		r = 0;
	}
	ldapsearch_free(s);
	entry_free(&e);
	free(names);
	return r;
}

static int
ask_ldap(struct postfix_lookup *l, const char *key, struct buf *value,
    struct why *why)
{
	struct buf base = { 0 }, filter = { 0 };
	int r = 0;

	if (db_table_expand(table_file_value(&l->table.conf, "search_base", ""),
		key, key, quote_dn, NULL, &base) &&
	    db_table_expand(table_file_value(&l->table.conf, "query_filter",
				"(mailacceptinggeneralid=%s)"),
		key, key, quote_filter, NULL, &filter))
		r = search(
		    l, key, buf_str(&base), buf_str(&filter), value, why);
	buf_free(&base);
	buf_free(&filter);
	return r;
}

/*
 * One call of postmap for a key: it prints what it has found when it ends. The second
 * table answers where the first has nothing, so that a failure is not taken for
 * that. Such tables are asked for whole addresses only. (regexp_table(5),
 * tcp_table(5).)
 */
static int
ask_postmap(struct postfix_lookup *l, const char *key, struct buf *value,
    struct why *why)
{
	static const char nothing[] = "static:nothing.invalid";
	const char *argv[8] = { "postmap" };
	struct buf text = { .max = ANSWER_MAX };
	size_t n = 1;
	int r;

	if (*key == '@' || *key == '-')
		return 0;
	if (l->dir != NULL) {
		argv[n++] = "-c";
		argv[n++] = l->dir;
	}
	argv[n++] = "-q";
	argv[n++] = key;
	argv[n++] = l->patterns;
	argv[n] = nothing;
	r = command_read(argv, &text, why);
	text.len = strcspn(buf_str(&text), "\n");
	if (r == 0 && utf8_valid(buf_str(&text), text.len) &&
	    strncmp(buf_str(&text), strchr(nothing, ':') + 1, text.len) != 0)
		buf_add(value, text.data, text.len);
	buf_free(&text);
	return r;
}

struct postfix_lookup *
postfix_lookup_patterns(const char *dir, const char *table, struct why *why)
{
	struct postfix_lookup *l = xcalloc(1, sizeof *l);
	struct buf value = { 0 };
	int r;

	l->patterns = arena_adds(&l->table.arena, table);
	l->dir = dir;
	r = ask_postmap(l, "nobody@nothing.invalid", &value, why);
	buf_free(&value);
	if (r == 0)
		return l;
	postfix_lookup_close(l);
	return NULL;
}

int
postfix_lookup(struct postfix_lookup *l, const char *key, struct buf *value,
    struct why *why)
{
	int r;

	if (l->patterns != NULL) {
		r = ask_postmap(l, key, value, why);
		return r == 0 && value->len != 0 ? 1 : r;
	}
	if (!db_table_asks(&l->table, key))
		return 0;
	r = l->db != NULL ? ask_sql(l, key, value, why)
			  : ask_ldap(l, key, value, why);
	return r == 0 && value->len != 0 ? 1 : r;
}
