/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/sql-hint.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/str.h"

static const char word_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.$`";

/* Tables that field maps of this program read. */
static const struct {
	const char *table, *maps;
} tables[] = {
	{ "accounts", "leister" },
	{ "mail_user", "ispconfig" },
	{ "mail_users", "froxlor" },
	{ "mailbox", "postfixadmin, iredmail, mailcow or vimbadmin" },
	{ "core_user", "modoboa" },
	{ "user", "mailu" },
	{ "users", "mail-in-a-box" },
	{ "virtual_users", "ispmail" },
};

/* The word after a keyword of the query; false where there is none. */
static bool
word_after(const char *query, const char *keyword, struct buf *word)
{
	size_t len = strlen(keyword);

	for (const char *p = query; *p != '\0'; p++) {
		if (strncasecmp(p, keyword, len) != 0 || p == query ||
		    strchr(" \t", p[-1]) == NULL ||
		    strchr(" \t", p[len]) == NULL)
			continue;
		p += len;
		p += strspn(p, " \t");
		buf_add(word, p, strspn(p, word_bytes));
		return word->len > 0;
	}
	return false;
}

/* The column that the whole name is compared with: "COLUMN = '%u'". */
static bool
key_column(const char *query, struct buf *column)
{
	static const char *const names[] = { "'%u'", "'%Lu'", "'%{user}'",
		"'%{user|lower}'", "'%{user | lower}'" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *end = strstr(query, names[i]), *start;

		if (end == NULL)
			continue;
		while (end > query && strchr(" \t=", end[-1]) != NULL)
			end--;
		start = end;
		while (start > query && strchr(word_bytes, start[-1]) != NULL)
			start--;
		buf_add(column, start, (size_t)(end - start));
		return column->len > 0;
	}
	return false;
}

bool
sql_lists_users(const char *query)
{
	struct buf table = { 0 };
	bool fits = word_after(query, "from", &table) &&
		    strcmp(table.data, "users") == 0 &&
		    strstr(query, "username") != NULL &&
		    strstr(query, "domain") != NULL;

	buf_free(&table);
	return fits;
}

static const char *
maps_of(const char *table)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (strcmp(tables[i].table, table) == 0)
			return tables[i].maps;
	return NULL;
}

void
sql_hint(const char *kind, const struct sql_users *own, struct why *why)
{
	struct buf table = { 0 }, column = { 0 }, text = { 0 };
	const char *maps;

	buf_adds(&text, "there is no iterate_query, which lists the users: ");
	if (!word_after(own->query, "from", &table))
		buf_adds(&table, "TABLE");
	if (!key_column(own->query, &column))
		buf_adds(&column, "ADDRESS");
	buf_addf(&text, "add \"iterate_query = SELECT %s AS %s FROM %s\" to %s",
	    column.data, "user", table.data,
	    strcmp(kind, own->where) == 0 ? "that block" : own->where);
	maps = maps_of(table.data);
	buf_adds(&text, ", or use dirdump sql");
	if (maps != NULL)
		buf_addf(&text, " with the map %s", maps);
	why_set(why, FAIL_DATA, "%s", text.data);
	buf_free(&table);
	buf_free(&column);
	buf_free(&text);
}
