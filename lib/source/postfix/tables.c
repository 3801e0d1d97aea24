/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/tables.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/host-command.h"
#include "source/host.h"
#include "source/postfix/config.h"
#include "source/postfix/database.h"
#include "source/postfix/db-table.h"

enum {
	PATTERNS_MAX = 16 << 20 /* bytes of a file */
};

static void
read_entries(const struct postfix_reader *r, struct postfix_map *m, bool lines)
{
	struct emit *e = r->emit;
	struct why why = { 0 };
	char *key, *value;
	int n;

	while ((n = postfix_map_next(m, &key, &value, &why)) != 0 &&
	       !emit_stop(e)) {
		e->at.line = lines ? (uint32_t)m->line : 0;
		if (n == 1)
			r->entry(r->ctx, e, key, value);
		else
			emit_fail(e, NULL, &why);
		if (n == -1 && why.kind == FAIL_FATAL)
			break;
	}
}

/* A table is not read, or not to its end; at is the parameter that names it, or
 * NULL: e->at. */
static void
fail(const struct postfix_reader *r, const char *table, const char *at,
    const struct why *why)
{
	struct buf text = { 0 };

	if (r->optional) {
		buf_addf(&text, "%s: %s; not carried", table, why->text);
		emit_note_record(r->emit, at == NULL ? table : at, text.data);
		buf_free(&text);
	} else if (at == NULL) {
		emit_fail(r->emit, NULL, why);
	} else {
		emit_fail_at(r->emit, at, NULL, why);
	}
}

/* Tables that Postfix's own program lists. */
static void
read_listed(const struct postfix_reader *r, const char *table)
{
	const char *argv[6] = { "postmap" };
	struct emit *e = r->emit;
	struct postfix_map m;
	struct host_command c;
	struct why why = { 0 };
	size_t n = 1;

	if (r->dir != NULL) {
		argv[n++] = "-c";
		argv[n++] = r->dir;
	}
	argv[n++] = "-s";
	argv[n] = table;
	emit_file(e, table);
	if (host_command_open(&c, argv, &why) == -1) {
		fail(r, table, NULL, &why);
		return;
	}
	postfix_map_init(&m, c.fd, MAP_LISTED);
	read_entries(r, &m, false);
	postfix_map_close(&m);
	c.fd = -1;
	if (host_command_close(&c, &why) == -1 && !emit_stop(e)) {
		e->at.line = 0;
		fail(r, table, NULL, &why);
	}
}

static void
read_text(const struct postfix_reader *r, const char *path)
{
	struct emit *e = r->emit;
	struct postfix_map m;
	struct why why = { 0 };
	struct stat st;

	emit_file(e, path);
	/* A FIFO or a device would never end. */
	if (host_stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		why_set(&why, FAIL_FATAL, "not a regular file");
		fail(r, path, NULL, &why);
		return;
	}
	if (postfix_map_open(&m, path, MAP_TABLE, &why) == -1) {
		fail(r, path, NULL, &why);
		return;
	}
	read_entries(r, &m, true);
	postfix_map_close(&m);
}

/* What is said of a table that is asked instead. */
static void
say_asked(const struct postfix_reader *r, const char *table, struct why *why)
{
	struct why reason = *why;

	why_set(why, FAIL_DATA,
	    "%s: only addresses that are known from elsewhere are looked up",
	    reason.text);
	emit_note_record(r->emit, table,
	    r->optional
		? "the table cannot be listed: only rights to send as "
		  "addresses that are known from elsewhere are carried"
		: "the table cannot be listed: only the aliases of "
		  "addresses that are known from elsewhere are carried");
}

/* A table that cannot be listed may still be asked: true. */
static bool
ask_later(const struct postfix_reader *r, const char *table, struct why *why)
{
	struct why later = { 0 };

	if (r->asks == NULL)
		return false;
	if (postfix_asks_add(r->asks, table, &later) == -1) {
		if (later.kind != FAIL_DATA)
			*why = later;
		return false;
	}
	say_asked(r, table, why);
	return true;
}

static void
note_keys(struct emit *e, const struct strs *keys, const char *text)
{
	for (size_t i = 0; i < keys->n; i++)
		emit_note(e, keys->v[i], text, NULL);
}

static void
read_database(const struct postfix_reader *r, const char *table)
{
	struct emit *e = r->emit;
	struct postfix_rows rows;
	struct why why = { 0 };
	int n = postfix_database_read(&rows, table, &why);

	emit_file(e, table);
	for (struct postfix_row *row = rows.first; row != NULL && n == 0;
	     row = row->next)
		r->entry(r->ctx, e, row->key, row->value.data);
	note_keys(
	    e, &rows.capital, "a key with capitals, which Postfix never finds");
	note_keys(
	    e, &rows.spaced, "a key with a blank, which Postfix never finds");
	if (n == -1 && why.kind == FAIL_DATA && ask_later(r, table, &why) &&
	    r->optional)
		n = 0;
	if (n == -1)
		fail(r, table, NULL, &why);
	postfix_rows_free(&rows);
}

/* "inline:{ key=value, { key = value with blanks } }": its entries stand in the
 * parameter. (Postfix, src/util/dict_inline.c.) */
