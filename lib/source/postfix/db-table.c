/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/db-table.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/conf-file.h"
#include "source/host-map.h"
#include "source/host-sql.h"
#include "source/host.h"
#include "source/postfix/config.h"
#include "source/postfix/table-file.h"

/* --- the file --- */

static const struct {
	const char *type;
	bool is_ldap;
	enum sql_kind kind;
	bool exact;
} types[] = {
	{ "mysql", false, SQL_MYSQL, false },
	{ "pgsql", false, SQL_POSTGRESQL, true },
	{ "sqlite", false, SQL_SQLITE, true },
	{ "ldap", true, SQL_SQLITE, false },
};

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
db_table_is_type(const char *type, size_t len)
{
	return find_type(type, len) < TYPES;
}

/* The domains that the table is asked for. */
static int
read_domains(struct db_table *t, struct why *why)
{
	char *list =
	    arena_adds(&t->arena, table_file_value(&t->conf, "domain", ""));
	char *word;

	while ((word = postfix_word(&list)) != NULL) {
		if (strpbrk(word, ":/") != NULL)
			return why_set(why, FAIL_DATA,
			    "the table's \"domain\" is a table or a file, "
			    "which is not understood here");
		strs_add(&t->domains, str_lower(word));
	}
	return 0;
}

/* Results that are looked up once more cannot be told from an entry alone. */
static int
check_results(const struct db_table *t, struct why *why)
{
	static const char *const no[] = { "special_result_attribute",
		"leaf_result_attribute", "terminal_result_attribute" };

	for (size_t i = 0; i < sizeof no / sizeof *no && t->is_ldap; i++)
		if (table_file_value(&t->conf, no[i], NULL) != NULL)
			return why_set(why, FAIL_DATA,
			    "the table has a %s, and cannot be listed", no[i]);
	return 0;
}

int
db_table_read(struct db_table *t, const char *table, struct why *why)
{
	size_t len = strcspn(table, ":"), type = find_type(table, len);
	const char *path = table + len + 1;

	*t = (struct db_table){ .is_ldap = types[type].is_ldap,
		.kind = types[type].kind,
		.exact = types[type].exact };
	if (*path != '/')
		return why_set(why, FAIL_DATA,
		    "a table that is not described in a file of its own "
		    "cannot be listed");
	if (conf_read_table(&t->conf, &t->arena, path, why) == -1 ||
	    read_domains(t, why) == -1)
		return -1;
	t->format = table_file_value(&t->conf, "result_format",
	    table_file_value(&t->conf, "result_filter", "%s"));
	return check_results(t, why);
}

void
db_table_free(struct db_table *t)
{
	free(t->domains.v);
	arena_free(&t->arena);
}

bool
db_table_asks(const struct db_table *t, const char *key)
{
	const char *domain = address_domain(key);

	return t->domains.n == 0 ||
	       (domain != NULL && *key != '@' && strs_has(&t->domains, domain));
}

const char *
db_table_query(struct db_table *t, struct why *why)
{
	const char *query = table_file_value(&t->conf, "query", NULL),
		   *column = table_file_value(&t->conf, "select_field", NULL),
		   *table = table_file_value(&t->conf, "table", NULL),
		   *where = table_file_value(&t->conf, "where_field", NULL);
	struct buf out = { 0 };

	if (query != NULL)
		return query;
	if (column == NULL || table == NULL || where == NULL) {
		why_set(why, FAIL_FATAL, "the file has no query");
		return NULL;
	}
	buf_addf(&out, "SELECT %s FROM %s WHERE %s = '%%s' %s", column, table,
	    where, table_file_value(&t->conf, "additional_conditions", ""));
	query = arena_adds(&t->arena, buf_str(&out));
	buf_free(&out);
	return query;
}

/* --- the database --- */