static void
read_inline(
    const struct postfix_reader *r, const char *table, const char *where)
{
	char *copy = xstrdup(strchr(table, '{') + 1), *rest = copy, *word;
	struct place before = r->emit->at;

	copy[strlen(copy) - 1] = '\0';
	emit_file(r->emit, where);
	while ((word = postfix_word(&rest)) != NULL && !emit_stop(r->emit)) {
		size_t len = strlen(word);
		char *key;

		if (*word == '{' && word[len - 1] == '}') {
			word[len - 1] = '\0';
			word++;
		}
		key = str_cut(&word, '=');
		if (word != NULL)
			r->entry(r->ctx, r->emit, str_lower(str_trim(key)),
			    str_trim(word));
	}
	r->emit->at = before;
	free(copy);
}

/* Whether a table is what "inline:" has after it, whole. */
static bool
is_inline(const char *table)
{
	return str_starts(table, "inline:{") && table[strlen(table) - 1] == '}';
}

static bool
is_one_of(const char *type, size_t len, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == len && strncmp(type, *names, len) == 0)
			return true;
	return false;
}

/* How many patterns a table has; 0 where that is not one of patterns, or cannot be
 * read. A line that begins with a blank goes on with the one before.
 * (regexp_table(5), cidr_table(5).) */
static size_t
count_patterns(const char *table)
{
	static const char *const types[] = { "regexp", "pcre", "cidr", NULL };
	size_t len = strcspn(table, ":"), n = 0;
	struct buf text = { .max = PATTERNS_MAX };
	char *rest, *line;

	if (is_one_of(table, len, types) &&
	    host_read_file(table + len + 1, &text, NULL) == 0 && text.len > 0)
		for (rest = text.data; (line = str_cut(&rest, '\n')) != NULL;)
			n += *line != '\0' && strchr("# \t\r", *line) == NULL &&
			     !str_starts(line, "if ") &&
			     !str_starts(line, "if\t") &&
			     !str_starts(line, "endif");
	buf_free(&text);
	return n;
}

/* What a table of patterns or of another program says stays behind. */
static void
say_unlisted(
    const struct postfix_reader *r, const char *table, const char *where)
{
	size_t n = count_patterns(table);
	struct buf text = { 0 };

	buf_addf(&text, "%s cannot be listed: ", table);
	if (n > 1)
		buf_addf(&text, "what its %zu patterns say", n);
	else
		buf_addf(
		    &text, "what %s", n == 1 ? "its pattern says" : "it says");
	buf_addf(&text,
	    " is not carried; write what is in use of it into a table that "
	    "can be listed (texthash:FILE), which %s names before it",
	    where);
	emit_note_record(r->emit, where, text.data);
	buf_free(&text);
}

/* Of another machine, a table of patterns is a file as good as any, and "static"
 * needs none; what a server there would say nobody knows. */
static bool
add_patterns(const struct postfix_reader *r, const char *table)
{
	const char *path = strchr(table, ':') + 1;
	struct buf here = { 0 };
	struct why why = { 0 };
	int result;

	if (!host_is_other() || str_starts(table, "static:"))
		return postfix_asks_add_patterns(
			   r->asks, r->dir, table, &why) == 0;
	if (*path != '/')
		return false;
	buf_add(&here, table, (size_t)(path - table));
	buf_adds(&here, host_local(path, &r->asks->arena));
	result = postfix_asks_add_patterns(r->asks, NULL, here.data, &why);
	if (result == 0)
		r->asks->tables[r->asks->n - 1].name =
		    arena_adds(&r->asks->arena, table);
	buf_free(&here);
	return result == 0;
}

static void
read_unlisted(
    const struct postfix_reader *r, const char *table, const char *where)
{
	static const char *const asked[] = { "regexp", "pcre", "cidr", "static",
		"pipemap", "unionmap", "socketmap", "tcp", NULL };
	size_t len = strcspn(table, ":");
	struct place before = r->emit->at;
	struct why why = { 0 };

	emit_file(r->emit, where);
	why_set(&why, FAIL_DATA,
	    "a table of the type \"%.*s\" cannot be listed", (int)len, table);
	if (r->asks != NULL && !r->of_names && is_one_of(table, len, asked) &&
	    add_patterns(r, table)) {
		say_asked(r, table, &why);
		if (!r->optional)
			fail(r, table, where, &why);
	} else {
		fail(r, table, where, &why);
		if (!r->optional)
			say_unlisted(r, table, where);
	}
	r->emit->at = before;
}

void
postfix_table(
    const struct postfix_reader *r, const char *table, const char *where)
{
	static const char *const listed[] = { "hash", "btree", "lmdb", "cdb",
		"dbm", "sdbm", NULL };
	static const char *const text[] = { "texthash", NULL };
	size_t len;

	if (str_starts(table, "proxy:"))
		table += strlen("proxy:");
	len = strcspn(table, ":");
	if (is_one_of(table, len, listed)) {
		read_listed(r, table);
	} else if (is_one_of(table, len, text) && table[len] == ':') {
		read_text(r, table + len + 1);
	} else if (db_table_is_type(table, len) && table[len] == ':') {
		read_database(r, table);
	} else if (is_inline(table)) {
		read_inline(r, table, where);
	} else {
		read_unlisted(r, table, where);
	}
}

void
postfix_tables(const struct postfix_reader *r, char *list, const char *where)
{
	char *word;

	while ((word = postfix_word(&list)) != NULL && !emit_stop(r->emit))
		postfix_table(r, word, where);
}

bool
postfix_is_table(const char *word)
{
	return *word != '/' && strchr(word, ':') != NULL;
}