struct sql *
db_table_sql(struct db_table *t, struct why *why)
{
	struct sql_options o = { .kind = t->kind };

	table_file_sql(&t->conf, &t->arena, &o);
	if (t->kind == SQL_SQLITE && o.database == NULL) {
		why_set(why, FAIL_FATAL, "the file has no dbpath");
		return NULL;
	}
	return host_sql_open(&o, &t->arena, why);
}

static bool
is_yes(const char *value)
{
	return str_eq_nocase(value, "yes");
}

struct ldapconn *
db_table_ldap(struct db_table *t, struct why *why)
{
	struct ldapconn_options o = {
		.starttls =
		    is_yes(table_file_value(&t->conf, "start_tls", "no")),
		.insecure_tls = !is_yes(
		    table_file_value(&t->conf, "tls_require_cert", "no")),
		.insecure_ldap = true,
		.cacert = host_local(
		    table_file_value(&t->conf, "tls_ca_cert_file", NULL),
		    &t->arena),
	};
	const char *uri = host_map_uri(
	    table_file_ldap_uri(&t->conf, &t->arena), &t->arena, why);

	if (!str_eq_nocase(table_file_value(&t->conf, "bind", "yes"), "no")) {
		o.bind_dn = table_file_value(&t->conf, "bind_dn", NULL);
		o.password = table_file_value(&t->conf, "bind_pw", NULL);
	}
	return uri == NULL ? NULL : ldapconn_new(uri, &o, why);
}

struct strs
db_table_words(struct db_table *t, const char *key, const char *preset)
{
	char *list =
	    arena_adds(&t->arena, table_file_value(&t->conf, key, preset));
	struct strs words = { 0 };
	char *word;

	while ((word = postfix_word(&list)) != NULL)
		strs_add(&words, word);
	return words;
}

enum ldap_scope
db_table_scope(const struct db_table *t)
{
	const char *scope = table_file_value(&t->conf, "scope", "sub");

	if (strcmp(scope, "base") == 0)
		return SCOPE_BASE;
	return strcmp(scope, "one") == 0 ? SCOPE_ONE : SCOPE_SUBTREE;
}

/* --- variables --- */

/* A label of the domain of a key, the last one first. False if it has not so
 * many. */
static bool
label(const char *key, int number, const char **text, size_t *len)
{
	const char *domain = address_domain(key), *end;

	if (domain == NULL || *domain == '\0')
		return false;
	end = domain + strlen(domain);
	for (;;) {
		const char *start = end;

		while (start > domain && start[-1] != '.')
			start--;
		if (--number == 0) {
			*text = start;
			*len = (size_t)(end - start);
			return true;
		}
		if (start == domain)
			return false;
		end = start - 1;
	}
}

/* What a letter after "%" is. False where there is no such thing. */
static bool
variable(
    char c, const char *value, const char *key, const char **text, size_t *len)
{
	const char *of = c >= 'A' && c <= 'Z' ? key : value, *domain;

	if (c >= '1' && c <= '9')
		return label(key, c - '0', text, len);
	domain = address_domain(of);
	*text = of;
	*len = strlen(of);
	switch (c) {
	case 's':
	case 'S':
		return true;
	case 'u':
	case 'U':
		if (domain != NULL)
			*len = (size_t)(domain - 1 - of);
		return *len > 0;
	case 'd':
	case 'D':
		*text = domain;
		*len = domain == NULL ? 0 : strlen(domain);
		return *len > 0;
	default:
		return false;
	}
}

bool
db_table_expand(const char *format, const char *value, const char *key,
    db_table_quote *quote, void *ctx, struct buf *out)
{
	for (const char *p = format; *p != '\0'; p++) {
		const char *text;
		size_t len;

		if (*p != '%' || p[1] == '%') {
			buf_addc(out, *p);
			p += *p == '%';
			continue;
		}
		if (*++p == '\0' || !variable(*p, value, key, &text, &len))
			return false;
		if (quote == NULL)
			buf_add(out, text, len);
		else if (!quote(ctx, text, len, out))
			return false;
	}
	return true;
}
